"""What only files have: paths, formats, broken content, and being replaced as one."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pytest_django.fixtures import Settings

from catalog.connectors import rewriting
from catalog.connectors.base import (
    AccessDenied,
    Connector,
    ConnectorError,
    ConstraintInTheWay,
    DataSetMissing,
    Kind,
    Malformed,
    Match,
    Operation,
    Replacement,
    Unreachable,
)
from catalog.connectors.destruction import open_writable
from catalog.connectors.folder import FolderForm
from catalog.connectors.opening import open_connector


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "exports"
    path.mkdir()
    return path


@pytest.fixture
def writer(folder: Path) -> Iterator[Connector]:
    with open_writable("folder", {"path": str(folder), "encoding": "utf-8"}) as connector:
        yield connector


def match(fold: bool = False, **keys: list[Any]) -> list[Match]:
    return [Match(pa.table({name: pa.array(values) for name, values in keys.items()}), fold)]


def problem(connector: Connector) -> str:
    (found,) = connector.discover()
    return found.problem


# Which files


def test_data_sets_are_files_by_their_suffix_at_any_depth(folder: Path, writer: Connector) -> None:
    (folder / "a" / "b").mkdir(parents=True)
    for name in ("z.csv", "a/b/deep.TSV", "a/plain.txt", ".hidden.csv", ".z.csv.rewriting", "a/q.csv.gz"):
        (folder / name).write_text("x\n1\n")
    pq.write_table(pa.table({"x": [1]}), folder / "a" / "p.parquet")
    assert [found.name for found in writer.discover()] == ["a/b/deep.TSV", "a/p.parquet", "z.csv"]
    assert writer.check() == f"3 files in {folder}"


def test_links_are_passed_over(folder: Path, tmp_path: Path, writer: Connector) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.csv").write_text("x\n1\n")
    (folder / "link.csv").symlink_to(tmp_path / "outside" / "secret.csv")
    (folder / "linked").symlink_to(tmp_path / "outside")
    assert list(writer.discover()) == []
    for name in ("link.csv", "linked/secret.csv"):
        with pytest.raises(DataSetMissing):
            writer.delete(name, match(x=[1]))
    assert (tmp_path / "outside" / "secret.csv").read_text() == "x\n1\n"


@pytest.mark.parametrize(
    "name",
    [
        "../outside.csv",
        "sub/../a.csv",
        "./a.csv",
        "/etc/passwd",
        ".hidden.csv",
        "a.txt",
        "",
        "a\0.csv",
        "sub",
    ],
)
def test_no_name_leads_elsewhere(folder: Path, tmp_path: Path, writer: Connector, name: str) -> None:
    (folder / "sub").mkdir()
    for path in (tmp_path / "outside.csv", folder / "a.csv", folder / ".hidden.csv", folder / "a.txt"):
        path.write_text("x\n1\n")
    with pytest.raises(DataSetMissing):
        writer.count(name)


def test_only_below_the_allowed_roots(folder: Path, tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "other").mkdir()
    (folder / "way-out").symlink_to(tmp_path / "other")
    settings.FOLDER_ROOTS = [folder]
    open_connector("folder", {"path": str(folder)}).check()
    for path in (tmp_path, tmp_path / "other", folder / "way-out", folder / ".." / "other"):
        with pytest.raises(AccessDenied, match="is not below a folder"):
            open_connector("folder", {"path": str(path)}).check()
        assert "path" in FolderForm({"path": str(path)}).errors
    with pytest.raises(AccessDenied, match="not an absolute path"):
        open_connector("folder", {"path": "exports"}).check()
    assert FolderForm({"path": str(folder)}).is_valid()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="There is no folder"):
        open_connector("folder", {"path": str(tmp_path / "gone")}).check()


def test_the_form_refuses_encodings_that_are_not_lines_of_bytes(tmp_path: Path) -> None:
    assert "encoding" in FolderForm({"path": str(tmp_path), "encoding": "utf-16"}).errors
    form = FolderForm({"path": str(tmp_path), "encoding": ""})
    assert form.is_valid()
    assert form.cleaned_data["encoding"] == "utf-8"


def test_a_file_name_that_is_not_utf8_is_a_problem(folder: Path, writer: Connector) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.csv")).write_text("x\n1\n")
    (found,) = writer.discover()
    assert (found.name, found.problem) == ("caf\\udce9.csv", "The name of this file is not UTF-8. Rename it.")


# Content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "bad.csv is empty: it has no header."),
        (b"\n\n", "bad.csv is empty: it has no header."),
        (b"a,b,a\n", "bad.csv has 2 columns named 'a'."),
        (b"a,,c\n", "bad.csv has a column without a name."),
        (b"a,b\nsecret,2,3\n", "bad.csv, line 2: 3 fields where the header has 2."),
        (b"a,b\nsecret\n", "bad.csv, line 2: 1 fields where the header has 2."),
        (b'a,b\n1,"secret\n', "bad.csv, line 2: the quotes or line ends"),
        ("a,b\n1,secrét\n".encode("cp1252"), "bad.csv, line 2: byte 10 of the file is not utf-8."),
        ("a,b\n1,2\n".encode("utf-16"), "bad.csv has zero bytes: it is UTF-16 or no text."),
    ],
)
def test_a_broken_csv_file_is_a_problem_without_its_content(
    folder: Path, writer: Connector, content: bytes, words: str
) -> None:
    (folder / "bad.csv").write_bytes(content)
    assert problem(writer).startswith(words)
    assert "secr" not in problem(writer)
    with pytest.raises(Malformed) as raised:
        writer.rehearse([Operation("bad.csv", match(a=["1"]))])
    assert raised.value.remedy
    assert (folder / "bad.csv").read_bytes() == content


def test_a_line_broken_far_down_stops_the_deletion(folder: Path, writer: Connector) -> None:
    content = "a,b\n" + "1,2\n" * 200_000 + "1\n"
    (folder / "late.csv").write_text(content)
    with pytest.raises(Malformed, match=r"^late\.csv, line 200002: 1 fields"):
        writer.delete("late.csv", match(a=["1"]))
    assert (folder / "late.csv").read_text() == content
    assert os.listdir(folder) == ["late.csv"]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"x" * 100 + b"PAR1"])
def test_a_broken_parquet_file_is_a_problem(folder: Path, writer: Connector, content: bytes) -> None:
    (folder / "bad.parquet").write_bytes(content)
    assert problem(writer).startswith("bad.parquet cannot be read as Parquet")
    with pytest.raises(Malformed):
        writer.count("bad.parquet", match(a=[1]))


def test_csv_in_the_encoding_and_with_the_delimiter_of_a_third_party(folder: Path) -> None:
    (folder / "export.csv").write_bytes("Nr;Straße\r\n1;Grüner Weg\r\n2;Allee\r\n".encode("cp1252"))
    with open_writable("folder", {"path": str(folder), "encoding": "cp1252"}) as connector:
        assert connector.find("export.csv", match(fold=True, Straße=["GRÜNER weg"]), ["Nr"]).to_pylist() == [
            {"Nr": "1"}
        ]
        with pytest.raises(ConstraintInTheWay, match="cannot be written in cp1252"):
            connector.rehearse([Operation("export.csv", match(Nr=[1]), {"Straße": Replacement("山")})])
        assert connector.overwrite("export.csv", match(Nr=[1]), {"Straße": Replacement("gelöscht;")}) == 1
    assert (folder / "export.csv").read_bytes() == 'Nr;Straße\r\n1;"gelöscht;"\r\n2;Allee\r\n'.encode(
        "cp1252"
    )


def test_csv_row_estimate_is_near(folder: Path, writer: Connector) -> None:
    (folder / "many.csv").write_text("id,name\n" + "".join(f"{i:06},name\n" for i in range(5000)))
    (folder / "one.csv").write_text("id\n1\n")
    assert [found.row_estimate for found in writer.discover()] == [5000, 1]


# Deleting and overwriting CSV: every other byte stays

MIXED = (
    b'\xef\xbb\xbf"id", name ,note\r\n'
    b'1,Zoe,"two\r\nlines"\r\n'
    b"\r\n"
    b'"2",Bob,\n'
    b'3,"Eve ""E""", spaced \r\n'
    b"4,Last,no line end"
)


