"""What the console itself keeps: every table of its database, the files these are in, what it sent, and its folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.core import mail
from psycopg import sql

from tests.erasure.everywhere.databases import files_of
from tests.erasure.everywhere.postgresql_files import files_and_rows
from tests.services.fixtures import Database

NAME = "the console"
BINARY = """
    SELECT attrelid::regclass::text, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relkind IN ('r', 'm') AND atttypid = 'bytea'::regtype AND attnum > 0 AND NOT attisdropped
"""


def console_bytes(superuser: Database, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Its rows as text, what they hold in bytes as it is, what it has sent, and its files."""
    yield from files_and_rows(superuser, NAME)
    with superuser.connect() as connection:
        for table, column in connection.execute(BINARY).fetchall():
            values = connection.execute(
                sql.SQL("SELECT {} FROM {}").format(sql.Identifier(column), sql.SQL(table))
            )
            yield f"{NAME}, {table}.{column}", b"\n".join(value or b"" for (value,) in values)
    for number, letter in enumerate(mail.outbox):
        yield f"{NAME}, letter {number}", f"{letter.to} {letter.subject} {letter.body}".encode()
    yield from files_of(folder, NAME)
