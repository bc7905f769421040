"""The log changes its key, and whoever trusts either of the two can go on."""

from __future__ import annotations

import shutil
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.ledger import chain, signing
from audit.ledger.checkpoints import checkpoint
from audit.ledger.models import Checkpoint, Entry, KeyChange
from audit.ledger.notes import LOG, Note, SigningKey, TreeHead, VerifierKey
from audit.ledger.rotating import rotate
from audit.ledger.rotating import statement as change_of_keys
from audit.ledger.signing import signing_key, signing_keys, verifier_keys
from audit.ledger.worm.exporting import export
from audit.ledger.worm.folder import FolderPlace
from tests.audit.test_exporting import check, grow

pytestmark = pytest.mark.usefixtures("somebody_acts")


@pytest.fixture(autouse=True)
def keys(settings, tmp_path: Path):
    settings.LEDGER_KEY, settings.LEDGER_KEY_FILE = "", tmp_path / "keys" / "ledger.key"
    signing.forget_keys()
    yield
    signing.forget_keys()


@pytest.fixture
def place(tmp_path: Path) -> FolderPlace:
    return FolderPlace(tmp_path / "worm", immutable=False)


def signers(made: Checkpoint) -> set[str]:
    note = Note.parse(made.note)
    return {str(key) for key, _, _ in verifier_keys() if note.signed_by(key) is not None}


def test_both_keys_sign_for_a_while_and_then_the_new_one(db: None, settings, place: FolderPlace) -> None:
    grow(2)
    old = str(signing_key().verifier)
    change = rotate(reason="Yearly change.")
    new = str(signing_key().verifier)
    assert (change.size, change.old, change.new, change.revoked) == (2, old, new, False)
    grow(2)
    assert signers(checkpoint()) == {old, new}
    export(place)
    later = timezone.now() + timedelta(days=settings.LEDGER_KEY_OVERLAP_DAYS, minutes=1)
    assert [str(key.verifier) for key in signing_keys(later)] == [new]
    path = settings.LEDGER_KEY_FILE.parent / f"ledger-{VerifierKey.parse(new).key_id.hex()}.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for trusted in (old, new):
        report = check(place.root, key=trusted)
        assert (report["holds"], report["keys"]) == (True, 2)
    assert chain.verify(checkpoints=True).intact


def test_the_change_stands_in_the_log(db: None, sequenced) -> None:
    grow(1)
    change = rotate(reason="Yearly change.")
    sequenced()
    facts = Entry.objects.get(action="ledger.key_changed").content["facts"]
    assert (facts["entries"], facts["reason"], facts["revoked"]) == (1, "Yearly change.", False)
    assert change.new.split("+")[1] == facts["new"]
    for statement in ("UPDATE ledger_key_change SET size = 0", "DELETE FROM ledger_key_change"):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_three_keys_in_a_row_are_all_learned_from_the_first(db: None, place: FolderPlace) -> None:
    first = str(signing_key().verifier)
    for reason in ("one", "two"):
        grow(1)
        rotate(reason=reason)
    grow(1)
    export(place)
    last = str(signing_key().verifier)
    assert [check(place.root, key=key)["keys"] for key in (first, last)] == [3, 3]


def test_a_stolen_key_signs_nothing_more(db: None, place: FolderPlace) -> None:
    grow(2)
    stolen = signing_key()
    rotate(reason="Seen on a laptop.", revoke=True)
    grow(2)
    made = checkpoint()
    assert signers(made) == {str(signing_key().verifier)}
    export(place)
    assert check(place.root, key=str(stolen.verifier))["holds"]
    path = place.root / "checkpoints" / f"{made.size:014d}"
    text = Note.parse(made.note).text
    _write(path, str(Note(text, (stolen.sign(text),))))
    report = check(place.root, key=str(signing_key().verifier))
    assert report["problem"] == (
        f"checkpoints/{made.size:014d} is signed by a key of {stolen.name} that counts for the first 2 entries only: "
        "it was replaced or revoked."
    )


def test_the_database_with_a_checkpoint_of_a_stranger_is_found(db: None) -> None:
    grow(2)
    made = checkpoint()
    grow(1)
    stranger = SigningKey(signing_key().name, LOG, Ed25519PrivateKey.generate())
    text = TreeHead(stranger.name, 3, bytes(made.root)).text()
    Checkpoint.objects.create(
        size=3, root=made.root, note=str(Note(text, (stranger.sign(text),))), at=timezone.now()
    )
    verdict = chain.verify(checkpoints=True)
    assert verdict.problem == "the checkpoint of 3 entries is not signed by the key the log had then"