def test_delete_leaves_every_other_byte(folder: Path, writer: Connector) -> None:
    (folder / "mixed.csv").write_bytes(MIXED)
    assert writer.delete("mixed.csv", match(id=[1, 4])) == 2
    assert (folder / "mixed.csv").read_bytes() == (
        b'\xef\xbb\xbf"id", name ,note\r\n\r\n"2",Bob,\n3,"Eve ""E""", spaced \r\n'
    )


def test_overwrite_leaves_every_other_byte(folder: Path, writer: Connector) -> None:
    (folder / "mixed.csv").write_bytes(MIXED)
    assert writer.overwrite("mixed.csv", match(id=[2, 3, 4]), {" name ": Replacement("x")}) == 3
    assert (folder / "mixed.csv").read_bytes() == (
        MIXED.replace(b"Bob", b"x").replace(b'"Eve ""E"""', b'"x"').replace(b"Last", b"x")
    )


def test_chinook_customers_loses_one_line(folder: Path, writer: Connector) -> None:
    lines = [b"CustomerId,FirstName,Email\n", *(f'{i},"N, {i}",c{i}@x.de\n'.encode() for i in range(1, 60))]
    (folder / "customers.csv").write_bytes(b"".join(lines))
    assert writer.delete("customers.csv", match(fold=True, Email=["C7@X.DE"])) == 1
    assert (folder / "customers.csv").read_bytes() == b"".join(lines[:7] + lines[8:])


