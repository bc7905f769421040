"""A segment: the entries between two checkpoints, their leaf hashes, and a signed manifest that says what they are.

Names sort in the order of the entries. Entries are framed as in C2SP tlog-tiles: two bytes of length before each.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from audit.ledger.canonical import canonical_bytes
from audit.ledger.models import Entry
from audit.ledger.notes import Note, SigningKey

DIGITS = 14
FETCH = 5_000
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is written of one segment: `manifest` last, since it says that the others are there."""

    start: int
    end: int
    files: dict[str, bytes]
    manifest_name: str
    manifest: bytes


def name_of(start: int, end: int) -> str:
    return f"segments/{start:0{DIGITS}d}-{end:0{DIGITS}d}"


def seal(
    start: int,
    end: int,
    root: bytes,
    *,
    keys: Sequence[SigningKey],
    previous: bytes,
    until: datetime,
    made_at: datetime,
) -> Sealed:
    """The entries [start, end); `root` is that of the first `end`. `previous` is the manifest before it, if any."""
    rows = Entry.objects.filter(number__gte=start, number__lt=end).order_by("number")
    entries, leaves = bytearray(), bytearray()
    for body, leaf in rows.values_list("body", "leaf").iterator(chunk_size=FETCH):
        entries += len(body).to_bytes(2, "big") + bytes(body)
        leaves += bytes(leaf)
    if len(leaves) != 32 * (end - start):
        raise LookupError(f"Of the entries {start} to {end} some are missing.")
    stored = gzip.compress(bytes(entries), mtime=0)
    base = name_of(start, end)
    text = canonical_bytes(
        {
            "format": FORMAT,
            "origin": keys[0].name,
            "from": start,
            "to": end,
            "root": base64.b64encode(root).decode(),
            "entries": _said(f"{base}.entries.gz", stored),
            "leaves": _said(f"{base}.leaves", bytes(leaves)),
            "previous": sha256(previous).hexdigest() if previous else "",
            "made_at": _moment(made_at),
            "retain_until": _moment(until),
        }
    ).decode()
    manifest = str(Note(f"{text}\n", tuple(key.sign(f"{text}\n") for key in keys))).encode()
    return Sealed(
        start,
        end,
        {f"{base}.entries.gz": stored, f"{base}.leaves": bytes(leaves)},
        f"{base}.manifest",
        manifest,
    )


def framed(content: bytes) -> Iterator[bytes]:
    """The entries of a segment's (unpacked) file. Raises ValueError where it is cut short."""
    place = 0
    while place < len(content):
        length = int.from_bytes(content[place : place + 2], "big")
        body = content[place + 2 : place + 2 + length]
        if len(body) != length:
            raise ValueError("The file of entries ends in the middle of one.")
        yield body
        place += 2 + length


def gaps(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is missing between segments that should follow one another from 0 on; overlaps are not gaps."""
    missing, reached = [], 0
    for start, end in sorted(spans):
        if start > reached:
            missing.append((reached, start))
        reached = max(reached, end)
    return missing


def _said(name: str, content: bytes) -> dict[str, object]:
    return {"name": name, "bytes": len(content), "sha256": sha256(content).hexdigest()}


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
