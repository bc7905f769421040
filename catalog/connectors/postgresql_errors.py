"""PostgreSQL's errors in our words, by SQLSTATE. Its own message and detail quote values: they stay out."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from catalog.connectors.base import (
    AccessDenied,
    ConnectorError,
    ConstraintInTheWay,
    DataSetMissing,
    Malformed,
    Unreachable,
)
from catalog.connectors.postgresql_catalog import spell_name

# libpq reports a failed connection without SQLSTATE; this is its text where no PostgreSQL answered at all.
NO_ANSWER = (
    "could not translate host name",
    "failed to resolve host",
    "name or service not known",
    "connection refused",
    "connection reset",
    "timeout expired",
    "no route to host",
    "network is unreachable",
    "no such file or directory",
    "server closed the connection",
    "invalid response",
    "could not connect",
)
NO_ROOM = (
    "too many clients",
    "too many connections",
    "remaining connection slots",
    "starting up",
    "shutting down",
)
NO_SSL = ("does not support ssl", "ssl error", "certificate")
SCAN_AGAIN = "It may have been renamed or dropped: scan the system again."
ANOTHER_VALUE = "Choose another replacement, or delete the rows."


def explain_connection(error: psycopg.Error, *, server: str, database: str, user: str) -> ConnectorError:
    """Why there is no connection to `server` (host:port)."""
    text = str(error).lower()
    refused = AccessDenied(
        f"PostgreSQL at {server} refuses the user {user!r}.",
        "Check user, password, the right to connect to the database, and pg_hba.conf.",
    )
    if "password authentication failed" in text:
        return refused
    if isinstance(error, psycopg.errors.ConnectionTimeout) or any(part in text for part in NO_ANSWER):
        return Unreachable(
            f"No PostgreSQL answers at {server}.", "Check host, port, network and whether the server runs."
        )
    if any(part in text for part in NO_SSL):
        return AccessDenied(
            f"PostgreSQL at {server} and the SSL mode of this system do not agree.",
            "Choose another SSL mode, or set up the certificates.",
        )
    if any(part in text for part in NO_ROOM):
        return Unreachable(f"PostgreSQL at {server} takes no connection now.", "Try again later.")
    if 'fatal:  database "' in text and "does not exist" in text:
        return AccessDenied(f"There is no database {database!r} at {server}.", "Check the database's name.")
    return refused


def explain_statement(
    error: psycopg.Error, *, data_set: str, columns: Sequence[str], user: str, seconds: int
) -> ConnectorError:
    """Why a statement about `data_set`, which was to write `columns`, failed."""
    state = error.sqlstate or ""
    about = data_set or "the database"
    if state[:2] in ("22", "23", "27") or state in ("428C9", "42804", "55000", "P0001"):
        return _constraint(error, state, about=about, columns=columns)
    if state == "42501":
        return AccessDenied(
            f"The user {user!r} lacks a right on {about}, or row-level security hides rows of it.",
            "Grant it SELECT, and DELETE and UPDATE for erasure; under row-level security also BYPASSRLS.",
        )
    if state == "25006":
        return AccessDenied("The database takes no changes.", "Connect to the primary, not to a replica.")
    if state in ("42P01", "3F000", "42703"):
        return DataSetMissing(f"{about} or a column of it is not in the database.", SCAN_AGAIN)
    if state == "57014":
        return Unreachable(
            f"{about} did not answer within {seconds} seconds; nothing was written.",
            "Add an index, or raise the statement time-out.",
        )
    if state in ("55P03", "40P01", "40001"):
        return ConnectorError(
            f"Another transaction holds {about} or rows of it; nothing was written.", "Try again later."
        )
    if state[:2] in ("08", "53", "57") or (not state and isinstance(error, psycopg.OperationalError)):
        return Unreachable("The connection to PostgreSQL was lost.", "Try again later.")
    return ConnectorError(f"PostgreSQL refused a statement about {about} ({state or type(error).__name__}).")


def _constraint(error: psycopg.Error, state: str, *, about: str, columns: Sequence[str]) -> ConnectorError:
    diag = error.diag
    table = spell_name(diag.schema_name, diag.table_name) if diag.schema_name and diag.table_name else about
    named = [diag.column_name] if diag.column_name else columns
    column = f"{table}.{named[0]}" if len(named) == 1 else f"One of {', '.join(named)} in {table}"
    rule = f"the constraint {diag.constraint_name!r}" if diag.constraint_name else "a constraint"
    if state == "23502":
        return ConstraintInTheWay(f"{column} must not be null.", "Choose a value, or delete the rows.")
    if state in ("23503", "23001") and table != about:
        return ConstraintInTheWay(
            f"Rows of {table} refer to rows of {about} that would go or change: {rule} forbids it.",
            "Put the referring rows into the plan, before the rows they refer to.",
        )
    if state in ("23503", "23001"):
        return ConstraintInTheWay(
            f"Rows of {table} must refer to rows that are there: {rule} forbids the change.",
            "Set the referring column to null, or put the rows that refer into the plan first.",
        )
    if state in ("23505", "23P01"):
        return ConstraintInTheWay(
            f"Rows of {table} would become equal: {rule} forbids it.",
            "Choose a replacement that is unique in each row, choose null, or delete the rows.",
        )
    if state == "23514":
        return ConstraintInTheWay(f"{table} has {rule} that forbids the change.", ANOTHER_VALUE)
    if state in ("22021", "22P05"):
        return Malformed(f"{about} has no way to write a character.", "Check the database's encoding.")
    if state[:2] == "27" or state == "P0001":
        return ConstraintInTheWay(
            f"A trigger on {table} forbids the change.", "Ask the database's owner why."
        )
    if not columns:
        return ConnectorError(f"PostgreSQL refused a statement about {about} ({state}).")
    return ConstraintInTheWay(f"{column} cannot take its replacement ({state}).", ANOTHER_VALUE)
