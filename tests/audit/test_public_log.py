"""The log that another implementation published: our trees, notes and proofs agree with its signed checkpoints."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from audit.ledger import verifier
from audit.ledger.merkle import (
    check_consistency,
    check_inclusion,
    compute,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    root_of,
)
from audit.ledger.notes import Note, NoteProblem, TreeHead, VerifierKey
from audit.ledger.worm.segments import framed

LOG = Path(__file__).parent.parent / "data" / "tlog"
KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
SIZE = 15
ENTRIES = list(framed((LOG / "entries").read_bytes()))
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def note(size: int) -> str:
    return (LOG / "checkpoints" / str(size)).read_text()


def whole(ranges: list[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    return {(start, end): root_of(LEAVES[start:end]) for start, end in ranges}


def test_entries_hash_to_its_tile() -> None:
    assert len(ENTRIES) == SIZE
    assert b"".join(LEAVES) == (LOG / "leaves").read_bytes()


@pytest.mark.parametrize("size", range(SIZE + 1))
def test_every_checkpoint_is_signed_and_has_our_root(size: int) -> None:
    parsed = Note.parse(note(size))
    assert parsed.signed_by(VerifierKey.parse(KEY)) == 0
    head = TreeHead.parse(parsed.text)
    assert (head.origin, head.size, head.root) == ("example.com/log/testdata", size, root_of(LEAVES[:size]))
    assert str(parsed) == note(size)
    text, lines = verifier.note_of(note(size).encode(), "a checkpoint")
    assert verifier.Key(KEY).signed(text, lines, "a checkpoint") == 0
    assert verifier.head_of(text, "a checkpoint") == (head.origin, head.size, head.root)


def test_a_changed_checkpoint_is_not_signed() -> None:
    changed = note(7).replace("\n7\n", "\n8\n")
    with pytest.raises(NoteProblem):
        Note.parse(changed).signed_by(VerifierKey.parse(KEY))
    text, lines = verifier.note_of(changed.encode(), "a checkpoint")
    with pytest.raises(verifier.Wrong, match="does not fit"):
        verifier.Key(KEY).signed(text, lines, "a checkpoint")


def test_every_entry_is_proven_to_every_checkpoint() -> None:
    for size in range(1, SIZE + 1):
        root = TreeHead.parse(Note.parse(note(size)).text).root
        for index in range(size):
            path = compute(inclusion_ranges(index, size), whole)
            check_inclusion(index, size, LEAVES[index], path, root)
            assert verifier._climb(index, size, LEAVES[index], path) == root


def test_every_checkpoint_continues_those_before_it() -> None:
    roots = [TreeHead.parse(Note.parse(note(size)).text).root for size in range(SIZE + 1)]
    for new in range(1, SIZE + 1):
        for old in range(1, new + 1):
            proof = compute(consistency_ranges(old, new), whole) if old < new else []
            check_consistency(old, new, roots[old], roots[new], proof)


def test_an_entry_is_checked_by_a_proof_in_the_public_format() -> None:
    """As far as it goes: their entries are no entries of ours, which the verifier says after the proof has held."""
    path = "".join(
        f"{base64.b64encode(each).decode()}\n" for each in compute(inclusion_ranges(4, SIZE), whole)
    )
    proof = f"c2sp.org/tlog-proof@v1\nindex 4\n{path}\n{note(SIZE)}".encode()
    with pytest.raises(verifier.Wrong, match="Entry 4 is not the JSON of an entry"):
        verifier.verify_one(proof, ENTRIES[4], [verifier.Key(KEY)], witnesses=[])
    with pytest.raises(
        verifier.Wrong, match="These bytes are not entry 4 of the 15 entries that were signed"
    ):
        verifier.verify_one(proof, ENTRIES[5], [verifier.Key(KEY)], witnesses=[])
