import base64
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from audit.ledger import guarding
from audit.ledger.checkpoints import checkpoint
from audit.ledger.merkle import EMPTY_ROOT, leaf_hash, root_of
from audit.ledger.models import Alarm, Cosignature
from audit.ledger.notes import COSIGNER, LOG, Note, Signature, SigningKey, TreeHead, VerifierKey
from audit.ledger.recording import record
from audit.ledger.signing import signing_key
from audit.ledger.witness import Witness, key_from, serve
from audit.ledger.witnessing import witnesses
from tests.audit.events import COUNTED

LEAVES = [leaf_hash(str(number).encode()) for number in range(8)]


def grow(entries: int) -> None:
    with transaction.atomic():
        for number in range(entries):
            record(COUNTED, how_many=number, note="")


@pytest.fixture
def log() -> SigningKey:
    return SigningKey("other.example/log", LOG, Ed25519PrivateKey.generate())


@pytest.fixture
def witness(db: None, tmp_path: Path, log: SigningKey) -> Witness:
    own = signing_key().verifier
    key = key_from(tmp_path / "witness.pem", "witness.example/w")
    return Witness(key, {own.name: [own], log.name: [log.verifier]}, tmp_path / "witness.json")


@pytest.fixture
def url(witness: Witness) -> Iterator[str]:
    server = serve(witness, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def submit(
    url: str, log: SigningKey, size: int, *, old: int, proof: list[bytes] = (), root: bytes = b""
) -> httpx.Response:
    text = TreeHead(log.name, size, root or root_of(LEAVES[:size])).text()
    note = Note(text, (log.sign(text),))
    lines = [f"old {old}", *(base64.b64encode(each).decode() for each in proof)]
    body = "\n".join(lines) + f"\n\n{note}"
    return httpx.post(f"{url}/add-checkpoint", content=body.encode())


def test_it_cosigns_what_continues(url: str, witness: Witness, log: SigningKey) -> None:
    first = submit(url, log, 4, old=0)
    assert first.status_code == 200
    text = TreeHead(log.name, 4, root_of(LEAVES[:4])).text()
    note = Note.parse(str(Note(text, (log.sign(text),))) + first.text)
    assert note.signed_by(witness.key.verifier) > 1_700_000_000
    proof = [root_of(LEAVES[4:8])]
    assert submit(url, log, 8, old=4, proof=proof).status_code == 200
    assert submit(url, log, 8, old=8).status_code == 200
    assert httpx.get(url).text.strip() == str(witness.key.verifier)


def test_it_remembers_after_a_restart(url: str, witness: Witness, log: SigningKey) -> None:
    submit(url, log, 4, old=0)
    again = Witness(witness.key, witness.logs, witness.state)
    assert again._known() == {log.name: (4, root_of(LEAVES[:4]))}


@pytest.mark.parametrize(
    ("size", "options", "status"),
    [
        (8, {"old": 0}, 409),
        (8, {"old": 4, "proof": [b"\x00" * 32]}, 422),
        (8, {"old": 4, "proof": []}, 422),
        (4, {"old": 4, "root": b"\x01" * 32}, 422),
        (3, {"old": 4}, 400),
    ],
)
def test_what_does_not_continue_is_refused(
    url: str, log: SigningKey, size: int, options: dict, status: int
) -> None:
    submit(url, log, 4, old=0)
    answer = submit(url, log, size, **options)
    assert answer.status_code == status
    if status == 409:
        assert (answer.text, answer.headers["content-type"]) == ("4\n", "text/x.tlog.size")


def test_strangers_and_nonsense(url: str, log: SigningKey) -> None:
    stranger = SigningKey("stranger.example/log", LOG, Ed25519PrivateKey.generate())
    forger = SigningKey(log.name, LOG, Ed25519PrivateKey.generate())
    assert submit(url, stranger, 4, old=0).status_code == 404
    assert submit(url, forger, 4, old=0).status_code == 403
    assert submit(url, log, 0, old=0, root=b"\x01" * 32).status_code == 422
    assert submit(url, log, 0, old=0, root=EMPTY_ROOT).status_code == 200
    for body in (
        b"",
        b"old 1",
        b"old 01\n\nx",
        b"old -1\n\nx",
        b"new 0\n\nx",
        b"old 0\n!\n\nx",
        b"\xff\n\n\xff",
    ):
        assert httpx.post(f"{url}/add-checkpoint", content=body).status_code in (400, 413)
    assert httpx.post(f"{url}/other", content=b"x").status_code == 404


@pytest.mark.usefixtures("somebody_acts")
def test_the_console_asks_its_witnesses(db: None, url: str, witness: Witness, settings) -> None:
    settings.LEDGER_WITNESSES = [f"{witness.key.verifier} {url}"]
    grow(3)
    made = guarding.sign()
    assert Note.parse(made.cosigned()).signed_by(witness.key.verifier)
    grow(5)
    guarding.sign()
    assert Cosignature.objects.count() == 2
    assert not Alarm.objects.exists()
    assert guarding.integrity().witnessed_by == ["witness.example/w"]


@pytest.mark.parametrize("before", [False, True])
def test_of_a_witness_its_own_signature_alone_is_kept(
    db: None, url: str, witness: Witness, settings, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    """A line in the name of the log's key that does not fit would spoil the checkpoint in every export."""
    settings.LEDGER_WITNESSES = [f"{witness.key.verifier} {url}"]
    grow(1)
    own, forged = (
        Witness.add_checkpoint,
        Signature(signing_key().name, signing_key().verifier.key_id, b"x" * 64),
    )

    def answers(self: Witness, body: bytes) -> str:
        line = own(self, body)
        return forged.line() + line if before else line + forged.line()

    monkeypatch.setattr(Witness, "add_checkpoint", answers)
    made = guarding.sign()
    (line,) = Cosignature.objects.values_list("line", flat=True)
    note = Note.parse(made.cosigned())
    assert (line.count("\n"), note.signed_by(signing_key().verifier)) == (1, 0)
    assert note.signed_by(witness.key.verifier)


def test_a_witness_that_answers_with_another_note_is_not_believed(
    db: None, url: str, witness: Witness, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LEDGER_WITNESSES = [f"{witness.key.verifier} {url}"]
    grow(1)

    def answers(self: Witness, body: bytes) -> str:
        note = body.decode().partition("\n\n")[2]
        signature = self.key.sign(f"{note}and more\n", at=1)
        return f"and more\n\n{signature.line()}"

    monkeypatch.setattr(Witness, "add_checkpoint", answers)
    guarding.sign()
    assert not Cosignature.objects.exists()


@pytest.mark.usefixtures("somebody_acts")
def test_a_witness_that_saw_another_history_raises_the_alarm(
    db: None, url: str, witness: Witness, settings
) -> None:
    settings.LEDGER_WITNESSES = [f"{witness.key.verifier} {url}"]
    grow(3)
    key = signing_key()
    text = TreeHead(key.name, 2, b"\x05" * 32).text()  # what another auditor was shown
    shown = f"old 0\n\n{Note(text, (key.sign(text),))}"
    assert httpx.post(f"{url}/add-checkpoint", content=shown.encode()).status_code == 200
    guarding.sign()
    alarm = Alarm.objects.get()
    assert (alarm.kind, "Two histories may have been shown" in alarm.message) == ("witness", True)
    assert not guarding.integrity().proven


@pytest.mark.usefixtures("somebody_acts")
def test_a_restored_backup_is_noticed_by_the_witness(db: None, url: str, witness: Witness, settings) -> None:
    settings.LEDGER_WITNESSES = [f"{witness.key.verifier} {url}"]
    grow(3)
    key = signing_key()
    text = TreeHead(key.name, 500, b"\x05" * 32).text()
    httpx.post(f"{url}/add-checkpoint", content=f"old 0\n\n{Note(text, (key.sign(text),))}".encode())
    guarding.sign()
    assert "it has seen 500 entries" in Alarm.objects.get().message


@pytest.mark.usefixtures("somebody_acts")
def test_a_witness_that_is_silent_is_asked_again(db: None, witness: Witness, settings) -> None:
    settings.LEDGER_WITNESSES = [f"{witness.key.verifier} http://127.0.0.1:9"]
    grow(1)
    assert checkpoint() == guarding.sign()
    assert not Alarm.objects.exists()
    assert not Cosignature.objects.exists()


@pytest.mark.parametrize("text", ["nonsense", "a+b+c http://127.0.0.1:1", ""])
def test_a_witness_is_a_key_and_an_address(settings, text: str) -> None:
    settings.LEDGER_WITNESSES = [text]
    with pytest.raises(ImproperlyConfigured):
        witnesses()


def test_a_witness_far_away_is_reached_by_tls(settings) -> None:
    key = SigningKey("w", COSIGNER, Ed25519PrivateKey.generate()).verifier
    settings.LEDGER_WITNESSES = [f"{key} http://witness.example"]
    with pytest.raises(ImproperlyConfigured, match="needs an https address"):
        witnesses()


def test_it_runs_as_a_command_without_a_database(tmp_path: Path, log: SigningKey) -> None:
    """As a process of its own, which says its key and where it listens; its own key is its alone."""
    command = [sys.executable, "manage.py", "witness", "--name", "witness.example/w"]
    command += ["--key", str(tmp_path / "w.pem"), "--state", str(tmp_path / "w.json"), "--port", "0"]
    environment = {"PATH": os.environ["PATH"], "CONSOLE_VAR": str(tmp_path), "PYTHONPATH": "."}
    process = subprocess.Popen(
        [*command, "--log", str(log.verifier)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    try:
        key, listening = process.stdout.readline().strip(), process.stdout.readline().strip()
        url = listening.removeprefix("listening on ")
        answer = submit(url, log, 3, old=0)
        head = TreeHead(log.name, 3, root_of(LEAVES[:3])).text()
        note = Note.parse(f"{Note(head, (log.sign(head),))}{answer.text}")
        assert (answer.status_code, note.signed_by(VerifierKey.parse(key)) is not None) == (200, True)
        assert stat.S_IMODE((tmp_path / "w.pem").stat().st_mode) == 0o600
    finally:
        process.terminate()
        process.wait(10)
