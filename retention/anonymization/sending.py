"""Sending notices: each at least once, in the order they fell due, tried again for two days."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import orjson
from django.db import transaction
from django.utils import timezone

from catalog.connectors.base import ConnectorError
from catalog.connectors.custodian_signing import signed_headers
from catalog.connectors.extras import load
from catalog.connectors.kafka_reading import client_configuration
from governance.keyring.sealing import CannotOpen
from retention.anonymization.models import Notice, Sink
from retention.anonymization.noticing import CONTENT_TYPE

SECONDS = 10.0
FIRST_WAIT = 5  # seconds; doubled after each attempt
MOST_ATTEMPTS = 16  # about two days
LONGEST_WAIT = timedelta(hours=6)
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class NotSent(Exception):
    """The receiver did not take it; the message names what is wrong and no content."""


def send_due(*, most: int = 500) -> tuple[int, int]:
    """Send what is due; how many were sent, and how many were not."""
    sent = failed = 0
    for _ in range(most):
        with transaction.atomic():
            notice = _next()
            if notice is None:
                break
            if _send(notice):
                sent += 1
            else:
                failed += 1
    return sent, failed


def require_safe_url(url: str) -> str:
    """NotSent unless it is https, or http on this machine, and without a password in it."""
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise NotSent("The address holds a user name or password, which would be shown: sign events instead.")
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return url
    raise NotSent("Events go to https:// only, or to http:// on this machine.")


def _next() -> Notice | None:
    """Locked: two workers do not send the same one at once. A worker that dies leaves it as it was."""
    due = Notice.objects.filter(sent_at=None, attempts__lt=MOST_ATTEMPTS, due_at__lte=timezone.now())
    return due.select_for_update(skip_locked=True, of=("self",)).select_related("sink__system").first()


def _send(notice: Notice) -> bool:
    notice.attempts += 1
    try:
        deliver(notice.sink, orjson.dumps(notice.body))
    except NotSent as problem:
        wait = min(timedelta(seconds=FIRST_WAIT * 2 ** (notice.attempts - 1)), LONGEST_WAIT)
        notice.problem, notice.due_at = str(problem)[:300], timezone.now() + wait
    else:
        notice.problem, notice.sent_at = "", timezone.now()
    notice.save(update_fields=["attempts", "problem", "due_at", "sent_at"])
    return notice.sent_at is not None


def deliver(sink: Sink, body: bytes) -> None:
    """Raises NotSent unless the receiver said that it has it."""
    if sink.url:
        _post(sink, body)
    else:
        _produce(sink, body)


def _post(sink: Sink, body: bytes) -> None:
    url = require_safe_url(sink.url)
    try:
        secret = sink.opened_secret()
    except CannotOpen as problem:
        raise NotSent(str(problem)) from None
    headers = {
        "Content-Type": CONTENT_TYPE,
        **(signed_headers("POST", url, body, secret=secret) if secret else {}),
    }
    try:
        # What the receiver has to say is not read: it may never end.
        with httpx.stream(
            "POST", url, content=body, headers=headers, timeout=SECONDS, follow_redirects=False
        ) as answer:
            taken, status = answer.is_success, answer.status_code
    except httpx.HTTPError as error:
        raise NotSent(f"No answer: {type(error).__name__}.") from None
    if not taken:
        raise NotSent(f"The receiver answered {status}.")


def _produce(sink: Sink, body: bytes) -> None:
    kafka = load("confluent_kafka", extra="kafka")
    assert sink.system is not None
    problems: list[str] = []
    try:
        settings = client_configuration(sink.system.all_settings())
        producer = kafka.Producer(
            {
                **settings,
                "enable.idempotence": True,
                "message.timeout.ms": int(SECONDS * 1000),
                "log_level": 0,
            }
        )
        producer.produce(
            sink.topic,
            value=body,
            headers=[("content-type", CONTENT_TYPE.encode())],
            on_delivery=lambda error, message: problems.append(error.name()) if error else None,
        )
        left = producer.flush(SECONDS + 2)
    except (kafka.KafkaException, ConnectorError, CannotOpen) as error:
        raise NotSent(f"Kafka: {type(error).__name__}.") from None
    if left or problems:
        raise NotSent(f"Kafka did not confirm: {problems[0] if problems else 'time-out'}.")
