"""What deleting leaves in a PostgreSQL database: dead rows in tables and indexes, and values sampled as statistics.

VACUUM reads the pages that have changed and takes dead rows out; the bytes lie in free space of the pages until that
is used again, and entries in indexes until there are many. VACUUM FULL writes tables and indexes anew. ANALYZE samples
the rows that are left: the most common values and bounds that the planner keeps (pg_statistic) are values of rows, an
e-mail address as well as any.

Source: PostgreSQL, VACUUM, and Statistics Used by the Planner.
"""

from __future__ import annotations

import time
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

VACUUM, REWRITE, NOTHING = "", "rewrite", "nothing"  # empty, as in systems that were connected before
CHOICES = [
    (VACUUM, "Vacuum the tables"),
    (REWRITE, "Write the tables anew (VACUUM FULL): each is locked for as long as that takes"),
    (NOTHING, "Nothing: the database vacuums by itself"),
]
VACUUM_SECONDS = 300
POLL = 0.1
OPTIONS = {VACUUM: "ANALYZE", REWRITE: "ANALYZE, FULL"}
SAMPLES = ("pg_catalog.pg_statistic", "pg_catalog.pg_statistic_ext_data")
NEXT = sa.text("SELECT txid_snapshot_xmax(txid_current_snapshot()) % 4294967296")
# Who may still see a row that was deleted before the transaction :next: a rewriting keeps it for them.
HELD = sa.text("""
    SELECT EXISTS (
        SELECT FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND (age(backend_xid) > age(CAST(:next AS text)::xid)
            OR (datname = current_database() AND age(backend_xmin) > age(CAST(:next AS text)::xid)))
        UNION ALL SELECT FROM pg_prepared_xacts WHERE age(transaction) > age(CAST(:next AS text)::xid)
        UNION ALL SELECT FROM pg_replication_slots WHERE age(xmin) > age(CAST(:next AS text)::xid)
    )
""")


def vacuum(engine: sa.Engine, table: sa.Table, *, rewrite: bool, lock_seconds: int) -> bool:
    """Whether the server did it: not without the right to (owner, or MAINTAIN), while locked, or if it takes too long.

    Nothing is written anew while a transaction is open that could still see the rows. Raises DBAPIError where the
    connection is lost.
    """
    address = engine.dialect.identifier_preparer.format_table(table)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        refused = _refusals(connection)
        try:
            if rewrite and _held(connection, lock_seconds):
                return False
            connection.execute(sa.text(f"SET lock_timeout = '{lock_seconds}s'"))
            connection.execute(sa.text(f"SET statement_timeout = '{0 if rewrite else VACUUM_SECONDS}s'"))
            for name in (address, *(SAMPLES if rewrite else ())):
                connection.exec_driver_sql(f"VACUUM ({OPTIONS[REWRITE if rewrite else VACUUM]}) {name}")
        except DBAPIError as error:
            if error.connection_invalidated or not getattr(error.orig, "sqlstate", None):
                raise
            return False
        finally:
            connection.invalidate()  # nobody else gets it with these time-outs
    return not refused


def _held(connection: sa.Connection, seconds: int) -> bool:
    """Whether somebody could still see what was deleted, after waiting for them to end."""
    following = connection.scalar(NEXT)
    deadline = time.monotonic() + seconds
    while connection.scalar(HELD, {"next": following}):
        if time.monotonic() > deadline:
            return True
        time.sleep(POLL)
    return False


def _refusals(connection: sa.Connection) -> list[str]:
    """Filled with the states of what the server warns about: a table that it skips is no error to it."""
    found: list[str] = []
    driver: Any = connection.connection.driver_connection

    def note(notice: psycopg.errors.Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            found.append(notice.sqlstate or "")

    driver.add_notice_handler(note)
    return found
