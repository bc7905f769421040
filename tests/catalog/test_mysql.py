"""What only MySQL and MariaDB have: collations, zero dates, unsigned numbers, engines without transactions."""

from __future__ import annotations

import datetime
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from catalog.connectors import mysql_store
from catalog.connectors.base import (
    AccessDenied,
    Connector,
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
    Unsupported,
)
from catalog.connectors.destruction import open_writable
from catalog.connectors.mysql_store import MysqlConnector
from catalog.connectors.opening import open_connector
from tests.services.mariadb import MariadbServer


@dataclass(frozen=True)
class Shop:
    """One database of the server."""

    server: MariadbServer
    name: str

    def run(self, script: str) -> list[tuple[Any, ...]]:
        """Statements parted by semicolons at the end of lines; the rows of the last."""
        return self.server.execute(f"USE {self.name};\n{script}")

    def settings(self, **changes: Any) -> dict[str, Any]:
        settings = {
            "host": self.server.host,
            "port": self.server.port,
            "user": self.server.user,
            "password": self.server.password,
            "databases": self.name,
        }
        return settings | changes


@pytest.fixture
def shop(mariadb_server: MariadbServer) -> Iterator[Shop]:
    name = mariadb_server.create_database("shop")
    yield Shop(mariadb_server, name)
    mariadb_server.execute(f"DROP DATABASE {name}")


@pytest.fixture
def reader(shop: Shop) -> Iterator[MysqlConnector]:
    with open_connector("mysql", shop.settings()) as connector:
        assert isinstance(connector, MysqlConnector)
        yield connector


@pytest.fixture
def writer(shop: Shop) -> Iterator[Connector]:
    with open_writable("mysql", shop.settings()) as connector:
        yield connector


def match(fold: bool = False, **keys: list[Any]) -> list[Match]:
    return [Match(pa.table({name: pa.array(values) for name, values in keys.items()}), fold)]


def execute(connector: Connector, operation: Operation) -> int:
    if operation.replacements:
        return connector.overwrite(operation.data_set, operation.matches, operation.replacements)
    return connector.delete(operation.data_set, operation.matches)


def discovered(connector: Connector) -> dict[str, DataSetInfo]:
    return {found.name.partition(".")[2]: found for found in connector.discover()}


# Reaching the server


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"password": "wrong-password"}, AccessDenied, "refuses the user"),
        ({"user": "nobody_here"}, AccessDenied, "refuses the user 'nobody_here'"),
        ({"host": "no-such-host.invalid"}, Unreachable, "answers at no-such-host.invalid"),
        ({"host": "/no/such/socket"}, Unreachable, "No MySQL or MariaDB answers"),
        ({"port": 1}, Unreachable, "No MySQL or MariaDB answers"),
        ({"tls": "required"}, AccessDenied, "TLS mode"),
        ({"tls": "verify-identity"}, AccessDenied, "TLS mode"),
        ({"databases": "nowhere"}, DataSetMissing, "no database 'nowhere'"),
    ],
)
def test_what_keeps_from_connecting_is_said_without_secrets(
    shop: Shop, changes: dict[str, Any], error: type[ConnectorError], words: str
) -> None:
    settings = shop.settings(**changes)
    with open_connector("mysql", settings) as connector, pytest.raises(error, match=words) as raised:
        connector.check()
    assert raised.value.remedy
    assert settings["password"] not in str(raised.value)


def test_a_server_that_says_nothing_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mysql_store, "GRACE_SECONDS", 0)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        settings = {"host": "127.0.0.1", "port": silent.getsockname()[1], "user": "u", "statement_timeout": 1}
        with open_connector("mysql", settings) as connector, pytest.raises(Unreachable):
            connector.check()


def test_check_names_product_and_version(reader: MysqlConnector) -> None:
    product, version = reader.check().split()
    assert product == "MariaDB"
    assert int(version.split(".")[0]) >= 10


def test_a_certificate_that_is_none_is_refused(shop: Shop) -> None:
    form = MysqlConnector.Form(shop.settings(authority="no certificate", host="a..b"))
    assert form.errors == {
        "authority": ["This is no certificate in PEM."],
        "host": ["This is no name of a host."],
    }


