"""Writing to Kafka: in order, acknowledged by all replicas, and all of a step or nothing is reported as done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from catalog.connectors.extras import load
from retention.anonymization.techniques.base import TechniqueError

SECONDS = 60.0  # until a step must be acknowledged
LARGEST = 50_000_000  # bytes of a dead letter, which is as large as its message was


class DeliveryFailed(TechniqueError):
    """The broker did not take a record; nothing behind the last commit counts as done."""


class Record(NamedTuple):
    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]
    timestamp: int  # milliseconds; 0: now


class Outlet:
    """One producer. Never used again after it raised: what is still on its way must not pass what comes later."""

    def __init__(self, options: Mapping[str, Any], *, server: str) -> None:
        self.server = server
        self._kafka = load("confluent_kafka", extra="kafka")
        self._refused: list[Any] = []
        self._producer = self._kafka.Producer(
            {
                "client.id": "privacy-governance-console",
                "enable.idempotence": True,
                "acks": "all",
                # No record is given up while later ones go out: whoever takes over trusts that there are no gaps.
                "message.timeout.ms": 0,
                "enable.gapless.guarantee": True,
                "linger.ms": 2,
                "batch.num.messages": 10_000,
                "message.max.bytes": LARGEST,
                "delivery.report.only.error": True,
                "log_level": 0,
                "on_delivery": self._reported,
                **options,
            }
        )

    def deliver(self, records: Iterable[Record]) -> None:
        """Returns when the broker has acknowledged each of them. Raises DeliveryFailed."""
        try:
            for record in records:
                self._produce(record)
            waiting = self._producer.flush(SECONDS)
        except self._kafka.KafkaException as failure:
            raise self._failed(failure.args[0]) from None
        if self._refused:
            raise self._failed(self._refused[0])
        if waiting:
            raise self._failed(None)

    def close(self) -> None:
        """Forget what was not sent: it counts as not done."""
        self._producer.purge()

    def _produce(self, record: Record) -> None:
        topic, partition, key, value, headers, timestamp = record
        while True:
            try:
                self._producer.produce(topic, value, key, partition, headers=headers, timestamp=timestamp)
                return
            except BufferError:  # its queue is full: let it send
                self._producer.poll(0.1)
                if self._refused:
                    raise self._failed(self._refused[0]) from None

    def _reported(self, error: Any, _message: Any) -> None:
        if error is not None:
            self._refused.append(error)

    def _failed(self, error: Any) -> DeliveryFailed:
        said = f"({error.name()})" if error is not None else f"within {SECONDS:.0f} seconds"
        return DeliveryFailed(
            f"{self.server} did not acknowledge a batch {said}.",
            "Check that its brokers run, that this user may write to the topics, and how large a record may be. "
            "The stream goes on where it stopped.",
        )
