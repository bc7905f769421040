"""Telling agents and controllers how far their requests are: signed, each change once, tried again, nowhere inside."""

import base64
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.utils import timezone

from erasure.custodians.sending import WAITS
from erasure.custodians.signing import verify
from erasure.models import SubjectRequest
from erasure.protocols import notifying, registering
from erasure.protocols.models import Message, Notice, Received
from erasure.protocols.opendsr import signing
from erasure.protocols.tasks import notify
from erasure.requests import closing
from tests.erasure.estate import entries

State = SubjectRequest.State


class Receiver(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses: list[int] = []
        self.got: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/update_status"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing on the test's output."""


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.0/8")]
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def told(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(body) for _, body in receiver.got]


def test_agent_is_told_each_change_once(trusted, receiver):
    request_id = trusted.exercise(exercise="access", status_callback=receiver.url).json()["request_id"]
    notify()
    assert receiver.got == []  # the answer to the message said it
    closing.reject(SubjectRequest.objects.get(), reason="Not in scope.")
    notify()
    notify()
    (status,) = told(receiver)
    assert status == trusted.status(request_id).json()
    assert (status["status"], status["reason"]) == ("denied", "other")
    assert entries("protocol.status_told") == [
        {"sender": "Permission Slip", "status": "denied/other", "attempts": 1}
    ]
    assert Received.objects.get().settled


def test_agent_verifies_with_its_token(outside, receiver):
    outside.exercise(exercise="sale:opt-out", status_callback=receiver.url)
    notify()
    ((headers, body),) = receiver.got
    secret = "whsec_" + base64.b64encode(sha256(outside.token.encode()).digest()).decode()
    assert verify(headers, body, secret=secret) == f"{Notice.objects.get().public_id}.fulfilled"
    assert json.loads(body)["status"] == "fulfilled"


def test_controller_verifies_with_the_certificate(shop, receiver):
    shop.ask(status_callback_urls=[receiver.url])
    SubjectRequest.objects.update(state=State.EXECUTING)
    notify()
    SubjectRequest.objects.update(state=State.COMPLETE, closed_at=timezone.now())
    notify()
    public = x509.load_pem_x509_certificate(signing.signing_key().certificate.encode()).public_key()
    for headers, body in receiver.got:
        assert headers["x-opendsr-processor-domain"] == "testserver"
        public.verify(
            base64.b64decode(headers["x-opendsr-signature"]), body, padding.PKCS1v15(), hashes.SHA256()
        )
    assert [(each["request_status"], each["status_callback_url"]) for each in told(receiver)] == [
        ("in_progress", receiver.url),
        ("completed", receiver.url),
    ]
    assert told(receiver)[0]["subject_request_id"] == "a7551968-d5d6-44b2-9831-815ac9017798"


def test_what_was_not_taken_is_sent_again(outside, receiver):
    receiver.statuses = [500, 302]
    outside.exercise(exercise="sale:opt-out", status_callback=receiver.url)
    notifying.notice_changes()
    assert notifying.send_due() == (0, 1)
    notice = Notice.objects.get()
    assert (notice.attempts, notice.problem) == (1, "The receiver answered 500.")
    assert notifying.send_due() == (0, 0)  # not yet
    Notice.objects.update(next_try_at=timezone.now())
    assert notifying.send_due() == (0, 1)
    Notice.objects.update(next_try_at=timezone.now())
    assert notifying.send_due() == (1, 0)
    notice.refresh_from_db()
    assert (notice.attempts, notice.problem, notice.next_try_at) == (3, "", None)


def test_after_a_week_it_is_given_up_and_said(outside, receiver):
    outside.exercise(exercise="sale:opt-out", status_callback=receiver.url)
    notifying.notice_changes()
    Notice.objects.update(attempts=len(WAITS))
    receiver.statuses = [503]
    assert notifying.send_due() == (0, 1)
    assert Notice.objects.get().next_try_at is None
    assert entries("protocol.status_not_told") == [
        {
            "sender": "Permission Slip",
            "status": "fulfilled",
            "attempts": len(WAITS) + 1,
            "problem": "The receiver answered 503.",
        }
    ]


def test_newer_status_takes_the_place_of_one_that_was_not_delivered(trusted, receiver):
    trusted.exercise(status_callback=receiver.url)
    for state in (State.IDENTITY_PENDING, State.EXECUTING, State.REJECTED):
        SubjectRequest.objects.update(state=state)
        notifying.notice_changes()
    assert notifying.send_due() == (1, 0)
    assert [each["status"] for each in told(receiver)] == ["denied"]


def test_nothing_is_sent_inside_unless_allowed(outside, receiver, settings):
    settings.WEBHOOK_NETWORKS = []
    outside.exercise(exercise="sale:opt-out", status_callback=receiver.url)
    notifying.notice_changes()
    assert notifying.send_due() == (0, 1)
    assert receiver.got == []
    assert Notice.objects.get().problem == (
        "127.0.0.1 is inside a private network. Whoever runs the console can allow it with WEBHOOK_NETWORKS."
    )


def test_agent_without_a_token_is_told_when_it_has_one_again(outside, agent, receiver):
    outside.exercise(exercise="sale:opt-out", status_callback=receiver.url)
    registering.change_agent(agent, name="Renamed", verify_key="A" * 40 + "AAE=")
    notify()
    assert receiver.got == []
    assert (
        Notice.objects.get().problem == "The agent has no token to sign with: it has to set up its key again."
    )


def test_messages_that_have_expired_are_forgotten(outside):
    assert Message.objects.count() == 1
    Message.objects.update(expires_at=timezone.now())
    notifying.notice_changes()
    assert not Message.objects.exists()


def test_what_was_denied_at_once_is_forgotten_after_sixty_days(outside):
    outside.exercise(exercise="sale:opt-out", regime="voluntary")
    Received.objects.update(received_at=timezone.now() - timedelta(days=59))
    notifying.notice_changes()
    assert Received.objects.count() == 1
    Received.objects.update(received_at=timezone.now() - timedelta(days=61))
    notifying.notice_changes()
    assert not Received.objects.exists()
