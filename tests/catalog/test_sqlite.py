"""What only SQLite has: cells of any type, a write-ahead log, foreign keys that each program may ignore."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from catalog.connectors import sqlite_store
from catalog.connectors.base import (
    AccessDenied,
    Connector,
    ConnectorError,
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
from catalog.connectors.opening import open_connector
from catalog.connectors.sqlite_store import SqliteConnector


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def reader(path: Path) -> Iterator[Connector]:
    with open_connector("sqlite", {"path": str(path)}) as connector:
        yield connector


@pytest.fixture
def writer(path: Path) -> Iterator[Connector]:
    with open_writable("sqlite", {"path": str(path)}) as connector:
        yield connector


def run(path: Path, script: str) -> list[tuple[Any, ...]]:
    """Run statements; the rows of the last."""
    with closing(sqlite3.connect(path)) as connection, connection:
        *first, last = [part for part in script.split(";\n") if part.strip()]
        connection.executescript(";\n".join(first))
        return connection.execute(last).fetchall()


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
    path.write_bytes(b"id,name\n1,Zoe\n" * 100)
    with pytest.raises(Malformed, match=r"shop\.db is no SQLite database"):
        reader.check()
    with pytest.raises(Malformed):
        list(reader.discover())


def test_a_damaged_table_is_malformed(path: Path, reader: Connector) -> None:
    run(path, "CREATE TABLE t (id INTEGER);\nINSERT INTO t VALUES (1)")
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xee" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(Malformed, match="t is damaged"):
        reader.count("t")


def test_a_missing_file_is_unreachable_and_not_made(path: Path, reader: Connector, writer: Connector) -> None:
    for connector in (reader, writer):
        with pytest.raises(Unreachable, match=r"no file .*shop\.db"):
            connector.check()
    assert not path.exists()


def test_a_file_outside_the_allowed_roots_is_refused(path: Path, tmp_path: Path, settings: Any) -> None:
    run(path, "CREATE TABLE t (id)")
    settings.FOLDER_ROOTS = [tmp_path / "allowed"]
    (tmp_path / "allowed").mkdir()
    (tmp_path / "allowed" / "link.db").symlink_to(path)
    for asked in (path, tmp_path / "allowed" / "link.db"):
        form = SqliteConnector.Form({"path": str(asked)})
        assert "is not below a folder" in form.errors["path"][0]
        with open_connector("sqlite", {"path": str(asked)}) as connector, pytest.raises(AccessDenied):
            connector.check()


def test_a_path_with_signs_of_an_address_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a?mode=memory#%41.db"
    run(path, "CREATE TABLE t (id);\nINSERT INTO t VALUES (1)")
    with open_connector("sqlite", {"path": str(path)}) as connector:
        assert connector.count("t") == 1
        assert connector.lineage_namespace() == f"sqlite://{path}"
        assert connector.lineage_name("t") == "t"


def test_a_reader_cannot_write_even_by_itself(path: Path, reader: Connector) -> None:
    run(path, "CREATE TABLE t (id);\nINSERT INTO t VALUES (1)")
    assert isinstance(reader, SqliteConnector)
    with pytest.raises(AccessDenied, match="takes no changes"), reader.transaction("t") as connection:
        connection.execute(sa.text("DELETE FROM t"))
    assert run(path, "SELECT count(*) FROM t") == [(1,)]


def test_what_takes_too_long_is_ended(path: Path) -> None:
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0"
    run(path, f"CREATE VIEW endless AS {endless}")
    with (
        open_connector("sqlite", {"path": str(path), "statement_timeout": 1}) as connector,
        pytest.raises(Unreachable, match="endless did not answer within 1 seconds"),
    ):
        connector.count("endless")


# Discovering

SHAPES = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, code VARCHAR(12) UNIQUE);
CREATE TABLE pair (a INT, b TEXT, PRIMARY KEY (b, a)) WITHOUT ROWID;
CREATE TABLE thing (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, price DECIMAL(10, 2), ratio REAL, yes BOOLEAN, born DATE,
    seen DATETIME, photo BLOB, extra JSON, key UUID, anything, twice INT GENERATED ALWAYS AS (id * 2),
    parent INTEGER REFERENCES PARENT ON DELETE CASCADE, a INT, b TEXT,
    FOREIGN KEY (b, a) REFERENCES pair (b, a)
);
CREATE UNIQUE INDEX ON_BORN ON thing (born) WHERE yes;
CREATE UNIQUE INDEX on_key ON thing (key);
CREATE VIEW seen AS SELECT id, name FROM thing;
CREATE VIEW broken AS SELECT id FROM gone;
CREATE VIRTUAL TABLE search USING fts5 (line)
"""


