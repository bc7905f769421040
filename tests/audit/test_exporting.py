import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction
from django.utils import timezone

from audit.ledger import verifier
from audit.ledger.checkpoints import checkpoint
from audit.ledger.models import Checkpoint, Cosignature, Entry, Segment
from audit.ledger.notes import COSIGNER, LOG, Note, SigningKey
from audit.ledger.proofs import proof_of
from audit.ledger.recording import record
from audit.ledger.signing import signing_key
from audit.ledger.worm import exporting
from audit.ledger.worm.base import WormProblem
from audit.ledger.worm.bucket import BucketPlace
from audit.ledger.worm.exporting import export, missing
from audit.ledger.worm.folder import READ_ONLY, FolderPlace
from tests.audit.events import COUNTED
from tests.services.objects import ObjectServer

pytestmark = pytest.mark.usefixtures("somebody_acts")


def grow(entries: int) -> None:
    with transaction.atomic():
        for number in range(entries):
            record(COUNTED, how_many=number, note=f"Eintrag {number}")


@pytest.fixture
def place(tmp_path: Path) -> FolderPlace:
    return FolderPlace(tmp_path / "worm", immutable=False)


def check(folder: Path, *options: str, key: str = "") -> dict:
    """The verifier as an auditor runs it, apart from the console."""
    arguments = [str(folder), "--key", key or str(signing_key().verifier), "--json", *options]
    done = subprocess.run(
        [sys.executable, "-I", verifier.__file__, *arguments], capture_output=True, text=True, check=False
    )
    report = json.loads(done.stdout) if done.stdout else {"error": done.stderr}
    assert done.returncode == (0 if report.get("holds") else 1 if "holds" in report else done.returncode)
    return report


def test_an_export_is_checked_without_the_console(db: None, place: FolderPlace) -> None:
    for entries in (3, 1, 9):
        grow(entries)
        export(place)
    report = check(place.root, "--entry", "5")
    head = Checkpoint.objects.first()
    assert (report["holds"], report["entries"], report["segments"], report["checkpoints"]) == (
        True,
        head.size,
        3,
        3,
    )
    assert report["body"] == bytes(Entry.objects.get(number=5).body).decode()
    assert missing(place) == []


def test_nothing_new_writes_nothing(db: None, place: FolderPlace) -> None:
    grow(2)
    assert len(export(place)) == 1
    names = list(place.names())
    assert export(place) == []
    assert list(place.names()) == names


