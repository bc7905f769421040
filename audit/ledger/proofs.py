"""Proofs that an outsider checks alone: that an entry is in the log, and that the log only grew."""

from __future__ import annotations

import base64

from audit.ledger import tiles
from audit.ledger.merkle import compute, consistency_ranges, inclusion_ranges
from audit.ledger.models import Checkpoint

FORMAT = "c2sp.org/tlog-proof@v1"


def inclusion(number: int, size: int) -> list[bytes]:
    """The audit path of an entry in the tree of the first `size`, from its sibling up (RFC 6962 §2.1.1)."""
    return compute(inclusion_ranges(number, size), tiles.roots_of)


def consistency(old: int, new: int) -> list[bytes]:
    """The proof that the first `old` entries are the beginning of the first `new` (RFC 6962 §2.1.2)."""
    return compute(consistency_ranges(old, new), tiles.roots_of)


def covering(number: int) -> Checkpoint | None:
    """The first checkpoint that an entry is in; None where none was signed since."""
    return Checkpoint.objects.filter(size__gt=number).order_by("size").first()


def proof_of(number: int, checkpoint: Checkpoint) -> str:
    """One text that proves the entry to whoever has the log's public key: C2SP tlog-proof, with witnesses' lines."""
    path = "".join(f"{base64.b64encode(each).decode()}\n" for each in inclusion(number, checkpoint.size))
    return f"{FORMAT}\nindex {number}\n{path}\n{checkpoint.cosigned()}"