def test_a_reader_cannot_write_even_by_itself(shop: Shop, reader: MysqlConnector) -> None:
    shop.run("CREATE TABLE t (id INT);\nINSERT INTO t VALUES (1)")
    with pytest.raises(AccessDenied, match="takes no changes"), reader.transaction("t") as connection:
        connection.execute(sa.text(f"DELETE FROM {shop.name}.t"))
    assert shop.run("SELECT count(*) FROM t") == [(1,)]


def test_a_statement_that_takes_too_long_is_ended(shop: Shop) -> None:
    with (
        open_connector("mysql", shop.settings(statement_timeout=1)) as connector,
        pytest.raises(Unreachable, match="within 1 seconds"),
        connector.transaction("t") as connection,  # type: ignore[attr-defined]
    ):
        connection.execute(sa.text("SELECT SLEEP(30) FROM information_schema.tables"))


def test_names_for_lineage(shop: Shop, reader: MysqlConnector) -> None:
    assert reader.lineage_namespace() == f"mysql://127.0.0.1:{shop.server.port}"
    assert reader.lineage_name(f"{shop.name}.t") == f"{shop.name}.t"


# Discovering

SHAPES = """
CREATE TABLE `a.b` (id INT PRIMARY KEY);
CREATE TABLE pair (a INT, b INT, PRIMARY KEY (b, a));
CREATE TABLE thing (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) NOT NULL, code CHAR(5) UNIQUE, price DECIMAL(10, 2),
    ratio FLOAT, yes BOOLEAN, born DATE, seen TIMESTAMP NULL, planned DATETIME(6), at TIME, since YEAR, flags BIT(8),
    photo BLOB, extra JSON, `key` UUID, feeling ENUM('sad', 'ok'), place POINT, line LONGTEXT,
    twice INT AS (length(name) * 2) STORED, b INT, a INT, other INT,
    FOREIGN KEY (b, a) REFERENCES pair (b, a), FOREIGN KEY (other) REFERENCES `a.b` (id) ON DELETE SET NULL
);
CREATE INDEX on_born ON thing (born);
CREATE UNIQUE INDEX on_start ON thing (line(10));
CREATE VIEW seen AS SELECT id, name FROM thing;
INSERT INTO pair VALUES (1, 2)
"""


def test_discover_describes_tables(shop: Shop, reader: MysqlConnector) -> None:
    shop.run(SHAPES)
    found = discovered(reader)
    assert {name: info.kind for name, info in found.items()} == {
        '"a.b"': "table",
        "pair": "table",
        "seen": "view",
        "thing": "table",
    }
    thing = found["thing"]
    assert [(column.name, column.data_type, column.kind) for column in thing.columns] == [
        ("id", "bigint(20) unsigned", Kind.INTEGER),
        ("name", "varchar(80)", Kind.TEXT),
        ("code", "char(5)", Kind.TEXT),
        ("price", "decimal(10,2)", Kind.DECIMAL),
        ("ratio", "float", Kind.FLOAT),
        ("yes", "tinyint(1)", Kind.BOOLEAN),
        ("born", "date", Kind.DATE),
        ("seen", "timestamp", Kind.TIMESTAMP),
        ("planned", "datetime(6)", Kind.TIMESTAMP),
        ("at", "time", Kind.TIME),
        ("since", "year(4)", Kind.INTEGER),
        ("flags", "bit(8)", Kind.INTEGER),
        ("photo", "blob", Kind.BINARY),
        ("extra", "longtext", Kind.JSON),
        ("key", "uuid", Kind.UUID),
        ("feeling", "enum('sad','ok')", Kind.TEXT),
        ("place", "point", Kind.UNKNOWN),
        ("line", "longtext", Kind.TEXT),
        ("twice", "int(11)", Kind.INTEGER),
        ("b", "int(11)", Kind.INTEGER),
        ("a", "int(11)", Kind.INTEGER),
        ("other", "int(11)", Kind.INTEGER),
    ]
    assert {column.name: column.max_length for column in thing.columns if column.max_length} == {
        "name": 80,
        "code": 5,
    }
    assert [column.name for column in thing.columns if not column.nullable] == ["id", "name"]
    assert [column.name for column in thing.columns if column.unique] == ["id", "code"]
    assert [column.name for column in thing.columns if column.generated] == ["twice"]
    assert found["pair"].primary_key == ("b", "a")
    assert found["pair"].row_estimate in (0, 1)  # InnoDB's own estimate lags behind
    assert found["seen"].row_estimate is None
    assert sorted(thing.foreign_keys, key=str) == [
        ForeignKeyInfo(("b", "a"), f"{shop.name}.pair", ("b", "a")),
        ForeignKeyInfo(("other",), f'{shop.name}."a.b"', ("id",), "set null"),
    ]
    assert reader.count(f'{shop.name}."a.b"') == 0


