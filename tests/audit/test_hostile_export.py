"""What the verifier meets where the export, the bucket or a proof is made to hurt whoever checks it."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.db import transaction

from audit.ledger import verifier
from audit.ledger.checkpoints import checkpoint
from audit.ledger.recording import record
from audit.ledger.signing import signing_key
from tests.audit.events import COUNTED


def test_a_bucket_that_sends_us_elsewhere_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The session's token would go along, and the lock would be asked of whoever answers there."""
    asked: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(307 if self.path.startswith("/ours") else 200)
            self.send_header("Location", "/theirs")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    with pytest.raises(verifier.Wrong, match="The bucket cannot be read: the bucket answered 307"):
        verifier.Bucket("s3://ours/log", endpoint=f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()
    assert len(asked) == 1


DEEP = "[" * 100_000
LONE = "\ud800"  # half a character, which JSON can say and no encoding can write


@pytest.mark.parametrize(
    "entries",
    [
        DEEP,
        "7",
        "[7]",
        '[{"index": []}]',
        '[{"index": "1", "body": "{}", "path": []}]',
        json.dumps([{"index": 0, "body": LONE, "path": []}]),
        json.dumps([{"index": 0, "body": "[" * 50_000, "path": []}]),
    ],
)
@pytest.mark.parametrize("form", ["proof", "report"])
def test_a_proof_that_is_made_to_hurt_is_said_to_be_none(
    db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], entries: str, form: str
) -> None:
    """Under a checkpoint that is genuine."""
    with transaction.atomic():
        record(COUNTED, how_many=1, note="")
    made = checkpoint()
    head = {
        "format": "ledger-proof/1",
        "origin": signing_key().name,
        "size": made.size,
        "root": base64.b64encode(bytes(made.root)).decode(),
        "checkpoint": made.note,
    }
    proof = f'{json.dumps(head)[:-1]}, "entries": {entries}}}'
    path, report = tmp_path / "proof.json", tmp_path / "report.csv"
    path.write_text(proof if form == "report" else f'{{"sections": [], "ledger_proof": {proof}}}')
    report.write_text("Section\n")
    files = [str(path)] if form == "proof" else [str(report), "--proof", str(path)]
    assert verifier.main([form, *files, "--key", str(signing_key().verifier)]) == 1
    assert capsys.readouterr().out.startswith("DOES NOT HOLD: ")
