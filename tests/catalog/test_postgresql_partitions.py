"""Expiry of partitioned tables in PostgreSQL: whole partitions where that means the same, rows where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from catalog.connectors.base import Connector, Older, Unsupported
from catalog.connectors.destruction import open_writable
from tests.services.fixtures import Database, Server

OLDER = Older("at", datetime(2026, 3, 1, tzinfo=UTC))
HOSTILE = "events_2026_01 %s :x"
TABLES = """
    CREATE TABLE events (id bigint, at {kind}) PARTITION BY RANGE (at);
    CREATE TABLE events_old PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
    CREATE TABLE "events_2026_01 %s :x" PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
    CREATE TABLE events_2026_02 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-02');
    CREATE TABLE events_2026_03 PARTITION OF events FOR VALUES FROM ('2026-03-02') TO (MAXVALUE);
    CREATE TABLE events_rest PARTITION OF events DEFAULT;
    INSERT INTO events VALUES (1, '2020-05-05'), (2, '2026-01-15'), (3, '2026-02-15'), (4, '2026-03-01'),
                              (5, '2026-04-01'), (6, NULL);
"""


def settings(database: Database) -> dict[str, Any]:
    return {
        "host": database.host,
        "port": database.port,
        "database": database.name,
        "user": database.user,
        "password": database.password,
    }


@pytest.fixture(params=["date", "timestamp", "timestamptz"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def events(pg_database: Database, kind: str) -> Database:
    pg_database.execute("SET TimeZone = 'UTC'; " + TABLES.format(kind=kind))
    return pg_database


@pytest.fixture
def writer(events: Database) -> Iterator[Connector]:
    with open_writable("postgresql", settings(events)) as connector:
        yield connector


def partitions(database: Database) -> list[str]:
    found = database.execute("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' ORDER BY 1")
    return [name for (name,) in found]


def ids(database: Database) -> list[int]:
    return [number for (number,) in database.execute("SELECT id FROM events ORDER BY 1")]


def expire(writer: Connector) -> list[int]:
    gone = []
    while not gone or gone[-1]:
        gone.append(writer.expire("public.events", OLDER, limit=10))
    return gone


def test_partitions_that_are_wholly_older_are_dropped_and_the_rest_deleted(
    events: Database, writer: Connector
) -> None:
    assert writer.droppable("public.events", OLDER) == [f"public.{HOSTILE}", "public.events_old"]
    assert writer.count_older("public.events", OLDER) == 3
    assert expire(writer) == [2, 1, 0]
    assert partitions(events) == ["events_2026_02", "events_2026_03", "events_rest"]
    assert ids(events) == [4, 5, 6]
    assert events.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'events_2026_01%'") == [(0,)]


def test_by_another_column_nothing_is_dropped(events: Database, writer: Connector) -> None:
    events.execute("ALTER TABLE events ADD COLUMN seen date DEFAULT '2020-01-01'")
    older = Older("seen", OLDER.moment)
    assert writer.droppable("public.events", older) == []
    assert writer.expire("public.events", older, limit=4) == 4
    assert len(partitions(events)) == 5


def test_a_trigger_on_deletes_is_not_passed_by(events: Database, writer: Connector) -> None:
    events.execute(
        """
        CREATE TABLE seen (id bigint);
        CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO seen VALUES (OLD.id); RETURN OLD; END $$;
        CREATE TRIGGER watch AFTER DELETE ON events FOR EACH ROW EXECUTE FUNCTION see();
        """
    )
    assert writer.droppable("public.events", OLDER) == []
    assert expire(writer) == [3, 0]
    assert sorted(events.execute("SELECT id FROM seen")) == [(1,), (2,), (3,)]


def test_what_is_published_is_deleted_row_by_row(
    events: Database, writer: Connector, pg_server: Server
) -> None:
    events.execute("CREATE PUBLICATION out FOR TABLE events_old")
    assert writer.droppable("public.events", OLDER) == [f"public.{HOSTILE}"]


def test_who_may_only_delete_empties_the_partitions(events: Database, pg_server: Server) -> None:
    login = pg_server.create_login(events)
    events.execute(f"GRANT SELECT, DELETE ON events TO {login.user}")
    events.execute(f"GRANT USAGE ON SCHEMA public TO {login.user}")
    with open_writable("postgresql", settings(login)) as connector:
        assert expire(connector) == [3, 0]
    assert len(partitions(events)) == 5
    assert ids(events) == [4, 5, 6]


def test_children_by_inheritance_are_told_apart(pg_database: Database) -> None:
    pg_database.execute(
        """
        CREATE TABLE events (id bigint, at date);
        CREATE TABLE more () INHERITS (events);
        INSERT INTO events VALUES (1, '2020-01-01'), (2, '2030-01-01');
        INSERT INTO more VALUES (3, '2030-01-01'), (4, '2020-01-01');
        """
    )
    with open_writable("postgresql", settings(pg_database)) as connector:
        assert expire(connector) == [2, 0]
    assert ids(pg_database) == [2, 3]


def test_a_view_is_not_expired(pg_database: Database) -> None:
    pg_database.execute("CREATE TABLE t (at date); CREATE VIEW v AS SELECT * FROM t")
    with open_writable("postgresql", settings(pg_database)) as connector, pytest.raises(Unsupported):
        connector.expire("public.v", OLDER, limit=1)
