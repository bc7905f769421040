"""What only Iceberg has: many files, evolving schemas, deleted rows, hostile metadata, two kinds of catalogs."""

from __future__ import annotations

import gzip
import json
import socket
import uuid
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import botocore.session
import pyarrow as pa
import pytest
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.manifest import DataFileContent
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import ListType, LongType, NestedField, StringType, StructType, UUIDType

from catalog.connectors import iceberg_client, iceberg_files
from catalog.connectors.base import (
    AccessDenied,
    Connector,
    ConnectorError,
    DataSetMissing,
    Kind,
    Malformed,
    Match,
    Unreachable,
    Unsupported,
)
from catalog.connectors.iceberg_form import IcebergForm
from catalog.connectors.iceberg_pruning import prune
from catalog.connectors.opening import open_connector
from tests.catalog.iceberg_deletes import add_deletes
from tests.services.fixtures import Database
from tests.services.objects import ObjectServer


class Lake:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "warehouse"
        self.folder.mkdir()
        uri = f"sqlite:///{folder}/catalog.db"
        self.settings = {"catalog": "sql", "uri": uri, "warehouse": str(self.folder)}
        self.catalog = SqlCatalog("default", uri=uri, warehouse=f"file://{self.folder}")
        self.catalog.create_namespace("lake")

    def add(self, name: str, *parts: pa.Table, **options: Any) -> Any:
        options.setdefault("schema", parts[0].schema if parts else None)
        table = self.catalog.create_table(("lake", name), **options)
        for part in parts:
            table.append(part)
        return table


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


@pytest.fixture
def reader(lake: Lake) -> Iterator[Connector]:
    with open_connector("iceberg", lake.settings) as connector:
        yield connector


def ids(start: int, end: int) -> pa.Table:
    return pa.table({"id": pa.array(range(start, end), pa.int64())})


def ids_in(connector: Connector, data_set: str) -> list[int]:
    return sorted(value for batch in connector.read(data_set) for value in batch["id"].to_pylist())


def match(**keys: list[Any]) -> list[Match]:
    return [Match(pa.table(keys))]


def test_columns_of_every_kind(lake: Lake, reader: Connector) -> None:
    schema = Schema(
        NestedField(1, "id", LongType(), required=True),
        NestedField(2, "key", UUIDType()),
        NestedField(3, "address", StructType(NestedField(5, "city", StringType()))),
        NestedField(4, "tags", ListType(6, StringType(), element_required=False)),
        identifier_field_ids=[1],
    )
    key = uuid.UUID(int=7)
    row = {"id": 1, "key": key.bytes, "address": {"city": "Ghent"}, "tags": ["a", "b"]}
    arrow = pa.schema(
        [
            pa.field("id", pa.int64(), nullable=False),
            ("key", pa.binary(16)),
            ("address", pa.struct([("city", pa.string())])),
            ("tags", pa.list_(pa.string())),
        ]
    )
    lake.add("kinds", pa.Table.from_pylist([row], arrow), schema=schema)
    (found,) = reader.discover()
    assert (found.name, found.kind, found.primary_key, found.row_estimate) == (
        "lake.kinds",
        "table",
        ("id",),
        1,
    )
    assert [(c.name, c.data_type, c.kind, c.nullable, c.unique) for c in found.columns] == [
        ("id", "long", Kind.INTEGER, False, True),
        ("key", "uuid", Kind.UUID, True, False),
        ("address", "struct<5: city: optional string>", Kind.JSON, True, False),
        ("tags", "list<string>", Kind.JSON, True, False),
    ]
    assert reader.sample("lake.kinds", rows=5).to_pylist() == [
        {"id": "1", "key": str(key), "address": '{"city": "Ghent"}', "tags": '["a", "b"]'}
    ]
    assert reader.count("lake.kinds", match(key=[str(key)])) == 1
    assert reader.find("lake.kinds", match(id=[1]), ["address"]).to_pylist() == [
        {"address": {"city": "Ghent"}}
    ]