def test_discover_only_the_databases_asked_for(shop: Shop, mariadb_server: MariadbServer) -> None:
    shop.run("CREATE TABLE t (id INT)")
    with open_connector("mysql", shop.settings(databases="")) as connector:
        names = [found.name for found in connector.discover()]
        assert f"{shop.name}.t" in names
        assert names == sorted(names)
        assert not {name.partition(".")[0] for name in names} & {"mysql", "information_schema", "sys"}
        with pytest.raises(DataSetMissing):
            connector.count("mysql.user")
    with (
        open_connector("mysql", shop.settings(databases="information_schema")) as connector,
        pytest.raises(DataSetMissing),
    ):
        connector.check()


def test_definitions_are_the_queries_of_the_views(shop: Shop, reader: MysqlConnector) -> None:
    shop.run("CREATE TABLE t (id INT);\nCREATE VIEW seen AS SELECT id AS x FROM t")
    (found,) = reader.definitions()
    assert (found.data_set, found.dialect) == (f"{shop.name}.seen", "mysql")
    assert found.sql == f"select `{shop.name}`.`t`.`id` AS `x` from `{shop.name}`.`t`"


def test_what_a_user_may_not_read_is_listed_with_the_problem(shop: Shop) -> None:
    shop.run(
        "CREATE TABLE open (id INT);\nCREATE TABLE partly (id INT, secret TEXT);\nCREATE TABLE closed (id INT);\n"
        "CREATE TABLE gone (id INT);\nCREATE VIEW broken AS SELECT id FROM gone;\nDROP TABLE gone"
    )
    user, password = shop.server.create_user(
        f"SELECT ON {shop.name}.open",
        f"SELECT (id), INSERT (secret) ON {shop.name}.partly",
        f"INSERT ON {shop.name}.closed",
        f"SELECT ON {shop.name}.broken",
    )
    with open_connector("mysql", shop.settings(user=user, password=password)) as connector:
        problems = {name: found.problem for name, found in discovered(connector).items()}
        assert connector.count(f"{shop.name}.open") == 0
        with pytest.raises(AccessDenied, match=r"lacks a right on .*closed"):
            connector.count(f"{shop.name}.closed")
        with pytest.raises(DataSetMissing, match="broken"):
            connector.count(f"{shop.name}.broken")
    assert problems["open"] == ""
    assert problems["partly"] == "This user may not read secret. Grant it SELECT on the whole table."
    assert problems["closed"] == "This user may not read the table. Grant it SELECT on the table."
    assert "Its columns are not to be seen" in problems["broken"]


def test_a_user_without_the_right_to_delete_is_denied_at_rehearsal(shop: Shop) -> None:
    shop.run("CREATE TABLE t (id INT);\nINSERT INTO t VALUES (1)")
    user, password = shop.server.create_user(f"SELECT ON {shop.name}.*")
    with open_writable("mysql", shop.settings(user=user, password=password)) as connector:
        assert connector.count(f"{shop.name}.t", match(id=list(range(50_000)))) == 1
        with pytest.raises(AccessDenied, match=r"lacks a right on .*\.t"):
            connector.rehearse([Operation(f"{shop.name}.t", match(id=[1]))])


# Reading

