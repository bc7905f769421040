"""JSON Lines: columns from pieces of the file, broken lines named, every other byte kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.connectors.base import (
    Connector,
    ConstraintInTheWay,
    DataSetInfo,
    DataSetMissing,
    Kind,
    Malformed,
    Match,
    Operation,
    Replacement,
)
from catalog.connectors.destruction import open_writable
from catalog.connectors.jsonl_records import Line, parse, replace_values


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Connector]:
    with open_writable("folder", {"path": str(tmp_path)}) as connector:
        yield connector


def match(**keys: list[Any]) -> list[Match]:
    return [Match(pa.table({name: pa.array(values) for name, values in keys.items()}))]


def described(connector: Connector) -> DataSetInfo:
    (found,) = connector.discover()
    return found


EVENTS = (
    b'{"id": 1, "who": {"mail": "a@x.de", "tags": ["\xc3\xbc"]}, "n": 1.50}\r\n'
    b"\n"
    b'  {"id":"2","n":null , "ok":true}\n'
    b'{"n": 7, "id": 3, "list": [1, {"a": null}]}'
)


def test_fields_are_columns_and_values_are_text(tmp_path: Path, writer: Connector) -> None:
    (tmp_path / "events.ndjson").write_bytes(EVENTS)
    found = described(writer)
    assert [(column.name, column.data_type, column.kind) for column in found.columns] == [
        ("id", "number or string", Kind.TEXT),
        ("who", "object", Kind.JSON),
        ("n", "number", Kind.TEXT),
        ("ok", "boolean", Kind.TEXT),
        ("list", "array", Kind.JSON),
    ]
    assert (found.row_estimate, writer.count("events.ndjson")) == (3, 3)
    assert [row for batch in writer.read("events.ndjson") for row in batch.to_pylist()] == [
        {"id": "1", "who": '{"mail": "a@x.de", "tags": ["ü"]}', "n": "1.5", "ok": None, "list": None},
        {"id": "2", "who": None, "n": None, "ok": "true", "list": None},
        {"id": "3", "who": None, "n": "7", "ok": None, "list": '[1, {"a": null}]'},
    ]


def test_delete_leaves_every_other_byte(tmp_path: Path, writer: Connector) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(EVENTS)
    assert writer.delete("events.jsonl", match(id=[1, 3])) == 2
    assert path.read_bytes() == b'\n  {"id":"2","n":null , "ok":true}\n'


def test_overwrite_leaves_every_other_byte_of_the_line_too(tmp_path: Path, writer: Connector) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(EVENTS)
    replacements = {"who": Replacement("gone"), "n": Replacement(None), "day": Replacement(date(2000, 1, 2))}
    with pytest.raises(Exception, match="no column 'day'"):
        writer.rehearse([Operation("events.jsonl", match(id=[1]), replacements)])
    del replacements["day"]
    assert writer.overwrite("events.jsonl", match(id=["1", "2"]), replacements) == 2
    assert path.read_bytes() == (
        b'{"id": 1, "who": "gone", "n": null}\r\n'
        b"\n"
        b'  {"id":"2","n":null , "ok":true, "who": "gone"}\n'
        b'{"n": 7, "id": 3, "list": [1, {"a": null}]}'
    )
    after = path.stat().st_mtime_ns
    assert writer.overwrite("events.jsonl", match(id=["1", "2"]), replacements) == 2
    assert path.stat().st_mtime_ns == after


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.text(max_size=4), JSON, max_size=4),
    st.dictionaries(st.text(max_size=4), st.none() | st.text(max_size=4), max_size=3),
    st.sampled_from([(",", ":"), (" , ", " : "), (", ", ": ")]),
    st.booleans(),
)
def test_replaced_values_are_the_only_difference(
    row: dict[str, Any], changes: dict[str, Any], separators: tuple[str, str], ascii_only: bool
) -> None:
    raw = (json.dumps(row, separators=separators, ensure_ascii=ascii_only) + "\n").encode()
    line = Line(raw, parse(raw, name="x", number=2), 2)
    expected = row | {name: value for name, value in changes.items() if value is not None or name in row}
    assert json.loads(replace_values(line, changes)) == expected
    assert replace_values(line, {name: row[name] for name in row}) == raw


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a": 1}\n{"a": "secret"\n', "bad.jsonl, line 2 is not JSON."),
        (b'{"a": 1}\n\n["secret"]\n', "bad.jsonl, line 3 is no JSON object."),
        (
            b'{"a": 1, "b": {"c": "secret", "c": 2}}\n',
            "bad.jsonl, line 1: an object has the same name twice.",
        ),
        (
            '{"a": 1}\n{"a": "secrét"}\n'.encode("cp1252"),
            "bad.jsonl, line 2: byte 20 of the file is not UTF-8.",
        ),
        ('{"a": "secret"}\n'.encode("utf-16"), "bad.jsonl, line 1: byte 0 of the file is not UTF-8."),
        (b'{"a": ' + b"[" * 100_000 + b"\n", "bad.jsonl, line 1 is not JSON."),
        (b'{"a": ' + b"9" * 10_000 + b"}\n", "bad.jsonl, line 1 is not JSON."),
        (b'{"a":1,"b":"x","a":2}', "bad.jsonl, line 1: an object has the same name twice."),
        (b'{"a" :1,"c":{"b":2,"b":3}}', "bad.jsonl, line 1: an object has the same name twice."),
        (b'{"a" :1,"a":2}', "bad.jsonl, line 1: an object has the same name twice."),
        (b'{"a":"\\":","b":[{"c":1,"c":2}]}', "bad.jsonl, line 1: an object has the same name twice."),
        (b'{"": "secret"}\n', "bad.jsonl has a field without a name"),
        (b'{"\\ud83d": "secret"}\n', "bad.jsonl has a field without a name"),
    ],
)
def test_a_broken_line_is_a_problem_without_its_content(
    tmp_path: Path, writer: Connector, content: bytes, words: str
) -> None:
    (tmp_path / "bad.jsonl").write_bytes(content)
    (tmp_path / "good.jsonl").write_bytes(b'\xef\xbb\xbf{"a": 1}\n')
    bad, good = writer.discover()
    assert bad.problem.startswith(words)
    assert "secr" not in bad.problem
    assert (good.problem, [column.name for column in good.columns]) == ("", ["a"])
    with pytest.raises(Malformed):
        writer.delete("bad.jsonl", match(a=["1"]))
    assert (tmp_path / "bad.jsonl").read_bytes() == content


def test_half_a_character_is_read_as_a_question_mark(tmp_path: Path, writer: Connector) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"a": "x\\ud83d", "b": ["\\ud83d"]}\n')
    (batch,) = writer.read("a.jsonl")
    assert batch.to_pylist() == [{"a": "x?", "b": '["?"]'}]


def test_numbers_keep_their_digits(tmp_path: Path, writer: Connector) -> None:
    digits = "123456789012345678901234567890"
    (tmp_path / "a.jsonl").write_text(f'{{"a":{digits},"b":9007199254740993,"c":[{digits}],"d":0.1}}\n')
    (batch,) = writer.read("a.jsonl")
    assert batch.to_pylist() == [{"a": digits, "b": "9007199254740993", "c": f"[{digits}]", "d": "0.1"}]


@given(st.dictionaries(st.text(max_size=4), JSON, max_size=4), st.sampled_from([(",", ":"), (" , ", " : ")]))
def test_a_line_means_what_the_standard_library_says(
    row: dict[str, Any], separators: tuple[str, str]
) -> None:
    raw = json.dumps(row, separators=separators).encode()
    assert parse(raw, name="x", number=2) == json.loads(raw)


def test_an_empty_file_has_no_columns(tmp_path: Path, writer: Connector) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"")
    assert (described(writer).columns, described(writer).problem, writer.count("a.jsonl")) == ((), "", 0)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A field that only a piece far down shows, another that stands in a single line, and broken ones."""
    path = tmp_path / "large.jsonl"
    lines = [b'{"id": %06d1, "text": "%s"}\n' % (i, b"x" * 980) for i in range(20_000)]
    lines = [line.replace(b": 0", b": 1") for line in lines]
    for i in range(10_000, 12_000):
        lines[i] = lines[i].replace(b"text", b"late")
    lines[19_998] = b'{"id": 5, "rare": "once"}\n'
    path.write_bytes(b"".join(lines))
    return path


