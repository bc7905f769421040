"""DuckDB's errors in our words, by their classes. Its own messages quote values: they stay out."""

from __future__ import annotations

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
    error: Exception, *, path: Path, data_set: str, columns: Sequence[str], seconds: int
) -> ConnectorError:
    """Why `data_set` of the database at `path`, into which `columns` were to be written, cannot be used."""
    kind, text, about = type(error).__name__, str(error), data_set or str(path)
    if "not a valid DuckDB database" in text or kind == "SerializationException":
        return not_a_database(path, "DuckDB")
    if "lock on file" in text or "different configuration" in text:
        return Unreachable(
            f"Another program has {path} open.",
            "DuckDB lets either one program write or several read: end the other one, or try again later.",
        )
    if kind == "ConstraintException":
        return _constraint(text, about=about, columns=columns)
    if kind in ("ConversionException", "OutOfRangeException") and columns:
        return ConstraintInTheWay(
            f"{about}.{', '.join(columns)} cannot take its replacement.",
            "Choose another replacement, choose null, or delete the rows.",
        )
    if kind == "InterruptException":
        return Unreachable(
            f"{about} did not answer within {seconds} seconds; nothing was written.",
            "Raise the statement time-out.",
        )
    if kind == "PermissionException":
        return AccessDenied(
            f"{about} reads other files than this database; the console does not follow it there.",
            "Register the folder of these files as a system of its own.",
        )
    if kind == "OutOfMemoryException":
        return Unreachable(f"{about} needs more memory than it may have.", "Raise the memory limit.")
    if kind == "TransactionException":
        return ConnectorError(
            f"Another transaction changes {about}; nothing was written.", "Try again later."
        )
    if kind == "CatalogException":
        return DataSetMissing(f"{about} or what it is made of is not in the database.", SCAN_AGAIN)
    if kind == "BinderException" and "base table" in text:
        return Unsupported(f"{about} is a view and cannot be changed.", "Change the tables it shows.")
    if kind == "BinderException":
        return DataSetMissing(f"A column that {about} is made of is not in the database.", SCAN_AGAIN)
    if kind in ("InternalException", "FatalException"):
        return Malformed(f"{about} is damaged.", "Restore the file.")
    if kind == "IOException":
        return Unreachable(f"{path} cannot be opened or read.", "Check its disk and who may read it.")
    return ConnectorError(
        f"DuckDB refused a statement about {about} ({kind}).",
        "Check that the version installed here can read a file of this version.",
    )


def _constraint(text: str, *, about: str, columns: Sequence[str]) -> ConstraintInTheWay:
    if "still referenced" in text:
        return ConstraintInTheWay(
            f"Rows of another table refer to rows of {about} that would go or change: a foreign key forbids it.",
            "Put the referring rows into the plan, before the rows they refer to.",
        )
    if "does not exist in the referenced" in text:
        return ConstraintInTheWay(
            f"Rows of {about} must refer to rows that are there: a foreign key forbids the change.",
            "Set the referring column to null, or put the rows that refer into the plan first.",
        )
    if "NOT NULL" in text:
        return ConstraintInTheWay(
            f"{about}.{', '.join(columns)} must not be null.", "Choose a value, or delete the rows."
        )
    if "CHECK" in text:
        return ConstraintInTheWay(
            f"A check of {about} forbids the change.", "Choose another replacement, or delete the rows."
        )
    return ConstraintInTheWay(
        f"Rows of {about} would become equal: a unique key forbids it.",
        "Choose a replacement that is unique in each row, choose null, or delete the rows.",
    )
