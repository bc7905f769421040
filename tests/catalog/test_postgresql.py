"""What only PostgreSQL has: its types, constraints, rights and locks."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa
import pytest
import sqlalchemy as sa

from catalog.connectors import postgresql
from catalog.connectors.base import (
    AccessDenied,
    ConnectorError,
    ConstraintInTheWay,
    DataSetInfo,
    DataSetMissing,
    ForeignKeyInfo,
    Kind,
    Match,
    Operation,
    Replacement,
    Unreachable,
)
from catalog.connectors.destruction import open_writable
from catalog.connectors.opening import open_connector
from catalog.connectors.postgresql import PostgresqlConnector
from tests.services.fixtures import Database, Server


def settings_of(at: Database, **changes: Any) -> dict[str, Any]:
    settings = {
        "host": at.host,
        "port": at.port,
        "database": at.name,
        "user": at.user,
        "password": at.password,
        "schemas": "",
    }
    return settings | changes


@pytest.fixture
def reader(pg_database: Database) -> Iterator[PostgresqlConnector]:
    with open_connector("postgresql", settings_of(pg_database)) as connector:
        assert isinstance(connector, PostgresqlConnector)
        yield connector


@pytest.fixture
def writer(pg_database: Database) -> Iterator[PostgresqlConnector]:
    with open_writable("postgresql", settings_of(pg_database)) as connector:
        assert isinstance(connector, PostgresqlConnector)
        yield connector


def match(fold: bool = False, **keys: list[Any]) -> list[Match]:
    return [Match(pa.table({name: pa.array(values) for name, values in keys.items()}), fold)]


def execute(connector: PostgresqlConnector, operation: Operation) -> int:
    if operation.replacements:
        return connector.overwrite(operation.data_set, operation.matches, operation.replacements)
    return connector.delete(operation.data_set, operation.matches)


def discovered(connector: PostgresqlConnector) -> dict[str, DataSetInfo]:
    return {found.name: found for found in connector.discover()}


# Reaching the server


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"password": "wrong-password"}, AccessDenied, "refuses the user"),
        ({"user": "nobody_here"}, AccessDenied, "refuses the user 'nobody_here'"),
        ({"database": "nothing_here"}, AccessDenied, "no database 'nothing_here'"),
        ({"host": "no-such-host.invalid"}, Unreachable, "No PostgreSQL answers at no-such-host.invalid"),
        ({"port": 1}, Unreachable, "No PostgreSQL answers"),
        ({"sslmode": "require"}, AccessDenied, "SSL mode"),
        ({"schemas": "public, nowhere"}, DataSetMissing, "no schema 'nowhere'"),
    ],
)
def test_what_keeps_from_connecting_is_said_without_secrets(
    pg_database: Database, changes: dict[str, Any], error: type[ConnectorError], words: str
) -> None:
    settings = settings_of(pg_database, **changes)
    with open_connector("postgresql", settings) as connector, pytest.raises(error, match=words) as raised:
        connector.check()
    assert raised.value.remedy
    assert settings["password"] not in str(raised.value)


def test_check_names_product_and_version(reader: PostgresqlConnector) -> None:
    product, version = reader.check().split()
    assert product == "PostgreSQL"
    assert int(version.split(".")[0]) >= 12


def test_a_reader_cannot_write_even_by_itself(pg_database: Database, reader: PostgresqlConnector) -> None:
    pg_database.execute("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
    with pytest.raises(AccessDenied, match="takes no changes"), reader.transaction("public.t") as connection:
        connection.execute(sa.text("DELETE FROM t"))
    assert pg_database.execute("SELECT count(*) FROM t") == [(1,)]


# Discovering

SHAPES = """
CREATE DOMAIN short AS varchar(40) NOT NULL;
CREATE DOMAIN address AS short CHECK (value LIKE '%@%');
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE SCHEMA "Other.One";
CREATE TABLE "Other.One"."a ""b" (id int PRIMARY KEY);
CREATE TABLE pair (a int, b int, PRIMARY KEY (b, a));
CREATE TABLE thing (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code char(5) UNIQUE, name varchar(80) NOT NULL, email address, price numeric(10, 2), amount numeric,
    ratio real, yes boolean, born date, seen timestamptz, at time, photo bytea, extra jsonb, key uuid,
    tags text[], feeling mood, ip inet, twice int GENERATED ALWAYS AS (length(name) * 2) STORED,
    parent bigint REFERENCES thing ON DELETE SET NULL, pair_b int, pair_a int,
    other int REFERENCES "Other.One"."a ""b" ON DELETE CASCADE,
    FOREIGN KEY (pair_b, pair_a) REFERENCES pair (b, a)
);
CREATE UNIQUE INDEX ON thing (born) WHERE yes;
CREATE VIEW seen AS SELECT id FROM thing;
CREATE TABLE log (day date, line text) PARTITION BY RANGE (day);
CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE bare ();
INSERT INTO pair VALUES (1, 2);
ANALYZE pair;
"""


def test_discover_lists_tables_and_views_of_all_schemas_once(
    pg_database: Database, reader: PostgresqlConnector
) -> None:
    pg_database.execute(SHAPES)
    assert list(discovered(reader)) == [
        '"Other.One"."a ""b"',
        "public.bare",
        "public.log",
        "public.pair",
        "public.seen",
        "public.thing",
    ]
    kinds = {name: found.kind for name, found in discovered(reader).items()}
    assert kinds.pop("public.seen") == "view"
    assert set(kinds.values()) == {"table"}
    assert {name: found.problem for name, found in discovered(reader).items() if found.problem} == {}


def test_discover_only_the_schemas_asked_for(pg_database: Database) -> None:
    pg_database.execute(SHAPES)
    with open_connector("postgresql", settings_of(pg_database, schemas=" Other.One ")) as connector:
        assert [found.name for found in connector.discover()] == ['"Other.One"."a ""b"']
        with pytest.raises(DataSetMissing, match=r"public\.thing"):
            connector.count("public.thing")


def test_discover_types(pg_database: Database, reader: PostgresqlConnector) -> None:
    pg_database.execute(SHAPES)
    columns = discovered(reader)["public.thing"].columns
    assert [(column.name, column.data_type, column.kind) for column in columns] == [
        ("id", "bigint", Kind.INTEGER),
        ("code", "character(5)", Kind.TEXT),
        ("name", "character varying(80)", Kind.TEXT),
        ("email", "address", Kind.TEXT),
        ("price", "numeric(10,2)", Kind.DECIMAL),
        ("amount", "numeric", Kind.DECIMAL),
        ("ratio", "real", Kind.FLOAT),
        ("yes", "boolean", Kind.BOOLEAN),
        ("born", "date", Kind.DATE),
        ("seen", "timestamp with time zone", Kind.TIMESTAMP),
        ("at", "time without time zone", Kind.TIME),
        ("photo", "bytea", Kind.BINARY),
        ("extra", "jsonb", Kind.JSON),
        ("key", "uuid", Kind.UUID),
        ("tags", "text[]", Kind.ARRAY),
        ("feeling", "mood", Kind.TEXT),
        ("ip", "inet", Kind.UNKNOWN),
        ("twice", "integer", Kind.INTEGER),
        ("parent", "bigint", Kind.INTEGER),
        ("pair_b", "integer", Kind.INTEGER),
        ("pair_a", "integer", Kind.INTEGER),
        ("other", "integer", Kind.INTEGER),
    ]
    assert {column.name: column.max_length for column in columns if column.max_length} == {
        "code": 5,
        "name": 80,
        "email": 40,
    }
    assert [column.name for column in columns if not column.nullable] == ["id", "name", "email"]
    assert [column.name for column in columns if column.unique] == ["id", "code"]
    assert [column.name for column in columns if column.generated] == ["id", "twice"]


def test_discover_keys(pg_database: Database, reader: PostgresqlConnector) -> None:
    pg_database.execute(SHAPES)
    found = discovered(reader)
    assert found["public.pair"].primary_key == ("b", "a")
    assert found["public.log"].primary_key == ()
    assert sorted(found["public.thing"].foreign_keys, key=str) == [
        ForeignKeyInfo(("other",), '"Other.One"."a ""b"', ("id",), "cascade"),
        ForeignKeyInfo(("pair_b", "pair_a"), "public.pair", ("b", "a")),
        ForeignKeyInfo(("parent",), "public.thing", ("id",), "set null"),
    ]


def test_discover_estimates_rows(pg_database: Database, reader: PostgresqlConnector) -> None:
    pg_database.execute(SHAPES)
    found = discovered(reader)
    assert found["public.pair"].row_estimate == 1
    assert found["public.thing"].row_estimate is None


def test_quoted_names_can_be_read(pg_database: Database, reader: PostgresqlConnector) -> None:
    pg_database.execute(SHAPES)
    assert reader.count('"Other.One"."a ""b"') == 0
    assert reader.sample("public.bare", rows=3).num_rows == 0


def test_what_a_user_may_not_read_is_listed_with_the_problem(
    pg_server: Server, pg_database: Database
) -> None:
    pg_database.execute(
        """
        CREATE TABLE closed (id int); CREATE TABLE partly (id int, secret text); CREATE TABLE policed (id int);
        CREATE SCHEMA inner_room; CREATE TABLE inner_room.t (id int); CREATE TABLE open (id int);
        ALTER TABLE policed ENABLE ROW LEVEL SECURITY;
        """
    )
    login = pg_server.create_login(pg_database)
    pg_database.execute(
        f"GRANT SELECT (id) ON partly TO {login.user}; GRANT SELECT ON policed, open TO {login.user}"
    )
    with open_connector("postgresql", settings_of(login)) as connector:
        problems = {found.name: found.problem for found in connector.discover()}
        with pytest.raises(AccessDenied, match=r"public\.closed"):
            connector.count("public.closed")
        with pytest.raises(AccessDenied, match=r"row-level security hides rows"):
            connector.count("public.policed")
    assert problems == {
        "inner_room.t": "This user may not look into the schema. Grant it USAGE on the schema.",
        "public.closed": "This user may not read the table. Grant it SELECT on the table.",
        "public.open": "",
        "public.partly": "This user may not read secret. Grant it SELECT on the whole table.",
        "public.policed": (
            "Row-level security hides rows of this table from this user. Give it the attribute BYPASSRLS."
        ),
    }


def test_deleting_without_the_right_is_denied_at_rehearsal(pg_server: Server, pg_database: Database) -> None:
    pg_database.execute("CREATE TABLE open (id int); INSERT INTO open VALUES (1)")
    login = pg_server.create_login(pg_database)
    pg_database.execute(f"GRANT SELECT ON open TO {login.user}")
    with open_writable("postgresql", settings_of(login)) as connector:
        with pytest.raises(AccessDenied, match=r"lacks a right on public\.open"):
            connector.rehearse([Operation("public.open", match(id=[1]))])
        with pytest.raises(AccessDenied, match=r"lacks a right on public\.open"):
            connector.rehearse([Operation("public.open", match(id=[1]), {"id": Replacement(2)})])


# Reading

VALUES = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE kinds (
    small int2, whole int4, big int8, exact numeric(10, 2), any_number numeric, single real, double float8, yes bool,
    born date, seen timestamptz, local timestamp, at time, bytes bytea, extra json, key uuid, tags int[],
    feeling mood, padded char(4), ip inet
);
INSERT INTO kinds VALUES (
    1, 2, 3, 1.50, 12345678901234567890.123456789, 0.1, 0.2, true, '2024-02-29', '2024-01-01 12:00+02',
    '2024-01-01 12:00', '23:59:59.5', '\\xff00', '{"a": 1}', '6f46f432-c4e9-4ac3-a1a0-ba5da4012df3', '{1,2}', 'ok',
    'ab', '10.0.0.1'
);
"""


