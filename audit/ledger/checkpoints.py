"""Checkpoints: the log's size and root under its signature, so that what was published cannot be unsaid."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone

from audit.ledger import tiles
from audit.ledger.merkle import check_consistency, compute, consistency_ranges
from audit.ledger.models import Checkpoint, Head
from audit.ledger.notes import Note, TreeHead
from audit.ledger.sequencing import sequence
from audit.ledger.signing import signing_keys


class Diverged(RuntimeError):
    """The log is not what an earlier checkpoint says it was: nothing is signed any more until somebody has looked."""


def root_at(size: int) -> bytes:
    """The root over the first `size` entries, whose full tiles must be stored."""
    (root,) = compute([(0, size)], tiles.roots_of)
    return root


def checkpoint() -> Checkpoint:
    """Number what waits and sign how the log stands; the latest checkpoint, if it has not grown since.

    Raises Diverged where the log shrank, or is no continuation of what was signed before.
    """
    sequence()
    with transaction.atomic():
        one_at_a_time()
        head = Head.objects.get(pk=1)
        latest = Checkpoint.objects.first()
        if latest and head.size < latest.size:
            raise Diverged(
                f"A checkpoint counts {latest.size} entries, and {head.size} are there: entries were removed, "
                "or an old backup was restored."
            )
        if latest and head.size == latest.size:
            return latest
        tiles.extend(head.size)
        root = root_at(head.size)
        if latest:
            _require_continuation(latest, head.size, root)
        keys = signing_keys()
        text = TreeHead(keys[0].name, head.size, root).text()
        note = str(Note(text, tuple(key.sign(text) for key in keys)))
        return Checkpoint.objects.create(size=head.size, root=root, note=note, at=timezone.now())


def one_at_a_time() -> None:
    """Checkpoints and changes of keys, until the transaction ends. The application may not lock the head's row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('ledger_checkpoint'))")


def _require_continuation(latest: Checkpoint, size: int, root: bytes) -> None:
    if latest.size == 0:
        return
    proof = compute(consistency_ranges(latest.size, size), tiles.roots_of)
    try:
        check_consistency(latest.size, size, bytes(latest.root), root, proof)
    except ValueError as problem:
        raise Diverged(
            f"The log is no continuation of its checkpoint of {latest.size} entries. {problem}"
        ) from problem
