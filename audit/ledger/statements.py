"""Statements in the transaction of Django's connection, past its cursor: values bound in binary, not quoted as text.

For what is part of every change, and for arrays of thousands: there, most of the time would go into quoting.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection


def run(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of one constant statement whose parameters are `%b`."""
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        cursor = psycopg.Cursor(connection.connection)  # of the client's: there is nothing to close
        cursor.execute(statement.encode(), parameters, binary=True)
        return cursor.fetchall() if cursor.description else []