def test_files_written_before_a_column_was_renamed_or_added(lake: Lake, reader: Connector) -> None:
    table = lake.add("people", pa.table({"id": pa.array([1, 2], pa.int32()), "mail": ["a@x.org", "b@x.org"]}))
    with table.update_schema() as update:
        update.rename_column("mail", "email")
        update.add_column("city", StringType())
        update.update_column("id", LongType())
    table.append(pa.table({"id": [3], "email": ["c@x.org"], "city": ["Ghent"]}))
    rows = [row for batch in reader.read("lake.people") for row in batch.to_pylist()]
    assert sorted(rows, key=lambda row: row["id"]) == [
        {"id": 1, "email": "a@x.org", "city": None},
        {"id": 2, "email": "b@x.org", "city": None},
        {"id": 3, "email": "c@x.org", "city": "Ghent"},
    ]
    assert reader.find("lake.people", match(email=["a@x.org"]), ["id"]).to_pylist() == [{"id": 1}]
    assert reader.find("lake.people", match(city=["Ghent"]), ["city"]).to_pylist() == [{"city": "Ghent"}]
    assert reader.count("lake.people", match(id=[2, 2**40])) == 1
    cities = [
        value for batch in reader.read("lake.people", columns=["city"]) for value in batch["city"].to_pylist()
    ]
    assert sorted(cities, key=str) == ["Ghent", None, None]


def test_a_sample_comes_from_many_files_and_is_bounded(lake: Lake, reader: Connector) -> None:
    lake.add("events", *(ids(part * 10, part * 10 + 10) for part in range(40)))
    sample = reader.sample("lake.events", rows=100, seed=3)
    files = {int(value) // 10 for value in sample["id"].to_pylist()}
    assert (len(sample), len(files)) == (100, 20)
    assert sample.equals(reader.sample("lake.events", rows=100, seed=3))
    assert max(files) > 20


def test_row_groups_and_partitions_are_pruned_and_nothing_is_missed(lake: Lake, reader: Connector) -> None:
    schema = Schema(NestedField(1, "id", LongType()), NestedField(2, "part", StringType()))
    spec = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "part"))
    rows = [ids(start, start + 1000).append_column("part", [["a", "b"] * 500]) for start in (0, 1000)]
    limit = {"write.parquet.row-group-limit": "50"}
    lake.add("parts", *rows, schema=schema, partition_spec=spec, properties=limit)
    for keys in ([3, 777, 1500, 5000], list(range(900, 1400)), [-1]):
        expected = sorted(set(keys) & set(range(2000)))
        assert sorted(reader.find("lake.parts", match(id=keys), ["id"])["id"].to_pylist()) == expected
    assert reader.count("lake.parts", match(id=list(range(-5_000, 5_000)))) == 2000
    found = reader.find("lake.parts", match(id=[4, 5, 1006], part=["a", "a", "a"]), ["part", "id"])
    assert sorted(found.to_pylist(), key=str) == [{"part": "a", "id": 1006}, {"part": "a", "id": 4}]


def test_files_without_a_match_are_not_opened(lake: Lake, reader: Connector) -> None:
    table = lake.add("events", ids(0, 10), ids(10, 20))
    local(table.scan(row_filter="id < 10").plan_files()[0].file.file_path).unlink()
    assert reader.find("lake.events", match(id=[15]), ["id"]).to_pylist() == [{"id": 15}]
    with pytest.raises(Malformed, match=r"lake\.events is not where its metadata says"):
        reader.count("lake.events", match(id=[5]))


def test_pruning_lets_through_what_it_cannot_judge() -> None:
    schema = pa.schema([("id", pa.int64()), ("score", pa.float64()), ("day", pa.date32())])
    assert str(prune(match(score=[1.5]), schema)) == "AlwaysTrue()"
    assert str(prune([Match(pa.table({"id": ["7"]}), fold=True)], schema)) == "AlwaysTrue()"
    assert str(prune(match(id=["x"]), schema)) == "AlwaysFalse()"
    assert str(prune([], schema)) == "AlwaysFalse()"
    assert "day" in str(prune(match(day=[date(2024, 2, 29)], score=[1.0]), schema))


