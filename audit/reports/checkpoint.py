"""One view of the whole database, and the signed checkpoint of the ledger that covers it."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit.ledger import guarding, proofs
from audit.ledger.chain import EMPTY_CHAIN
from audit.ledger.models import Checkpoint as Signed
from audit.ledger.models import Entry, Head, Waiting
from audit.ledger.notes import Note, TreeHead
from audit.ledger.sequencing import sequence
from audit.reports.events import LEAVE_ALL_AS_IT_WAS

ATTEMPTS = 5
PAUSE_SECONDS = 0.02  # another sequencer holds the lock for about as long


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The signed checkpoint that a report is made at. Without one (`note` empty) nothing of the ledger is proven.

    `beyond`: entries that were there when the report was read and that the checkpoint does not cover.
    """

    size: int
    root: str  # base64, as the note writes it
    chain: str  # chain value of the last entry it covers
    origin: str
    note: str  # as the log signed it, without the cosignatures, which come later
    signed_at: datetime
    beyond: int = 0


@contextmanager
def snapshot(*, witnessed: bool = False) -> Iterator[Checkpoint]:
    """A read-only transaction that sees one moment, whose every entry a signed checkpoint covers.

    It is the first that does, so that as long as nothing has happened but that reports were made, it stays the same
    one. Only under writers that never rest, or where the log has diverged and nothing is signed any more, are there
    entries beyond it: then it says how many. `witnessed`: whether a fresh checkpoint waits for the witnesses.
    """
    for attempt in range(1, ATTEMPTS + 1):
        sequence()
        if _covering() is None:
            guarding.sign(witnessed=witnessed)
        with transaction.atomic():
            _see_one_moment()
            found = _covering()
            if (found and not Waiting.objects.exists()) or attempt == ATTEMPTS:
                yield _named(found or _latest())
                return
        time.sleep(PAUSE_SECONDS)


def _see_one_moment() -> None:
    """Inside an outer transaction (as in tests) the isolation level can no longer be chosen."""
    if connection.savepoint_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _covering() -> Signed | None:
    """The first checkpoint that has every entry by which anything may have changed."""
    last = _telling().order_by("-number").values_list("number", flat=True).first()
    found = proofs.covering(-1 if last is None else last)
    return found if found and found.size <= Head.objects.get(pk=1).size else None


def _latest() -> Signed | None:
    """Where the log has shrunk, those that count more entries than are there say nothing of it."""
    return Signed.objects.filter(size__lte=Head.objects.get(pk=1).size).first()


def _telling() -> QuerySet[Entry]:
    return Entry.objects.exclude(action__in=LEAVE_ALL_AS_IT_WAS)


def _named(signed: Signed | None) -> Checkpoint:
    if signed is None:
        everything = Head.objects.get(pk=1).size + Waiting.objects.count()
        return Checkpoint(0, "", EMPTY_CHAIN.hex(), "", "", timezone.now(), everything)
    last = Entry.objects.filter(number=signed.size - 1).first()
    return Checkpoint(
        size=signed.size,
        root=base64.b64encode(bytes(signed.root)).decode(),
        chain=(bytes(last.chain) if last else EMPTY_CHAIN).hex(),
        origin=TreeHead.parse(Note.parse(signed.note).text).origin,
        note=signed.note,
        signed_at=signed.at,
        beyond=_telling().filter(number__gte=signed.size).count() + Waiting.objects.count(),
    )
