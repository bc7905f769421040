"""A FAKE schema registry: no wheel brings a real one, so this small server speaks as much of its HTTP as is used.

It keeps schemas in memory and judges nothing: what is registered is taken. Its answers have the shape of those
in https://docs.confluent.io/platform/current/schema-registry/develop/api.html.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import pytest

SUBJECT = re.compile(r"/subjects/([^/]+)(?:/versions(?:/(\d+|latest))?)?")


class FakeSchemaRegistry(ThreadingHTTPServer):
    """`url` is where it listens; with `credentials` (`user:password`) it asks for them."""

    daemon_threads = True

    def __init__(self, credentials: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.credentials = credentials
        self.schemas: list[dict[str, Any]] = []
        self.subjects: dict[str, list[int]] = {}
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def register(self, subject: str, schema: Any, *, kind: str = "AVRO", references: Any = ()) -> int:
        """A new version of the subject; its id."""
        text = schema if isinstance(schema, str) else json.dumps(schema)
        found = {"schema": text, "schemaType": kind, "references": list(references)}
        if found not in self.schemas:
            self.schemas.append(found)
        number = self.schemas.index(found) + 1
        versions = self.subjects.setdefault(subject, [])
        if number not in versions:
            versions.append(number)
        return number

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if path == "/subjects":
            return 200, list(self.subjects)
        if match := re.fullmatch(r"/schemas/ids/(\d+)", path):
            number = int(match[1])
            return (200, self.schemas[number - 1]) if 0 < number <= len(self.schemas) else (404, {})
        match = SUBJECT.fullmatch(path)
        if match is None:
            return 404, {}
        subject = unquote(match[1])
        if method == "POST":
            number = self.register(
                subject,
                body["schema"],
                kind=body.get("schemaType") or "AVRO",
                references=body.get("references") or (),
            )
            return 200, self._described(subject, self.subjects[subject].index(number) + 1)
        versions = self.subjects.get(subject)
        if versions is None:
            return 404, {"error_code": 40401, "message": "Subject not found."}
        if match[2] is None:
            return 200, list(range(1, len(versions) + 1))
        version = len(versions) if match[2] == "latest" else int(match[2])
        return (200, self._described(subject, version)) if version <= len(versions) else (404, {})

    def _described(self, subject: str, version: int) -> dict[str, Any]:
        number = self.subjects[subject][version - 1]
        return {"subject": subject, "version": version, "id": number, **self.schemas[number - 1]}


class _Handler(BaseHTTPRequestHandler):
    server: FakeSchemaRegistry
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, method: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        path = self.path.partition("?")[0]
        self.server.asked.append(path)
        expected = "Basic " + base64.b64encode(self.server.credentials.encode()).decode()
        if self.server.credentials and self.headers.get("Authorization") != expected:
            status, answer = 401, {"error_code": 401, "message": "Unauthorized"}
        else:
            status, answer = self.server.answer(method, path, body)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: Any) -> None:
        pass


@contextmanager
def fake_schema_registry(credentials: str = "") -> Iterator[FakeSchemaRegistry]:
    """A fake registry for this block."""
    server = FakeSchemaRegistry(credentials)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def schema_registry() -> Iterator[FakeSchemaRegistry]:
    """A fake schema registry without schemas: `.url`, `.register(subject, schema)`."""
    with fake_schema_registry() as server:
        yield server
