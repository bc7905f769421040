"""The shop's tables, filled: all in one transaction, so that they are there whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import psycopg
from psycopg import errors, sql

from erasure.demo import DemoProblem, extract, support
from erasure.demo.database import Shop

SCHEMA = Path(__file__).with_name("schema.sql")
MARK = "Chinook sample data: `manage.py demo --reset` drops and fills these tables again."
LOCK = 0x43484E4B  # one at a time
ADDED: dict[str, Callable[[], Iterable[Sequence[object]]]] = {
    "customer_profile": support.profiles,
    "support_ticket": support.tickets,
}
NAMES = [*map(extract.snake, extract.TABLES), *ADDED]
VIEW = "customer_overview"
MAINTAIN_SINCE = 170_000  # the version of PostgreSQL from which on others than owners may be let vacuum


def load(shop: Shop, *, again: bool = False) -> bool:
    """Create and fill the tables, and let the console in; with `again`, drop them first. Whether it had to.

    Tables that are there already stay as they are: what was erased in them stays erased. Raises DemoProblem where
    the database holds something else.
    """
    try:
        with shop.owner.connect() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            connection.execute("SET LOCAL lock_timeout = '20s'")
            ours = _is_ours(connection, shop)
            if ours and not again:
                return False
            if ours:
                connection.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(sql.Identifier(VIEW)))
                connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_listed(NAMES)))
            _fill(connection)
            _let_in(connection, shop)
    except errors.InsufficientPrivilege:
        raise DemoProblem(
            f"{shop.owner.user} may not make tables in the database {shop.owner.database}: "
            "set DEMO_DATABASE_URL to an empty database and its owner."
        ) from None
    except errors.LockNotAvailable:
        raise DemoProblem("Somebody is working in the demo's tables: try again when they are done.") from None
    return True


def _is_ours(connection: psycopg.Connection, shop: Shop) -> bool:
    """Whether the demo's tables stand there; False where there are none. DemoProblem for anybody else's."""
    rows = connection.execute(
        "SELECT tablename, obj_description(format('public.%I', tablename)::regclass, 'pg_class')"
        " FROM pg_tables WHERE schemaname = 'public'"
    )
    remarks: dict[str, str | None] = dict(rows)
    if not remarks:
        return False
    if not set(remarks) <= set(NAMES) or remarks.get("customer") != MARK:  # an earlier version had fewer
        raise DemoProblem(
            f"The database {shop.owner.database} holds tables that are not the demo's. "
            "Set DEMO_DATABASE_URL to an empty database."
        )
    return True


def _fill(connection: psycopg.Connection) -> None:
    connection.execute(SCHEMA.read_bytes())
    for table in extract.TABLES:
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, HEADER true, ENCODING 'UTF8')").format(
            sql.Identifier(extract.snake(table)), _listed(map(extract.snake, extract.header(table)))
        )
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(extract.path_of(table).read_bytes())
    for name, rows in ADDED.items():
        statement = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(name))
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows():
                copy.write_row(row)
    connection.execute(sql.SQL("COMMENT ON TABLE customer IS {}").format(sql.Literal(MARK)))
    connection.execute(sql.SQL("ANALYZE {}").format(_listed(NAMES)))


def _let_in(connection: psycopg.Connection, shop: Shop) -> None:
    """What the console needs to find, overwrite, delete and vacuum, and nothing more."""
    role = sql.Identifier(shop.console.user)
    database = sql.Identifier(shop.owner.database)
    connection.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(database, role))
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
    connection.execute(sql.SQL("GRANT SELECT, UPDATE, DELETE ON {} TO {}").format(_listed(NAMES), role))
    connection.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(sql.Identifier(VIEW), role))
    if connection.info.server_version >= MAINTAIN_SINCE:
        connection.execute(sql.SQL("GRANT MAINTAIN ON {} TO {}").format(_listed(NAMES), role))


def _listed(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
