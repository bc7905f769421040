"""Tombstones: a message with a key and without a value, after which compaction removes what stood under that key.

It carries the very bytes of the key, goes to the partition in which the key's messages are, and says nothing else.
Source: Kafka, Log compaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from catalog.connectors.base import AccessDenied, ConnectorError, Unreachable
from catalog.connectors.extras import load
from catalog.connectors.kafka_survey import Place

SECONDS = 30.0
WAITING = 10_000  # in the library before we let it send


def write_tombstones(
    configuration: Mapping[str, Any], topic: str, places: Iterable[Place], *, server: str
) -> int:
    """One for each place, acknowledged by all replicas and each once; how many. Raises ConnectorError."""
    kafka = load("confluent_kafka", extra="kafka")
    refused: list[Any] = []
    producer = kafka.Producer(
        {
            "client.id": "privacy-governance-console",
            "enable.idempotence": True,
            "acks": "all",
            "message.timeout.ms": int(SECONDS * 1000),
            "log_level": 0,
            **configuration,
        }
    )
    many = 0
    for partition, key in places:
        producer.produce(
            topic,
            key=key,
            value=None,
            partition=partition,
            on_delivery=lambda error, _message: refused.append(error) if error else None,
        )
        many += 1
        producer.poll(0)
        if len(producer) >= WAITING:
            producer.flush(SECONDS)
    if producer.flush(SECONDS) or refused:
        raise _explain(kafka, refused, topic, server)
    return many


def _explain(kafka: Any, refused: list[Any], topic: str, server: str) -> ConnectorError:
    codes = {error.code() for error in refused}
    rights = {
        kafka.KafkaError.TOPIC_AUTHORIZATION_FAILED,
        kafka.KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    }
    if codes & rights:
        return AccessDenied(
            f"{server} does not let this user write to {topic}.", "Grant it Write on the topic."
        )
    said = f" ({refused[0].name()})" if refused else ""
    return Unreachable(
        f"{server} did not acknowledge all tombstones in {topic}{said}.",
        "Check its brokers; those that were written need not be written again.",
    )
