"""Statements over thousands of rows, with arrays bound in binary: as text, most of the time would go into quoting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection


def run(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of one constant statement whose parameters are `%b`, in the transaction of Django's connection."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement.encode(), parameters, binary=True)
        return cursor.fetchall() if cursor.description else []
