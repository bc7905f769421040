"""Rows deleted from Iceberg tables: gone from every byte of the storage, and nothing else with them."""

from __future__ import annotations

import hashlib
import io
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFileContent
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import DayTransform, IdentityTransform, TruncateTransform
from pyiceberg.types import LongType, NestedField, StringType, TimestampType

from catalog.connectors import iceberg_changing, iceberg_settling
from catalog.connectors.base import (
    AccessDenied,
    Connector,
    ConnectorError,
    ConstraintInTheWay,
    DataSetMissing,
    Match,
    Older,
    Operation,
    Replacement,
    Unsupported,
)
from catalog.connectors.destruction import open_writable
from catalog.connectors.iceberg_snapshots import replace_files
from catalog.connectors.iceberg_writing import write_rows
from catalog.connectors.opening import open_connector
from tests.catalog.iceberg_deletes import add_deletes
from tests.services.objects import ObjectServer

LONG = LongType()
ANNA = "anna.archer@example.org"
PEOPLE = ["bo@example.org", ANNA, "cy@example.org", "zo@example.org"]


class Lake:
    """Tables in an SQL catalog on SQLite; the warehouse is a folder, or a bucket of `server`."""

    def __init__(self, folder: Path, server: ObjectServer | None = None) -> None:
        self.folder = folder / "warehouse"
        self.folder.mkdir()
        self.database = folder / "catalog.db"
        uri, place, options = f"sqlite:///{self.database}", f"file://{self.folder}", {}
        self.settings = {"catalog": "sql", "uri": uri, "warehouse": str(self.folder)}
        self.files: fs.FileSystem = fs.SubTreeFileSystem(str(self.folder), fs.LocalFileSystem())
        if server is not None:
            bucket = server.create_bucket()
            place, options = f"s3://{bucket}", s3_properties(server)
            self.settings |= {
                "warehouse": place, "endpoint": server.endpoint, "region": server.region,
                "access_key": server.access_key, "secret_key": server.secret_key,
            }  # fmt: skip
            self.files = fs.SubTreeFileSystem(
                bucket,
                fs.S3FileSystem(
                    access_key=server.access_key, secret_key=server.secret_key,
                    endpoint_override=server.endpoint, region=server.region,
                ),
            )  # fmt: skip
        self.catalog = SqlCatalog("default", uri=uri, warehouse=place, **options)
        self.catalog.create_namespace("lake")

    def add(self, name: str, *parts: pa.Table, **options: Any) -> Any:
        options.setdefault("schema", parts[0].schema if parts else None)
        table = self.catalog.create_table(("lake", name), **options)
        for part in parts:
            if table.spec().fields and not isinstance(table.spec().fields[0].transform, IdentityTransform):
                replace_files(table, removed=[], added=list(write_rows(table, part.to_batches())))
            else:
                table.append(part)
        return table

    def contents(self) -> dict[str, bytes]:
        """Every file as it is, and in the spelling that shows what it packs."""
        found = self.files.get_file_info(fs.FileSelector("", recursive=True))
        raw = {
            each.path: self.files.open_input_stream(each.path).read()
            for each in found
            if each.type == fs.FileType.File
        }
        return {path: content + unpacked(path, content) for path, content in raw.items()}

    def holding(self, *secrets: str) -> list[str]:
        """The files in whose bytes or names one of the secrets stands."""
        needles = [form for secret in secrets for form in (secret.encode(), secret.encode()[:16])]
        places = {**self.contents(), "the catalog": self.database.read_bytes()}
        if isinstance(self.files.base_fs, fs.LocalFileSystem):
            places |= {str(path): str(path).encode() for path in self.folder.rglob("*")}
        return sorted(
            path
            for path, content in places.items()
            if any(needle in content or needle in path.encode() for needle in needles)
        )


def unpacked(path: str, content: bytes) -> bytes:
    if path.endswith(".parquet"):
        with pq.ParquetFile(io.BytesIO(content)) as file:
            return repr(file.read().to_pylist()).encode() + repr(file.metadata.to_dict()).encode()
    if path.endswith(".avro"):
        reader = fastavro.reader(io.BytesIO(content))
        return repr(list(reader)).encode() + repr(reader.metadata).encode()
    return b""


def s3_properties(server: ObjectServer) -> dict[str, str]:
    return {
        "s3.endpoint": server.endpoint,
        "s3.access-key-id": server.access_key,
        "s3.secret-access-key": server.secret_key,
        "s3.region": server.region,
    }


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


