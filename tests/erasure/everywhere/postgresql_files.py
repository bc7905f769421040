"""A PostgreSQL database as it lies on disk: the files of all tables, indexes and TOAST tables, its catalog's too."""

from __future__ import annotations

from collections.abc import Iterator

from tests.services.fixtures import Database

FILES = """
    SELECT oid::regclass::text, pg_read_binary_file(pg_relation_filepath(oid)) FROM pg_class
    WHERE pg_relation_filepath(oid) IS NOT NULL AND NOT relisshared AND pg_relation_size(oid) > 0
"""


def files_and_rows(superuser: Database, name: str) -> Iterator[tuple[str, bytes]]:
    """Each file whole, dead rows and free space in it; and each table's rows as the server writes them as text."""
    with superuser.connect() as connection:
        connection.execute("CHECKPOINT")
        for relation, content in connection.execute(FILES):
            yield f"{name}, file of {relation}", content
        tables = connection.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'm')")
        for (table,) in tables.fetchall():
            with connection.cursor().copy(f"COPY (SELECT * FROM {table}) TO STDOUT") as rows:
                yield f"{name}, {table}", b"".join(rows)
