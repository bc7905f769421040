"""Recompute the whole chain and name the first entry that does not hold."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction

from audit.ledger.canonical import NotCanonical, canonical_bytes
from audit.ledger.models import Entry, Head

EMPTY_CHAIN = hashlib.sha256(b"").digest()
FETCH = 5_000


@dataclass(frozen=True)
class Verdict:
    """`checked` entries hold; if `problem` is set, the entry `number` is the first that does not (-1: the head)."""

    checked: int
    chain: str
    number: int | None = None
    problem: str = ""

    @property
    def intact(self) -> bool:
        return not self.problem


def leaf_hash(body: bytes) -> bytes:
    """RFC 6962 §2.1: the hash of a leaf."""
    return hashlib.sha256(b"\x00" + body).digest()


def chain_hash(before: bytes, leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + before + leaf).digest()


@transaction.atomic
def verify(*, progress: Callable[[int], None] | None = None) -> Verdict:
    """Read every entry in order and check number, leaf, chain, canonical form and browsing columns; then the head.

    One snapshot of the database, in batches: memory does not grow with the log.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        ) if not _nested() else None
    chain, expected = EMPTY_CHAIN, 0
    for entry in Entry.objects.order_by("number").iterator(chunk_size=FETCH):
        problem = _problem(entry, expected, chain)
        if problem:
            return Verdict(expected, chain.hex(), min(entry.number, expected), problem)
        chain = bytes(entry.chain)
        expected += 1
        if progress and expected % FETCH == 0:
            progress(expected)
    head = Head.objects.get(pk=1)
    if head.size != expected or bytes(head.chain) != chain:
        return Verdict(
            expected,
            chain.hex(),
            expected,
            f"the head counts {head.size} entries, {expected} are there: entries from {expected} on are missing"
            if head.size > expected
            else f"the head counts {head.size} entries, {expected} are there",
        )
    return Verdict(expected, chain.hex())


def _nested() -> bool:
    """Inside an outer transaction (as in tests) the isolation level can no longer be chosen."""
    return len(connection.savepoint_ids) > 0


def _problem(entry: Entry, expected: int, before: bytes) -> str:
    body = bytes(entry.body)
    if entry.number != expected:
        return f"entry {expected} is missing (the next one there is {entry.number})"
    if leaf_hash(body) != bytes(entry.leaf):
        return f"the content of entry {entry.number} was altered"
    if chain_hash(before, bytes(entry.leaf)) != bytes(entry.chain):
        return f"the chain breaks at entry {entry.number}"
    content = entry.content
    try:
        canonical = canonical_bytes(content) == body
    except NotCanonical:
        canonical = False
    if not canonical:
        return f"entry {entry.number} is not in canonical form"
    columns = (
        entry.action,
        entry.actor,
        entry.object_type,
        entry.object_id,
        entry.subject,
        entry.correlation,
    )
    told = content["object"]
    if (
        columns
        != (
            content["action"],
            content["actor"]["id"],
            told["type"],
            told["id"],
            content["subject"],
            content["correlation"],
        )
        or entry.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ") != content["at"]
    ):
        return f"the columns shown for entry {entry.number} do not say what its content says"
    return ""