@pytest.fixture(params=["folder", "S3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    server = request.getfixturevalue("s3_server") if request.param == "S3" else None
    return Lake(tmp_path, server)


@pytest.fixture
def writer(lake: Lake) -> Iterator[Connector]:
    with open_writable("iceberg", lake.settings) as connector:
        yield connector


def people(*emails: str, start: int = 0) -> pa.Table:
    return pa.table(
        {
            "id": pa.array(range(start, start + len(emails)), pa.int64()),
            "email": list(emails),
            "hash": [hash_of(email) for email in emails],
            "seen": pa.array([datetime(2025, 3, 1) + timedelta(days=start + n) for n in range(len(emails))]),
        }
    )


def hash_of(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()


def match(**keys: list[Any]) -> list[Match]:
    return [Match(pa.table(keys))]


def rows(connector: Connector, name: str) -> list[dict[str, Any]]:
    found = [row for batch in connector.read(name) for row in batch.to_pylist()]
    return sorted(found, key=lambda row: row["id"])


def test_no_byte_is_left_of_a_person_and_nobody_else_is_touched(storage: Lake) -> None:
    table = storage.add(
        "people", people(*PEOPLE), people(ANNA, "dee@example.org", start=10), people("ed@x.org", start=20)
    )
    table.overwrite(people("fay@x.org", ANNA, start=30), overwrite_filter="id = 20")
    secrets = (ANNA, hash_of(ANNA))
    assert len(storage.holding(*secrets)) > 5
    with open_writable("iceberg", storage.settings) as writer:
        others = [row for row in rows(writer, "lake.people") if row["email"] != ANNA]
        assert writer.rehearse([Operation("lake.people", match(email=[ANNA]))]) == [3]
        assert writer.delete("lake.people", match(email=[ANNA])) == 3
        assert writer.count("lake.people", match(email=[ANNA])) == 0
        left = writer.lingering("lake.people", match(email=[ANNA]))
        assert left is not None
        assert left.why.count("in an older snapshot") == left.why.count(";") + 1
        writer.settle("lake.people")
        assert writer.lingering("lake.people", match(email=[ANNA])) is None
        assert rows(writer, "lake.people") == others
        assert writer.count("lake.people") == 5
    assert storage.holding(*secrets) == []
    assert len(storage.holding("dee@example.org")) == 2  # her data file and the manifest with its bounds
    fresh = table.refresh()
    assert (len(fresh.snapshots()), fresh.scan().to_arrow().num_rows) == (1, 5)
    assert int(fresh.current_snapshot().summary["total-records"]) == 5
    fresh.append(people("gus@x.org", start=40))
    assert fresh.scan().to_arrow().num_rows == 6


def test_a_second_time_changes_nothing(lake: Lake, writer: Connector) -> None:
    lake.add("people", people(*PEOPLE))
    assert writer.delete("lake.people", match(email=[ANNA])) == 1
    writer.settle("lake.people")
    before = lake.contents()
    assert writer.delete("lake.people", match(email=[ANNA])) == 0
    writer.settle("lake.people")
    assert lake.contents() == before


def test_fields_overwritten_and_their_old_values_gone(lake: Lake, writer: Connector) -> None:
    lake.add("people", people(*PEOPLE), people(ANNA, start=10))
    replaced = {"email": Replacement("gone", unique=True), "hash": Replacement(None)}
    assert writer.rehearse([Operation("lake.people", match(email=[ANNA]), replaced)]) == [2]
    assert writer.overwrite("lake.people", match(id=[1, 10]), replaced) == 2
    writer.settle("lake.people")
    found = rows(writer, "lake.people")
    assert [row["id"] for row in found] == [0, 1, 2, 3, 10]
    assert len({row["email"] for row in found}) == 5
    assert [row["hash"] is None for row in found] == [False, True, False, False, True]
    assert lake.holding(ANNA, hash_of(ANNA)) == []


def test_partitions_named_by_the_person_go_with_them(lake: Lake, writer: Connector) -> None:
    spec = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "email"))
    schema = Schema(NestedField(1, "id", LONG), NestedField(2, "email", StringType()))
    table = lake.add("parts", people(*PEOPLE).select(["id", "email"]), schema=schema, partition_spec=spec)
    assert any("anna" in path for path in lake.holding(ANNA))
    assert writer.delete("lake.parts", match(id=[1])) == 1
    assert writer.overwrite("lake.parts", match(id=[3]), {"email": Replacement("nobody")}) == 1
    writer.settle("lake.parts")
    assert lake.holding(ANNA, "zo@example.org", "zo%40") == []
    assert [row["email"] for row in rows(writer, "lake.parts")] == [
        "bo@example.org",
        "cy@example.org",
        "nobody",
    ]
    table.refresh()
    assert table.scan(row_filter="email = 'nobody'").to_arrow()["id"].to_pylist() == [3]
    with table.update_spec() as update:
        update.remove_field("email")
        update.add_field("email", TruncateTransform(2), "email_start")
    more = people("hal@x.org", ANNA, start=50).select(["id", "email"])
    replace_files(table, removed=[], added=list(write_rows(table, more.to_batches())))
    assert writer.delete("lake.parts", match(email=[ANNA, "bo@example.org"])) == 2
    writer.settle("lake.parts")
    assert [row["id"] for row in rows(writer, "lake.parts")] == [2, 3, 50]
    assert lake.holding(ANNA, "bo@example.org") == []


def test_rows_hidden_by_delete_files_are_still_there_and_go(lake: Lake, writer: Connector) -> None:
    table = lake.add("people", people(*PEOPLE, ANNA))
    path = next(iter(table.scan().plan_files())).file.file_path
    hidden = pa.table({"file_path": [path, path], "pos": pa.array([1, 0], pa.int64())})
    add_deletes(table, hidden, DataFileContent.POSITION_DELETES)
    assert writer.count("lake.people", match(email=[ANNA])) == 1
    found = writer.lingering("lake.people", match(email=[ANNA]))
    assert found is not None
    assert (found.rows, found.why.split("; ")[0]) == (3, "in data files, hidden by delete files")
    assert writer.delete("lake.people", match(email=[ANNA])) == 1
    writer.settle("lake.people")
    assert [row["id"] for row in rows(writer, "lake.people")] == [2, 3]
    assert lake.holding(ANNA) == []
    assert writer.lingering("lake.people", match(email=[ANNA])) is None


def test_branches_and_tags_that_hold_the_rows(lake: Lake, writer: Connector) -> None:
    table = lake.add("people", people(*PEOPLE))
    clean = lake.add("clean", people("bo@example.org"))
    clean.manage_snapshots().create_tag(clean.current_snapshot().snapshot_id, "v1").commit()
    clean.append(people(ANNA, start=5))
    table.manage_snapshots().create_tag(table.current_snapshot().snapshot_id, "report-2024").commit()
    table.append(people("ivy@x.org", start=9))
    with pytest.raises(ConstraintInTheWay, match="tag named report-2024 that holds 1 of the rows"):
        writer.rehearse([Operation("lake.people", match(email=[ANNA]))])
    assert writer.rehearse([Operation("lake.clean", match(email=[ANNA]))]) == [1]
    writer.delete("lake.clean", match(email=[ANNA]))
    writer.settle("lake.clean")
    assert list(lake.catalog.load_table("lake.clean").refs()) == ["main", "v1"]
    with open_writable("iceberg", {**lake.settings, "drop_refs": True}) as allowed:
        assert allowed.rehearse([Operation("lake.people", match(email=[ANNA]))]) == [1]
        allowed.delete("lake.people", match(email=[ANNA]))
        allowed.settle("lake.people")
    assert lake.holding(ANNA) == []
    assert list(lake.catalog.load_table("lake.people").refs()) == ["main"]


def test_what_cannot_be_changed_is_said_before_the_first_write(lake: Lake, writer: Connector) -> None:
    needed = Schema(NestedField(1, "id", LONG, required=True), NestedField(2, "email", StringType()))
    arrow = pa.schema([pa.field("id", pa.int64(), nullable=False), pa.field("email", pa.string())])
    lake.add("needed", pa.table({"id": [1], "email": [ANNA]}, schema=arrow), schema=needed)
    for name, value in (
        ("evil", {"write.py-location-provider.impl": "no.Such"}),
        ("foreign", {"gc.enabled": "false"}),
    ):
        path = Path(lake.add(name, people(ANNA)).metadata_location.removeprefix("file://"))
        path.write_text(json.dumps(json.loads(path.read_text()) | {"properties": value}))
    before = lake.contents()
    for name, replaced, error in (
        ("needed", {"id": Replacement(None)}, ConstraintInTheWay),
        ("needed", {"gone": Replacement(None)}, DataSetMissing),
        ("needed", {"id": Replacement("text")}, ConstraintInTheWay),
        ("evil", {}, Unsupported),
        ("foreign", {}, Unsupported),
    ):
        with pytest.raises(error) as raised:
            writer.rehearse([Operation(f"lake.{name}", match(email=[ANNA]), replaced)])
        assert raised.value.remedy
    assert lake.contents() == before
    with open_connector("iceberg", lake.settings) as reader, pytest.raises(RuntimeError, match="only reads"):
        reader.delete("lake.needed", match(email=[ANNA]))


def test_a_folder_without_the_right_to_write(lake: Lake, tmp_path: Path) -> None:
    table = lake.add("outside", people(ANNA), location=f"file://{tmp_path}/elsewhere")
    with open_writable("iceberg", lake.settings) as writer, pytest.raises(AccessDenied):
        writer.rehearse([Operation("lake.outside", match(email=[ANNA]))])
    assert table.scan().to_arrow().num_rows == 1


def test_another_program_commits_meanwhile(
    lake: Lake, writer: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Appends, with the person's rows too, and rewriting of the very file: nothing lost, nothing twice."""
    table = lake.add("people", people(*PEOPLE), people(ANNA, start=10))
    written, others = (
        iceberg_changing.replace_files,
        [
            lambda other: other.append(people(ANNA, "jo@x.org", start=20)),
            lambda other: other.delete("id = 0"),
        ],
    )

    def late(table: Any, **files: Any) -> None:
        if others:
            others.pop(0)(lake.catalog.load_table("lake.people"))
        written(table, **files)

    monkeypatch.setattr(iceberg_changing, "replace_files", late)
    assert writer.delete("lake.people", match(email=[ANNA])) == 3
    assert others == []
    writer.settle("lake.people")
    assert [row["id"] for row in rows(writer, "lake.people")] == [2, 3, 21]
    assert lake.holding(ANNA) == []
    assert table.refresh().scan().to_arrow().num_rows == 3


def test_somebody_who_never_stops(lake: Lake, writer: Connector, monkeypatch: pytest.MonkeyPatch) -> None:
    def always(*_: Any, **__: Any) -> None:
        raise CommitFailedException

    lake.add("people", people(*PEOPLE))
    before = lake.contents()
    monkeypatch.setattr(iceberg_changing, "replace_files", always)
    with pytest.raises(ConnectorError, match="changed by another program each time"):
        writer.delete("lake.people", match(email=[ANNA]))
    assert lake.contents() == before


@pytest.mark.parametrize("deletions", [0, 1, 4, 9])
def test_a_crash_while_old_files_are_deleted(
    lake: Lake, deletions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.add("people", people(*PEOPLE), people(ANNA, start=10))
    delete, left = iceberg_settling._delete, [None] * deletions

    def dying(io: Any, location: str) -> None:
        if not left:
            raise KeyboardInterrupt
        left.pop()
        delete(io, location)

    with open_writable("iceberg", lake.settings) as writer:
        writer.delete("lake.people", match(email=[ANNA]))
        with monkeypatch.context() as patched:
            patched.setattr(iceberg_settling, "_delete", dying)
            with pytest.raises(KeyboardInterrupt):
                writer.settle("lake.people")
    assert (lake.holding(ANNA) != []) is (
        deletions < 3
    )  # two data files and the lists that name them go first
    with open_writable("iceberg", lake.settings) as writer:
        assert (writer.lingering("lake.people", match(email=[ANNA])) is not None) is (deletions < 2)
        writer.settle("lake.people")
        assert writer.lingering("lake.people", match(email=[ANNA])) is None
        assert [row["id"] for row in rows(writer, "lake.people")] == [0, 2, 3]
    assert lake.holding(ANNA) == []
    kinds = sorted(path.partition("people/")[2].partition("/")[0] for path in lake.contents())
    assert kinds == ["data", "metadata", "metadata", "metadata"]  # a manifest, their list, the metadata file


def test_unknown_files_stay_as_long_as_somebody_may_be_writing_them(lake: Lake) -> None:
    lake.add("people", people(*PEOPLE))
    stray = lake.folder / "lake" / "people" / "data" / "stray.parquet"
    pq.write_table(people(ANNA), stray)
    with open_writable("iceberg", lake.settings) as writer:
        writer.delete("lake.people", match(email=[ANNA]))
        writer.settle("lake.people")
        found = writer.lingering("lake.people", match(email=[ANNA]))
        assert found is not None
        assert found.until is not None
        assert (found.rows, found.why) == (1, "in a file that no snapshot names")
        assert timedelta(days=2, hours=23) < found.until - datetime.now(UTC) < timedelta(days=3)
        assert stray.exists()
    with open_writable("iceberg", {**lake.settings, "orphan_days": 0}) as writer:
        writer.settle("lake.people")
        assert writer.lingering("lake.people", match(email=[ANNA])) is None
    assert not stray.exists()


def test_a_table_that_was_dropped_before_in_the_same_place(lake: Lake) -> None:
    lake.add("people", people(*PEOPLE))
    lake.catalog.drop_table("lake.people")
    lake.add("people", people("bo@example.org"))
    settings = {**lake.settings, "orphan_days": 0}
    with open_writable("iceberg", settings) as writer:
        assert writer.count("lake.people", match(email=[ANNA])) == 0
        assert writer.lingering("lake.people", match(email=[ANNA])) is not None
        writer.settle("lake.people")
        assert writer.lingering("lake.people", match(email=[ANNA])) is None
    assert lake.holding(ANNA) == []
    lake.add("copy", people(*PEOPLE), location=f"file://{lake.folder}/lake/people")
    with open_writable("iceberg", settings) as writer:
        writer.settle("lake.people")
        assert writer.count("lake.copy") == 4


def test_rows_by_their_age(lake: Lake, writer: Connector) -> None:
    spec = PartitionSpec(PartitionField(2, 1000, DayTransform(), "day"))
    schema = Schema(NestedField(1, "id", LONG), NestedField(2, "seen", TimestampType()))
    content = people(*PEOPLE, *PEOPLE, *PEOPLE).select(["id", "seen"])
    lake.add("days", content, schema=schema, partition_spec=spec)
    lake.add("plain", content, pa.table({"id": [99], "seen": pa.array([None], pa.timestamp("us"))}))
    older = Older("seen", datetime(2025, 3, 6, 12, tzinfo=UTC))
    for name in ("lake.days", "lake.plain"):
        assert writer.count_older(name, older) == 6
        assert writer.expire(name, older, limit=4) == 4
        assert writer.expire(name, older, limit=4) == 2
        assert writer.expire(name, older, limit=4) == 0
        assert writer.count_older(name, older) == 0
        writer.settle(name)
    assert [row["id"] for row in rows(writer, "lake.days")] == list(range(6, 12))
    assert [row["id"] for row in rows(writer, "lake.plain")] == [*range(6, 12), 99]
    with pytest.raises(Unsupported, match="neither a date nor a time"):
        writer.count_older("lake.days", Older("id", older.moment))


def test_whole_partitions_are_dropped_unread(lake: Lake, writer: Connector) -> None:
    spec = PartitionSpec(PartitionField(2, 1000, DayTransform(), "day"))
    schema = Schema(NestedField(1, "id", LONG), NestedField(2, "seen", TimestampType()))
    table = lake.add("days", people(*PEOPLE).select(["id", "seen"]), schema=schema, partition_spec=spec)
    for task in table.scan().plan_files():
        Path(task.file.file_path.removeprefix("file://")).write_bytes(b"unreadable")
    older = Older("seen", datetime(2025, 3, 3, tzinfo=UTC))
    assert writer.count_older("lake.days", older) == 2
    assert writer.expire("lake.days", older, limit=1_000) == 2
    assert writer.count("lake.days") == 2


def test_a_bucket_where_nothing_may_be_written(s3_server: ObjectServer, tmp_path: Path) -> None:
    lake = Lake(tmp_path, s3_server)
    lake.add("people", people(*PEOPLE))
    wrong = {**lake.settings, "warehouse": f"s3://other-{uuid.uuid4().hex[:6]}"}
    with open_writable("iceberg", wrong) as writer, pytest.raises(AccessDenied):
        writer.rehearse([Operation("lake.people", match(email=[ANNA]))])


def test_a_bucket_that_keeps_versions(s3_server: ObjectServer, tmp_path: Path) -> None:
    lake = Lake(tmp_path, s3_server)
    bucket = lake.settings["warehouse"].removeprefix("s3://")
    client = s3_server.client
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    lake.add("people", people(*PEOPLE), people(ANNA, start=10))
    lake.add("people2", people("bo@example.org"))
    with open_writable("iceberg", lake.settings) as writer:
        writer.delete("lake.people", match(email=[ANNA]))
        writer.settle("lake.people")
        assert writer.lingering("lake.people", match(email=[ANNA])) is None
        assert writer.count("lake.people") == 3
        assert writer.count("lake.people2") == 1
    pages = client.list_object_versions(Bucket=bucket)
    for version in pages["Versions"]:
        found = client.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
        content = found["Body"].read()
        assert ANNA.encode()[:16] not in content + unpacked(version["Key"], content)
    assert [each for each in pages.get("DeleteMarkers", []) if each["Key"].startswith("lake/people/")] == []