def test_read_gives_each_type_without_loss(pg_database: Database, reader: PostgresqlConnector) -> None:
    pg_database.execute(VALUES)
    (batch,) = reader.read("public.kinds")
    assert {field.name: str(field.type) for field in batch.schema} == {
        "small": "int64",
        "whole": "int64",
        "big": "int64",
        "exact": "decimal128(10, 2)",
        "any_number": "string",
        "single": "double",
        "double": "double",
        "yes": "bool",
        "born": "date32[day]",
        "seen": "timestamp[us, tz=UTC]",
        "local": "timestamp[us]",
        "at": "time64[us]",
        "bytes": "binary",
        "extra": "string",
        "key": "string",
        "tags": "string",
        "feeling": "string",
        "padded": "string",
        "ip": "string",
    }
    (row,) = batch.to_pylist()
    assert row["exact"] == Decimal("1.50")
    assert row["any_number"] == "12345678901234567890.123456789"
    assert row["single"] == 0.1
    assert row["seen"] == datetime.datetime(2024, 1, 1, 10, tzinfo=datetime.UTC)
    assert row["bytes"] == b"\xff\x00"
    assert row["tags"] == "{1,2}"
    assert row["ip"] == "10.0.0.1/32"


def test_every_type_is_found_by_the_value_that_was_read(
    pg_database: Database, reader: PostgresqlConnector
) -> None:
    pg_database.execute(VALUES)
    (batch,) = reader.read("public.kinds")
    for name in batch.schema.names:
        assert reader.count("public.kinds", [Match(pa.table({name: batch[name]}))]) == 1, name
        other = [Match(pa.table({"whole": pa.array([2]), name: batch[name]}))]
        assert reader.count("public.kinds", other) == 1, name