# Rewriting Parquet: the layout stays


def test_parquet_keeps_schema_layout_and_nested_values(folder: Path, writer: Connector) -> None:
    table = pa.table(
        {
            "id": pa.array(range(100), pa.int32()),
            "email": pa.array([f"p{i}@example.org" for i in range(100)]),
            "tags": pa.array([["a", None, str(i)] for i in range(100)]),
            "address": pa.array([{"city": "Bern", "zip": i} if i % 2 else None for i in range(100)]),
            "country": pa.array([("CH", "DE")[i % 2] for i in range(100)]).dictionary_encode(),
            "at": pa.array([i * 1_000_000_001 for i in range(100)], pa.timestamp("ns", "Europe/Zurich")),
            "sum": pa.array([Decimal(i) / 4 for i in range(100)], pa.decimal128(12, 2)),
        },
        metadata={"owner": "sales"},
    )
    path = folder / "p.parquet"
    pq.write_table(
        table,
        path,
        row_group_size=30,
        compression={"id": "NONE", "email": "ZSTD"},
        use_dictionary=["country"],
    )
    table = pq.read_table(path)
    assert writer.delete("p.parquet", match(id=[5, 6, 95])) == 3
    kept = table.filter(pa.array([i not in (5, 6, 95) for i in range(100)]))
    assert pq.read_table(path).equals(kept, check_metadata=True)
    metadata = pq.ParquetFile(path).metadata
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [28, 30, 30, 9]
    columns = [metadata.row_group(0).column(i) for i in range(metadata.num_columns)]
    assert {c.path_in_schema: c.compression for c in columns if c.path_in_schema in ("id", "email")} == {
        "id": "UNCOMPRESSED",
        "email": "ZSTD",
    }
    assert [c.path_in_schema for c in columns if "RLE_DICTIONARY" in c.encodings] == ["country"]

    replacements = {
        "email": Replacement("gone"),
        "tags": Replacement([]),
        "address": Replacement(None),
        "country": Replacement("XX"),
        "at": Replacement("2000-01-01T00:00:00Z"),
        "sum": Replacement("0.25"),
    }
    assert writer.overwrite("p.parquet", match(country=["CH"], id=[10]), replacements) == 1
    after = pq.read_table(path)
    assert after.schema.equals(table.schema, check_metadata=True)
    (row,) = after.filter(pa.compute.equal(after["id"], 10)).drop(["at"]).to_pylist()
    assert row == {
        "id": 10,
        "email": "gone",
        "tags": [],
        "address": None,
        "country": "XX",
        "sum": Decimal("0.25"),
    }
    rest = pa.array([i not in (5, 6, 10, 95) for i in range(100)])
    assert after.filter(pa.compute.not_equal(after["id"], 10)).to_pylist() == table.filter(rest).to_pylist()