def test_deleted_rows_are_gone_in_every_way_of_reading(lake: Lake, reader: Connector) -> None:
    table = lake.add("events", ids(0, 200), ids(200, 400), properties={"write.parquet.row-group-limit": "50"})
    path = table.scan(row_filter="id < 200").plan_files()[0].file.file_path
    gone = [0, 60, 61, 199]
    rows = pa.table({"file_path": [path] * 5, "pos": pa.array([*gone, 60], pa.int64())})
    add_deletes(table, rows, DataFileContent.POSITION_DELETES)
    left = [value for value in range(400) if value not in gone]
    assert ids_in(reader, "lake.events") == left
    assert reader.count("lake.events") == 396
    found = reader.find("lake.events", match(id=[60, 62, 199, 399]), ["id"])
    assert sorted(found["id"].to_pylist()) == [62, 399]
    assert sorted(map(int, reader.sample("lake.events", rows=500)["id"].to_pylist())) == left
    assert next(reader.discover()).row_estimate == 395  # what the writer says, five


def test_equality_deletes_are_said_and_not_passed_over(lake: Lake, reader: Connector) -> None:
    table = lake.add("events", ids(0, 10))
    add_deletes(table, ids(3, 4), DataFileContent.EQUALITY_DELETES, equality_ids=[1])
    (found,) = reader.discover()
    assert (found.columns[0].name, found.problem) == (
        "id",
        "lake.events has equality deletes, which cannot be read here. "
        "Compact it with the engine that writes it (rewrite_data_files).",
    )
    with pytest.raises(Unsupported, match="equality deletes"):
        reader.count("lake.events")


def test_one_broken_table_is_its_own_problem_only(lake: Lake, reader: Connector) -> None:
    table, lost = lake.add("broken", ids(0, 3)), lake.add("lost", ids(0, 3))
    lake.add("whole", ids(0, 3))
    local(table.metadata_location).write_text('{"format-version": 2, "secret": "anna@example.org"}')
    local(lost.metadata_location).unlink()
    problems = {found.name: found.problem for found in reader.discover()}
    assert list(problems) == ["lake.broken", "lake.lost", "lake.whole"]
    assert "cannot be read as an Iceberg table" in problems["lake.broken"]
    assert "anna" not in problems["lake.broken"]
    assert "not where its metadata says" in problems["lake.lost"]
    assert problems["lake.whole"] == ""


def test_a_damaged_data_file_is_malformed(lake: Lake, reader: Connector) -> None:
    table = lake.add("events", ids(0, 10))
    local(table.scan().plan_files()[0].file.file_path).write_bytes(b"PAR1 anna@example.org PAR1")
    with pytest.raises(Malformed, match=r"^lake\.events cannot be read as an Iceberg table") as raised:
        ids_in(reader, "lake.events")
    assert "anna" not in str(raised.value)


def test_missing_tables_and_columns(lake: Lake, reader: Connector) -> None:
    lake.add("events", ids(0, 10))
    for missing in ("lake.gone", "nowhere.events", "events"):
        for attempt in (
            reader.count,
            lambda name: reader.sample(name, rows=1),
            lambda name: ids_in(reader, name),
        ):
            with pytest.raises(DataSetMissing, match=missing) as raised:
                attempt(missing)
            assert raised.value.remedy
    for attempt in (
        lambda _: list(reader.read("lake.events", columns=["gone"])),
        lambda _: reader.find("lake.events", match(id=[1]), ["gone"]),
        lambda _: reader.count("lake.events", match(gone=[1])),
    ):
        with pytest.raises(DataSetMissing, match="'gone'"):
            attempt("")


def test_an_empty_table(lake: Lake, reader: Connector) -> None:
    lake.add("nobody", schema=ids(0, 1).schema)
    (found,) = reader.discover()
    assert ([column.name for column in found.columns], found.row_estimate) == (["id"], 0)
    assert (reader.count("lake.nobody"), list(reader.read("lake.nobody"))) == (0, [])
    assert reader.sample("lake.nobody", rows=5).num_rows == 0
    assert reader.find("lake.nobody", match(id=[1]), ["id"]).schema == pa.schema([("id", pa.int64())])


