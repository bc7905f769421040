"""Who owns a partition: one process at a time, by an advisory lock of PostgreSQL on a connection of its own.

The lock goes when its process dies, at once, and stays while the process is only slow or stopped: nobody takes over
from somebody who may still write. That needs a connection to PostgreSQL itself, or through a pooler that keeps
sessions apart.
"""

from __future__ import annotations

from hashlib import sha256
from types import TracebackType

from django.db import Error, connection

from retention.anonymization.techniques.base import TechniqueError


class OwnershipLost(TechniqueError):
    """The connection that held the locks is gone: another process may own the partitions now."""


class Ownership:
    """The locks of one process; given back at the end."""

    def __init__(self) -> None:
        self._connection = connection.copy()

    def __enter__(self) -> Ownership:
        self._connection.ensure_connection()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def take(self, stream: str, partition: int) -> bool:
        """Whether this process owns the partition from now on; False where another does."""
        number = int.from_bytes(sha256(f"stream {stream} {partition}".encode()).digest()[:8], signed=True)
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
            return bool(cursor.fetchone()[0])

    def require(self) -> None:
        """Raises OwnershipLost unless the locks still hold."""
        try:
            if self._connection.connection is None:
                raise Error
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except Error:
            raise OwnershipLost(
                "The connection to PostgreSQL was lost, and with it the ownership of the partitions.",
                "Start the stream again: it goes on where it stopped.",
            ) from None