def test_a_key_is_never_rounded(pg_database: Database, reader: PostgresqlConnector) -> None:
    pg_database.execute(VALUES)
    assert reader.count("public.kinds", match(exact=["1.5"])) == 1
    assert reader.count("public.kinds", match(exact=["1.504"])) == 0
    assert reader.count("public.kinds", match(small=[65537])) == 0
    for name in (
        "small",
        "born",
        "seen",
        "key",
        "yes",
        "bytes",
        "any_number",
        "feeling",
        "tags",
        "extra",
        "ip",
    ):
        assert reader.count("public.kinds", [Match(pa.table({name: ["no such value"]}))]) == 0, name


def test_dates_beyond_the_calendar_are_read_and_found(
    pg_database: Database, reader: PostgresqlConnector
) -> None:
    pg_database.execute(
        "CREATE TABLE term (id int, till date, seen timestamptz, at time);"
        "INSERT INTO term VALUES (1, 'infinity', '-infinity', '24:00'), (2, '2024-01-01', now(), '12:00');"
        "INSERT INTO term VALUES (3)"
    )
    row = next(reader.read("public.term")).to_pylist()[0]
    assert row["till"] == datetime.date.max
    assert row["seen"] == datetime.datetime.min.replace(tzinfo=datetime.UTC)
    assert row["at"] == datetime.time.max
    for name in ("till", "seen", "at"):
        found = reader.find("public.term", [Match(pa.table({name: pa.array([row[name]])}))], ["id"])
        assert found["id"].to_pylist() == [1], name
    assert reader.find("public.term", match(id=[3]), ["till"])["till"].to_pylist() == [None]


