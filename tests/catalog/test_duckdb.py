"""What only DuckDB has: nested types, one file that one program writes or several read, its view of foreign keys."""

from __future__ import annotations

import datetime
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from catalog.connectors.base import (
    AccessDenied,
    Connector,
    ConstraintInTheWay,
    DataSetInfo,
    Definition,
    ForeignKeyInfo,
    Kind,
    Malformed,
    Match,
    Operation,
    Replacement,
    Unreachable,
    Unsupported,
)
from catalog.connectors.destruction import open_writable
from catalog.connectors.duckdb_session import Session
from catalog.connectors.duckdb_store import DuckdbConnector
from catalog.connectors.opening import open_connector


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.duckdb"


@pytest.fixture
def reader(path: Path) -> Iterator[Connector]:
    with open_connector("duckdb", {"path": str(path)}) as connector:
        yield connector


@pytest.fixture
def writer(path: Path) -> Iterator[Connector]:
    with open_writable("duckdb", {"path": str(path)}) as connector:
        yield connector


def run(path: Path, script: str) -> list[tuple[Any, ...]]:
    with closing(duckdb.connect(str(path))) as connection:
        return connection.execute(script).fetchall()


def match(fold: bool = False, **keys: list[Any]) -> list[Match]:
    return [Match(pa.table({name: pa.array(values) for name, values in keys.items()}), fold)]


def execute(connector: Connector, operation: Operation) -> int:
    if operation.replacements:
        return connector.overwrite(operation.data_set, operation.matches, operation.replacements)
    return connector.delete(operation.data_set, operation.matches)


def discovered(connector: Connector) -> dict[str, DataSetInfo]:
    return {found.name: found for found in connector.discover()}


# Reaching the file


def test_what_is_no_database_is_malformed(path: Path, reader: Connector) -> None:
    path.write_bytes(b"id,name\n1,Zoe\n" * 1000)
    with pytest.raises(Malformed, match=r"shop\.duckdb is no DuckDB database"):
        reader.check()


def test_a_missing_file_is_unreachable_and_not_made(path: Path, reader: Connector, writer: Connector) -> None:
    for connector in (reader, writer):
        with pytest.raises(Unreachable, match=r"no file .*shop\.duckdb"):
            connector.check()
    assert not path.exists()


def test_a_file_outside_the_allowed_roots_is_refused(path: Path, tmp_path: Path, settings: Any) -> None:
    settings.FOLDER_ROOTS = [tmp_path / "allowed"]
    assert "is not below a folder" in DuckdbConnector.Form({"path": str(path)}).errors["path"][0]