def test_discover_describes_tables_as_declared(path: Path, reader: Connector) -> None:
    run(path, SHAPES)
    found = discovered(reader)
    assert {name: info.kind for name, info in found.items()} == {
        "broken": "view",
        "pair": "table",
        "parent": "table",
        "search": "table",
        "seen": "view",
        "thing": "table",
    }
    thing = found["thing"]
    assert [(column.name, column.data_type, column.kind) for column in thing.columns] == [
        ("id", "INTEGER", Kind.INTEGER),
        ("name", "TEXT", Kind.TEXT),
        ("price", "DECIMAL(10, 2)", Kind.DECIMAL),
        ("ratio", "REAL", Kind.FLOAT),
        ("yes", "BOOLEAN", Kind.BOOLEAN),
        ("born", "DATE", Kind.DATE),
        ("seen", "DATETIME", Kind.TIMESTAMP),
        ("photo", "BLOB", Kind.BINARY),
        ("extra", "JSON", Kind.JSON),
        ("key", "UUID", Kind.UUID),
        ("anything", "", Kind.UNKNOWN),
        ("twice", "INT", Kind.INTEGER),
        ("parent", "INTEGER", Kind.INTEGER),
        ("a", "INT", Kind.INTEGER),
        ("b", "TEXT", Kind.TEXT),
    ]
    assert [column.name for column in thing.columns if not column.nullable] == ["id", "name"]
    assert [column.name for column in thing.columns if column.unique] == ["id", "key"]
    assert [column.name for column in thing.columns if column.generated] == ["twice"]
    assert found["parent"].columns[1].max_length == 12
    assert found["pair"].primary_key == ("b", "a")
    assert [column.nullable for column in found["pair"].columns] == [False, False]
    assert sorted(thing.foreign_keys, key=str) == [
        ForeignKeyInfo(("b", "a"), "pair", ("b", "a")),
        ForeignKeyInfo(("parent",), "parent", ("id",), "cascade"),
    ]
    assert "what it is made of is missing" in found["broken"].problem
    assert {info.problem for name, info in found.items() if name != "broken"} == {""}


def test_definitions_are_the_statements_of_the_views(path: Path, reader: Connector) -> None:
    run(path, "CREATE TABLE t (id);\nCREATE VIEW seen AS SELECT id FROM t")
    assert list(reader.definitions()) == [
        Definition("seen", "CREATE VIEW seen AS SELECT id FROM t", "sqlite")
    ]


# Values of any type

MIXED = """
CREATE TABLE cells (id INTEGER PRIMARY KEY, number INTEGER, price DECIMAL, bytes BLOB, free);
INSERT INTO cells VALUES (1, 7, 7, x'ff00', 7), (2, 'abc', 0.1, 'text', '7'), (3, 1.5, 9007199254740993, NULL, 7.5),
    (4, x'0a', 'n/a', x'00', x'0a'), (5, NULL, NULL, NULL, NULL)
"""