def test_parquet_without_rows_keeps_its_schema(folder: Path, writer: Connector) -> None:
    table = pa.table({"id": pa.array([1, 2]), "tags": pa.array([["a"], None])})
    pq.write_table(table, folder / "p.parquet")
    assert writer.delete("p.parquet", match(id=[1, 2])) == 2
    assert pq.read_table(folder / "p.parquet").equals(table.slice(0, 0))
    assert writer.delete("p.parquet", match(id=[1, 2])) == 0


@pytest.mark.parametrize(
    ("column", "replacement", "words"),
    [
        ("id", Replacement("erased"), "p.parquet.id, which is int64"),
        ("id", Replacement(1, unique=True), "p.parquet.id is no text"),
        ("at", Replacement("erased"), "p.parquet.at, which is date32"),
        ("must", Replacement(None), "p.parquet.must must not be null"),
        ("tags", Replacement("erased"), "p.parquet.tags, which is list"),
    ],
)
def test_a_replacement_of_the_wrong_type_is_found_at_rehearsal(
    folder: Path, writer: Connector, column: str, replacement: Replacement, words: str
) -> None:
    schema = pa.schema(
        [
            ("id", pa.int64()),
            ("at", pa.date32()),
            pa.field("must", pa.string(), nullable=False),
            ("tags", pa.list_(pa.string())),
        ]
    )
    path = folder / "p.parquet"
    pq.write_table(pa.table([[1], [None], ["x"], [["y"]]], schema=schema), path)
    before = path.read_bytes()
    with pytest.raises(ConstraintInTheWay) as raised:
        writer.rehearse([Operation("p.parquet", match(id=[1]), {column: replacement})])
    assert words in raised.value.message
    assert path.read_bytes() == before


