"""What is deleted from a SQLite file leaves its bytes too: pages, write-ahead log and journal.

`secure_delete` fills deleted content with zeros as it goes; what was deleted before, by programs without it, is in free
pages until the file is vacuumed. Source: SQLite's documentation of PRAGMA secure_delete, VACUUM and journal_size_limit.
"""

from __future__ import annotations

import sqlite3

from catalog.connectors.base import ConnectorError

WIPING = (
    "secure_delete = ON",
    "journal_size_limit = 0",
)  # the latter leaves nothing in a journal that is kept


def prepare(connection: sqlite3.Connection) -> None:
    """Before the first change."""
    for setting in WIPING:
        connection.execute(f"PRAGMA {setting}")


def empty_log(connection: sqlite3.Connection, name: str) -> None:
    """After a change. ConnectorError while another program reads an older state out of the write-ahead log."""
    busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise ConnectorError(
            f"The change to {name} is written, but another program reads an older state of it: "
            "what was erased still stands in its write-ahead log.",
            "Run it again when that program has ended its transaction.",
        )


def wipe(connection: sqlite3.Connection, name: str) -> None:
    """Write the file anew without its free pages; outside transactions. ConnectorError as above."""
    try:
        connection.execute("VACUUM")
    except sqlite3.OperationalError:
        raise ConnectorError(
            f"{name} is changed, but could not be written anew without its free pages: another program uses it, or "
            "its disk is full.",
            "Run it again when that program is done.",
        ) from None
    empty_log(connection, name)