def test_a_lost_key_is_followed_by_one_that_has_to_be_fetched(db: None, settings, place: FolderPlace) -> None:
    grow(2)
    lost = signing_key().verifier
    checkpoint()
    settings.LEDGER_KEY_FILE.unlink()
    signing.forget_keys()
    change = rotate(reason="The disk is gone.", lost=lost)
    assert (change.size, change.revoked) == (2, True)
    grow(1)
    assert signers(checkpoint()) == {str(signing_key().verifier)}
    export(place)
    assert check(place.root, key=str(signing_key().verifier))["holds"]
    assert (
        "get the log's new key from the controller by another way"
        in check(place.root, key=str(lost))["problem"]
    )
    assert chain.verify(checkpoints=True).intact


def test_a_forged_change_is_refused(db: None, place: FolderPlace) -> None:
    grow(2)
    rotate(reason="Yearly change.")
    grow(1)
    export(place)
    path = next((place.root / "key-changes").iterdir())
    stranger = SigningKey(signing_key().name, LOG, Ed25519PrivateKey.generate())
    text = Note.parse(path.read_text()).text.replace(str(signing_key().verifier), str(stranger.verifier))
    _write(path, str(Note(text, (stranger.sign(text),))))
    report = check(place.root, key=KeyChange.objects.get().old)
    assert "is not signed by a key that was given" in report["problem"]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_revoked_key_makes_no_other_key_of_the_log(db: None, place: FolderPlace, backwards: bool) -> None:
    """Whoever stole it, and may write into the export, could go on under a key of their own."""
    grow(2)
    stolen = signing_key()
    rotate(reason="Seen on a laptop.", revoke=True)
    grow(1)
    export(place)
    thief = SigningKey(stolen.name, LOG, Ed25519PrivateKey.generate())
    old, new, size = (thief, stolen, 10**9) if backwards else (stolen, thief, 2)
    text = change_of_keys(old.verifier, new.verifier, size, revoke=False)
    forged = place.root / "key-changes" / "00000000000009"
    forged.write_text(str(Note(text, (stolen.sign(text), thief.sign(text)))))
    for key in (stolen, signing_key()):
        report = check(place.root, key=str(key.verifier))
        assert (report["holds"], report["problem"]) == (
            False,
            "key-changes/00000000000009 is signed by a key of "
            f"{stolen.name} that counts for the first 2 entries only: it was replaced or revoked."
            if backwards
            else f"{first_change(place)} and key-changes/00000000000009 each replace the same key of {stolen.name}: "
            "one of them is of whoever stole it.",
        )


def first_change(place: FolderPlace) -> str:
    return sorted(path.relative_to(place.root).as_posix() for path in (place.root / "key-changes").iterdir())[
        0
    ]


def test_a_new_key_that_is_missing_stops_everything(db: None, settings) -> None:
    grow(1)
    change = rotate(reason="Yearly change.")
    key_id = change.new.split("+")[1]
    kept = settings.LEDGER_KEY_FILE.parent / f"ledger-{key_id}.key"
    shutil.move(kept, kept.with_suffix(".away"))
    signing.forget_keys()
    grow(1)
    with pytest.raises(ImproperlyConfigured, match=f"The log's key {key_id} is not here"):
        checkpoint()


def test_keys_from_the_environment(db: None, settings) -> None:
    first, second = (_pem(Ed25519PrivateKey.generate()) for _ in range(2))
    settings.LEDGER_KEY = first
    grow(1)
    with pytest.raises(ValidationError, match="which holds no unused one"):
        rotate(reason="Yearly change.")
    settings.LEDGER_KEY = first + second
    old = str(signing_key().verifier)
    rotate(reason="Yearly change.")
    assert str(signing_key().verifier) != old
    with pytest.raises(ValidationError, match="Say why"):
        rotate(reason=" ")


def test_the_command(db: None, capsys) -> None:
    grow(1)
    old = str(signing_key().verifier)
    call_command("audit", "rotate-key", "--reason", "Yearly change.")
    said = capsys.readouterr().out.splitlines()
    assert said[0] == str(signing_key().verifier)
    assert said[1].startswith("The ledger is signed with this key from entry 1 on.")
    call_command("audit", "key")
    assert capsys.readouterr().out.splitlines() == [said[0], f"{old}  (until entry 0, from 0)"]


def _pem(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _write(path: Path, content: str) -> None:
    path.chmod(0o600)
    path.write_text(content)
