"""That entries are in the ledger: each with its path to the root of one signed checkpoint, to be checked offline."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.ledger.models import Checkpoint, Stamp
from audit.ledger.notes import Note, NoteProblem, TreeHead
from audit.ledger.proofs import covering, inclusion
from audit.ledger.signing import verifier_keys
from audit.reports.base import Fact, Section
from audit.reports.evidence import Told

FORMAT = "ledger-proof/1"
CHECKED_BY = (
    "The JSON form of this report holds the bytes of each entry and its path to this root (RFC 6962). "
    "Check it without the console: python verifier.py proof FILE --key KEY, with the log's key as you got it from the "
    "controller by another way than this report."
)


@dataclass(frozen=True)
class Named:
    """The signed checkpoint that a report names: the first that covers all its entries."""

    origin: str
    size: int
    root: str  # base64, as the checkpoint writes it
    note: str  # signed, and cosigned by the witnesses that have answered
    signed_at: datetime
    witnesses: tuple[str, ...]
    key: str  # by which it is checked
    stamped: str  # by a time stamp authority (RFC 3161), and when


def named(entries: Sequence[Told]) -> Named | None:
    """The checkpoint for these entries; None where there is none yet, as where the log has diverged."""
    found = covering(entries[-1].number) if entries else None
    return _named(found) if found else None


def proof_of(entries: Sequence[Told], checkpoint: Named) -> dict[str, Any]:
    """What `verifier.py proof` checks: exact bytes and paths, with nothing to be recomputed from the report."""
    return {
        "format": FORMAT,
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root,
        "checkpoint": checkpoint.note,
        "entries": [
            {
                "index": told.number,
                "leaf": told.leaf.hex(),
                "body": told.body.decode(),
                "path": [base64.b64encode(each).decode() for each in inclusion(told.number, checkpoint.size)],
            }
            for told in entries
        ],
    }


def checkpoint_section(checkpoint: Named | None) -> Section:
    heading = "Signed checkpoint"
    if checkpoint is None:
        return Section(
            heading, "No checkpoint covers these entries: what is said of the ledger is not proven."
        )
    return Section(
        heading,
        CHECKED_BY,
        facts=[
            Fact("Origin", checkpoint.origin),
            Fact("Size", checkpoint.size, "entries"),
            Fact("Root", checkpoint.root, "RFC 6962"),
            Fact("Signed", checkpoint.signed_at),
            Fact("Cosigned by", list(checkpoint.witnesses) or "no witness"),
            Fact("Time stamp", checkpoint.stamped or "none", "RFC 3161"),
            Fact("Key of the log", checkpoint.key, "to compare"),
        ],
    )


def _named(checkpoint: Checkpoint) -> Named:
    head = _head(checkpoint)
    stamp = Stamp.objects.filter(checkpoint=checkpoint).first()
    return Named(
        origin=head.origin,
        size=checkpoint.size,
        root=base64.b64encode(bytes(checkpoint.root)).decode(),
        note=checkpoint.cosigned(),
        signed_at=checkpoint.at,
        witnesses=tuple(each.witness for each in checkpoint.cosignatures.all()),
        key=_key_for(checkpoint.size),
        stamped=f"{stamp.authority}, {stamp.at:%Y-%m-%d %H:%M:%S} UTC" if stamp else "",
    )


def _key_for(size: int) -> str:
    """The key in use when the log was so long."""
    return next(
        str(key)
        for key, start, end in reversed(verifier_keys())
        if start < size and (end is None or size <= end)
    )


def _head(checkpoint: Checkpoint) -> TreeHead:
    try:
        return TreeHead.parse(Note.parse(checkpoint.note).text)
    except NoteProblem as problem:
        raise ValueError(f"The stored {checkpoint} cannot be read. {problem}") from problem
