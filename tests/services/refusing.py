"""A door in front of an S3 server that refuses writes after a number of them, as a bucket whose policy changed."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

DENIED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>No.</Message></Error>"


class RefusingDoor(ThreadingHTTPServer):
    """`takes`: how many more writes it lets through; all else always passes."""

    daemon_threads = True

    def __init__(self, endpoint: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = urlsplit(endpoint)
        self.takes = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def refusing_door(endpoint: str) -> Iterator[RefusingDoor]:
    door = RefusingDoor(endpoint)
    thread = threading.Thread(target=door.serve_forever, daemon=True)
    thread.start()
    try:
        yield door
    finally:
        door.shutdown()
        door.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: RefusingDoor
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.command == "PUT":
            if self.server.takes < 1:
                return self._answer(403, {"Content-Type": "application/xml"}, DENIED)
            self.server.takes -= 1
        target = http.client.HTTPConnection(self.server.target.hostname or "", self.server.target.port)
        target.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() != "expect":
                target.putheader(name, value)  # also the host: it is signed
        target.endheaders(body)
        answer = target.getresponse()
        content = answer.read()
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in _OWN}
        if self.command == "HEAD":
            kept["Content-Length"] = answer.getheader("Content-Length") or "0"
        target.close()
        return self._answer(answer.status, kept, content)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _pass


_OWN = {"transfer-encoding", "connection", "content-length", "date", "server"}
