"""Completion events: CloudEvents, written with the record, sent at least once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.utils import timezone

from catalog.connectors.custodian_signing import digest_of, signature_base
from catalog.models import System
from retention.anonymization import sending
from retention.anonymization.allowing import add_sink, remove_sink
from retention.anonymization.models import Notice, Sink
from retention.anonymization.sending import NotSent, require_safe_url, send_due
from tests.retention.anonymization.people import ask, customers, worked, write
from tests.services.kafka import KafkaBroker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_techniques")]


class Receiver(HTTPServer):
    """Keeps what it got; answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 204

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/events"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing on the test's output."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def delivered(tmp_path: Path):
    write(tmp_path / "in.parquet", customers(5))
    return worked(ask(tmp_path / "in.parquet", tmp_path / "out.parquet"))


def test_a_signed_cloud_event_tells_of_the_job(tmp_path: Path, receiver: Receiver):
    add_sink("Lake", url=receiver.url, secret="a shared secret")
    run = delivered(tmp_path)
    assert send_due() == (1, 0)
    ((headers, body),) = receiver.got
    assert headers["Content-Type"] == "application/cloudevents+json; charset=UTF-8"
    event = json.loads(body)
    assert {name: event[name] for name in ("specversion", "type", "subject", "datacontenttype")} == {
        "specversion": "1.0",
        "type": "org.privacy-console.anonymization.delivered",
        "subject": str(run.pk),
        "datacontenttype": "application/json",
    }
    assert event["source"].endswith("/anonymization")
    assert (event["data"]["rows"], event["data"]["sha256"]) == (5, run.digest)
    assert event["data"]["techniques"]["email"] == "digest"
    assert headers["Content-Digest"] == digest_of(body)
    parameters = headers["Signature-Input"].removeprefix("console=")
    base = signature_base("POST", receiver.url, headers["Content-Digest"], parameters)
    assert headers["Signature"] == _signature(base, "a shared secret")
    assert send_due() == (0, 0)


def _signature(base: str, secret: str) -> str:
    import base64  # noqa: PLC0415
    import hmac  # noqa: PLC0415

    return f"console=:{base64.b64encode(hmac.digest(secret.encode(), base.encode(), 'sha256')).decode()}:"


def test_a_job_that_fails_is_told_of_too(tmp_path: Path, receiver: Receiver):
    add_sink("Lake", url=receiver.url)
    write(tmp_path / "in.parquet", customers(14))
    rules = {"id": "keep", "name": "leave", "email": "fill", "city": "keep", "spent": "keep"}
    run = worked(ask(tmp_path / "in.parquet", tmp_path / "out.parquet", rules=rules))
    send_due()
    ((headers, body),) = receiver.got
    event = json.loads(body)
    assert (event["type"], event["data"]["problem"]) == (
        "org.privacy-console.anonymization.refused",
        run.problem,
    )
    assert "Signature" not in headers


def test_what_was_not_taken_is_sent_again_later_with_the_same_id(tmp_path: Path, receiver: Receiver):
    add_sink("Lake", url=receiver.url)
    receiver.status = 503
    delivered(tmp_path)
    assert send_due() == (0, 1)
    notice = Notice.objects.get()
    assert (notice.attempts, notice.problem) == (1, "The receiver answered 503.")
    assert notice.due_at > timezone.now()
    assert send_due() == (0, 0)  # not due yet
    receiver.status = 200
    Notice.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert send_due() == (1, 0)
    first, second = (json.loads(body)["id"] for _, body in receiver.got)
    assert first == second
    assert Notice.objects.get().sent_at is not None


def test_a_receiver_that_is_gone_is_tried_again_and_given_up_in_the_end(tmp_path: Path):
    add_sink("Nobody", url="http://127.0.0.1:1/")
    delivered(tmp_path)
    Notice.objects.update(attempts=sending.MOST_ATTEMPTS - 1)
    assert send_due() == (0, 1)
    Notice.objects.update(due_at=timezone.now())
    assert send_due() == (0, 0)
    assert Notice.objects.get().problem == "No answer: ConnectError."


@pytest.mark.parametrize(
    "url", ["http://example.org/", "ftp://example.org/", "http://127.0.0.1.example.org/"]
)
def test_events_go_over_tls_or_stay_on_the_machine(url: str):
    with pytest.raises(NotSent, match="https://"):
        require_safe_url(url)


def test_secrets_are_sealed_and_receivers_are_recorded(sequenced):
    sink = add_sink("Lake", url="https://lake.example.org/", secret="a shared secret")
    assert b"shared" not in bytes(Sink.objects.get().secret)
    assert Sink.objects.get().opened_secret() == "a shared secret"
    remove_sink(sink)
    assert [entry.action for entry in sequenced()] == ["sink.added", "sink.removed"]


def test_nothing_is_written_where_nobody_is_to_be_told(tmp_path: Path):
    delivered(tmp_path)
    assert not Notice.objects.exists()


def test_a_topic_gets_the_event(tmp_path: Path, kafka_broker: KafkaBroker):
    topic = kafka_broker.create_topic()
    lake = System.objects.create(
        name="Stream", kind="kafka", settings={"bootstrap_servers": kafka_broker.bootstrap}
    )
    add_sink("Stream", system=lake, topic=topic)
    run = delivered(tmp_path)
    assert send_due() == (1, 0)
    ((_, value),) = kafka_broker.messages(topic)
    assert value is not None
    assert json.loads(value)["subject"] == str(run.pk)


def test_a_broker_that_is_gone_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sending, "SECONDS", 0.5)
    gone = System.objects.create(name="Stream", kind="kafka", settings={"bootstrap_servers": "127.0.0.1:1"})
    add_sink("Stream", system=gone, topic="events")
    delivered(tmp_path)
    assert send_due() == (0, 1)
    assert Notice.objects.get().problem.startswith("Kafka did not confirm")
