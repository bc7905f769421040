"""An export that is killed, refused or cheated: it goes on, and whoever checks it needs little memory."""

from __future__ import annotations

import base64
import gzip
import json
import os
import resource
import signal
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from audit.ledger import guarding, verifier
from audit.ledger.checkpoints import Diverged, checkpoint
from audit.ledger.context import Actor, acting
from audit.ledger.merkle import Growing, leaf_hash
from audit.ledger.models import Alarm, Checkpoint, Entry, Segment
from audit.ledger.notes import Note
from audit.ledger.signing import signing_key
from audit.ledger.worm import exporting, folder
from audit.ledger.worm.base import WormProblem
from audit.ledger.worm.bucket import BucketPlace
from audit.ledger.worm.exporting import export, missing
from audit.ledger.worm.folder import FolderPlace
from tests.audit.test_exporting import check, check_bucket, grow, locked
from tests.services.objects import ObjectServer
from tests.services.refusing import refusing_door

__all__ = ["locked"]
pytestmark = pytest.mark.usefixtures("somebody_acts")
MOST = 128 * 1024 * 1024  # what the verifier may take of memory


@pytest.fixture
def place(tmp_path: Path) -> FolderPlace:
    return FolderPlace(tmp_path / "worm", immutable=False)


@pytest.mark.django_db(transaction=True)
def test_a_process_that_is_killed_leaves_nothing_that_the_next_cannot_finish(place: FolderPlace) -> None:
    """SIGKILL before and after each of its writes, and the log grows before the next one."""
    killed = 0
    for write in range(1, 6):
        for linked in (False, True):
            grow(3)
            status = _export_killed_at(place, write, linked=linked)
            if os.WIFSIGNALED(status):
                assert os.WTERMSIG(status) == signal.SIGKILL
                killed += 1
            grow(2)
            export(place)
            assert missing(place) == []
            report = check(place.root)
            latest = Checkpoint.objects.first()
            assert latest is not None
            assert (report["holds"], report.get("entries")) == (True, latest.size), (write, linked, report)
    assert killed >= 8
    drafts = [path for path in place.root.rglob(".*") if path.is_file()]
    assert drafts  # half-written files stay under names that nobody reads


def _export_killed_at(place: FolderPlace, write: int, *, linked: bool) -> int:
    """The status of a process of its own that ends itself, without a word, at one of its writes."""
    connections.close_all()
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        seen = 0
        link = os.link

        def link_and_die(source: Any, target: Any) -> None:
            nonlocal seen
            seen += 1
            if seen == write and not linked:
                os.kill(os.getpid(), signal.SIGKILL)
            link(source, target)
            if seen == write:
                os.kill(os.getpid(), signal.SIGKILL)

        folder.os.link = link_and_die
        with acting(Actor("system", "test")):
            export(place)
        os._exit(0)  # fewer writes than that
    finally:
        os._exit(1)


def test_a_bucket_that_refuses_half_way_is_gone_on_with(
    db: None, locked: BucketPlace, s3_server: ObjectServer, settings: Any
) -> None:
    settings.LEDGER_WORM = f"s3://{locked.bucket}/ledger"
    with refusing_door(s3_server.endpoint) as door:
        settings.LEDGER_WORM_OPTIONS = {
            "endpoint": door.endpoint,
            "region": s3_server.region,
            "access_key": s3_server.access_key,
            "secret_key": s3_server.secret_key,
        }
        for takes in range(4):
            grow(3)
            door.takes = takes
            with pytest.raises(WormProblem, match=r"was not taken \(AccessDenied\)"):
                guarding.export_now()
            alarm = Alarm.objects.get(settled_at=None)
            assert (alarm.kind, "was not taken (AccessDenied)" in alarm.message) == ("export", True)
            assert alarm.message in guarding.integrity().problems
            Alarm.objects.update(settled_at=datetime.now(UTC))
            grow(2)  # the log goes on meanwhile
            door.takes = 100
            assert guarding.export_now()
            assert not Alarm.objects.filter(settled_at=None).exists()
            report = check_bucket(locked, s3_server)
            assert (report["holds"], report.get("entries")) == (True, Checkpoint.objects.first().size), report