def test_a_parquet_file_of_many_row_groups_is_sampled_in_some_of_them(
    folder: Path, writer: Connector
) -> None:
    pq.write_table(pa.table({"id": range(5000)}), folder / "p.parquet", row_group_size=50)
    sample = writer.sample("p.parquet", rows=200, seed=3)
    ids = [int(value) for value in sample["id"].to_pylist()]
    assert len(set(ids)) == 200
    assert len({place // 50 for place in ids}) == 20
    assert min(ids) < 1500
    assert max(ids) > 3500
    assert sample.equals(writer.sample("p.parquet", rows=200, seed=3))


def test_parquet_kinds(folder: Path, writer: Connector) -> None:
    schema = pa.schema(
        [
            ("a", pa.large_string()),
            ("b", pa.dictionary(pa.int32(), pa.string())),
            ("c", pa.uint8()),
            ("d", pa.decimal256(50, 3)),
            ("e", pa.float32()),
            ("f", pa.bool_()),
            ("g", pa.date32()),
            ("h", pa.timestamp("ms")),
            ("i", pa.time32("s")),
            ("j", pa.binary(4)),
            ("k", pa.struct([("x", pa.int8())])),
            ("l", pa.list_(pa.int8())),
            ("m", pa.duration("s")),
        ]
    )
    pq.write_table(schema.empty_table(), folder / "p.parquet")
    (found,) = writer.discover()
    assert [column.kind for column in found.columns] == [
        Kind.TEXT,
        Kind.TEXT,
        Kind.INTEGER,
        Kind.DECIMAL,
        Kind.FLOAT,
        Kind.BOOLEAN,
        Kind.DATE,
        Kind.TIMESTAMP,
        Kind.TIME,
        Kind.BINARY,
        Kind.JSON,
        Kind.ARRAY,
        Kind.UNKNOWN,
    ]
    assert found.row_estimate == 0


def test_a_key_is_found_across_types(folder: Path, writer: Connector) -> None:
    table = pa.table(
        {"n": pa.array([1, 2]), "t": pa.array(["1", "02"]), "d": pa.array([Decimal("1.50"), None])}
    )
    pq.write_table(table, folder / "p.parquet")
    assert writer.count("p.parquet", match(n=["1", "02"])) == 1
    assert writer.count("p.parquet", match(t=[1, 2])) == 1
    assert writer.count("p.parquet", match(n=[Decimal("2.00")])) == 1
    assert writer.count("p.parquet", match(d=["1.5", "1.501"])) == 1
    assert writer.count("p.parquet", match(n=[True])) == 0


# Replaced as one


def test_owner_mode_and_attributes_stay(folder: Path, writer: Connector) -> None:
    path = folder / "a.csv"
    path.write_text("id\n1\n2\n")
    path.chmod(0o640)
    os.setxattr(path, "user.origin", b"crm")
    before = path.stat()
    assert writer.delete("a.csv", match(id=[1])) == 1
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert os.getxattr(path, "user.origin") == b"crm"
    assert os.listdir(folder) == ["a.csv"]


def test_what_a_killed_rewrite_left_is_overwritten(folder: Path, writer: Connector) -> None:
    (folder / "a.csv").write_text("id\n1\n2\n")
    (folder / ".a.csv.rewriting").write_text("id\nhalf of a much longer file than the new one")
    assert [found.name for found in writer.discover()] == ["a.csv"]
    assert writer.delete("a.csv", match(id=[1])) == 1
    assert (folder / "a.csv").read_text() == "id\n2\n"
    assert os.listdir(folder) == ["a.csv"]


def test_a_link_in_the_place_of_the_new_file_is_not_followed(
    folder: Path, tmp_path: Path, writer: Connector
) -> None:
    (folder / "a.csv").write_text("id\n1\n2\n")
    (tmp_path / "victim").write_text("mine")
    (folder / ".a.csv.rewriting").symlink_to(tmp_path / "victim")
    with pytest.raises(ConnectorError):
        writer.delete("a.csv", match(id=[1]))
    assert (tmp_path / "victim").read_text() == "mine"
    assert (folder / "a.csv").read_text() == "id\n1\n2\n"


def test_a_second_rewrite_at_the_same_time_is_refused(
    folder: Path, writer: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewriting, "LOCK_SECONDS", 0)
    (folder / "a.csv").write_text("id\n1\n2\n")
    with (folder / ".a.csv.rewriting").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(ConnectorError, match=r"a\.csv is being rewritten already"):
            writer.delete("a.csv", match(id=[1]))
    assert (folder / "a.csv").read_text() == "id\n1\n2\n"


def changing(path: Path, times: int) -> Callable[..., None]:
    """In place of fsync: another program appends a line to `path` the first `times` times."""
    left = [times]

    def sync(handle: int) -> None:
        if left[0]:
            left[0] -= 1
            with path.open("a") as file:
                file.write(f"{100 + left[0]}\n")

    return sync


def test_a_line_added_meanwhile_is_kept(
    folder: Path, writer: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "a.csv"
    path.write_text("id\n1\n2\n")
    monkeypatch.setattr(rewriting.os, "fsync", changing(path, 2))
    assert writer.delete("a.csv", match(id=[1])) == 1
    assert path.read_text() == "id\n2\n101\n100\n"


def test_a_file_that_never_rests_is_left_alone(
    folder: Path, writer: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "a.csv"
    path.write_text("id\n1\n2\n")
    monkeypatch.setattr(rewriting.os, "fsync", changing(path, 3))
    with pytest.raises(ConnectorError, match="changed while it was rewritten, 3 times; nothing was written"):
        writer.delete("a.csv", match(id=[1]))
    assert path.read_text() == "id\n1\n2\n102\n101\n100\n"
    assert os.listdir(folder) == ["a.csv"]


def test_a_folder_without_write_access_is_refused_at_rehearsal(
    folder: Path, writer: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.csv").write_text("id\n1\n")
    monkeypatch.setattr(rewriting.os, "access", lambda path, mode: not mode & os.W_OK)  # root may write
    with pytest.raises(AccessDenied, match=r"No right to write in the folder of a\.csv"):
        writer.rehearse([Operation("a.csv", match(id=[1]))])


def test_a_full_disk_leaves_the_old_file(
    folder: Path, writer: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.csv").write_text("id\n1\n2\n")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rewriting.os, "fsync", full)
    with pytest.raises(ConnectorError, match=r"a\.csv could not be rewritten: No space left on device"):
        writer.delete("a.csv", match(id=[1]))
    assert (folder / "a.csv").read_text() == "id\n1\n2\n"
    assert os.listdir(folder) == ["a.csv"]


def test_a_file_that_vanished(folder: Path, writer: Connector) -> None:
    (folder / "a.csv").write_text("id\n1\n")
    assert writer.rehearse([Operation("a.csv", match(id=[1]))]) == [1]
    shutil.rmtree(folder)
    with pytest.raises(ConnectorError):
        writer.delete("a.csv", match(id=[1]))


def test_parquet_columns_of_one_name_are_a_problem(folder: Path, writer: Connector) -> None:
    pq.write_table(pa.table([pa.array(["1"]), pa.array(["2"])], names=["a", "a"]), folder / "twice.parquet")
    assert problem(writer) == "twice.parquet has 2 columns named 'a'. Give each its own name."
    with pytest.raises(Malformed):
        writer.find("twice.parquet", match(a=["2"]), ["a"])


def test_a_path_longer_than_any_is_not_there() -> None:
    with (
        open_connector("folder", {"path": f"/{'a' * 5_000}"}) as connector,
        pytest.raises(Unreachable, match="There is no folder"),
    ):
        connector.check()


@pytest.mark.parametrize("encoding", ["idna", "punycode", "unicode_escape"])
def test_an_encoding_of_something_else_than_text_is_refused(tmp_path: Path, encoding: str) -> None:
    assert "encoding" in FolderForm({"path": str(tmp_path), "encoding": encoding}).errors


def test_a_csv_file_of_five_thousand_columns(folder: Path, writer: Connector) -> None:
    names = [f"column_{i:05}_with_a_name" for i in range(5_000)]
    lines = [";".join(f"{row}.{i}" for i in range(5_000)) for row in range(60)]
    (folder / "wide.csv").write_text("\n".join([";".join(names), *lines]) + "\n")
    begun = time.monotonic()
    (found,) = writer.discover()
    assert [column.name for column in found.columns] == names
    assert (found.row_estimate, found.problem) == (pytest.approx(60, rel=0.1), "")
    assert writer.sample("wide.csv", rows=3)[names[4999]][0].as_py().endswith(".4999")
    assert (
        writer.overwrite("wide.csv", match(column_00007_with_a_name=["9.7"]), {names[4998]: Replacement("x")})
        == 1
    )
    assert writer.find("wide.csv", match(column_00007_with_a_name=["9.7"]), [names[4998]]).to_pylist() == [
        {names[4998]: "x"}
    ]
    assert time.monotonic() - begun < 20


def test_encodings_mixed_in_one_file_are_found_where_they_change(folder: Path, writer: Connector) -> None:
    lines = [b"name,town\n", *["Zoë,Zürich\n".encode()] * 50_000, "Zoë,Zürich\n".encode("cp1252")]
    (folder / "mixed.csv").write_bytes(b"".join(lines))
    byte = sum(map(len, lines[:-1])) + 2
    with pytest.raises(Malformed, match=rf"^mixed\.csv, line 50002: byte {byte} of the file is not utf-8"):
        writer.count("mixed.csv", match(name=["x"]))


def test_a_corrupt_parquet_footer_is_a_problem_and_others_go_on(folder: Path, writer: Connector) -> None:
    pq.write_table(pa.table({"a": [1, 2]}), folder / "good.parquet")
    whole = (folder / "good.parquet").read_bytes()
    (folder / "broken.parquet").write_bytes(whole[:-40] + b"\xff" * 32 + whole[-8:])
    (folder / "endless.parquet").write_bytes(whole[:-8] + b"\xff\xff\xff\x7fPAR1")
    words = "cannot be read as Parquet: it is cut short or damaged. Write the file again."
    assert {found.name: found.problem for found in writer.discover()} == {
        "broken.parquet": f"broken.parquet {words}",
        "endless.parquet": f"endless.parquet {words}",
        "good.parquet": "",
    }


def test_lineage_names(folder: Path, writer: Connector) -> None:
    assert writer.lineage_namespace() == "file"
    assert writer.lineage_name("a/b.csv") == f"{folder}/a/b.csv"
