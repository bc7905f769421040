"""Recompute the whole chain and name the first entry that does not hold."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import orjson
from django.db import connection, transaction
from django.db.models import F, Func, TextField, Value

from audit.ledger.canonical import canonical_bytes
from audit.ledger.merkle import Growing
from audit.ledger.models import Checkpoint, Entry, Head
from audit.ledger.notes import Note, NoteProblem, TreeHead
from audit.ledger.signing import verifier_keys

EMPTY_CHAIN = hashlib.sha256(b"").digest()
FETCH = 5_000
CHECKED = ("number", "leaf", "chain", "body")
BROWSED = ("moment", "action", "actor", "object_type", "object_id", "subject", "correlation")
# `at` as the content writes it. Formatted by the server, which has the time for it while we hash.
AT_AS_SAID = Func(
    Func(Value("UTC"), F("at"), function="timezone"),
    Value('YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    function="to_char",
    output_field=TextField(),
)


@dataclass(frozen=True)
class Verdict:
    """`checked` entries hold. If there is a `problem`, `number` is the first entry that is altered or missing."""

    checked: int
    chain: str
    number: int | None = None
    problem: str = ""
    checkpoints: int = 0

    @property
    def intact(self) -> bool:
        return not self.problem


def leaf_hash(body: bytes) -> bytes:
    """RFC 6962 §2.1: the hash of a leaf."""
    return hashlib.sha256(b"\x00" + body).digest()


def chain_hash(before: bytes, leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + before + leaf).digest()


@transaction.atomic
def verify(*, progress: Callable[[int], None] | None = None, checkpoints: bool = False) -> Verdict:
    """Read every entry in order and check number, leaf, chain, canonical form and browsing columns; then the head.

    With `checkpoints`, the tree is grown from the entries and compared with every checkpoint on the way. One snapshot
    of the database, in batches: memory does not grow with the log.
    """
    if not _nested():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    chain, expected = EMPTY_CHAIN, 0
    heads, unsigned = _heads() if checkpoints else ({}, "")
    if unsigned:
        return Verdict(0, EMPTY_CHAIN.hex(), None, unsigned)
    tree, compared = Growing(), 0
    rows = Entry.objects.order_by("number").annotate(moment=AT_AS_SAID).values_list(*CHECKED, *BROWSED)
    for number, leaf, link, body, *shown in rows.iterator(chunk_size=FETCH):
        problem = _problem(
            number, bytes(leaf), bytes(link), bytes(body), shown, expected=expected, before=chain
        )
        if problem:
            return Verdict(expected, chain.hex(), min(number, expected), problem)
        chain = bytes(link)
        expected += 1
        if heads:
            tree.add(bytes(leaf))
            if expected in heads:
                if tree.root() != heads[expected]:
                    problem = f"the first {expected} entries are not what the checkpoint of {expected} signed"
                    return Verdict(expected, chain.hex(), None, problem, compared)
                compared += 1
        if progress and expected % FETCH == 0:
            progress(expected)
    number, problem = _head_problem(expected, chain) or (None, "")
    if not problem and any(size > expected for size in heads):
        number = expected
        problem = (
            f"a checkpoint counts {max(heads)} entries, {expected} are there: the later ones are missing"
        )
    return Verdict(expected, chain.hex(), number, problem, compared)


def _heads() -> tuple[dict[int, bytes], str]:
    """Root by size, of every checkpoint; and what is wrong with the first that no key of the log signed."""
    keys = verifier_keys()
    heads = {}
    for each in Checkpoint.objects.order_by("size").iterator(chunk_size=FETCH):
        note = Note.parse(each.note)
        heads[each.size] = TreeHead.parse(note.text).root
        try:
            counting = [key for key, _, end in keys if end is None or each.size <= end]
            signed = any(note.signed_by(key) is not None for key in counting)
        except NoteProblem:
            signed = False
        if not signed:
            return heads, f"the checkpoint of {each.size} entries is not signed by the key the log had then"
    return heads, ""


def _nested() -> bool:
    """Inside an outer transaction (as in tests) the isolation level can no longer be chosen."""
    return len(connection.savepoint_ids) > 0


def _problem(
    number: int, leaf: bytes, link: bytes, body: bytes, shown: list, *, expected: int, before: bytes
) -> str:
    if number != expected:
        return f"entry {expected} is missing (the next one there is {number})"
    if leaf_hash(body) != leaf:
        return f"the content of entry {number} was altered"
    if chain_hash(before, leaf) != link:
        return f"the chain breaks at entry {number}"
    told = _told(body)
    if told is None:
        return f"entry {number} is not in canonical form"
    if told != shown:
        return f"the columns shown for entry {number} do not say what its content says"
    return ""


def _told(body: bytes) -> list[str] | None:
    """What the content says for the browsing columns; None if it is not the canonical form of an entry."""
    try:
        content = orjson.loads(body)
        if canonical_bytes(content) != body:
            return None
        told = content["object"]
        return [
            content["at"],
            content["action"],
            content["actor"]["id"],
            told["type"],
            told["id"],
            content["subject"],
            content["correlation"],
        ]
    except (ValueError, KeyError, TypeError):
        return None


def _head_problem(size: int, chain: bytes) -> tuple[int, str] | tuple[()]:
    head = Head.objects.filter(pk=1).first()
    if head is None:
        return size, "the head is missing, so nothing says how many entries there were"
    if head.size > size:
        return (
            size,
            f"the head counts {head.size} entries, {size} are there: entry {size} and later are missing",
        )
    if head.size < size:
        return head.size, f"the head counts {head.size} entries, {size} are there"
    if bytes(head.chain) != chain:
        return size, "the head has another chain value than the last entry"
    return ()