VALUES = """
CREATE TABLE kinds (
    id INT, tiny TINYINT, big BIGINT UNSIGNED, exact DECIMAL(10, 2), longest DECIMAL(65, 30), single FLOAT,
    dbl DOUBLE, yes BOOLEAN, born DATE, seen TIMESTAMP(6) NULL, local DATETIME, at TIME(1), since YEAR, flags BIT(64),
    bytes VARBINARY(10), padded CHAR(4), latin VARCHAR(20) CHARACTER SET latin1, name VARCHAR(20), doc JSON,
    `key` UUID, feeling ENUM('sad', 'ok'), tags SET('x', 'y'), ip INET6, place POINT
);
SET time_zone = '+00:00';
INSERT INTO kinds VALUES (
    1, -128, 18446744073709551615, 1.50, 12345678901234567890123456789012345.123456789012345678901234567891, 0.1,
    0.1, true, '2024-02-29', '2024-01-01 10:00:00.5', '2024-01-01 12:00', '23:59:59.5', 2024, b'101',
    x'ff00', 'ab  ', 'Zoë', '😀 blank ', '{"a": 1}',
    '6f46f432-c4e9-4ac3-a1a0-ba5da4012df3', 'ok', 'x,y', '::1', POINT(1, 2)
)
"""


def test_read_gives_each_type_without_loss(shop: Shop, reader: MysqlConnector) -> None:
    shop.run(VALUES)
    (batch,) = reader.read(f"{shop.name}.kinds")
    (row,) = batch.to_pylist()
    assert row == {
        "id": 1,
        "tiny": -128,
        "big": 18446744073709551615,
        "exact": Decimal("1.50"),
        "longest": "12345678901234567890123456789012345.123456789012345678901234567891",
        "single": 0.10000000149011612,
        "dbl": 0.1,
        "yes": 1,
        "born": datetime.date(2024, 2, 29),
        "seen": datetime.datetime(2024, 1, 1, 10, 0, 0, 500000, tzinfo=datetime.UTC),
        "local": datetime.datetime(2024, 1, 1, 12),
        "at": datetime.time(23, 59, 59, 500000),
        "since": 2024,
        "flags": 5,
        "bytes": b"\xff\x00",
        "padded": "ab",
        "latin": "Zoë",
        "name": "😀 blank ",
        "doc": '{"a": 1}',
        "key": "6f46f432-c4e9-4ac3-a1a0-ba5da4012df3",
        "feeling": "ok",
        "tags": "x,y",
        "ip": "::1",
        "place": "POINT(1 2)",
    }
    sample = reader.sample(f"{shop.name}.kinds", rows=1).to_pylist()[0]
    assert (sample["bytes"], sample["flags"], sample["place"]) == ("\\xff00", "5", "POINT(1 2)")
    assert (sample["name"], sample["latin"], sample["since"]) == ("😀 blank ", "Zoë", "2024")


def test_every_type_is_found_by_the_value_that_was_read(shop: Shop, reader: MysqlConnector) -> None:
    shop.run(VALUES)
    kinds = f"{shop.name}.kinds"
    (batch,) = reader.read(kinds)
    for name in batch.schema.names:
        assert reader.count(kinds, [Match(pa.table({name: batch[name]}))]) == 1, name
        if name != "id":
            both = pa.table({"id": pa.array([1]), name: batch[name]})
            assert reader.count(kinds, [Match(both)]) == 1, name
        assert reader.count(kinds, [Match(pa.table({name: ["no such value 山"]}))]) == 0, name
    assert reader.count(kinds, match(exact=["1.5"])) == 1
    assert reader.count(kinds, match(exact=["1.504"])) == 0
    assert reader.count(kinds, match(tiny=[65408])) == 0
    assert reader.count(kinds, match(since=[24])) == 0


def test_a_collation_bends_no_key(shop: Shop, reader: MysqlConnector, writer: Connector) -> None:
    shop.run(
        "CREATE TABLE t (id INT, name VARCHAR(20) COLLATE utf8mb4_general_ci, KEY (name));\n"
        "INSERT INTO t VALUES (1, 'Zoë'), (2, 'zoe'), (3, 'zoë '), (4, 'ZOË')"
    )
    table = f"{shop.name}.t"
    for key, ids in (("Zoë", [1]), ("zoe", [2]), ("zoë", []), ("zoë ", [3])):
        assert reader.find(table, match(name=[key]), ["id"])["id"].to_pylist() == ids
        assert reader.count(table, match(id=[1, 2, 3, 4], name=[key] * 4)) == len(ids)
    assert reader.count(table, match(fold=True, name=["zoë"])) == 3
    assert reader.count(table, match(fold=True, name=[" ZOE\t"])) == 1
    assert writer.overwrite(table, match(id=[4]), {"name": Replacement("zoë")}) == 1
    assert shop.run("SELECT name FROM t WHERE id = 4") == [("zoë",)]


