"""What readers of the newsletter looked at: a Kafka topic on a broker that forgets with every stop."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import SplitResult

from catalog.connectors.extras import load
from catalog.connectors.kafka_client import KafkaClient
from erasure.demo import DemoProblem
from erasure.demo.customers import Customer
from erasure.demo.support import DAYS, FIRST_DAY, PAGES, SEED, address_of

SYSTEM = "Chinook events"
TOPIC = "shop.page_views"
EACH = 8  # views of each reader
SECONDS = 15
KEPT = {"cleanup.policy": "delete", "retention.ms": f"{30 * 86_400_000}", "segment.ms": f"{86_400_000}"}

View = dict[str, str]


def views(readers: list[Customer]) -> list[View]:
    """Always the same ones, in the order of their time."""
    dice = random.Random(SEED)  # noqa: S311 - sample data
    made = [
        {
            "email": reader["Email"],
            "ip": address_of(int(reader["CustomerId"])),
            "url": f"https://shop.chinook.example{dice.choice(PAGES)}",
            "at": (FIRST_DAY + timedelta(minutes=dice.randrange(DAYS * 24 * 60))).isoformat() + "Z",
        }
        for reader in readers
        for _ in range(EACH)
    ]
    return sorted(made, key=lambda view: view["at"])


def fill(server: SplitResult, readers: list[Customer]) -> bool:
    """Make the topic, and write the messages that are not in it yet. Whether any was missing.

    Nothing takes a message out, so whoever was killed at it goes on behind the last one. Raises DemoProblem.
    """
    kafka = load("confluent_kafka", extra="kafka")
    options = {"bootstrap.servers": server.netloc, "log_level": 0, "socket.timeout.ms": SECONDS * 1_000}
    try:
        missing = views(readers)[_written(server, options) :]
        _write(kafka, options, missing)
    except kafka.KafkaException as refused:
        code = refused.args[0].name() if hasattr(refused.args[0], "name") else type(refused).__name__
        raise DemoProblem(f"The demo's broker does not take the topic {TOPIC} ({code}).") from None
    return bool(missing)


def settings(server: SplitResult) -> dict[str, Any]:
    """For the connector."""
    return {"bootstrap_servers": server.netloc}


def _written(server: SplitResult, options: dict[str, Any]) -> int:
    """How many messages the topic has, which is made where it is missing."""
    admin_client = load("confluent_kafka.admin", extra="kafka")
    admin = admin_client.AdminClient(options)
    if TOPIC not in admin.list_topics(timeout=SECONDS).topics:
        topic = admin_client.NewTopic(TOPIC, 1, config=KEPT)
        for made in admin.create_topics([topic]).values():
            made.result(SECONDS)
    client = KafkaClient({"bootstrap.servers": server.netloc}, server=server.netloc)
    try:
        return sum(map(len, client.stretches(TOPIC)))
    finally:
        client.close()


def _write(kafka: Any, options: dict[str, Any], missing: Sequence[View]) -> None:
    producer = kafka.Producer(options | {"enable.idempotence": False, "max.in.flight": 1})
    refused: list[Any] = []
    for view in missing:
        producer.produce(
            TOPIC,
            value=json.dumps(view).encode(),
            on_delivery=lambda error, _message: refused.append(error) if error else None,
        )
    if producer.flush(SECONDS) or refused:
        raise DemoProblem(f"The demo's broker did not take all messages of {TOPIC}: try again.")
