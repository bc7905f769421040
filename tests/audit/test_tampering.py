"""Five hundred random tamperings of an export, each found and named; as many clean runs without an alarm."""

from __future__ import annotations

import random
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from audit.ledger import signing, verifier
from audit.ledger.models import Checkpoint
from audit.ledger.notes import COSIGNER, Note, SigningKey
from audit.ledger.rotating import rotate
from audit.ledger.signing import signing_key
from audit.ledger.worm.exporting import export
from audit.ledger.worm.folder import FolderPlace
from tests.audit.tampering import KINDS, Held, altered, clock_set_back, files, span
from tests.audit.test_exporting import check, grow

pytestmark = pytest.mark.usefixtures("somebody_acts")
TRIALS = 500


@pytest.fixture(autouse=True)
def keys(settings, tmp_path: Path):
    settings.LEDGER_KEY, settings.LEDGER_KEY_FILE = "", tmp_path / "keys" / "ledger.key"
    signing.forget_keys()
    yield
    signing.forget_keys()


@pytest.fixture
def exported(db: None, tmp_path: Path) -> tuple[Path, Held]:
    """Four segments and checkpoints; before the last two the key was revoked."""
    place = FolderPlace(tmp_path / "worm", immutable=False)
    before = signing_key()
    for number, entries in enumerate((5, 4, 7, 6)):
        if number == 2:
            rotate(reason="Seen on a laptop.", revoke=True)
        grow(entries)
        export(place)
    for path in place.root.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return place.root, Held(signing_key(), before)


def run(folder: Path, trusted: list[SigningKey], *kept: bytes) -> dict:
    """In this process, quicker than the auditor's way; the same code."""
    keys = [verifier.Key(str(each.verifier)) for each in trusted]
    try:
        found = verifier.verify(verifier.Export(folder), keys, earlier=list(kept))
    except verifier.Wrong as wrong:
        return {"holds": False, "problem": str(wrong), "entry": wrong.entry}
    return {"holds": True, "entries": found.entries}


def test_five_hundred_tamperings_are_all_found_and_named(exported: tuple[Path, Held], tmp_path: Path) -> None:
    root, held = exported
    kept = sorted((root / "checkpoints").iterdir())[-1].read_bytes()
    dice = random.Random(6962)
    missed = []
    for trial in range(TRIALS):
        kind = KINDS[trial % len(KINDS)]
        copy = tmp_path / "copy"
        shutil.copytree(root, copy)
        expected = kind(copy, dice, held)
        report = run(copy, [held.key, held.revoked], *([kept] if expected.kept else []))
        named = expected.entry is None or report.get("entry") == expected.entry
        if report["holds"] or not named or not re.search(expected.words, report["problem"]):
            missed.append((trial, kind.__name__, expected, report))
        if expected.kept and not run(copy, [held.key, held.revoked])["holds"]:
            missed.append((trial, kind.__name__, "found without the checkpoint that was kept"))
        shutil.rmtree(copy)
    assert missed == []


def test_as_many_clean_runs_raise_no_alarm(exported: tuple[Path, Held], tmp_path: Path) -> None:
    """Of the log as it was after each export, under either key, with any checkpoints that were kept."""
    root, held = exported
    ends = [span(path)[1] for path in files(root, "manifest")]
    for size in ends:
        shutil.copytree(root, tmp_path / str(size))
        for path in (tmp_path / str(size)).rglob("*"):
            if path.is_file() and path.parent.name != "keys":
                reached = span(path)[1] if path.parent.name == "segments" else int(path.name.split("-")[0])
                if reached > size:
                    path.unlink()
    dice = random.Random(9162)
    for _ in range(TRIALS):
        size = dice.choice(ends)
        kept = [(root / "checkpoints" / f"{each:014d}").read_bytes() for each in ends if each <= size]
        trusted = dice.choice([held.key, held.revoked]) if size > ends[1] else held.revoked
        report = run(tmp_path / str(size), [trusted], *dice.sample(kept, dice.randrange(len(kept) + 1)))
        assert report == {"holds": True, "entries": size}


def test_a_clock_that_was_wrong_from_the_first_day_is_found_by_who_has_another(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All times agree with one another, and not with those of the witness."""
    real = timezone.now

    class Slow(datetime):
        @classmethod
        def now(cls, tz=None):  # type: ignore[no-untyped-def]
            return datetime.now(tz) - timedelta(days=3)

    monkeypatch.setattr("audit.ledger.recording.datetime", Slow)
    monkeypatch.setattr(timezone, "now", lambda: real() - timedelta(days=3))
    place = FolderPlace(tmp_path / "worm", immutable=False)
    witness = SigningKey("witness.example/w", COSIGNER, Ed25519PrivateKey.generate())
    for _ in range(2):
        grow(3)
        export(place)
        path = sorted((place.root / "checkpoints").iterdir())[-1]
        note = Note.parse(path.read_text())
        path.chmod(0o600)
        path.write_text(
            str(note.with_signatures([witness.sign(note.text, at=int(datetime.now().timestamp()))]))
        )
    monkeypatch.undo()
    assert check(place.root)["holds"]
    report = check(place.root, "--witness", str(witness.verifier))
    assert report["entry"] == 3
    assert "Entry 3 says it is from long before witness.example/w saw the log without it" in report["problem"]
    known = check(place.root, "--witness", str(witness.verifier), "--accept-times")
    assert (known["holds"], known["entries"], len(known["remarks"])) == (True, 6, 3)
    assert known["remarks"][0] == report["problem"]


def test_who_accepts_wrong_times_sees_all_else(exported: tuple[Path, Held]) -> None:
    root, held = exported
    dice = random.Random(1)
    clock_set_back(root, dice, held)
    known = check(root, "--accept-times", key=str(held.key.verifier))
    assert known["holds"]
    assert any("the clock was set back" in remark for remark in known["remarks"])
    altered(root, dice, held)
    report = check(root, "--accept-times", key=str(held.key.verifier))
    assert "is the first that is wrong" in report["problem"]


def test_an_entry_from_after_it_was_cosigned_is_found(db: None, tmp_path: Path) -> None:
    place = FolderPlace(tmp_path / "worm", immutable=False)
    witness = SigningKey("witness.example/w", COSIGNER, Ed25519PrivateKey.generate())
    grow(3)
    export(place)
    latest = Checkpoint.objects.first()
    assert latest is not None
    path = place.root / "checkpoints" / f"{latest.size:014d}"
    path.chmod(0o600)
    note = Note.parse(path.read_text())
    an_hour_ago = int((timezone.now() - timedelta(hours=1)).timestamp())
    path.write_text(str(note.with_signatures([witness.sign(note.text, at=an_hour_ago)])))
    report = check(place.root, "--witness", str(witness.verifier))
    assert "Entry 0 says it is from after witness.example/w saw it" in report["problem"]
