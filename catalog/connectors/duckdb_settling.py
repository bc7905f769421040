"""A DuckDB file written anew: DuckDB marks the blocks of deleted rows as free and leaves their bytes in them.

The copy holds what the file held, checked before it takes its place; whoever opens the file meanwhile is kept out by
DuckDB's own lock.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from catalog.connectors.base import ConnectorError
from catalog.connectors.duckdb_values import quote
from catalog.connectors.extras import load

TABLES = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ?"
SAME = (  # what both files are asked, and must answer alike
    TABLES,
    "SELECT schema_name, table_name, constraint_type, constraint_text FROM duckdb_constraints() "
    "WHERE database_name = ?",
    "SELECT schema_name, table_name, index_name FROM duckdb_indexes() WHERE database_name = ?",
    "SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = ? AND NOT internal",
    "SELECT schema_name, sequence_name FROM duckdb_sequences() WHERE database_name = ?",
    "SELECT schema_name, function_name FROM duckdb_functions() WHERE database_name = ? AND NOT internal",
)
COMMENTS = (
    ("TABLE", "SELECT schema_name, table_name, NULL, comment FROM duckdb_tables() "
     "WHERE database_name = ? AND comment IS NOT NULL"),
    ("VIEW", "SELECT schema_name, view_name, NULL, comment FROM duckdb_views() "
     "WHERE database_name = ? AND comment IS NOT NULL AND NOT internal"),
    ("COLUMN", "SELECT schema_name, table_name, column_name, comment FROM duckdb_columns() "
     "WHERE database_name = ? AND comment IS NOT NULL AND NOT internal"),
)  # fmt: skip
FRESH = "console_fresh"


def write_anew(path: Path, *, memory: str) -> None:
    """Raises ConnectorError where the copy would not be the same; then the file stays as it is."""
    draft = path.with_name(f".{path.name}.rewriting")
    _remove(draft)
    config = {"memory_limit": memory, "autoinstall_known_extensions": "false", "threads": "2"}
    connection = load("duckdb", extra="duckdb").connect(str(path), config=config)
    try:
        _copy(connection, draft)
        shutil.copystat(path, draft)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(draft, path)  # while the old one is still locked
    finally:
        connection.close()
        _remove(draft)


def _copy(connection: Any, draft: Path) -> None:
    (name,) = connection.execute("SELECT current_database()").fetchone()
    connection.execute("CHECKPOINT")
    spelled = str(draft).replace("'", "''")
    connection.execute(f"ATTACH '{spelled}' AS {FRESH}")
    connection.execute(f"COPY FROM DATABASE {quote(name)} TO {FRESH}")
    for kind, query in COMMENTS:
        for *place, comment in connection.execute(query, [name]).fetchall():
            address = ".".join(quote(part) for part in (FRESH, *place) if part is not None)
            text = comment.replace("'", "''")
            connection.execute(f"COMMENT ON {kind} {address} IS '{text}'")
    if _told(connection, name) != _told(connection, FRESH):
        raise ConnectorError(
            "The DuckDB file cannot be written anew with all that is in it; its free blocks may still hold bytes of "
            "deleted rows.",
            "Export and import the database (EXPORT DATABASE), then run it again.",
        )
    connection.execute(f"CHECKPOINT {FRESH}")
    connection.execute(f"DETACH {FRESH}")


def _told(connection: Any, database: str) -> list[Any]:
    """What the database says of itself, and how many rows each of its tables has."""
    told: list[Any] = [sorted(connection.execute(query, [database]).fetchall(), key=str) for query in SAME]
    for schema, table in told[0]:
        address = ".".join(map(quote, (database, schema, table)))
        told.append(connection.execute(f"SELECT count(*) FROM {address}").fetchone())  # noqa: S608 (quoted)
    return told


def _remove(draft: Path) -> None:
    for path in (draft, draft.with_name(f"{draft.name}.wal")):
        path.unlink(missing_ok=True)
