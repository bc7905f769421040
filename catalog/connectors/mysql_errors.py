"""MySQL's errors in our words, by their numbers. Its own messages quote values: they stay out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catalog.connectors.base import (
    AccessDenied,
    ConnectorError,
    ConstraintInTheWay,
    DataSetMissing,
    Malformed,
    Unreachable,
    Unsupported,
)
from catalog.connectors.postgresql_catalog import spell_name

SCAN_AGAIN = "It may have been renamed or dropped: scan the system again."
ANOTHER_VALUE = "Choose another replacement, or delete the rows."

REFUSED = (1045, 1698, 1044, 1130, 1251, 2059, 2061)
FULL = (1040, 1203, 1226, 1129, 1053)
NO_RIGHT = (1142, 1143, 1227, 1370, 1419)
READ_ONLY = (1290, 1792, 1836)
MISSING = (1049, 1051, 1054, 1146)
LATE = (1317, 1969, 3024)
LOCKED = (1205, 1213, 3572)
LOST = (2006, 2013, 2055)
TOO_LARGE = (1153, 2020)
DOES_NOT_FIT = (1264, 1265, 1292, 1366, 1406, 1411, 3140, 3141, 3903)
REFERRED = re.compile(r"fails \(`((?:[^`]|``)+)`\.`((?:[^`]|``)+)`")


def explain_connection(number: int, text: str, *, server: str, user: str) -> ConnectorError:
    """Why there is no connection to `server` (host:port)."""
    if re.search(r"\b(ssl|tls|certificate|secure transport)\b|CERTIFICATE_|SSL:", text, re.IGNORECASE):
        return AccessDenied(
            f"The server at {server} and the TLS mode of this system do not agree.",
            "Choose another TLS mode, or give the certificate of its authority.",
        )
    if number in REFUSED:
        return AccessDenied(
            f"The server at {server} refuses the user {user!r}.",
            "Check user, password and from which hosts this user may connect.",
        )
    if number in FULL:
        return Unreachable(f"The server at {server} takes no connection now.", "Try again later.")
    return Unreachable(
        f"No MySQL or MariaDB answers at {server}.", "Check host, port, network and whether the server runs."
    )


def explain_statement(
    number: int, text: str, *, data_set: str, columns: Sequence[str], user: str, seconds: int
) -> ConnectorError:
    """Why a statement about `data_set`, which was to write `columns`, failed."""
    about = data_set or "the server"
    if number in NO_RIGHT or number == 1044:
        return AccessDenied(
            f"The user {user!r} lacks a right on {about}.",
            "Grant it SELECT, and DELETE and UPDATE for erasure.",
        )
    if number in READ_ONLY:
        return AccessDenied("The server takes no changes.", "Connect to the primary, not to a replica.")
    if number in MISSING:
        return DataSetMissing(f"{about} or a column of it is not in the database.", SCAN_AGAIN)
    if number == 1356:
        return DataSetMissing(
            f"{about} is a view of something missing, or its owner lacks a right on it.", "Repair or drop it."
        )
    if number in LATE or "timed out" in text:
        return Unreachable(
            f"{about} did not answer within {seconds} seconds; nothing was written.",
            "Add an index, or raise the statement time-out.",
        )
    if number in LOCKED:
        return ConnectorError(
            f"Another transaction holds {about} or rows of it; nothing was written.", "Try again later."
        )
    if number in TOO_LARGE:
        return Unsupported(
            f"The keys or values for {about} are longer than the server takes at once.",
            "Raise max_allowed_packet on the server.",
        )
    if number in (1288, 1394, 1395, 1471):
        return Unsupported(f"{about} is a view and cannot be changed.", "Change the tables it shows.")
    if number in LOST or number == 0:
        return Unreachable("The connection to the server was lost.", "Try again later.")
    if number in (1034, 1194, 1195, 1712):
        return Malformed(f"{about} is damaged.", "Repair the table.")
    return _constraint(number, text, about=about, columns=columns)


def _constraint(number: int, text: str, *, about: str, columns: Sequence[str]) -> ConnectorError:
    named = f"{about}.{columns[0]}" if len(columns) == 1 else f"One of {', '.join(columns)} in {about}"
    if number in (1451, 1217):
        found = REFERRED.search(text)
        child = (
            spell_name(*(part.replace("``", "`") for part in found.groups())) if found else "another table"
        )
        return ConstraintInTheWay(
            f"Rows of {child} refer to rows of {about} that would go or change: a foreign key forbids it.",
            "Put the referring rows into the plan, before the rows they refer to.",
        )
    if number in (1452, 1216):
        return ConstraintInTheWay(
            f"Rows of {about} must refer to rows that are there: a foreign key forbids the change.",
            "Set the referring column to null, or put the rows that refer into the plan first.",
        )
    if number in (1062, 1169, 1586):
        return ConstraintInTheWay(
            f"Rows of {about} would become equal: a unique key forbids it.",
            "Choose a replacement that is unique in each row, choose null, or delete the rows.",
        )
    if number in (1048, 1364):
        return ConstraintInTheWay(f"{named} must not be null.", "Choose a value, or delete the rows.")
    if number in (3819, 4025):
        return ConstraintInTheWay(f"A check of {about} forbids the change.", ANOTHER_VALUE)
    if number == 1644:
        return ConstraintInTheWay(
            f"A trigger on {about} forbids the change.", "Ask the database's owner why."
        )
    if columns and number in DOES_NOT_FIT:
        return ConstraintInTheWay(f"{named} cannot take its replacement ({number}).", ANOTHER_VALUE)
    return ConnectorError(f"The server refused a statement about {about} (error {number}).")
