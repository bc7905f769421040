"""A witness: it cosigns a log's checkpoint only if that continues the last one it saw. C2SP tlog-witness.

Run it where the log's operator has no hand in, with a key of its own. It keeps one checkpoint per log and nothing else,
and needs neither Django nor a database:

    python -m audit.ledger.witness --name witness.example/w --key witness.pem --state witness.json --log KEY…

Answers: 200 the cosignature, 400 malformed, 403 no signature of a known key, 404 unknown log, 409 with the size it has
seen, 422 no continuation.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from audit.ledger.merkle import EMPTY_ROOT, ProofFails, check_consistency
from audit.ledger.notes import COSIGNER, Note, NoteProblem, SigningKey, TreeHead, VerifierKey

MOST_BYTES = 64 * 1024
MOST_PROOF_LINES = 63
SIZE_TYPE = "text/x.tlog.size"


class Refused(Exception):
    """`status` and what is said with it."""

    def __init__(self, status: int, said: str, content_type: str = "text/plain; charset=utf-8") -> None:
        super().__init__(said)
        self.status = status
        self.content_type = content_type


@dataclass
class Witness:
    """`state` is a file with the last checkpoint of each log: on the disk before a cosignature leaves."""

    key: SigningKey
    logs: dict[str, list[VerifierKey]]
    state: Path
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add_checkpoint(self, body: bytes) -> str:
        """The cosignature line for the checkpoint in a request's body. Raises Refused."""
        old, proof, note = _parsed(body)
        try:
            head = TreeHead.parse(note.text)
        except NoteProblem as problem:
            raise Refused(400, str(problem)) from None
        self._require_signed(head, note)
        if old > head.size:
            raise Refused(400, "The old size is larger than the checkpoint's.")
        with self.lock:
            known = self._known()
            size, root = known.get(head.origin, (0, EMPTY_ROOT))
            if old != size:
                raise Refused(409, f"{size}\n", SIZE_TYPE)
            _require_continuation(size, root, head, proof)
            known[head.origin] = (head.size, head.root)
            self._keep(known)
        return self.key.sign(note.text, at=int(time.time())).line()

    def _require_signed(self, head: TreeHead, note: Note) -> None:
        keys = self.logs.get(head.origin)
        if not keys:
            raise Refused(404, f"This witness does not know the log {head.origin}.")
        try:
            signed = [key for key in keys if note.signed_by(key) is not None]
        except NoteProblem as problem:
            raise Refused(403, str(problem)) from None
        if not signed:
            raise Refused(403, f"The checkpoint is not signed by a known key of {head.origin}.")

    def _known(self) -> dict[str, tuple[int, bytes]]:
        if not self.state.exists():
            return {}
        kept = json.loads(self.state.read_text())
        return {origin: (size, base64.b64decode(root)) for origin, (size, root) in kept.items()}

    def _keep(self, known: dict[str, tuple[int, bytes]]) -> None:
        kept = {origin: (size, base64.b64encode(root).decode()) for origin, (size, root) in known.items()}
        draft = self.state.with_name(f".{self.state.name}.new")
        with draft.open("w") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.state)


def serve(witness: Witness, *, host: str, port: int) -> ThreadingHTTPServer:
    """A server that is bound and not yet running: call `serve_forever`."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 30

        def do_POST(self) -> None:
            if self.path.rstrip("/") != "/add-checkpoint":
                return self._answer(404, "There is only /add-checkpoint.")
            try:
                length = int(self.headers.get("Content-Length", ""))
            except ValueError:
                return self._answer(411, "Say how long the body is.")
            if not 0 < length <= MOST_BYTES:
                return self._answer(413, "The body is too long.")
            try:
                return self._answer(200, witness.add_checkpoint(self.rfile.read(length)))
            except Refused as refused:
                return self._answer(refused.status, str(refused), refused.content_type)

        def do_GET(self) -> None:
            self._answer(200, f"{witness.key.verifier}\n")

        def _answer(self, status: int, said: str, content_type: str = "text/plain; charset=utf-8") -> None:
            body = said.encode()
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            sys.stderr.write(f"{self.log_date_time_string()} {format % args}\n")

    return ThreadingHTTPServer((host, port), Handler)


def key_from(path: Path, name: str) -> SigningKey:
    """The witness's key; made, readable by nobody else, where there is none."""
    if not path.exists():
        fresh = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(fresh)
    private = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise SystemExit(f"{path} holds no Ed25519 key.")
    return SigningKey(name, COSIGNER, private)


def _parsed(body: bytes) -> tuple[int, list[bytes], Note]:
    head, blank, note = body.partition(b"\n\n")
    lines = head.decode(errors="replace").split("\n")
    old = lines[0].removeprefix("old ")
    if not blank or lines[0] == old or not old.isdigit() or str(int(old)) != old:
        raise Refused(400, "The body begins with the old size, the proof and an empty line.")
    if len(lines) > MOST_PROOF_LINES + 1:
        raise Refused(400, "The proof is too long.")
    try:
        proof = [base64.b64decode(line, validate=True) for line in lines[1:]]
        return int(old), proof, Note.parse(note.decode())
    except (binascii.Error, UnicodeDecodeError, NoteProblem) as problem:
        raise Refused(400, f"The proof or the checkpoint cannot be read: {problem}") from None


def _require_continuation(size: int, root: bytes, head: TreeHead, proof: list[bytes]) -> None:
    if size == 0:
        if proof:
            raise Refused(400, "From nothing there is nothing to prove.")
        if head.size == 0 and head.root != EMPTY_ROOT:
            raise Refused(422, "An empty log has another root.")
        return
    try:
        check_consistency(size, head.size, root, head.root, proof)
    except ProofFails as problem:
        raise Refused(422, str(problem)) from None


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--name", required=True, help="what it calls itself: witness.example/w")
    parser.add_argument(
        "--key", type=Path, required=True, help="its private key in PEM; made where there is none"
    )
    parser.add_argument("--state", type=Path, required=True, help="where it keeps the last checkpoints")
    parser.add_argument("--log", action="append", required=True, help="verifier key of a log it watches")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8765)
    asked = parser.parse_args(arguments)
    logs: dict[str, list[VerifierKey]] = {}
    for text in asked.log:
        try:
            key = VerifierKey.parse(text)
        except NoteProblem as problem:
            raise SystemExit(str(problem)) from None
        logs.setdefault(key.name, []).append(key)
    witness = Witness(key_from(asked.key, asked.name), logs, asked.state)
    server = serve(witness, host=asked.host, port=asked.port)
    sys.stdout.write(f"{witness.key.verifier}\nlistening on http://{asked.host}:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