def test_mixed_columns_are_read_as_text(path: Path, reader: Connector) -> None:
    run(path, MIXED)
    (batch,) = reader.read("cells")
    assert [str(field.type) for field in batch.schema] == ["int64", "string", "string", "string", "string"]
    assert batch.to_pydict() == {
        "id": [1, 2, 3, 4, 5],
        "number": ["7", "abc", "1.5", "\\x0a", None],
        "price": ["7", "0.1", "9007199254740993", "n/a", None],
        "bytes": ["\\xff00", "text", None, "\\x00", None],
        "free": ["7", "7", "7.5", "\\x0a", None],
    }
    sample = reader.sample("cells", rows=10)
    assert sorted(sample["number"].to_pylist(), key=str) == ["1.5", "7", None, "\\x0a", "abc"]


def test_a_find_that_meets_only_fitting_values_keeps_the_type(path: Path, reader: Connector) -> None:
    run(path, MIXED)
    found = reader.find("cells", match(id=[1, 5]), ["number", "price", "bytes"])
    assert found.to_pydict() == {"number": [7, None], "price": [7.0, None], "bytes": [b"\xff\x00", None]}


def test_every_cell_is_found_by_the_value_that_was_read(path: Path, reader: Connector) -> None:
    run(path, MIXED)
    (batch,) = reader.read("cells")
    for name, values in batch.to_pydict().items():
        for place, value in enumerate(values[:4]):
            if value is not None:
                found = reader.find("cells", [Match(pa.table({name: [value]}))], ["id"])["id"].to_pylist()
                assert place + 1 in found, (name, value)
                assert len(found) == (2 if (name, value) == ("free", "7") else 1), (name, value)


def test_a_key_is_compared_in_type_and_letter(path: Path, reader: Connector) -> None:
    run(
        path,
        "CREATE TABLE t (id INTEGER, code TEXT COLLATE NOCASE, mail TEXT COLLATE RTRIM);\n"
        "CREATE INDEX by_code ON t (code);\nINSERT INTO t VALUES (7, 'Ab', 'x '), (8, '07', 'x')",
    )
    assert reader.count("t", match(code=["ab"])) == 0
    assert reader.count("t", match(code=["Ab"])) == 1
    assert reader.count("t", match(mail=["x"])) == 1
    assert reader.count("t", match(id=["07", "7.0"])) == 0
    assert reader.count("t", match(id=["7"], code=["Ab"])) == 1
    assert reader.count("t", match(id=[7.0])) == 1
    assert reader.count("t", match(code=[7])) == 0


def test_a_key_goes_by_the_index(path: Path) -> None:
    run(path, "CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT);\nCREATE INDEX by_code ON t (code)")
    connector = SqliteConnector({"path": str(path)})
    with connector.transaction("t") as connection:
        table = connector.describe(connection, "t")
        for keys, index in (
            (match(code=["a"]), "USING COVERING INDEX by_code"),
            (match(id=[1]), "USING INTEGER PRIMARY KEY"),
        ):
            where = connector.condition(connection, table, keys[0])
            query = sa.select(sa.func.count()).select_from(table).where(where)
            compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}").all()
            assert index in plan[0].detail


def test_text_that_is_no_utf8_can_be_read(path: Path, reader: Connector) -> None:
    run(path, "CREATE TABLE t (name TEXT);\nINSERT INTO t VALUES (CAST(x'61ff' AS TEXT))")
    assert [batch.to_pydict() for batch in reader.read("t")] == [{"name": ["a\\xff"]}]


def test_folding_knows_letters_beyond_ascii(path: Path, reader: Connector) -> None:
    run(path, "CREATE TABLE t (name);\nINSERT INTO t VALUES ('  MÜLLER-ŽIŽKA\t'), (5)")
    assert reader.count("t", match(fold=True, name=["müller-žižka"])) == 1
    assert reader.count("t", match(fold=True, name=["5 "])) == 1