def test_a_late_field_is_found_in_pieces_and_a_rare_one_when_it_is_asked_for(
    large: Path, writer: Connector
) -> None:
    found = described(writer)
    assert [column.name for column in found.columns] == ["id", "text", "late"]
    assert found.row_estimate == pytest.approx(20_000, rel=0.01)
    assert writer.find("large.jsonl", match(rare=["once"]), ["id", "text"]).to_pylist() == [
        {"id": "5", "text": None}
    ]
    assert writer.delete("large.jsonl", match(rare=["once"])) == 1
    assert writer.count("large.jsonl") == 19_999


def test_a_broken_line_in_a_piece_is_named_by_its_number(large: Path, writer: Connector) -> None:
    lines = large.read_bytes().splitlines(keepends=True)
    for i in range(14_000, 16_000):
        lines[i] = lines[i].replace(b"}", b"]")
    large.write_bytes(b"".join(lines))
    assert described(writer).problem.startswith("large.jsonl, line 14001 is not JSON.")


def test_fields_whose_names_are_data_are_one_column(tmp_path: Path, writer: Connector) -> None:
    line = b'{"team": "a", "anna@x.de": "admin", "17": 1, "%b": null}\n' % (b"n" * 61)
    (tmp_path / "roles.jsonl").write_bytes(line + b'{"team": "b"}\n')
    found = described(writer)
    assert [(column.name, column.kind) for column in found.columns] == [("team", Kind.TEXT), ("*", Kind.JSON)]
    inside = '{"anna@x.de": "admin", "17": 1, "%s": null}' % ("n" * 61)
    assert [row for batch in writer.read("roles.jsonl") for row in batch.to_pylist()] == [
        {"team": "a", "*": inside},
        {"team": "b", "*": None},
    ]
    with pytest.raises(DataSetMissing, match=r"no column 'anna@x\.de'"):
        writer.count("roles.jsonl", match(**{"anna@x.de": ["admin"]}))
    with pytest.raises(ConstraintInTheWay, match=r"roles\.jsonl\.\* stands for fields whose names are data"):
        writer.rehearse([Operation("roles.jsonl", match(team=["a"]), {"*": Replacement("gone")})])
    assert writer.overwrite("roles.jsonl", match(team=["a"]), {"team": Replacement("c")}) == 1
    assert (tmp_path / "roles.jsonl").read_bytes() == line.replace(b'"a"', b'"c"') + b'{"team": "b"}\n'
