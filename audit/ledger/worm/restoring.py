"""The ledger of an empty database from an export: verified before, equal to the byte afterwards."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import orjson
from django.db import transaction
from django.utils import timezone

from audit.ledger import tiles, verifier
from audit.ledger.checkpoints import root_at
from audit.ledger.models import Checkpoint, Cosignature, Head, KeyChange, Segment, Stamp, Waiting
from audit.ledger.notes import DASH, Note, TreeHead, VerifierKey
from audit.ledger.sequencing import sequence
from audit.ledger.stamping import time_of
from audit.ledger.worm.segments import framed

AT_ONCE = 5_000


class CannotRestore(RuntimeError):
    """Why not, in a sentence."""


def restore(export: Path, *, key: VerifierKey, protection: str = "restored from here") -> Iterator[int]:
    """Fill the empty ledger from a folder of segments; yields how many entries are there. Raises CannotRestore.

    Killed half way, it goes on behind the last whole batch. The export is verified first, as an auditor would.
    """
    try:
        # A clock that was wrong once is for auditors to judge: the entries are what they are.
        found = verifier.verify(verifier.Export(export), [verifier.Key(str(key))], accept_times=True)
    except (verifier.Wrong, verifier.CannotCheck) as wrong:
        raise CannotRestore(f"The export does not hold: {wrong}") from wrong
    there = Head.objects.get(pk=1).size
    manifests = list(_manifests(export))
    if there > found.entries or Waiting.objects.exists():
        raise CannotRestore("There are entries in this database already: restore into an empty one.")
    _require_beginning(there, manifests, export)
    for manifest, name, content in manifests:
        if manifest["to"] > there:
            yield from _fill(export, manifest, there)
            there = manifest["to"]
        tiles.extend(there)
        root = base64.b64encode(root_at(manifest["to"])).decode()
        if root != manifest["root"]:
            raise CannotRestore(f"The entries up to {manifest['to'] - 1} did not come out as they went in.")
        _keep_segment(manifest, name, content, export, protection)
    _keep_checkpoints(export)
    _keep_changes(export)


def _manifests(export: Path) -> Iterator[tuple[dict, str, bytes]]:
    for path in sorted((export / "segments").glob("*.manifest")):
        content = path.read_bytes()
        yield orjson.loads(Note.parse(content.decode()).text), f"segments/{path.name}", content


def _require_beginning(there: int, manifests: list[tuple[dict, str, bytes]], export: Path) -> None:
    """What is there already is what a restore that was killed has put there, and nothing else."""
    if not there:
        return
    for each, _, _ in manifests:
        end = min(each["to"], there)
        leaves = (export / each["leaves"]["name"]).read_bytes()[: 32 * max(0, end - each["from"])]
        if b"".join(tiles.hashes_at(0, each["from"], end)) != leaves:
            raise CannotRestore(
                "There are other entries in this database already: restore into an empty one."
            )


def _fill(export: Path, manifest: dict, there: int) -> Iterator[int]:
    content = gzip.decompress((export / manifest["entries"]["name"]).read_bytes())
    batch: list[Waiting] = []
    for number, body in enumerate(framed(content), manifest["from"]):
        if number < there:
            continue
        batch.append(Waiting(body=body))
        if len(batch) == AT_ONCE:
            yield _append(batch)
            batch = []
    if batch:
        yield _append(batch)


@transaction.atomic
def _append(batch: list[Waiting]) -> int:
    Waiting.objects.bulk_create(batch)
    sequence()
    size: int = Head.objects.get(pk=1).size
    return size


def _keep_segment(manifest: dict, name: str, content: bytes, export: Path, protection: str) -> None:
    Segment.objects.get_or_create(
        start=manifest["from"],
        defaults={
            "end": manifest["to"],
            "place": str(export),
            "manifest": name,
            "manifest_sha256": sha256(content).hexdigest(),
            "protection": protection,
            "retain_until": datetime.fromisoformat(manifest["retain_until"]),
            "written_at": datetime.fromisoformat(manifest["made_at"]),
        },
    )


@transaction.atomic
def _keep_checkpoints(export: Path) -> None:
    """The checkpoints with the cosignatures under them; their times are those of the files' segments."""
    made = {each.end: each.written_at for each in Segment.objects.all()}
    folder = export / "checkpoints"
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        note = Note.parse(path.read_text())
        head = TreeHead.parse(note.text)
        own = [each for each in note.signatures if each.name == head.origin]
        at = made.get(head.size) or max(made.values())
        checkpoint, _ = Checkpoint.objects.get_or_create(
            size=head.size,
            defaults={"root": head.root, "note": str(Note(note.text, tuple(own))), "at": at},
        )
        for each in note.signatures:
            if each.name != head.origin:
                line = f"{DASH}{each.name} {base64.b64encode(each.key_id + each.blob).decode()}\n"
                Cosignature.objects.get_or_create(
                    checkpoint=checkpoint, witness=each.name, defaults={"line": line, "at": at}
                )


@transaction.atomic
def _keep_changes(export: Path) -> None:
    """The changes of keys and the time stamps; a change's time is that of the first segment behind it."""
    for path in sorted((export / "key-changes").glob("*")):
        note = path.read_text()
        _, _, size, old, new, how = Note.parse(note).text.splitlines()
        after = Segment.objects.filter(end__gte=int(size)).order_by("end").first()
        at = after.written_at if after else timezone.now()
        KeyChange.objects.get_or_create(
            new=new,
            defaults={
                "size": int(size),
                "old": old,
                "note": note,
                "revoked": how == "revoked",
                "reason": "restored from an export",
                "at": at,
                "until": at,
            },
        )
    for path in sorted((export / "stamps").glob("*.tsr")):
        checkpoint = Checkpoint.objects.filter(size=int(path.stem)).first()
        if checkpoint:
            response = path.read_bytes()
            Stamp.objects.get_or_create(
                checkpoint=checkpoint,
                defaults={
                    "authority": "restored from an export",
                    "response": response,
                    "at": time_of(response),
                },
            )