def test_folding_knows_letters_beyond_ascii(pg_database: Database, reader: PostgresqlConnector) -> None:
    pg_database.execute("CREATE TABLE t (name text); INSERT INTO t VALUES ('  MÜLLER-ŽIŽKA\t'), ('other')")
    assert reader.count("public.t", match(fold=True, name=["müller-žižka"])) == 1


def test_ten_megabyte_values_do_not_travel_for_a_sample(
    pg_database: Database, reader: PostgresqlConnector
) -> None:
    pg_database.execute(
        "CREATE TABLE t (id int, bytes bytea); "
        "INSERT INTO t SELECT i, convert_to(repeat('x', 10000000), 'UTF8') FROM generate_series(1, 3) i"
    )
    sample = reader.sample("public.t", rows=3)
    assert {len(value) for value in sample["bytes"].to_pylist()} == {4096}
    assert {value[:6] for value in sample["bytes"].to_pylist()} == {"\\x7878"}


def test_a_large_table_is_sampled_by_pages(pg_database: Database, reader: PostgresqlConnector) -> None:
    pg_database.execute(
        "CREATE TABLE t (id int, filler text);"
        "INSERT INTO t SELECT i, repeat(md5(i::text), 50) FROM generate_series(1, 10000) i"
    )
    sample = reader.sample("public.t", rows=100, seed=5)
    ids = [int(value) for value in sample["id"].to_pylist()]
    assert len(set(ids)) == 100
    assert min(ids) < 2000
    assert max(ids) > 8000
    assert sample.equals(reader.sample("public.t", rows=100, seed=5))
    assert not sample.equals(reader.sample("public.t", rows=100, seed=6))