def test_a_key_goes_by_the_index(shop: Shop, reader: MysqlConnector) -> None:
    shop.run(
        "CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(20), KEY by_name (name));\n"
        "INSERT INTO t SELECT seq, concat('n', seq) FROM seq_1_to_5000"
    )
    with reader.transaction(f"{shop.name}.t") as connection:
        table = reader.describe(connection, f"{shop.name}.t")
        for keys, index in ((match(name=["n7"]), "by_name"), (match(id=[7]), "PRIMARY")):
            query = sa.select(table.c.id).where(reader.condition(connection, table, keys[0]))
            compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
            plan = connection.exec_driver_sql(f"EXPLAIN {compiled}").mappings().one()
            assert plan["key"] == index


def test_what_no_calendar_knows_is_read_as_text_and_found(shop: Shop, reader: MysqlConnector) -> None:
    shop.run(
        "CREATE TABLE t (id INT, day DATE, moment DATETIME, span TIME, plain DATE);\nSET sql_mode = '';\n"
        "INSERT INTO t VALUES (1, '0000-00-00', '0000-00-00', '838:59:59', '2024-01-01'),"
        " (2, '2024-00-15', '2024-01-01 12:00', '-12:00:00', '2024-01-02'),"
        " (3, '2024-01-01', NULL, '12:00:00', NULL)"
    )
    table = f"{shop.name}.t"
    found = pa.Table.from_batches(list(reader.read(table)))
    assert found.to_pydict() == {
        "id": [1, 2, 3],
        "day": ["0000-00-00", "2024-00-15", "2024-01-01"],
        "moment": ["0000-00-00 00:00:00", "2024-01-01 12:00:00", None],
        "span": ["838:59:59", "-12:00:00", "12:00:00"],
        "plain": [datetime.date(2024, 1, 1), datetime.date(2024, 1, 2), None],
    }
    for name in ("day", "moment", "span", "plain"):
        for place, value in enumerate(found[name].to_pylist()):
            if value is not None:
                got = reader.find(table, [Match(pa.table({name: [value]}))], ["id"])["id"].to_pylist()
                assert got == [place + 1], (name, value)
    typed = reader.find(table, match(id=[3]), ["day", "span"])
    assert typed.to_pylist() == [{"day": datetime.date(2024, 1, 1), "span": datetime.time(12)}]


def test_a_large_table_is_sampled_by_its_key(shop: Shop, reader: MysqlConnector) -> None:
    shop.run(
        "CREATE TABLE dense (id INT PRIMARY KEY);\nINSERT INTO dense SELECT seq FROM seq_1_to_20000;\n"
        "CREATE TABLE sparse (id BIGINT PRIMARY KEY);\n"
        "INSERT INTO sparse SELECT seq * seq * 1000 FROM seq_1_to_20000;\n"
        "CREATE TABLE keyless (id INT);\nINSERT INTO keyless SELECT seq FROM seq_1_to_20000;\n"
        "CREATE VIEW seen AS SELECT id FROM dense;\nANALYZE TABLE dense, sparse, keyless"
    )
    for name, ends in (
        ("dense", (2000, 18000)),
        ("sparse", (4 * 10**10, 3 * 10**11)),
        ("keyless", (2000, 18000)),
        ("seen", (2000, 18000)),
    ):
        table = f"{shop.name}.{name}"
        sample = reader.sample(table, rows=100, seed=5)
        ids = [int(value) for value in sample["id"].to_pylist()]
        assert len(set(ids)) == 100, name
        assert min(ids) < ends[0], name
        assert max(ids) > ends[1], name
        assert sample.equals(reader.sample(table, rows=100, seed=5)), name
        assert not sample.equals(reader.sample(table, rows=100, seed=6)), name


