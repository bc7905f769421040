"""A custodian's own system that receives tasks: a real HTTP server which checks signatures and deletes what it holds.

It knows nothing of the console but the documented protocol, and signs its answers itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class CustodianSystem(ThreadingHTTPServer):
    """`people` are the e-mail addresses it holds; `statuses` are answered first, one after the other, then 202."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.secret = ""
        self.people: set[str] = set()
        self.statuses: list[int] = []
        self.location = ""
        self.tasks: dict[str, dict[str, Any]] = {}  # by webhook-id: a repeated task is one task
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.forged = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/tasks"

    def sign(self, message_id: str, body: bytes, *, at: float | None = None) -> dict[str, str]:
        timestamp = str(int(at or time.time()))
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        content = b".".join([message_id.encode(), timestamp.encode(), body])
        signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{signature}",
        }

    def erase(self, task: str) -> tuple[str, bytes, dict[str, str]]:
        """Delete what the task names; the path, body and headers of the answer."""
        data = self.tasks[task]["data"]
        named = {each["value"] for each in data["identifiers"]}
        found = self.people & named
        self.people -= found
        return self.answer(
            task, state="done" if found else "nothing found", note="Deleted by the nightly job."
        )

    def answer(self, task: str, **said: Any) -> tuple[str, bytes, dict[str, str]]:
        data = self.tasks[task]["data"]
        body = json.dumps({"token": data["token"], **said}).encode()
        path = "/" + data["callback"].split("/", 3)[3]
        return path, body, self.sign(f"msg_{uuid.uuid4().hex}", body)


class _Handler(BaseHTTPRequestHandler):
    server: CustodianSystem

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.got.append((headers, body))
        status = self.server.statuses.pop(0) if self.server.statuses else 202
        message_id = headers["webhook-id"]
        expected = self.server.sign(message_id, body, at=int(headers["webhook-timestamp"]))
        if not hmac.compare_digest(expected["webhook-signature"], headers["webhook-signature"]):
            self.server.forged += 1
            status = 401
        elif status == 202:
            self.server.tasks[message_id] = json.loads(body)
        self.send_response(status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing on the test's output."""


@contextmanager
def custodian_system() -> Iterator[CustodianSystem]:
    server = CustodianSystem()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