def test_hostile_names_and_values(lake: Lake, reader: Connector) -> None:
    table, column = "robert'); drop table people;--", 'x"; drop table people;-- %s :a.b'
    lake.add(table, pa.table({"id": [1, 2], column: ["a'; drop table people;--", "b"]}))
    name = f"lake.{table}"
    assert [found.name for found in reader.discover()] == [name]
    hostile = [Match(pa.table({column: ["a'; drop table people;--"]}))]
    assert reader.find(name, hostile, ["id"]).to_pylist() == [{"id": 1}]
    assert reader.sample(name, rows=5).column_names == ["id", column]


def test_a_table_cannot_load_code_or_lead_elsewhere(lake: Lake, reader: Connector, tmp_path: Path) -> None:
    evil = {"py-io-impl": "tests.catalog.no_such_module.Evil", "s3.endpoint": "http://127.0.0.1:9"}
    change(lake.add("evil", ids(0, 3)), properties=evil)
    assert ids_in(reader, "lake.evil") == [0, 1, 2]
    outside = lake.add("outside", ids(0, 3), location=f"file://{tmp_path}/elsewhere")
    assert outside.scan().count() == 3
    problems = {found.name: found.problem for found in reader.discover()}
    assert problems["lake.outside"].startswith(
        "A table has files on this machine that are not in the warehouse."
    )
    remote = lake.add("remote", ids(0, 3))
    for location in ("hdfs://127.0.0.1:9/list.avro", "file://../list.avro", "list.avro", "file:///etc/hosts"):
        lead(remote, location)
        with pytest.raises((Unsupported, AccessDenied)):
            reader.count("lake.remote")


def test_folders_that_the_console_may_not_read(lake: Lake, settings: Any, tmp_path: Path) -> None:
    settings.FOLDER_ROOTS = [str(tmp_path / "other")]
    form = IcebergForm(lake.settings)
    assert set(form.errors) == {"uri", "warehouse"}
    with pytest.raises(AccessDenied), open_connector("iceberg", lake.settings) as connector:
        connector.check()


def test_a_file_that_is_no_catalog(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    for name, message in (("empty.db", "no Iceberg catalog"), ("gone.db", "There is no file")):
        found = {"catalog": "sql", "uri": f"sqlite:///{tmp_path}/{name}", "warehouse": str(tmp_path)}
        with pytest.raises(Unreachable, match=message), open_connector("iceberg", found) as connector:
            connector.check()
    assert (tmp_path / "empty.db").stat().st_size == 0
    assert not (tmp_path / "gone.db").exists()


def test_namespaces_within_namespaces_and_the_filter(lake: Lake) -> None:
    for namespace in ("shop", "shop.eu", "shop.eu.private", "hr"):
        lake.catalog.create_namespace_if_not_exists(namespace)
        lake.catalog.create_table(f"{namespace}.orders", schema=ids(0, 1).schema)
    names = ["hr.orders", "shop.eu.orders", "shop.eu.private.orders", "shop.orders"]
    for wanted, expected in (("", names), ("shop.eu*, hr", names[:3])):
        with open_connector("iceberg", {**lake.settings, "namespaces": wanted}) as connector:
            assert [found.name for found in connector.discover()] == expected
            assert connector.count(expected[-1]) == 0


def test_names_in_lineage(lake: Lake, reader: Connector) -> None:
    lake.add("events", ids(0, 3))
    lake.add("moved", ids(0, 3), location=f"file://{lake.folder}/other/place")
    assert reader.lineage_name("lake.events") == f"{lake.folder}/lake/events"
    assert len(list(reader.discover())) == 2
    assert reader.lineage_namespace() == "file"
    assert reader.lineage_name("lake.events") == f"{lake.folder}/lake/events"
    assert reader.lineage_name("lake.moved") == f"{lake.folder}/other/place"
    with open_connector(
        "iceberg", {"catalog": "rest", "uri": "http://a", "warehouse": "s3a://lake/w"}
    ) as remote:
        assert (remote.lineage_namespace(), remote.lineage_name("eu.orders")) == ("s3://lake", "w/eu/orders")
    with open_connector("iceberg", {"catalog": "rest", "uri": "http://a", "warehouse": "prod"}) as remote:
        assert remote.lineage_namespace() == ""


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"uri": "mysql://host/db"}, "uri"),
        ({"uri": "postgresql://u:secret@host/db"}, "uri"),
        ({"uri": "postgresql://u@host/db?options=-c"}, "uri"),
        ({"uri": "not a url"}, "uri"),
        ({"uri": "sqlite:///relative.db"}, "uri"),
        ({"catalog": "rest", "uri": "ftp://host"}, "uri"),
        ({"catalog": "rest", "uri": "http://u:secret@host"}, "uri"),
        ({"warehouse": "gs://bucket"}, "warehouse"),
        ({"endpoint": "host:9000"}, "endpoint"),
        ({"access_key": "AK"}, "secret_key"),
    ],
)
def test_settings_that_cannot_be_meant(lake: Lake, changed: dict[str, str], field: str) -> None:
    form = IcebergForm({**lake.settings, **changed})
    assert list(form.errors) == [field]
    assert "secret@" not in str(form.errors)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield silent.getsockname()[1]


