"""A FAKE of AWS KMS: there is no server of it to run. It keeps the protocol and none of the safety.

It answers `TrentService.Encrypt`, `Decrypt` and `GenerateDataKey` in JSON 1.1 as the API reference describes them
(https://docs.aws.amazon.com/kms/latest/APIReference/), with the encryption context as associated data. Signatures are
not checked; who signs is.
"""

from __future__ import annotations

import base64
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ACCESS_KEY = "AKIAFAKEFAKEFAKEFAKE"


class FakeKms(ThreadingHTTPServer):
    """`keys` by id; `broken` is an error (`ThrottlingException`) that answers everything; `contexts` as they came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.keys: dict[str, bytes] = {}
        self.contexts: list[dict[str, str]] = []
        self.broken = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def create_key(self, key: str) -> None:
        self.keys[key] = os.urandom(32)

    def answer(self, operation: str, body: dict[str, Any], signed_by: str) -> tuple[int, dict[str, Any]]:
        if self.broken:
            return (500 if "Internal" in self.broken else 400), {"__type": self.broken}
        if signed_by != ACCESS_KEY:
            return 400, {"__type": "UnrecognizedClientException"}
        if body["KeyId"] not in self.keys:
            return 400, {"__type": "NotFoundException", "message": "anna@example.org"}
        context = body.get("EncryptionContext", {})
        self.contexts.append(context)
        cipher, bound = AESGCM(self.keys[body["KeyId"]]), json.dumps(context, sort_keys=True).encode()
        if operation == "Decrypt":
            blob = base64.b64decode(body["CiphertextBlob"])
            try:
                return 200, {
                    "KeyId": body["KeyId"],
                    "Plaintext": _text(cipher.decrypt(blob[:12], blob[12:], bound)),
                }
            except (InvalidTag, ValueError):
                return 400, {"__type": "InvalidCiphertextException"}
        plaintext = os.urandom(32) if operation == "GenerateDataKey" else base64.b64decode(body["Plaintext"])
        nonce = os.urandom(12)
        answer = {
            "KeyId": body["KeyId"],
            "CiphertextBlob": _text(nonce + cipher.encrypt(nonce, plaintext, bound)),
        }
        return 200, answer | ({"Plaintext": _text(plaintext)} if operation == "GenerateDataKey" else {})


class _Handler(BaseHTTPRequestHandler):
    server: FakeKms
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        service, _, operation = self.headers["X-Amz-Target"].partition(".")
        assert service == "TrentService"
        signer = re.search(r"Credential=([^/]+)/", self.headers.get("Authorization", ""))
        status, answer = self.server.answer(operation, body, signer[1] if signer else "")
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")  # so that a stopped server answers nobody any more
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: Any) -> None:
        pass


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


@contextmanager
def fake_kms() -> Iterator[FakeKms]:
    """A fake AWS KMS for this block."""
    server = FakeKms()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