def test_a_partitioned_table_is_sampled_and_changed_as_one(
    pg_database: Database, reader: PostgresqlConnector, writer: PostgresqlConnector
) -> None:
    pg_database.execute(
        """
        CREATE TABLE log (id int) PARTITION BY RANGE (id);
        CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (100);
        CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM (100) TO (200);
        INSERT INTO log SELECT generate_series(0, 199);
        """
    )
    assert reader.sample("public.log", rows=500).num_rows == 200
    assert writer.delete("public.log", match(id=[5, 105])) == 2
    assert reader.count("public.log") == 198


def test_a_statement_that_takes_too_long_is_ended(pg_database: Database) -> None:
    with (
        open_connector("postgresql", settings_of(pg_database, statement_timeout=1)) as connector,
        pytest.raises(Unreachable, match="within 1 seconds"),
        connector.transaction("public.t") as connection,  # type: ignore[attr-defined]
    ):
        connection.execute(sa.text("SELECT pg_sleep(30)"))


# What is in the way: found at rehearsal, nothing written

RULES = """
CREATE TABLE parent (id int PRIMARY KEY, name text NOT NULL, code varchar(6) UNIQUE, mail text CHECK (mail LIKE '%@%'),
    age int, tiny varchar(4) UNIQUE, level int UNIQUE, born date);
CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED,
    same int GENERATED ALWAYS AS (1 + 1) STORED);
INSERT INTO parent SELECT i, 'Secret Name ' || i, 'c' || i, i || '@example.org', i, i, i, '2000-01-01'
    FROM generate_series(1, 3) i;
INSERT INTO child VALUES (10, 1), (20, 2);
"""


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (Operation("public.parent", match(id=[1])), "public.child refer to rows of public.parent"),
        (
            Operation("public.parent", match(id=[1]), {"name": Replacement(None)}),
            "public.parent.name must not be null",
        ),
        (
            Operation("public.parent", match(id=[1, 2]), {"code": Replacement("x")}),
            "'parent_code_key' forbids",
        ),
        (
            Operation("public.parent", match(id=[1]), {"mail": Replacement("gone")}),
            "'parent_mail_check' that forbids",
        ),
        (
            Operation("public.parent", match(id=[1]), {"code": Replacement("too long")}),
            "public.parent.code, which is",
        ),
        (
            Operation("public.parent", match(id=[1]), {"age": Replacement("erased")}),
            "public.parent.age, which is",
        ),
        (
            Operation("public.parent", match(id=[1]), {"born": Replacement("erased")}),
            "public.parent.born, which is",
        ),
        (
            Operation("public.parent", match(id=[1]), {"age": Replacement(2**40)}),
            "public.parent.age, which is",
        ),
        (
            Operation("public.parent", match(id=[1]), {"level": Replacement(0, unique=True)}),
            "public.parent.level is no text",
        ),
        (
            Operation("public.parent", match(id=[1]), {"tiny": Replacement("x", unique=True)}),
            "room for 4 characters",
        ),
        (
            Operation("public.child", match(id=[10]), {"parent_id": Replacement(99)}),
            "must refer to rows that are there",
        ),
        (
            Operation("public.child", match(id=[10]), {"same": Replacement(3)}),
            "public.child.same is computed",
        ),
    ],
)
def test_what_is_in_the_way_is_found_at_rehearsal(
    pg_database: Database, writer: PostgresqlConnector, operation: Operation, words: str
) -> None:
    pg_database.execute(RULES)
    before = pg_database.execute("SELECT * FROM parent"), pg_database.execute("SELECT * FROM child")
    with pytest.raises(ConstraintInTheWay) as raised:
        writer.rehearse([operation])
    assert words in raised.value.message
    assert raised.value.remedy
    assert "Secret" not in str(raised.value)
    with pytest.raises(ConstraintInTheWay):
        execute(writer, operation)
    assert (pg_database.execute("SELECT * FROM parent"), pg_database.execute("SELECT * FROM child")) == before


