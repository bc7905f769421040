"""The custodian protocol at its edges: signatures, hostile and broken services."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from catalog.connectors import registry
from catalog.connectors.base import AccessDenied, ConnectorError, Malformed, Unreachable
from catalog.connectors.custodian_signing import signed_headers
from catalog.connectors.opening import open_connector
from tests.contracts.stores.custodian import SECRET, CustodianStore


@pytest.fixture
def service(tmp_path: Path) -> Iterator[CustodianStore]:
    store = CustodianStore(tmp_path / "crm.sqlite")
    yield store
    store.stop()


def post(service: CustodianStore, path: str, body: dict, **signing: object) -> int:
    content = json.dumps(body).encode()
    url = f"{service.settings['url']}{path}"
    headers = signed_headers("POST", url, content, **{"secret": SECRET, **signing})  # type: ignore[arg-type]
    return httpx.post(url, content=content, headers=headers).status_code


def test_a_signature_follows_rfc_9421():
    headers = signed_headers(
        "POST", "https://x.example/v1/count", b"{}", secret="s" * 32, at=1700000000, nonce="n"
    )
    assert headers["Content-Digest"] == "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:"
    assert headers["Signature-Input"] == (
        'console=("@method" "@target-uri" "content-digest");created=1700000000;nonce="n";'
        'alg="hmac-sha256";keyid="console"'
    )


def test_the_service_refuses_what_is_not_signed_by_us(service: CustodianStore):
    body = {"data_set": "orders", "matches": None}
    assert post(service, "/v1/count", body) == 200
    assert post(service, "/v1/count", body, secret="another secret of thirty-two characters!") == 401
    assert post(service, "/v1/count", body, at=int(time.time()) - 3600) == 401
    assert post(service, "/v1/count", body, nonce="once") == 200
    assert post(service, "/v1/count", body, nonce="once") == 401
    assert httpx.get(f"{service.settings['url']}/v1/about").status_code == 401


def test_a_wrong_secret_is_said_and_not_shown(service: CustodianStore):
    settings = {**service.settings, "secret": "wrong but long enough to be a secret"}
    with open_connector("custodian", settings) as connector, pytest.raises(AccessDenied) as refused:
        connector.check()
    assert "wrong but" not in str(refused.value)
    assert "secret" in refused.value.remedy


@pytest.mark.parametrize(
    ("url", "accepted"),
    [
        ("https://crm.example.org/custodian", True),
        ("http://127.0.0.1:8900", True),
        ("http://localhost:8900", True),
        ("http://crm.example.org", False),
        ("https://user:word@crm.example.org", False),
        ("ftp://crm.example.org", False),
        ("file:///etc/passwd", False),
    ],
)
def test_addresses(url: str, accepted: bool):
    form = registry.get("custodian").Form({"url": url, "secret": SECRET})
    assert form.is_valid() is accepted


@pytest.fixture
def answering() -> Iterator[Callable[[int, bytes], str]]:
    """`answering(200, b"…")`: the address of a service that always answers so."""
    servers = []

    def start(status: int, content: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (200, b"<html>", Malformed),
        (200, b"[]", Malformed),
        (200, b'{"data_sets": {}}', Malformed),
        (200, b'{"data_sets": [{"columns": 3}]}', Malformed),
        (200, b'{"data_sets": [{"name": "a", "columns": [{"name": "b", "kind": "nonsense"}]}]}', Malformed),
        (500, b"Traceback: anna@example.org", ConnectorError),
        (409, b'{"type": "nonsense", "detail": "anna@example.org"}', ConnectorError),
        (302, b"", ConnectorError),
    ],
)
def test_a_broken_service_is_an_error_without_its_words(
    answering: Callable[[int, bytes], str], status: int, content: bytes, error: type[ConnectorError]
):
    settings = {"url": answering(status, content), "secret": SECRET}
    with open_connector("custodian", settings) as connector, pytest.raises(error) as raised:
        list(connector.discover())
    assert "anna" not in str(raised.value)
    assert raised.value.remedy


def test_nobody_there():
    settings = {"url": "http://127.0.0.1:1", "secret": SECRET}
    with (
        open_connector("custodian", settings) as connector,
        pytest.raises(Unreachable, match=r"127\.0\.0\.1:1"),
    ):
        connector.check()


def test_a_change_asked_for_twice_is_done_once(service: CustodianStore):
    body = {
        "data_set": "orders",
        "matches": [{"columns": ["person_id"], "keys": [[1]], "fold": False}],
        "operation": "o-1",
    }
    assert post(service, "/v1/change", body) == 200
    assert len(service.content("orders")) == 597
    assert post(service, "/v1/change", body) == 200
    assert service.server.store.done == {"o-1": 3}


def test_a_request_signed_ahead_of_time_is_not_accepted_again_later(
    service: CustodianStore, monkeypatch: pytest.MonkeyPatch
):
    body, now = {"data_set": "orders", "matches": None}, time.time()
    ahead = int(now) + 290
    assert post(service, "/v1/count", body, at=ahead, nonce="ahead") == 200
    monkeypatch.setattr(time, "time", lambda: now + 400)  # the signature is still good
    assert post(service, "/v1/count", body, at=ahead, nonce="other") == 200
    assert post(service, "/v1/count", body, at=ahead, nonce="ahead") == 401


def test_a_body_of_less_than_nothing_is_refused(service: CustodianStore):
    host, port = service.settings["url"].removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST /v1/count HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
