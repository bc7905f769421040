"""What is left in the files of a table after rows were deleted from it: dead rows, index entries, sampled values."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from catalog.connectors import postgresql, registry
from catalog.connectors.base import Connector, Match
from catalog.connectors.destruction import open_writable
from tests.services.fixtures import Database, Server

ANNA = "anna.archer@example.org"
MATCHES = [Match(pa.table({"email": [ANNA]}))]
PEOPLE = f"""
    CREATE TABLE person (id integer PRIMARY KEY, email text);
    CREATE INDEX ON person (email);
    INSERT INTO person SELECT n, 'p' || n || '@example.org' FROM generate_series(1, 50) n;
    INSERT INTO person SELECT n, '{ANNA}' FROM generate_series(51, 60) n;
    ANALYZE person;
"""


@pytest.fixture
def people(pg_database: Database) -> Database:
    pg_database.execute(PEOPLE)
    return pg_database


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "LOCK_SECONDS", 1)


def opened(database: Database, **more: str) -> Connector:
    at = {"host": database.host, "port": database.port, "database": database.name}
    return open_writable("postgresql", at | {"user": database.user, "password": database.password} | more)


def emptied(connector: Connector) -> bool:
    """Delete and settle; whether the store then says that nothing lingers."""
    assert connector.delete("public.person", MATCHES) == 10
    connector.settle("public.person")
    return connector.lingering("public.person", MATCHES) is None


def holding(database: Database, server: Server) -> set[str]:
    """The relations in whose files her address stands."""
    with replace(server.superuser, name=database.name).connect() as superuser:
        superuser.execute("CHECKPOINT")
        files = superuser.execute(
            "SELECT relname, pg_read_binary_file(pg_relation_filepath(oid)) FROM pg_class"
            " WHERE relname IN ('person', 'person_email_idx', 'pg_statistic')"
        )
        return {name for name, content in files if ANNA.encode() in content}


def test_a_vacuum_takes_dead_rows_and_samples_out_of_reach(people: Database) -> None:
    sampled = "SELECT count(*) FROM pg_stats WHERE tablename = 'person' AND most_common_vals::text LIKE %s"
    assert people.execute(sampled, [f"%{ANNA}%"]) == [(1,)]
    with opened(people) as connector:
        assert emptied(connector)
    assert people.execute(sampled, [f"%{ANNA}%"]) == [(0,)]
    with people.connect() as connection:
        told: list[str] = []
        connection.add_notice_handler(
            lambda notice: told.append(notice.message_detail or notice.message_primary)
        )
        connection.execute("VACUUM (VERBOSE) person")
    assert any("50 remain, 0 are dead" in line for line in told), told


def test_a_table_written_anew_has_no_byte_of_them(people: Database, pg_server: Server) -> None:
    assert holding(people, pg_server) == {"person", "person_email_idx", "pg_statistic"}
    with opened(people, after_erasure="rewrite") as connector:
        assert emptied(connector)
    assert holding(people, pg_server) == set()


def test_nothing_is_vacuumed_where_that_is_asked_for(people: Database, pg_server: Server) -> None:
    with opened(people, after_erasure="nothing") as connector:
        assert emptied(connector)
    assert "person" in holding(people, pg_server)


def test_a_transaction_that_began_before_is_waited_for(people: Database, pg_server: Server) -> None:
    with opened(people, after_erasure="rewrite") as connector:
        with people.connect() as reader:
            reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            reader.execute("SELECT count(*) FROM person")
            assert not emptied(connector)
            assert "person" in holding(people, pg_server)
        connector.settle("public.person")
        assert connector.lingering("public.person", MATCHES) is None
    assert holding(people, pg_server) == set()


def test_a_role_that_may_not_is_told_so_only_where_it_was_asked_to(
    people: Database, pg_server: Server
) -> None:
    other = pg_server.create_login(people)
    people.execute(f"GRANT SELECT, DELETE, UPDATE ON person TO {other.user}")
    with opened(other, after_erasure="rewrite") as connector:
        assert not emptied(connector)
        told = connector.lingering("public.person", MATCHES)
        assert told is not None
        assert "has MAINTAIN on it" in told.why
    with opened(other) as connector:
        connector.settle("public.person")
        assert connector.lingering("public.person", MATCHES) is None


def test_the_setting_is_one_of_three() -> None:
    form = registry.get("postgresql").Form(
        {"host": "h", "port": 1, "database": "d", "user": "u", "sslmode": "prefer"}
    )
    assert form.is_valid(), form.errors
    assert [value for value, _ in form.fields["after_erasure"].choices] == ["", "rewrite", "nothing"]