def test_a_rehearsal_in_the_right_order_passes(pg_database: Database, writer: PostgresqlConnector) -> None:
    pg_database.execute(RULES)
    operations = [Operation("public.child", match(parent_id=[1])), Operation("public.parent", match(id=[1]))]
    assert writer.rehearse(operations) == [1, 1]
    assert pg_database.execute("SELECT count(*) FROM child") == [(2,)]


def test_a_trigger_in_the_way_does_not_leak_its_message(
    pg_database: Database, writer: PostgresqlConnector
) -> None:
    pg_database.execute(
        """
        CREATE TABLE t (id int, name text); INSERT INTO t VALUES (1, 'Secret');
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE EXCEPTION 'keep %', OLD.name; END $$;
        CREATE TRIGGER refuse BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION refuse();
        """
    )
    with pytest.raises(ConstraintInTheWay, match=r"A trigger on public\.t forbids") as raised:
        writer.rehearse([Operation("public.t", match(id=[1]))])
    assert "Secret" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_unique_replacements_fit_the_column(pg_database: Database, writer: PostgresqlConnector) -> None:
    pg_database.execute(
        "CREATE TABLE t (id int, name varchar(20) UNIQUE, key uuid UNIQUE DEFAULT gen_random_uuid());"
        "INSERT INTO t SELECT i, i FROM generate_series(1, 50) i"
    )
    replacements = {"name": Replacement("erased person", unique=True), "key": Replacement("any", unique=True)}
    assert writer.overwrite("public.t", match(id=list(range(1, 51))), replacements) == 50
    (found,) = pg_database.execute(
        "SELECT count(DISTINCT name), max(length(name)), count(*) FILTER (WHERE name LIKE 'era-%') FROM t"
    )
    assert found == (50, 20, 50)


def test_any_type_can_be_overwritten_again_and_again(
    pg_database: Database, writer: PostgresqlConnector
) -> None:
    pg_database.execute(VALUES)
    for name, value in {
        "small": 0,
        "exact": "0.25",
        "any_number": 7,
        "single": 0.5,
        "yes": False,
        "born": "1900-01-01",
        "seen": "1900-01-01T00:00:00Z",
        "bytes": b"x",
        "extra": {"gone": True},
        "key": "00000000-0000-0000-0000-000000000000",
        "tags": [0],
        "feeling": "sad",
        "padded": "z",
        "ip": "0.0.0.0",
    }.items():
        every = match(whole=[2])
        assert writer.overwrite("public.kinds", every, {name: Replacement(value)}) == 1, name
        written = pg_database.execute("SELECT xmin FROM kinds")
        assert writer.overwrite("public.kinds", every, {name: Replacement(value)}) == 1, name
        assert pg_database.execute("SELECT xmin FROM kinds") == written, name
        assert writer.overwrite("public.kinds", every, {name: Replacement(None)}) == 1, name
    (row,) = pg_database.execute("SELECT small, exact, feeling, extra::text, ip FROM kinds")
    assert row == (None, None, None, None, None)