def test_sql_catalog_in_postgresql_and_files_on_s3(
    pg_database: Database, s3_server: ObjectServer, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iceberg_files, "ANSWER_SECONDS", 1)
    bucket = s3_server.create_bucket()
    keys = {"access_key": s3_server.access_key, "secret_key": s3_server.secret_key}
    uri = f"postgresql://{pg_database.user}@{pg_database.host}:{pg_database.port}/{pg_database.name}"
    found = {
        "catalog": "sql", "catalog_name": "prod", "uri": uri, "password": pg_database.password,
        "warehouse": f"s3://{bucket}/w", "endpoint": s3_server.endpoint, "region": s3_server.region, **keys,
    }  # fmt: skip
    assert IcebergForm(found).is_valid()
    driver = pg_database.dsn.replace("postgresql://", "postgresql+psycopg://")
    writer = SqlCatalog("prod", uri=driver, warehouse=found["warehouse"], **s3_properties(s3_server))
    writer.create_namespace("lake")
    for start in (0, 100):
        writer.create_table_if_not_exists("lake.events", schema=ids(0, 1).schema).append(
            ids(start, start + 100)
        )
    with open_connector("iceberg", found) as connector:
        assert connector.check() == "Apache Iceberg, 1 table in 1 namespace"
        assert next(connector.discover()).row_estimate == 200
        assert ids_in(connector, "lake.events") == list(range(200))
        assert connector.find("lake.events", match(id=[7]), ["id"])["id"].to_pylist() == [7]
        assert (connector.lineage_namespace(), connector.lineage_name("lake.events")) == (
            f"s3://{bucket}",
            "w/lake/events",
        )
    for changed, error in (
        ({"secret_key": "wrong"}, AccessDenied),
        ({"endpoint": "http://127.0.0.1:9"}, Unreachable),
        ({"access_key": "", "secret_key": ""}, AccessDenied),
        ({"endpoint": f"http://127.0.0.1:{silent_port}"}, Unreachable),
    ):
        with open_connector("iceberg", {**found, **changed}) as connector, pytest.raises(error) as raised:
            connector.count("lake.events")
        assert s3_server.secret_key not in str(raised.value)
    with (
        open_connector("iceberg", {**found, "password": "wrong"}) as connector,
        pytest.raises(ConnectorError) as bad,
    ):
        connector.check()
    assert isinstance(bad.value, AccessDenied)
    writer.close()