def test_a_segment_at_the_place_that_the_log_does_not_have_is_no_beginning(
    db: None, place: FolderPlace
) -> None:
    """An old backup of the database was restored: the place knows more than the log."""
    grow(3)
    export(place)
    ahead = place.root / "segments" / f"{3:014d}-{99:014d}.leaves"
    ahead.write_bytes(b"")
    grow(2)
    with pytest.raises(Diverged, match="a segment of the entries 3 to 98, and the log has 5 entries"):
        export(place)
    assert Segment.objects.count() == 1


def test_segments_are_bounded_in_bytes(db: None, place: FolderPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(9)
    checkpoint()
    size = len(bytes(Entry.objects.get(number=0).body))
    monkeypatch.setattr(exporting, "MOST_BYTES", 3 * size + 20)
    written = export(place)
    assert [each.end - each.start for each in written] == [3, 3, 3]
    monkeypatch.setattr(exporting, "MOST_BYTES", 1)  # smaller than any entry: one is written nevertheless
    grow(2)
    assert [each.end - each.start for each in export(place)] == [1, 1]
    assert check(place.root)["holds"]


def test_a_large_export_is_checked_in_little_memory(db: None, tmp_path: Path) -> None:
    """200 MB of entries, by a process that may have 128."""
    root = tmp_path / "large"
    entries = _write_large(root, segments=7, entries=600, length=50_000)
    assert sum(path.stat().st_size for path in root.rglob("*.gz")) > 200_000_000
    assert "MemoryError" in _bounded([sys.executable, "-c", "b'x' * 200_000_000"]).stderr  # the limit is one
    report = _check_bounded(root)
    assert (report["holds"], report["entries"]) == (True, entries)
    first = sorted((root / "segments").glob("*.gz"))[0]
    length = first.stat().st_size
    os.truncate(first, 10 * 1024**3)  # ten gigabytes of nothing behind it: sparse, on the disk it is small
    report = _check_bounded(root)
    said = f"segments/{first.name} has {10 * 1024**3} bytes and should have {length}."
    assert (report["holds"], report["problem"].startswith(said)) == (False, True)


def _write_large(root: Path, *, segments: int, entries: int, length: int) -> int:
    """As the console writes it, without a database: incompressible text, stored."""
    tree, previous, number = Growing(), "", 0
    (root / "segments").mkdir(parents=True)
    for start in range(0, segments * entries, entries):
        framed, leaves = bytearray(), bytearray()
        for _ in range(entries):
            text = base64.b64encode(os.urandom(3 * length // 4)).decode()
            body = json.dumps(
                {"at": "2026-01-01T00:00:00.000000Z", "text": text}, separators=(",", ":")
            ).encode()
            leaf = leaf_hash(body)
            tree.add(leaf)
            framed += len(body).to_bytes(2, "big") + body
            leaves += leaf
            number += 1
        base = f"segments/{start:014d}-{number:014d}"
        files = {
            "entries": (f"{base}.entries.gz", gzip.compress(framed, 0)),
            "leaves": (f"{base}.leaves", leaves),
        }
        said = {
            kind: {"name": name, "bytes": len(content), "sha256": sha256(content).hexdigest()}
            for kind, (name, content) in files.items()
        }
        for name, content in files.values():
            (root / name).write_bytes(content)
        manifest = said | {
            "format": 1,
            "origin": signing_key().name,
            "from": start,
            "to": number,
            "root": base64.b64encode(tree.root()).decode(),
            "previous": previous,
            "made_at": "2026-01-01T00:00:00.000000Z",
            "retain_until": "2033-01-01T00:00:00.000000Z",
        }
        note_text = json.dumps(manifest, sort_keys=True, separators=(",", ":")) + "\n"
        note = str(Note(note_text, (signing_key().sign(note_text),)))
        (root / f"{base}.manifest").write_text(note)
        previous = sha256(note.encode()).hexdigest()
    return number


def _check_bounded(root: Path) -> dict:
    """What the verifier says when the system gives it no more memory than MOST."""
    arguments = [str(root), "--key", str(signing_key().verifier), "--json"]
    said: dict = json.loads(_bounded([sys.executable, "-I", verifier.__file__, *arguments]).stdout)
    return said


def _bounded(command: list[str]) -> subprocess.CompletedProcess:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (MOST, MOST))

    return subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=limit)
