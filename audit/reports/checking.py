"""Whether a file is a report that left this console: the log knows each by its SHA-256."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db.models import F, Func, IntegerField, QuerySet, Value

from audit.ledger import guarding
from audit.ledger.merkle import ProofFails, check_inclusion, leaf_hash
from audit.ledger.models import Checkpoint, Entry
from audit.ledger.notes import Note, NoteProblem
from audit.ledger.proofs import covering, inclusion
from audit.ledger.sequencing import sequence
from audit.ledger.signing import verifier_keys
from audit.reports.digesting import LARGEST, digest_of
from audit.reports.events import REPORT_MADE
from audit.reports.evidence import told_of
from audit.reports.inclusion import named, proof_of

MOST_READ = LARGEST  # of a file in JSON what it says is looked at too
MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Making:
    """An entry of the log that says that the file was made. `problem`: why that is not proven; empty if it is."""

    entry: int
    at: datetime
    actor: str
    kind: str
    form: str
    size: int  # the checkpoint that the report was made at
    root: str
    content: str
    included: Checkpoint | None  # the signed checkpoint that includes this entry
    problem: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What the log knows of a file. `same`: where it does not know the file, the reports that say the same."""

    sha256: str
    makings: tuple[Making, ...]
    claims: str = ""  # the digest of the content, where the file is a report in JSON
    same: tuple[Making, ...] = ()

    @property
    def known(self) -> bool:
        """Whether the file is, byte by byte, one that the log says was made here, and the log proves that."""
        return any(not making.problem for making in self.makings)


def check_file(chunks: Iterable[bytes]) -> Checked:
    """What the log knows of the file with these bytes, and of what a file in JSON says. Signs a checkpoint at most."""
    hashed, kept, length = sha256(), [], 0
    for chunk in chunks:
        hashed.update(chunk)
        length += len(chunk)
        if length <= MOST_READ:
            kept.append(chunk)
    claims = _content(b"".join(kept)) if length <= MOST_READ else ""
    return check_digest(hashed.hexdigest(), claims=claims)


def check_digest(digest: str, *, claims: str = "") -> Checked:
    """As `check_file`, of a file whose SHA-256 is known, in hexadecimal."""
    sequence()
    found = list(_made("sha256", digest))
    same = list(_made("content", claims)) if claims and not found else []
    if any(covering(entry.number) is None for entry in (*found, *same)):
        guarding.sign(witnessed=False)
    return Checked(digest, tuple(map(_making, found)), claims, tuple(map(_making, same)))


def proof_of_making(entry: Entry) -> dict[str, Any] | None:
    """What `verifier.py report` checks offline; None where no checkpoint covers the entry."""
    told = [told_of(entry)]
    checkpoint = named(told)
    return proof_of(told, checkpoint) if checkpoint else None


def makings() -> QuerySet[Entry]:
    """Every entry that says that a report was made, the last first."""
    return Entry.objects.filter(action=REPORT_MADE.key)


def _made(fact: str, digest: str) -> QuerySet[Entry]:
    """The bytes of an entry are the truth, and canonical: so they are searched, and no column beside them."""
    place = Func(
        Value(f'"{fact}":"{digest}"'.encode()),
        F("body"),
        template="position(%(expressions)s)",
        arg_joiner=" in ",
        output_field=IntegerField(),
    )
    return makings().annotate(place=place).filter(place__gt=0)[:MOST_SHOWN]


def _making(entry: Entry) -> Making:
    facts, included = entry.content["facts"], covering(entry.number)
    return Making(
        entry=entry.number,
        at=entry.at,
        actor=entry.content["actor"]["id"],
        kind=facts["kind"],
        form=facts["format"],
        size=facts["entries"],
        root=facts.get("root", ""),
        content=facts.get("content", ""),
        included=included,
        problem=_problem(entry, included),
    )


def _problem(entry: Entry, included: Checkpoint | None) -> str:
    if included is None:
        return "No signed checkpoint includes the entry: the ledger and its last checkpoint part ways."
    leaf = leaf_hash(bytes(entry.body))
    try:
        note = Note.parse(included.note)
        if all(note.signed_by(key) is None for key, _, _ in verifier_keys()):
            return f"The checkpoint of {included.size} entries is not signed by a key of the log."
        path = inclusion(entry.number, included.size)
        check_inclusion(entry.number, included.size, leaf, path, bytes(included.root))
    except (NoteProblem, ProofFails, LookupError) as problem:
        return f"The proof does not hold. {problem}"
    return ""


def _content(body: bytes) -> str:
    """The digest of what a report in JSON says; empty for any other file."""
    if not body.lstrip().startswith(b"{"):
        return ""
    try:
        return digest_of(json.loads(body))
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