def test_rest_catalog(s3_server: ObjectServer) -> None:
    bucket = f"lake-{uuid.uuid4().hex[:8]}"
    botocore.session.Session().create_client(
        "s3tables",
        endpoint_url=s3_server.endpoint,
        region_name=s3_server.region,
        aws_access_key_id=s3_server.access_key,
        aws_secret_access_key=s3_server.secret_key,
    ).create_table_bucket(name=bucket)
    credential = f"{s3_server.access_key}:{s3_server.secret_key}"
    found = {
        "catalog": "rest", "uri": s3_server.iceberg_endpoint, "credential": credential,
        "warehouse": f"s3://{bucket}", "endpoint": s3_server.endpoint, "region": s3_server.region,
        "access_key": s3_server.access_key, "secret_key": s3_server.secret_key,
    }  # fmt: skip
    assert IcebergForm(found).is_valid()
    writer = RestCatalog(
        "w", uri=found["uri"], warehouse=found["warehouse"], credential=credential,
        **s3_properties(s3_server), **{"oauth2-server-uri": f"{found['uri']}/v1/oauth/tokens"},
    )  # fmt: skip
    writer.create_namespace("lake")
    for start in (0, 100):
        writer.create_table_if_not_exists("lake.events", schema=ids(0, 1).schema).append(
            ids(start, start + 100)
        )
    with open_connector("iceberg", found) as connector:
        assert connector.check() == "Apache Iceberg, 1 table in 1 namespace"
        assert [(each.name, each.row_estimate, each.problem) for each in connector.discover()] == [
            ("lake.events", 200, "")
        ]
        assert ids_in(connector, "lake.events") == list(range(200))
        assert connector.count("lake.events", match(id=[7, 170, 900])) == 2
        assert connector.lineage_name("lake.events") == "lake/events"
        with pytest.raises(DataSetMissing, match=r"lake\.gone"):
            connector.count("lake.gone")
    for changed, error in (
        ({"credential": "a:b"}, AccessDenied),
        ({"uri": "http://127.0.0.1:9"}, Unreachable),
    ):
        with open_connector("iceberg", {**found, **changed}) as connector, pytest.raises(error):
            connector.check()
    writer.close()


def test_a_rest_catalog_that_hangs_or_leads_elsewhere(
    silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iceberg_client, "ANSWER_SECONDS", 0.3)
    found = {"catalog": "rest", "token": "t", "warehouse": "prod"}
    uri = f"http://127.0.0.1:{silent_port}"
    with open_connector("iceberg", {**found, "uri": uri}) as connector, pytest.raises(Unreachable):
        connector.check()
    asked = []

    class Hostile(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            overrides = {
                "uri": "http://127.0.0.1:9",
                "py-io-impl": "no.Such",
                "prefix": "p",
                "auth": {"type": "custom"},
            }
            body = {"defaults": {}, "overrides": overrides} if "config" in self.path else {"namespaces": []}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Hostile) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with open_connector(
            "iceberg", {**found, "uri": f"http://127.0.0.1:{server.server_port}"}
        ) as connector:
            assert connector.check() == "Apache Iceberg, 0 tables in 0 namespaces"
        server.shutdown()
    assert asked == ["/v1/config?warehouse=prod", "/v1/p/namespaces"]


@pytest.mark.parametrize(
    ("status", "headers", "size"),
    [(307, {"Location": "/elsewhere"}, 0), (200, {}, 3_000), (200, {"Content-Encoding": "gzip"}, 0)],
)
def test_a_rest_catalog_that_redirects_packs_or_never_ends(
    status: int, headers: dict[str, str], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iceberg_client, "LARGEST_ANSWER", 2_000)
    asked = []

    class Hostile(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps({"defaults": {"x": "y" * size}, "overrides": {}}).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(gzip.compress(body) if "Content-Encoding" in headers else body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Hostile) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        found = {"catalog": "rest", "token": "t", "uri": f"http://127.0.0.1:{server.server_port}"}
        with open_connector("iceberg", found) as connector, pytest.raises(Unreachable):
            connector.check()
        server.shutdown()
    assert set(asked) == {"/v1/config"}


def change(table: Any, **entries: Any) -> None:
    """Write `entries` into the metadata file of the table, as an evil writer might."""
    path = local(table.metadata_location)
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def lead(table: Any, location: str) -> None:
    """Have the table's snapshot name that file as its list of manifests."""
    snapshot = json.loads(table.current_snapshot().model_dump_json(by_alias=True))
    change(table, snapshots=[snapshot | {"manifest-list": location}])


def local(location: str) -> Path:
    return Path(location.removeprefix("file://"))


def s3_properties(server: ObjectServer) -> dict[str, str]:
    return {
        "s3.endpoint": server.endpoint,
        "s3.access-key-id": server.access_key,
        "s3.secret-access-key": server.secret_key,
        "s3.region": server.region,
    }
