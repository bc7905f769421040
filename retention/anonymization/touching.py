"""Which runs processed a person: each keeps a sorted array of truncated keyed hashes of the person column's values.

Not a table with a row for each person and run: the question is a binary search in each run's array. The hashes mean
nothing without the console's key ring, and two persons share one with a probability of about 2⁻⁶⁴ a pair.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from django.db import connection, transaction

from audit.ledger.recording import record
from retention.anonymization import events, secrets_for
from retention.anonymization.models import Run, Touched
from retention.anonymization.value_hashes import files_of, hash_values, merged
from retention.anonymization.working import Work

PIECE = 65_536  # hashes in one row: half a megabyte
_SIGN = np.uint64(1) << np.uint64(63)
# Of each run the piece that the hash would be in: the last one that does not begin behind it.
_CANDIDATES = """
    SELECT run.id, piece.hashes FROM anonymization_run run
    CROSS JOIN LATERAL (
        SELECT hashes FROM anonymization_touched
        WHERE run_id = run.id AND first <= %s ORDER BY first DESC LIMIT 1
    ) piece
"""


@transaction.atomic
def keep(run: Run, work: Work) -> int:
    """Store the hashes of the persons of the run, in memory of bounded size; how many persons."""
    if not work.rules.person:
        return 0
    run.touched.all().delete()
    files = files_of(work.hashes("source"), work.hashed.index(work.rules.person))
    many, waiting = 0, np.empty(0, np.uint64)
    for hashes in merged(files):
        many += len(hashes)
        waiting = np.concatenate([waiting, hashes])
        while len(waiting) >= PIECE:
            _store(run, waiting[:PIECE])
            waiting = waiting[PIECE:]
    if len(waiting):
        _store(run, waiting)
    return many


@transaction.atomic
def runs_of(identifier: str) -> list[Run]:
    """The delivered runs whose person column held this identifier, latest first. The question is recorded."""
    hashes = hash_values(pa.array([identifier]), key=secrets_for.hash_key())
    found: list[str] = []
    if len(hashes):
        with connection.cursor() as cursor:
            cursor.execute(_CANDIDATES, [_signed(hashes[0])])
            found = [run for run, piece in cursor.fetchall() if _holds(bytes(piece), hashes[0])]
    record(events.SOUGHT, None, jobs=len(found))
    return list(Run.objects.filter(pk__in=found).order_by("-finished_at"))


def _store(run: Run, hashes: np.ndarray) -> None:
    Touched.objects.create(run=run, first=_signed(hashes[0]), hashes=hashes.astype(">u8").tobytes())


def _holds(piece: bytes, wanted: np.uint64) -> bool:
    hashes = np.frombuffer(piece, ">u8")
    place = int(np.searchsorted(hashes, wanted))
    return place < len(hashes) and hashes[place] == wanted


def _signed(value: np.uint64) -> int:
    """The signed number of 64 bits that sorts as the unsigned one does."""
    return int(np.uint64(value ^ _SIGN).astype(np.int64))