def test_a_reader_that_stops_early_does_not_fetch_the_rest(shop: Shop, reader: MysqlConnector) -> None:
    """A join of 10^12 rows: whoever fetched them all would be here for days."""
    shop.run(
        "CREATE VIEW endless AS SELECT a.seq AS a, b.seq AS b FROM seq_1_to_1000000 a JOIN seq_1_to_1000000 b"
    )
    batches = reader.read(f"{shop.name}.endless", batch_rows=100)
    next(batches)
    begin = time.perf_counter()
    batches.close()  # type: ignore[attr-defined]
    assert time.perf_counter() - begin < 5
    assert reader.check().startswith("MariaDB")


def test_two_reads_at_once(shop: Shop, reader: MysqlConnector) -> None:
    shop.run("CREATE TABLE t (id INT);\nINSERT INTO t SELECT seq FROM seq_1_to_1000")
    batches = reader.read(f"{shop.name}.t", batch_rows=100)
    first = next(batches)
    assert reader.count(f"{shop.name}.t", [Match(pa.table({"id": first["id"]}))]) == len(first)
    counts: list[int] = []
    thread = threading.Thread(target=lambda: counts.append(reader.count(f"{shop.name}.t")))
    thread.start()
    thread.join(10)
    assert counts == [1000]
    assert sum(len(batch) for batch in batches) == 1000 - len(first)


# Changing

RULES = """
CREATE TABLE parent (id INT PRIMARY KEY, name VARCHAR(40) NOT NULL, code VARCHAR(6) UNIQUE,
    mail VARCHAR(40) CHECK (mail LIKE '%@%'), age TINYINT, latin VARCHAR(9) CHARACTER SET latin1, born DATE,
    tiny VARCHAR(4) UNIQUE);
CREATE TABLE child (id INT PRIMARY KEY, parent_id INT REFERENCES parent (id), same INT AS (1 + 1) STORED);
INSERT INTO parent (id, name, code, mail) VALUES (1, 'Secret', 'c1', 'a@x'), (2, 'Secret', 'c2', 'b@x');
INSERT INTO child (id, parent_id) VALUES (10, 1)
"""


@pytest.mark.parametrize(
    ("table", "ids", "replacements", "words"),
    [
        ("parent", [1], {}, ".child refer to rows of"),
        ("parent", [1], {"name": Replacement(None)}, ".parent.name must not be null"),
        ("parent", [1, 2], {"code": Replacement("x")}, "would become equal"),
        ("parent", [1], {"mail": Replacement("gone")}, "A check of"),
        ("parent", [1], {"code": Replacement("too long")}, ".parent.code, which is varchar(6)"),
        ("parent", [1], {"age": Replacement("erased")}, ".parent.age, which is"),
        ("parent", [1], {"age": Replacement(300)}, ".parent.age cannot take its replacement"),
        ("parent", [1], {"latin": Replacement("山")}, ".parent.latin cannot take its replacement"),
        ("parent", [1], {"born": Replacement("erased")}, ".parent.born, which is"),
        ("parent", [1], {"age": Replacement(0, unique=True)}, "age is no text"),
        ("parent", [1], {"tiny": Replacement("x", unique=True)}, "room for 4 characters"),
        ("child", [10], {"parent_id": Replacement(99)}, "must refer to rows that are there"),
        ("child", [10], {"same": Replacement(3)}, ".child.same is computed"),
    ],
)
def test_what_is_in_the_way_is_found_at_rehearsal(
    shop: Shop,
    writer: Connector,
    table: str,
    ids: list[int],
    replacements: dict[str, Replacement],
    words: str,
) -> None:
    shop.run(RULES)
    before = shop.run("SELECT * FROM parent"), shop.run("SELECT * FROM child")
    operation = Operation(f"{shop.name}.{table}", match(id=ids), replacements)
    with pytest.raises(ConstraintInTheWay) as raised:
        writer.rehearse([operation])
    assert words in raised.value.message
    assert raised.value.remedy
    assert "Secret" not in str(raised.value)
    with pytest.raises(ConstraintInTheWay):
        execute(writer, operation)
    assert (shop.run("SELECT * FROM parent"), shop.run("SELECT * FROM child")) == before


