"""SQLite's errors in our words, by their extended names. What a trigger or a check says may quote values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from catalog.connectors.base import (
    AccessDenied,
    ConnectorError,
    ConstraintInTheWay,
    DataSetMissing,
    Malformed,
    Unreachable,
    Unsupported,
)
from catalog.connectors.sql_files import not_a_database

SCAN_AGAIN = "It may have been renamed or dropped: scan the system again."


def explain(
    error: BaseException, *, path: Path, data_set: str, columns: Sequence[str], seconds: int
) -> ConnectorError:
    """Why a statement about `data_set` of the database at `path`, which was to write `columns`, failed."""
    name, about = getattr(error, "sqlite_errorname", None) or "", data_set or str(path)
    text = str(error)
    if name.startswith("SQLITE_NOTADB"):
        return not_a_database(path, "SQLite")
    if name.startswith("SQLITE_CORRUPT"):
        return Malformed(f"{about} is damaged.", "Restore the file, or repair it with `sqlite3 .recover`.")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return ConnectorError(f"Another program writes to {path}; nothing was written.", "Try again later.")
    if name.startswith("SQLITE_INTERRUPT"):
        return Unreachable(
            f"{about} did not answer within {seconds} seconds; nothing was written.",
            "Add an index, or raise the time-out.",
        )
    if name.startswith("SQLITE_READONLY"):
        return AccessDenied("The database takes no changes.", "Let the console's user write the file.")
    if name.startswith("SQLITE_CONSTRAINT"):
        return _constraint(name, text, about=about, columns=columns)
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_FULL", "SQLITE_PERM", "SQLITE_AUTH")):
        return Unreachable(
            f"{path} cannot be opened or read ({name}).",
            "Check its disk, and that the console's user may also use the files beside it (-wal, -shm).",
        )
    if re.match("no such (table|column)", text):
        return DataSetMissing(f"{about} or a column of it is not in the database.", SCAN_AGAIN)
    if text.startswith("cannot modify"):
        return Unsupported(f"{about} is a view and cannot be changed.", "Change the tables it shows.")
    if text.startswith("foreign key mismatch"):
        return ConstraintInTheWay(
            f"A foreign key to or from {about} refers to columns that are not unique.", "Repair it."
        )
    return ConnectorError(
        f"SQLite refused a statement about {about} ({name or type(error).__name__}).",
        "Check that a current SQLite can read it, with every module and collation it was made with.",
    )


def referring_rows(about: str) -> ConstraintInTheWay:
    return ConstraintInTheWay(
        f"A foreign key to or from {about} forbids the change: rows would refer to rows that are not there.",
        "Put the referring rows into the plan, before the rows they refer to.",
    )


def _constraint(name: str, text: str, *, about: str, columns: Sequence[str]) -> ConstraintInTheWay:
    written = ", ".join(columns)
    target = f"{about}.{written}" if len(columns) == 1 else f"One of {written} in {about}"
    if name.endswith("NOTNULL"):
        return ConstraintInTheWay(f"{target} must not be null.", "Choose a value, or delete the rows.")
    if name.endswith("FOREIGNKEY"):
        return referring_rows(about)
    if name.endswith(("UNIQUE", "PRIMARYKEY", "ROWID")):
        return ConstraintInTheWay(
            f"Rows of {about} would become equal: a unique index forbids it.",
            "Choose a replacement that is unique in each row, choose null, or delete the rows.",
        )
    if name.endswith("CHECK"):
        return ConstraintInTheWay(
            f"A check of {about} forbids the change.", "Choose another replacement, or delete the rows."
        )
    if name.endswith("TRIGGER"):
        return ConstraintInTheWay(
            f"A trigger on {about} forbids the change.", "Ask the database's owner why."
        )
    if name.endswith("DATATYPE"):
        return ConstraintInTheWay(
            f"{target} cannot take its replacement.", "Choose one of its type, or delete the rows."
        )
    return ConstraintInTheWay(f"A constraint of {about} forbids the change.", "Ask the database's owner why.")