def test_large_logs_go_in_several_segments(
    db: None, place: FolderPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MOST", 4)
    grow(11)
    size = checkpoint().size
    written = export(place)
    assert [(each.start, each.end) for each in written][:2] == [(0, 4), (4, 8)]
    assert check(place.root)["entries"] == size


@pytest.mark.parametrize("killed_before", ["entries.gz", "leaves", "manifest", "row", "checkpoint"])
def test_killed_anywhere_the_next_run_goes_on(
    db: None, place: FolderPlace, monkeypatch: pytest.MonkeyPatch, killed_before: str
) -> None:
    grow(3)
    export(place)
    grow(3)

    class Killed(BaseException):
        pass

    def put(name: str, content: bytes, *, until: datetime) -> object:
        if name.endswith(killed_before) or (killed_before == "checkpoint" and name.startswith("checkpoints")):
            raise Killed
        return FolderPlace.put(place, name, content, until=until)

    with monkeypatch.context() as patched:
        patched.setattr(place, "put", put)
        if killed_before == "row":
            patched.setattr(Segment.objects, "create", lambda **_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed), transaction.atomic():
            export(place)
    export(place)
    assert check(place.root)["holds"]
    assert missing(place) == []


def test_what_was_written_is_read_back(db: None, place: FolderPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(3)
    monkeypatch.setattr(place, "get", lambda name: b"something else")
    with pytest.raises(WormProblem, match="came back different from what was written"):
        export(place)
    assert not Segment.objects.exists()


def test_files_are_read_only_and_written_once(place: FolderPlace) -> None:
    until = datetime(2033, 1, 1, tzinfo=UTC)
    assert place.put("a/b", b"x", until=until).protection == READ_ONLY
    assert stat.S_IMODE((place.root / "a/b").stat().st_mode) == 0o444
    assert place.put("a/b", b"x", until=until).protection == READ_ONLY
    with pytest.raises(WormProblem, match="other content"):
        place.put("a/b", b"y", until=until)
    for name in ("../a", "/a", ""):
        with pytest.raises(WormProblem, match="no name for an object"):
            place.put(name, b"x", until=until)
    assert place.prove() == ""  # bits alone keep nobody out, and are not called protection


def test_a_missing_segment_is_a_gap(db: None, place: FolderPlace) -> None:
    for _ in range(3):
        grow(2)
        export(place)
    segments = list(Segment.objects.order_by("start"))
    (place.root / segments[1].manifest).unlink()
    assert missing(place) == [(segments[1].start, segments[1].end)]
    (place.root / segments[2].manifest).unlink()
    assert missing(place) == [(segments[1].start, segments[2].end)]


@pytest.fixture
def exported(db: None, place: FolderPlace) -> Path:
    for entries in (5, 4, 7, 6):
        grow(entries)
        export(place)
    for path in place.root.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return place.root


def segment_files(root: Path, ending: str) -> list[Path]:
    return sorted((root / "segments").glob(f"*.{ending}"))


def test_a_forged_time_is_found(exported: Path, place: FolderPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    class Yesterday(datetime):
        @classmethod
        def now(cls, tz=None):  # type: ignore[no-untyped-def]
            return datetime.now(tz) - timedelta(days=3)

    monkeypatch.setattr("audit.ledger.recording.datetime", Yesterday)
    grow(1)
    monkeypatch.undo()
    export(place)
    report = check(exported)
    assert report["entry"] == Checkpoint.objects.first().size - 1
    assert "its time is forged" in report["problem"]


def test_a_tail_that_was_cut_off_everywhere_is_found_by_a_kept_checkpoint(
    exported: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    latest = sorted((exported / "checkpoints").iterdir())[-1]
    shutil.copy(latest, kept)
    latest.unlink()
    for path in (exported / "segments").glob(f"{segment_files(exported, 'manifest')[-1].stem}.*"):
        path.unlink()
    assert check(exported)["holds"]  # by itself it looks whole: that is why one keeps checkpoints
    report = check(exported, "--checkpoint", str(kept))
    assert "the later ones are missing" in report["problem"]


def test_a_witness_must_have_cosigned(exported: Path, tmp_path: Path) -> None:
    witness = SigningKey("witness.example/w", COSIGNER, Ed25519PrivateKey.generate())
    report = check(exported, "--witness", str(witness.verifier))
    assert "is not cosigned by witness.example/w" in report["problem"]
    latest = sorted((exported / "checkpoints").iterdir())[-1]
    note = Note.parse(latest.read_text())
    latest.write_text(str(note.with_signatures([witness.sign(note.text, at=1_800_000_000)])))
    assert check(exported, "--witness", str(witness.verifier))["witnesses"] == ["witness.example/w"]


def test_the_key_that_was_given_counts_and_no_other(exported: Path) -> None:
    stranger = SigningKey(signing_key().name, LOG, Ed25519PrivateKey.generate())
    assert "is not signed by a key" in check(exported, key=str(stranger.verifier))["problem"]
    assert "error" in check(exported, key="nonsense")


def test_one_entry_is_checked_by_its_proof_alone(db: None, tmp_path: Path) -> None:
    grow(9)
    made = checkpoint()
    for number in range(made.size):
        body = bytes(Entry.objects.get(number=number).body)
        (tmp_path / "proof").write_text(proof_of(number, made))
        (tmp_path / "body").write_bytes(body)
        key = str(signing_key().verifier)
        options = ["--proof", str(tmp_path / "proof"), "--key", key, "--json", "--body"]
        assert verifier.main([*options, str(tmp_path / "body")]) == 0
        (tmp_path / "other").write_bytes(body.replace(b"count", b"mount"))
        assert verifier.main([*options, str(tmp_path / "other")]) == 1


def test_a_proof_carries_what_witnesses_signed(db: None, tmp_path: Path, capsys: Any) -> None:
    grow(5)
    made = checkpoint()
    witness = SigningKey("witness.example/w", COSIGNER, Ed25519PrivateKey.generate())
    line = witness.sign(Note.parse(made.note).text, at=1_800_000_000).line()
    Cosignature.objects.create(checkpoint=made, witness=witness.verifier.name, line=line, at=timezone.now())
    (tmp_path / "proof").write_text(proof_of(3, made))
    (tmp_path / "body").write_bytes(bytes(Entry.objects.get(number=3).body))
    asked = ["--proof", str(tmp_path / "proof"), "--body", str(tmp_path / "body")]
    asked += ["--key", str(signing_key().verifier)]
    assert verifier.main([*asked, "--witness", str(witness.verifier)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Holds: these bytes are entry 3 of the 5 that were signed."
    assert said[2] == "Cosigned by witness.example/w."
    stranger = SigningKey("witness.example/w", COSIGNER, Ed25519PrivateKey.generate())
    assert verifier.main([*asked, "--witness", str(stranger.verifier)]) == 1


def test_what_cannot_be_checked_is_no_verdict(tmp_path: Path, capsys: Any) -> None:
    key = str(SigningKey("log.example", LOG, Ed25519PrivateKey.generate()).verifier)
    for arguments, words in (
        ([str(tmp_path / "nowhere"), "--key", key], "is no folder"),
        ([str(tmp_path), "--key", "nonsense"], "is no verifier key"),
        ([str(tmp_path), "--key", key.replace("log.", "cog.")], "it was copied wrongly"),
        (["s3://", "--key", key], "Give s3://bucket/prefix"),
    ):
        assert verifier.main(arguments) == 2
        told = capsys.readouterr()
        assert (told.out, told.err.startswith("It could not be checked: ")) == ("", True)
        assert words in told.err


def test_it_needs_nothing_of_the_console() -> None:
    done = subprocess.run(
        [sys.executable, "-I", verifier.__file__, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    assert "verifier key of the log" in done.stdout
    source = Path(verifier.__file__).read_text()
    imported = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert not {"django", "audit", "governance"} & {line.split()[1].split(".")[0] for line in imported}


# -- a bucket -------------------------------------------------------------------------------------------------------


@pytest.fixture
def locked(s3_server: ObjectServer) -> BucketPlace:
    name = f"locked-{os.urandom(4).hex()}"
    s3_server.client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    options = {
        "endpoint": s3_server.endpoint,
        "region": s3_server.region,
        "access_key": s3_server.access_key,
        "secret_key": s3_server.secret_key,
    }
    return BucketPlace(name, "/ledger", options=options)


def test_locked_objects_cannot_be_destroyed(db: None, locked: BucketPlace, tmp_path: Path) -> None:
    grow(4)
    (segment,) = export(locked)
    assert segment.protection.startswith("Object Lock, compliance, until 20")
    assert segment.version
    client, where = locked.client, {"Bucket": locked.bucket, "Key": f"ledger/{segment.manifest}"}
    version = {**where, "VersionId": segment.version}
    soon = datetime.now(UTC) + timedelta(hours=1)
    for attempt in (
        lambda: client.delete_object(**version),
        lambda: client.delete_object(**version, BypassGovernanceRetention=True),
        lambda: client.put_object_retention(
            **version,
            Retention={"Mode": "COMPLIANCE", "RetainUntilDate": soon},
            BypassGovernanceRetention=True,
        ),
        lambda: client.put_object_retention(
            **version,
            Retention={"Mode": "GOVERNANCE", "RetainUntilDate": segment.retain_until},
            BypassGovernanceRetention=True,
        ),
        lambda: client.put_object(**where, Body=b"forged", IfNoneMatch="*"),
    ):
        with pytest.raises(ClientError):
            attempt()
    client.put_object(**where, Body=b"forged")  # a new version on top: the old one stays what it was
    kept = client.get_object(**version)["Body"].read()
    assert Note.parse(kept.decode()).signed_by(signing_key().verifier) == 0
    assert locked.prove().startswith("Object Lock, compliance")
    for name in locked.names():
        target = tmp_path / "copy" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(locked.get(name) if name != segment.manifest else kept)
    assert check(tmp_path / "copy")["entries"] == Checkpoint.objects.first().size


def check_bucket(place: BucketPlace, server: ObjectServer) -> dict:
    """The verifier as an auditor runs it on the bucket itself."""
    arguments = [
        f"s3://{place.bucket}/{place.prefix}",
        "--endpoint",
        server.endpoint,
        "--region",
        server.region,
    ]
    done = subprocess.run(
        [sys.executable, "-I", verifier.__file__, *arguments, "--key", str(signing_key().verifier), "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={"AWS_ACCESS_KEY_ID": server.access_key, "AWS_SECRET_ACCESS_KEY": server.secret_key},
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def test_the_bucket_itself_is_checked(db: None, locked: BucketPlace, s3_server: ObjectServer) -> None:
    for entries in (3, 2):
        grow(entries)
        export(locked)
    report = check_bucket(locked, s3_server)
    assert (report["holds"], report["entries"], report["segments"]) == (True, 5, 2)
    client, where = locked.client, {"Bucket": locked.bucket}
    name = "segments/00000000000000-00000000000003.leaves"
    client.put_object(**where, Key=f"ledger/{name}", Body=b"forged")
    wrong = check_bucket(locked, s3_server)["problem"]
    assert wrong == f"{name} was written over, or hidden by a delete marker: it has 2 versions."


def test_a_hidden_or_unlocked_object_of_the_bucket_is_named(
    db: None, locked: BucketPlace, s3_server: ObjectServer, s3_bucket: str
) -> None:
    grow(2)
    (segment,) = export(locked)
    locked.client.delete_object(Bucket=locked.bucket, Key=f"ledger/{segment.manifest}")
    wrong = check_bucket(locked, s3_server)["problem"]
    assert wrong == f"{segment.manifest} was written over, or hidden by a delete marker: it has 2 versions."
    options = {"endpoint": s3_server.endpoint, "region": s3_server.region}
    options |= {"access_key": s3_server.access_key, "secret_key": s3_server.secret_key}
    copy = BucketPlace(s3_bucket, "copy", options=options)
    for name in ("checkpoints/00000000000002", *(n for n in locked.names() if n.startswith("checkpoints/"))):
        found = locked.client.get_object(Bucket=locked.bucket, Key=f"ledger/{name}")
        copy.client.put_object(Bucket=s3_bucket, Key=f"copy/{name}", Body=found["Body"].read())
    wrong = check_bucket(copy, s3_server)["problem"]
    assert wrong.endswith("is not locked in compliance mode: it could be deleted or replaced today.")


def test_a_bucket_that_refuses_is_said_so(db: None, locked: BucketPlace, s3_server: ObjectServer) -> None:
    grow(1)
    export(locked)
    wrong = check_bucket(locked, replace(s3_server, secret_key="wrong"))["problem"]
    assert wrong == "The bucket cannot be read: the bucket answered 403."


def test_a_bucket_without_lock_is_not_taken_for_one(
    db: None, s3_server: ObjectServer, s3_bucket: str
) -> None:
    options = {
        "endpoint": s3_server.endpoint,
        "region": s3_server.region,
        "access_key": s3_server.access_key,
        "secret_key": s3_server.secret_key,
    }
    grow(1)
    with pytest.raises(WormProblem):
        export(BucketPlace(s3_bucket, "", options=options))
    with pytest.raises(WormProblem):
        export(BucketPlace("not-there", "", options=options))
    assert not Segment.objects.exists()