def test_a_file_that_another_process_holds_is_unreachable(path: Path, reader: Connector) -> None:
    run(path, "CREATE TABLE t (id INT)")
    holding = (
        f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('open', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", holding], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdin is not None
    assert other.stdout is not None
    try:
        assert other.stdout.readline() == "open\n"
        with pytest.raises(Unreachable, match=r"Another program has .* open") as raised:
            reader.count("main.t")
        assert "either one program write or several read" in raised.value.remedy
    finally:
        other.communicate()
    assert reader.count("main.t") == 0


def test_a_reader_cannot_write_even_by_itself_nor_leave_the_file(path: Path, tmp_path: Path) -> None:
    run(path, "CREATE TABLE t (id INT)")
    with closing(Session(path, writable=False, memory="256MB", seconds=10)) as session:
        with pytest.raises(duckdb.Error, match="read-only"):
            session.connection.execute("DELETE FROM t")
        for statement in (
            f"ATTACH '{tmp_path}/other.db'",
            f"COPY t TO '{tmp_path}/t.csv'",
            "FROM read_csv('/etc/passwd')",
        ):
            with pytest.raises(duckdb.Error):
                session.connection.execute(statement)
        with pytest.raises(duckdb.Error, match="locked"):
            session.connection.execute("SET memory_limit = '10GB'")


def test_a_view_of_other_files_is_not_followed(path: Path, tmp_path: Path, reader: Connector) -> None:
    (tmp_path / "t.csv").write_text("id\n1\n")
    run(path, f"CREATE VIEW outside AS FROM read_csv('{tmp_path}/t.csv')")
    with pytest.raises(AccessDenied, match=r"main\.outside reads other files"):
        reader.count("main.outside")
    assert list(discovered(reader)) == ["main.outside"]


def test_what_takes_too_long_is_ended(path: Path) -> None:
    run(path, "CREATE VIEW endless AS SELECT count(*) FROM range(1000000000) a, range(1000000000) b")
    with (
        open_connector("duckdb", {"path": str(path), "statement_timeout": 1}) as connector,
        pytest.raises(Unreachable, match=r"main\.endless did not answer within 1 seconds"),
    ):
        connector.find("main.endless", [Match(pa.table({"count_star()": [1]}))], ["count_star()"])


# Discovering

SHAPES = """
CREATE SCHEMA "Other.One"; CREATE TABLE "Other.One"."a ""b" (id INT PRIMARY KEY);
CREATE TABLE pair (a INT, b INT, PRIMARY KEY (b, a));
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE thing (
    id BIGINT PRIMARY KEY, name VARCHAR NOT NULL, mail VARCHAR UNIQUE, price DECIMAL(10, 2), ratio FLOAT, yes BOOLEAN,
    born DATE, seen TIMESTAMPTZ, "at" TIME, photo BLOB, extra JSON, key UUID, tags VARCHAR[], feeling mood,
    place STRUCT(street VARCHAR), twice BIGINT GENERATED ALWAYS AS (id * 2), b INT, a INT,
    FOREIGN KEY (b, a) REFERENCES pair (b, a)
);
CREATE UNIQUE INDEX on_key ON thing (key);
CREATE VIEW seen AS SELECT id FROM thing
"""


def test_discover_describes_tables(path: Path, reader: Connector) -> None:
    run(path, SHAPES)
    found = discovered(reader)
    assert {name: info.kind for name, info in found.items()} == {
        '"Other.One"."a ""b"': "table",
        "main.pair": "table",
        "main.seen": "view",
        "main.thing": "table",
    }
    thing = found["main.thing"]
    assert [(column.name, column.data_type, column.kind) for column in thing.columns] == [
        ("id", "BIGINT", Kind.INTEGER),
        ("name", "VARCHAR", Kind.TEXT),
        ("mail", "VARCHAR", Kind.TEXT),
        ("price", "DECIMAL(10,2)", Kind.DECIMAL),
        ("ratio", "FLOAT", Kind.FLOAT),
        ("yes", "BOOLEAN", Kind.BOOLEAN),
        ("born", "DATE", Kind.DATE),
        ("seen", "TIMESTAMP WITH TIME ZONE", Kind.TIMESTAMP),
        ("at", "TIME", Kind.TIME),
        ("photo", "BLOB", Kind.BINARY),
        ("extra", "JSON", Kind.JSON),
        ("key", "UUID", Kind.UUID),
        ("tags", "VARCHAR[]", Kind.ARRAY),
        ("feeling", "ENUM('sad', 'ok')", Kind.TEXT),
        ("place", "STRUCT(street VARCHAR)", Kind.JSON),
        ("twice", "BIGINT", Kind.INTEGER),
        ("b", "INTEGER", Kind.INTEGER),
        ("a", "INTEGER", Kind.INTEGER),
    ]
    assert [column.name for column in thing.columns if not column.nullable] == ["id", "name"]
    assert [column.name for column in thing.columns if column.unique] == ["id", "mail", "key"]
    assert [column.name for column in thing.columns if column.generated] == ["twice"]
    assert found["main.pair"].primary_key == ("b", "a")
    assert thing.foreign_keys == (ForeignKeyInfo(("b", "a"), "main.pair", ("b", "a")),)
    assert {info.problem for info in found.values()} == {""}
    assert reader.count('"Other.One"."a ""b"') == 0


def test_definitions_and_names_for_lineage(path: Path, reader: Connector) -> None:
    run(path, SHAPES)
    assert list(reader.definitions()) == [
        Definition("main.seen", "CREATE VIEW seen AS SELECT id FROM thing;", "duckdb")
    ]
    assert reader.lineage_namespace() == f"duckdb://{path}"
    assert reader.lineage_name("main.seen") == "shop.main.seen"


# Reading

VALUES = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE kinds (
    id INT, small UTINYINT, huge HUGEINT, exact DECIMAL(38, 2), double DOUBLE, yes BOOLEAN, born DATE,
    seen TIMESTAMPTZ, local TIMESTAMP, exactly TIMESTAMP_NS, "at" TIME, bytes BLOB, extra JSON, key UUID, tags INT[],
    place STRUCT(street VARCHAR, no INT), names MAP(VARCHAR, INT), feeling mood, bits BIT, span INTERVAL
);
INSERT INTO kinds VALUES (
    1, 255, 170141183460469231731687303715884105727, 1.50, 0.1, true, '2024-02-29', '2024-01-01 12:00+02',
    '2024-01-01 12:00', '2024-01-01 12:00:00.123456789', '23:59:59.5', '\\xFF\\x00', '{"a": 1}',
    '6f46f432-c4e9-4ac3-a1a0-ba5da4012df3', [1, 2], {'street': 'Zoë "1"', 'no': 2}, MAP {'k': 1}, 'ok', '101',
    INTERVAL 1 DAY
)
"""


def test_read_gives_each_type_without_loss(path: Path, reader: Connector) -> None:
    run(path, VALUES)
    (batch,) = reader.read("main.kinds")
    (row,) = batch.drop_columns(["exactly"]).to_pylist()
    assert row == {
        "id": 1,
        "small": 255,
        "huge": "170141183460469231731687303715884105727",
        "exact": Decimal("1.50"),
        "double": 0.1,
        "yes": True,
        "born": datetime.date(2024, 2, 29),
        "seen": datetime.datetime(2024, 1, 1, 10, tzinfo=datetime.UTC),
        "local": datetime.datetime(2024, 1, 1, 12),
        "at": datetime.time(23, 59, 59, 500000),
        "bytes": b"\xff\x00",
        "extra": '{"a": 1}',
        "key": "6f46f432-c4e9-4ac3-a1a0-ba5da4012df3",
        "tags": "[1,2]",
        "place": '{"street":"Zoë \\"1\\"","no":2}',
        "names": '{"k":1}',
        "feeling": "ok",
        "bits": "101",
        "span": "1 day",
    }
    assert batch["exactly"].cast(pa.string()).to_pylist() == ["2024-01-01 12:00:00.123456789"]
    sample = reader.sample("main.kinds", rows=1).to_pylist()[0]
    assert (sample["bytes"], sample["tags"], sample["huge"]) == ("\\xff00", "[1,2]", row["huge"])


def test_every_type_is_found_by_the_value_that_was_read(path: Path, reader: Connector) -> None:
    run(path, VALUES)
    (batch,) = reader.read("main.kinds")
    for name in batch.schema.names:
        assert reader.count("main.kinds", [Match(pa.table({name: batch[name]}))]) == 1, name
        other = [Match(pa.table({"id": pa.array([1]), name: batch[name]}))] if name != "id" else []
        assert reader.count("main.kinds", other) == (name != "id"), name
        assert reader.count("main.kinds", [Match(pa.table({name: ["no such value"]}))]) == 0, name
    assert reader.count("main.kinds", match(exact=["1.5"])) == 1
    assert reader.count("main.kinds", match(exact=["1.504"])) == 0


def test_dates_beyond_the_calendar_are_read_and_found(path: Path, reader: Connector) -> None:
    run(
        path,
        "CREATE TABLE term (id INT, till DATE, seen TIMESTAMPTZ, past TIMESTAMP);"
        "INSERT INTO term VALUES (1, 'infinity', '-infinity', '4000-01-01 (BC) 00:00:00'), (2, NULL, NULL, NULL)",
    )
    rows = [row for batch in reader.read("main.term") for row in batch.to_pylist()]
    assert rows[0]["till"] == datetime.date.max
    assert rows[0]["seen"] == datetime.datetime.min.replace(tzinfo=datetime.UTC)
    assert rows[0]["past"] == datetime.datetime.min
    assert rows[1] == {"id": 2, "till": None, "seen": None, "past": None}
    for name in ("till", "seen", "past"):
        found = reader.find("main.term", [Match(pa.table({name: pa.array([rows[0][name]])}))], ["id"])
        assert found["id"].to_pylist() == [1], name


def test_a_collation_bends_no_key(path: Path, reader: Connector, writer: Connector) -> None:
    run(path, "CREATE TABLE t (name VARCHAR COLLATE NOCASE); INSERT INTO t VALUES ('Zoë'), ('zoë ')")
    assert reader.count("main.t", match(name=["zoë"])) == 0
    assert reader.count("main.t", match(name=["Zoë"])) == 1
    assert reader.count("main.t", match(fold=True, name=["\tZOË"])) == 2
    assert writer.overwrite("main.t", match(name=["Zoë"]), {"name": Replacement("ZOË")}) == 1
    assert run(path, "FROM t") == [("ZOË",), ("zoë ",)]


def test_a_large_table_is_sampled_all_over(path: Path, reader: Connector) -> None:
    run(
        path,
        "CREATE TABLE t AS SELECT i AS id FROM range(100000) r (i); CREATE VIEW v AS SELECT id FROM t",
    )
    for name in ("main.t", "main.v"):
        sample = reader.sample(name, rows=100, seed=5)
        ids = [int(value) for value in sample["id"].to_pylist()]
        assert len(set(ids)) == 100
        assert min(ids) < 20_000
        assert max(ids) > 80_000
        assert sample.equals(reader.sample(name, rows=100, seed=5))
        assert not sample.equals(reader.sample(name, rows=100, seed=6))


# Changing

RULES = """
CREATE TABLE parent (id INT PRIMARY KEY, name VARCHAR NOT NULL, code VARCHAR UNIQUE,
    mail VARCHAR CHECK (mail LIKE '%@%'), age INT);
CREATE TABLE child (id INT PRIMARY KEY, parent_id INT REFERENCES parent (id), same INT AS (1 + 1));
INSERT INTO parent VALUES (1, 'Secret', 'c1', 'a@x', 1), (2, 'Secret', 'c2', 'b@x', 2);
INSERT INTO child VALUES (10, 1);
CREATE VIEW seen AS SELECT id FROM parent
"""


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (Operation("main.parent", match(id=[1])), "Rows of another table refer to rows of main.parent"),
        (Operation("main.parent", match(id=[2]), {"name": Replacement(None)}), "name must not be null"),
        (Operation("main.parent", match(id=[2]), {"code": Replacement("c1")}), "would become equal"),
        (Operation("main.parent", match(id=[2]), {"mail": Replacement("gone")}), "A check of main.parent"),
        (
            Operation("main.parent", match(id=[2]), {"age": Replacement("erased")}),
            "main.parent.age, which is",
        ),
        (Operation("main.parent", match(id=[2]), {"age": Replacement(0, unique=True)}), "age is no text"),
        (Operation("main.child", match(id=[10]), {"parent_id": Replacement(99)}), "must refer to rows"),
        (Operation("main.child", match(id=[10]), {"same": Replacement(3)}), "main.child.same is computed"),
    ],
)
def test_what_is_in_the_way_is_found_at_rehearsal(
    path: Path, writer: Connector, operation: Operation, words: str
) -> None:
    run(path, RULES)
    before = run(path, "FROM parent"), run(path, "FROM child")
    with pytest.raises(ConstraintInTheWay) as raised:
        writer.rehearse([operation])
    assert words in raised.value.message
    assert raised.value.remedy
    assert "Secret" not in str(raised.value)
    with pytest.raises(ConstraintInTheWay):
        execute(writer, operation)
    assert (run(path, "FROM parent"), run(path, "FROM child")) == before


def test_rows_may_go_after_those_that_refer_to_them(path: Path, writer: Connector) -> None:
    """Within one transaction DuckDB refuses this; each operation is executed in one of its own."""
    run(path, RULES)
    operations = [Operation("main.child", match(parent_id=[1])), Operation("main.parent", match(id=[1]))]
    before = run(path, "FROM parent"), run(path, "FROM child")
    assert writer.rehearse(operations) == [1, 1]
    with pytest.raises(ConstraintInTheWay):
        writer.rehearse(list(reversed(operations)))
    assert (run(path, "FROM parent"), run(path, "FROM child")) == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert [writer.delete(one.data_set, one.matches) for one in operations] == [1, 1]
    assert run(path, "SELECT id FROM parent") == [(2,)]


def test_a_view_cannot_be_changed(path: Path, writer: Connector) -> None:
    run(path, RULES)
    for replacements in ({}, {"id": Replacement(5)}):
        with pytest.raises(Unsupported, match=r"main\.seen is a view"):
            writer.rehearse([Operation("main.seen", match(id=[1]), replacements)])


def test_any_type_can_be_overwritten(path: Path, writer: Connector) -> None:
    run(path, VALUES)
    for name, value in {
        "small": 0,
        "huge": 7,
        "exact": "0.25",
        "yes": False,
        "born": "1900-01-01",
        "seen": "1900-01-01T00:00:00Z",
        "bytes": b"x",
        "extra": {"gone": True},
        "key": "00000000-0000-0000-0000-000000000000",
        "tags": [0],
        "place": {"street": "gone", "no": None},
        "feeling": "sad",
    }.items():
        assert writer.overwrite("main.kinds", match(id=[1]), {name: Replacement(value)}) == 1, name
        assert writer.overwrite("main.kinds", match(id=[1]), {name: Replacement(value)}) == 1, name
    assert run(path, "SELECT huge, exact, tags, place, feeling, extra FROM kinds") == [
        (7, Decimal("0.25"), [0], {"street": "gone", "no": None}, "sad", '{"gone": true}')
    ]


def test_a_change_is_in_the_file_itself(path: Path, writer: Connector) -> None:
    run(path, "CREATE TABLE t (id INT); INSERT INTO t VALUES (1), (2)")
    assert writer.delete("main.t", match(id=[1])) == 1
    assert [file.name for file in path.parent.iterdir()] == [path.name]  # no write-ahead log beside it
    assert run(path, "FROM t") == [(2,)]


def test_no_byte_is_left_when_it_is_settled(tmp_path: Path) -> None:
    path = tmp_path / "it's people.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute(
            """
            CREATE SEQUENCE number; CREATE TYPE mood AS ENUM ('good', 'bad');
            CREATE TABLE person (id int PRIMARY KEY DEFAULT nextval('number'), email varchar UNIQUE, felt mood);
            CREATE TABLE visit (person int REFERENCES person (id), CHECK (person > 0));
            CREATE INDEX visits ON visit (person); CREATE VIEW people AS SELECT * FROM person;
            COMMENT ON TABLE person IS 'it''s them'; COMMENT ON COLUMN person.email IS 'where';
            INSERT INTO person (email) VALUES ('anna@example.org'), ('bo@example.org'); INSERT INTO visit VALUES (2);
            """
        )
    mode = path.stat().st_mode
    with open_writable("duckdb", {"path": str(path)}) as writer:
        writer.delete("main.person", [Match(pa.table({"email": ["anna@example.org"]}))])
        assert b"anna@example.org" in path.read_bytes()
        writer.settle("main.person")
        writer.settle("main.person")
        assert writer.count("main.person") == 1
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert b"anna@example.org" not in path.read_bytes()
    assert path.stat().st_mode == mode
    with duckdb.connect(str(path)) as database:
        assert database.execute("SELECT id, email FROM people").fetchall() == [(2, "bo@example.org")]
        assert database.execute("INSERT INTO person (email) VALUES ('x') RETURNING id").fetchall() == [(3,)]
        comments = database.execute(
            "SELECT comment FROM duckdb_tables() WHERE table_name = 'person'"
        ).fetchall()
        assert comments == [("it's them",)]
        with pytest.raises(duckdb.ConstraintException):
            database.execute("INSERT INTO visit VALUES (99)")