def test_a_locked_row_does_not_block_for_long(
    pg_database: Database, writer: PostgresqlConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "LOCK_SECONDS", 1)
    pg_database.execute("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
    with psycopg.connect(pg_database.dsn) as other:
        other.execute("SELECT * FROM t FOR UPDATE")
        with pytest.raises(ConnectorError, match=r"Another transaction holds public\.t") as raised:
            writer.delete("public.t", match(id=[1]))
    assert raised.value.remedy == "Try again later."


def test_a_table_dropped_between_is_missing(pg_database: Database, writer: PostgresqlConnector) -> None:
    pg_database.execute("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
    assert writer.rehearse([Operation("public.t", match(id=[1]))]) == [1]
    pg_database.execute("DROP TABLE t")
    with pytest.raises(DataSetMissing, match=r"public\.t"):
        writer.delete("public.t", match(id=[1]))


def test_two_reads_at_once(pg_database: Database, reader: PostgresqlConnector) -> None:
    pg_database.execute("CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 1000)")
    batches = reader.read("public.t", batch_rows=100)
    first = next(batches)
    assert reader.count("public.t", [Match(pa.table({"id": first["id"]}))]) == len(first)
    counts: list[int] = []
    thread = threading.Thread(target=lambda: counts.append(reader.count("public.t")))
    thread.start()
    thread.join(10)
    assert counts == [1000]
    assert sum(len(batch) for batch in batches) == 1000 - len(first)


def test_ten_thousand_rows_are_found_and_deleted_fast(
    pg_database: Database, writer: PostgresqlConnector
) -> None:
    pg_database.execute(
        """
        CREATE TABLE person (id int PRIMARY KEY);
        CREATE TABLE purchase (id int PRIMARY KEY, person_id int REFERENCES person, item text);
        CREATE INDEX ON purchase (person_id);
        INSERT INTO person SELECT generate_series(1, 10);
        INSERT INTO purchase SELECT i, i % 10 + 1, 'item' FROM generate_series(1, 100000) i;
        ANALYZE;
        """
    )
    writer.check()
    begin = time.perf_counter()
    found = writer.find("public.purchase", match(person_id=[3]), ["id", "item"])
    finding = time.perf_counter() - begin
    begin = time.perf_counter()
    deleted = writer.delete("public.purchase", [Match(found.select(["id"]))])
    deleting = time.perf_counter() - begin
    assert (len(found), deleted) == (10_000, 10_000)
    # Ten times what an idle machine needs: a row-by-row way would take longer still.
    assert finding < 2
    assert deleting < 5
    print(f"found in {finding:.3f} s, deleted in {deleting:.3f} s")


@pytest.mark.parametrize("host", ["ä" * 300, "a..b"])
def test_what_is_no_host_is_refused(pg_database: Database, host: str) -> None:
    form = PostgresqlConnector.Form(settings_of(pg_database, host=host, sslmode="disable"))
    assert form.errors == {"host": ["This is no name of a host."]}


def test_passwords_of_the_console_s_own_user_are_nobody_else_s(
    pg_database: Database, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libpq would take the password out of ~/.pgpass for whoever registers a system without one."""
    kept = tmp_path / "pgpass"
    kept.write_text(f"*:*:*:*:{pg_database.password}\n")
    kept.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(kept))
    with (
        open_connector("postgresql", settings_of(pg_database, password="")) as connector,
        pytest.raises(AccessDenied),
    ):
        connector.check()
