"""One view of the whole database, and how far the ledger is in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction

from audit.ledger.models import Head, Waiting
from audit.ledger.sequencing import sequence

ATTEMPTS = 5
PAUSE_SECONDS = 0.02  # another sequencer holds the lock for about as long


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How many entries the ledger has, the chain value of the last, and how many were not numbered yet."""

    size: int
    chain: str
    waiting: int = 0


@contextmanager
def snapshot() -> Iterator[Checkpoint]:
    """A read-only transaction that sees one moment; what waits for the ledger is numbered before it.

    Only under writers that never rest do entries go on waiting: then the checkpoint says how many.
    """
    for attempt in range(1, ATTEMPTS + 1):
        sequence()
        with transaction.atomic():
            _see_one_moment()
            checkpoint = _read()
            if not checkpoint.waiting or attempt == ATTEMPTS:
                yield checkpoint
                return
        time.sleep(PAUSE_SECONDS)


def _see_one_moment() -> None:
    """Inside an outer transaction (as in tests) the isolation level can no longer be chosen."""
    if connection.savepoint_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _read() -> Checkpoint:
    head = Head.objects.get(pk=1)
    return Checkpoint(head.size, bytes(head.chain).hex(), Waiting.objects.count())
