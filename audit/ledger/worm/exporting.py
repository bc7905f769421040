"""Export: what was signed and is not on write-once storage yet goes there, and is read back before that is said."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Sum, Window
from django.db.models.functions import Length
from django.utils import timezone

from audit.ledger.checkpoints import Diverged, checkpoint, root_at
from audit.ledger.models import Checkpoint, Entry, KeyChange, Segment, Stamp
from audit.ledger.notes import Note, VerifierKey
from audit.ledger.signing import signing_keys, verifier_keys
from audit.ledger.worm.base import Kept, Place, WormProblem
from audit.ledger.worm.segments import DIGITS, Sealed, gaps, seal

MOST = 100_000  # entries in one segment
BASE = len("segments/") + DIGITS + 1
MOST_BYTES = 32_000_000  # of them, before they are packed: who writes or checks a segment has it in memory


def export(place: Place) -> list[Segment]:
    """Seal everything up to a fresh checkpoint; the segments that were written. Raises WormProblem, Diverged.

    Killed or refused anywhere, the next run goes on: an object that is there with the same content counts as written,
    and a segment that was begun is finished as it was begun, also if the log has grown since.
    """
    latest = checkpoint()
    written = []
    while True:
        with transaction.atomic():
            _one_at_a_time()
            last = Segment.objects.first()
            start = last.end if last else 0
            if start >= latest.size:
                break
            end = _begun(place, start, latest.size) or _end(start, latest.size)
            written.append(_write(place, start, end, last))
    if written or not _has(place, _checkpoint_name(latest)):
        _keep_checkpoint(place, latest)
    return written


def missing(place: Place) -> list[tuple[int, int]]:
    """Spans of entries between segments at the place that no segment there covers."""
    spans = []
    for name in place.names("segments/"):
        if name.endswith(".manifest"):
            start, _, end = name.removeprefix("segments/").removesuffix(".manifest").partition("-")
            spans.append((int(start), int(end)))
    known = Segment.objects.first()
    if known:
        spans.append((known.end, known.end))  # what we say is there must be there up to its end
    return gaps(spans)


def retain_until(now: datetime) -> datetime:
    return now + timedelta(days=settings.LEDGER_RETENTION_DAYS)


def _begun(place: Place, start: int, size: int) -> int:
    """Where the segment ends that a killed run began to write from `start` on; 0 if there is none. Raises Diverged."""
    ends = {name[BASE:].partition(".")[0] for name in place.names(f"segments/{start:0{DIGITS}d}-")}
    end = min((int(each) for each in ends if each.isdigit()), default=0)
    if end > size:
        raise Diverged(
            f"{place.label} has a segment of the entries {start} to {end - 1}, and the log has {size} entries: "
            "entries were removed, or an old backup was restored."
        )
    return end


def _end(start: int, size: int) -> int:
    """Where a segment ends that has as many entries as fit, and one at least."""
    sums = Window(Sum(Length("body")), order_by=F("number").asc())
    rows = Entry.objects.filter(number__gte=start, number__lt=min(start + MOST, size)).annotate(total=sums)
    return start + max(1, rows.filter(total__lte=MOST_BYTES).count())


def _write(place: Place, start: int, end: int, last: Segment | None) -> Segment:
    now = timezone.now()
    until = retain_until(now)
    previous = place.get(last.manifest) if last else b""
    if last and sha256(previous).hexdigest() != last.manifest_sha256:
        raise WormProblem(f"{place.label}/{last.manifest} is not what was written there.")
    sealed = seal(start, end, root_at(end), keys=signing_keys(), previous=previous, until=until, made_at=now)
    for name, content in sealed.files.items():
        _put(place, name, content, until)
    manifest, kept = _put_manifest(place, sealed, until)
    return Segment.objects.create(
        start=start,
        end=end,
        place=place.label,
        manifest=sealed.manifest_name,
        manifest_sha256=sha256(manifest).hexdigest(),
        version=kept.version,
        protection=kept.protection,
        retain_until=until,
        written_at=now,
    )


def _put_manifest(place: Place, sealed: Sealed, until: datetime) -> tuple[bytes, Kept]:
    """The manifest as it stands at the place: one that a killed run wrote says the same at another time."""
    if _has(place, sealed.manifest_name):
        there = place.get(sealed.manifest_name)
        if _same(there, sealed.manifest):
            return there, _put(place, sealed.manifest_name, there, until)
        raise WormProblem(f"{place.label}/{sealed.manifest_name} is there already and says something else.")
    return sealed.manifest, _put(place, sealed.manifest_name, sealed.manifest, until)


def _same(one: bytes, other: bytes) -> bool:
    """Whether two manifests say the same of the same entries; when they were made and until when is let be."""
    said = []
    for content in (one, other):
        note = Note.parse(content.decode())
        if all(note.signed_by(key) is None for key, _, _ in verifier_keys()):
            return False
        said.append(orjson.loads(note.text) | {"made_at": "", "retain_until": ""})
    return said[0] == said[1]


def _put(place: Place, name: str, content: bytes, until: datetime) -> Kept:
    kept = place.put(name, content, until=until)
    if place.get(name) != content:
        raise WormProblem(f"{place.label}/{name} came back different from what was written.")
    return kept


def _keep_checkpoint(place: Place, latest: Checkpoint) -> None:
    """The checkpoint with what witnesses have signed so far, and the keys to check it with."""
    until = retain_until(timezone.now())
    name = _checkpoint_name(latest)
    if not _has(place, name):
        _put(place, name, latest.cosigned().encode(), until)
    stamp = Stamp.objects.filter(checkpoint=latest).first()
    if stamp and not _has(place, stamp_name(latest)):
        _put(place, stamp_name(latest), bytes(stamp.response), until)
    for key, _, _ in verifier_keys():
        key_name = f"keys/{key.key_id.hex()}.vkey"
        if not _has(place, key_name):
            _put(place, key_name, f"{key}\n".encode(), until)
    for change in KeyChange.objects.order_by("pk"):
        name = f"key-changes/{change.size:0{DIGITS}d}-{VerifierKey.parse(change.new).key_id.hex()}"
        if not _has(place, name):
            _put(place, name, change.note.encode(), until)


def stamp_name(checkpoint: Checkpoint) -> str:
    return f"stamps/{checkpoint.size:0{DIGITS}d}.tsr"


def _checkpoint_name(latest: Checkpoint) -> str:
    return f"checkpoints/{latest.size:0{DIGITS}d}"


def _has(place: Place, name: str) -> bool:
    return name in place.names(name)


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('ledger_export'))")