def test_a_large_table_is_sampled_by_row_numbers(path: Path, reader: Connector) -> None:
    run(
        path,
        "CREATE TABLE t (id INTEGER);\nCREATE TABLE w (id INTEGER PRIMARY KEY) WITHOUT ROWID;\n"
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        " INSERT INTO t SELECT i FROM n;\nINSERT INTO w SELECT id FROM t;\nCREATE VIEW v AS SELECT id FROM t",
    )
    for name in ("t", "w", "v"):
        sample = reader.sample(name, rows=100, seed=5)
        ids = [int(value) for value in sample["id"].to_pylist()]
        assert len(set(ids)) == 100
        assert min(ids) < 2000
        assert max(ids) > 18000
        assert sample.equals(reader.sample(name, rows=100, seed=5))
        assert not sample.equals(reader.sample(name, rows=100, seed=6))


def test_a_large_table_with_few_rows_is_sampled_whole(path: Path, reader: Connector) -> None:
    run(
        path, "CREATE TABLE t (id INTEGER PRIMARY KEY);\nINSERT INTO t VALUES (1), (5), (9000000000000000000)"
    )
    assert sorted(reader.sample("t", rows=3)["id"].to_pylist()) == ["1", "5", "9000000000000000000"]


# Changing

RULES = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL, code VARCHAR(6) UNIQUE,
    mail TEXT CHECK (mail LIKE '%@%'), age INT, late INT UNIQUE);
CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INT REFERENCES parent, same INT AS (1 + 1));
CREATE TABLE later (late INT REFERENCES parent (late) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO parent VALUES (1, 'Secret', 'c1', 'a@x', 1, 1), (2, 'Secret', 'c2', 'b@x', 2, 2),
    (3, 'Secret', 'c3', 'c@x', 3, 3);
INSERT INTO child VALUES (10, 1);
INSERT INTO later VALUES (3);
CREATE VIEW seen AS SELECT id FROM parent
"""


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (Operation("parent", match(id=[1])), "A foreign key to or from parent forbids"),
        (Operation("parent", match(id=[3])), "A foreign key to or from these tables forbids"),
        (Operation("parent", match(id=[1]), {"name": Replacement(None)}), "parent.name must not be null"),
        (Operation("parent", match(id=[1, 2]), {"code": Replacement("x")}), "would become equal"),
        (Operation("parent", match(id=[1]), {"mail": Replacement("gone")}), "A check of parent"),
        (Operation("parent", match(id=[1]), {"code": Replacement("too long")}), "parent.code, which is"),
        (Operation("parent", match(id=[1]), {"age": Replacement("erased")}), "parent.age, which is"),
        (Operation("parent", match(id=[1]), {"age": Replacement(0, unique=True)}), "parent.age is no text"),
        (Operation("child", match(id=[10]), {"parent_id": Replacement(99)}), "A foreign key"),
        (Operation("child", match(id=[10]), {"same": Replacement(3)}), "child.same is computed"),
    ],
)
def test_what_is_in_the_way_is_found_at_rehearsal(
    path: Path, writer: Connector, operation: Operation, words: str
) -> None:
    run(path, RULES)
    before = run(path, "SELECT * FROM parent"), run(path, "SELECT * FROM child")
    with pytest.raises(ConstraintInTheWay) as raised:
        writer.rehearse([operation])
    assert words in raised.value.message
    assert raised.value.remedy
    assert "Secret" not in str(raised.value)
    with pytest.raises(ConstraintInTheWay):
        execute(writer, operation)
    assert (run(path, "SELECT * FROM parent"), run(path, "SELECT * FROM child")) == before


def test_a_rehearsal_in_the_right_order_passes(path: Path, writer: Connector) -> None:
    run(path, RULES)
    operations = [
        Operation("child", match(parent_id=[1])),
        Operation("later", match(late=[3])),
        Operation("parent", match(id=[1, 3])),
    ]
    assert writer.rehearse(operations) == [1, 1, 2]


def test_a_view_cannot_be_changed(path: Path, writer: Connector) -> None:
    run(path, RULES)
    with pytest.raises(Unsupported, match="seen is a view"):
        writer.rehearse([Operation("seen", match(id=[1]))])


def test_a_trigger_in_the_way_does_not_leak_its_message(path: Path, writer: Connector) -> None:
    run(
        path,
        "CREATE TABLE t (id INT);\nINSERT INTO t VALUES (1);\n"
        "CREATE TRIGGER keep BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'Secret'); END",
    )
    with pytest.raises(ConstraintInTheWay, match="A trigger on t forbids") as raised:
        writer.rehearse([Operation("t", match(id=[1]))])
    assert "Secret" not in str(raised.value)


@pytest.mark.parametrize("mode", ["delete", "persist", "wal"])
def test_what_was_deleted_stands_in_no_file(path: Path, writer: Connector, mode: str) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA journal_mode = {mode}")
        other.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)")
        rows = [(i, f"Secret-{i}-" + "x" * 200) for i in range(500)]
        with other:
            other.executemany("INSERT INTO t VALUES (?, ?)", rows)
        assert writer.overwrite("t", match(id=list(range(250))), {"name": Replacement(None)}) == 250
        assert writer.delete("t", match(id=list(range(250, 499)))) == 249
        content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"Secret-499-" in content
    assert content.count(b"Secret-") == 1


def test_a_log_that_cannot_be_emptied_is_said(
    path: Path, writer: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "BUSY_SECONDS", 0.1)
    run(path, "PRAGMA journal_mode = wal;\nCREATE TABLE t (id INT);\nINSERT INTO t VALUES (1), (2)")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM t").fetchall()
        with pytest.raises(ConnectorError, match="still stands in its write-ahead log"):
            writer.delete("t", match(id=[1]))
        other.execute("ROLLBACK")
        assert writer.delete("t", match(id=[1])) == 0
    assert run(path, "SELECT id FROM t") == [(2,)]


def test_another_writer_does_not_block_for_long(
    path: Path, writer: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "BUSY_SECONDS", 0.1)
    run(path, "CREATE TABLE t (id INT);\nINSERT INTO t VALUES (1)")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ConnectorError, match="Another program writes") as raised:
            writer.delete("t", match(id=[1]))
    assert raised.value.remedy == "Try again later."


def test_two_reads_at_once(path: Path, writer: Connector) -> None:
    run(path, "CREATE TABLE t (id INT);\nINSERT INTO t VALUES (1), (2), (3)")
    batches = writer.read("t", batch_rows=1)
    next(batches)
    assert writer.count("t") == 3
    assert sum(len(batch) for batch in batches) == 2


@pytest.mark.parametrize("mode", ["wal", "persist", "delete"])
def test_bytes_of_earlier_deletions_go_when_it_is_settled(tmp_path: Path, mode: str) -> None:
    """By a program that does not wipe: SQLite itself leaves what was deleted in its free pages."""
    path = tmp_path / "people.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"PRAGMA journal_mode = {mode}")
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("CREATE TABLE person (email text)")
        emails = [(f"person-{number}@example.org",) for number in range(2_000)]
        database.executemany("INSERT INTO person VALUES (?)", emails)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("DELETE FROM person WHERE email >= 'person-5'")
    held = [each for each in tmp_path.iterdir() if b"person-700@example.org" in each.read_bytes()]
    assert held
    with open_writable("sqlite", {"path": str(path)}) as writer:
        assert writer.delete("person", [Match(pa.table({"email": ["person-40@example.org"]}))]) == 1
        writer.settle("person")
        assert writer.count("person") == len([each for (each,) in emails if each < "person-5"]) - 1
    for each in tmp_path.iterdir():
        content = each.read_bytes()
        assert b"person-700@example.org" not in content
        assert b"person-40@example.org" not in content