def test_a_rehearsal_in_the_right_order_passes(shop: Shop, writer: Connector) -> None:
    shop.run(RULES)
    operations = [
        Operation(f"{shop.name}.child", match(parent_id=[1])),
        Operation(f"{shop.name}.parent", match(id=[1])),
    ]
    assert writer.rehearse(operations) == [1, 1]
    assert shop.run("SELECT count(*) FROM child") == [(1,)]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("CREATE TABLE t (id INT) ENGINE = MyISAM", "kept by MyISAM, which cannot undo a change"),
        ("CREATE VIEW t AS SELECT 1 AS id", "is a view"),
        ("CREATE TABLE t (id INT) WITH SYSTEM VERSIONING", "stays in its history"),
    ],
)
def test_what_cannot_be_undone_is_not_begun(
    shop: Shop, writer: Connector, statement: str, words: str
) -> None:
    shop.run(statement)
    operation = Operation(f"{shop.name}.t", match(id=[1]))
    with pytest.raises(Unsupported, match=words) as raised:
        writer.rehearse([operation])
    assert raised.value.remedy
    with pytest.raises(Unsupported, match=words):
        writer.delete(operation.data_set, operation.matches)
    assert writer.count(operation.data_set) in (0, 1)


def test_a_trigger_in_the_way_does_not_leak_its_message(shop: Shop, writer: Connector) -> None:
    shop.run(
        "CREATE TABLE t (id INT);\nINSERT INTO t VALUES (1);\nCREATE TRIGGER keep BEFORE DELETE ON t FOR EACH ROW "
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'Secret'"
    )
    with pytest.raises(ConstraintInTheWay, match="A trigger on") as raised:
        writer.rehearse([Operation(f"{shop.name}.t", match(id=[1]))])
    assert "Secret" not in str(raised.value)


def test_unique_replacements_fit_the_column(shop: Shop, writer: Connector) -> None:
    shop.run(
        "CREATE TABLE t (id INT, name VARCHAR(20) UNIQUE, `key` UUID UNIQUE);\n"
        "INSERT INTO t SELECT seq, seq, uuid() FROM seq_1_to_50"
    )
    replacements = {"name": Replacement("erased person", unique=True), "key": Replacement("x", unique=True)}
    assert writer.overwrite(f"{shop.name}.t", match(id=list(range(1, 51))), replacements) == 50
    names = [name for (name,) in shop.run("SELECT name FROM t")]
    assert len(set(names)) == 50
    assert {len(name) for name in names} == {20}
    assert {name[:4] for name in names} == {"era-"}


def test_any_type_can_be_overwritten_again_and_again(shop: Shop, writer: Connector) -> None:
    shop.run(VALUES)
    for name, value in {
        "tiny": 0,
        "big": 0,
        "exact": "0.25",
        "longest": 7,
        "single": 0.5,
        "yes": 0,
        "born": "1900-01-01",
        "seen": "1990-01-01T00:00:00Z",
        "local": "1990-01-01 00:00:00",
        "at": datetime.time(1),
        "since": 1990,
        "flags": 0,
        "bytes": b"x",
        "padded": "z",
        "latin": "é",
        "doc": {"gone": True},
        "key": "00000000-0000-0000-0000-000000000000",
        "feeling": "sad",
        "tags": "x",
        "ip": "::",
    }.items():
        kinds, every = f"{shop.name}.kinds", match(id=[1])
        assert writer.overwrite(kinds, every, {name: Replacement(value)}) == 1, name
        assert writer.overwrite(kinds, every, {name: Replacement(value)}) == 1, name
        written = next(iter(writer.read(kinds, columns=[name]))).to_pylist()[0][name]
        assert written is not None, name
        assert writer.overwrite(kinds, every, {name: Replacement(None)}) == 1, name
        assert shop.run(f"SELECT `{name}` FROM kinds") == [(None,)], name


def test_a_locked_row_does_not_block_for_long(
    shop: Shop, writer: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mysql_store, "LOCK_SECONDS", 1)
    shop.run("CREATE TABLE t (id INT);\nINSERT INTO t VALUES (1)")
    with closing(shop.server.connect()) as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"SELECT * FROM {shop.name}.t FOR UPDATE")
        with pytest.raises(ConnectorError, match="Another transaction holds") as raised:
            writer.delete(f"{shop.name}.t", match(id=[1]))
    assert raised.value.remedy == "Try again later."
