"""The source's side of a stream: the partitions this process owns, and their messages in bounded batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from catalog.connectors.base import Unreachable
from catalog.connectors.extras import load
from catalog.connectors.kafka_client import KafkaClient
from retention.anonymization.streams.owning import Ownership
from retention.anonymization.streams.resuming import Position, positions
from retention.anonymization.streams.spec import StreamSpec

BATCH_MESSAGES = 5_000
BATCH_BYTES = 16_000_000
BATCH_SECONDS = 0.2
# What a killed process had handed to its kernel may still be on the way to the broker when its lock is gone already.
SETTLE = 0.5  # seconds
SLICE = 500  # messages taken from the library at once


class Reader:
    """`options` are of the source's cluster, `target` of the output's. The stream's name is that of its group."""

    def __init__(
        self, spec: StreamSpec, options: Mapping[str, Any], target: Mapping[str, Any], *, partitions: int
    ) -> None:
        self.spec, self.options, self.target, self.partitions = spec, options, target, partitions
        self.positions: dict[int, Position] = {}
        self._ended: set[int] = set()
        self._kafka = load("confluent_kafka", extra="kafka")
        self._consumer = self._kafka.Consumer(
            {
                "group.id": spec.name,  # never joined: offsets are kept under it, for those who watch lags
                "client.id": "privacy-governance-console",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "queued.max.messages.kbytes": 32 * 1024,
                "fetch.wait.max.ms": 50,
                "log_level": 0,
                **options,
            }
        )

    def close(self) -> None:
        self._consumer.close()

    @property
    def at_end(self) -> bool:
        """Whether there was nothing more to read, a moment ago, in all partitions of this process."""
        return bool(self.positions) and self._ended >= self.positions.keys()

    def take_partitions(self, ownership: Ownership, *, most: int) -> int:
        """Own those that nobody owns, up to `most`, each from where it goes on; how many messages were missed."""
        ownership.require()
        room = most - len(self.positions)
        new: list[int] = []
        for each in range(self.partitions):
            if each not in self.positions and len(new) < room and ownership.take(self.spec.name, each):
                new.append(each)
        if not new:
            return 0
        time.sleep(SETTLE)
        committed = {each.partition: each.offset for each in self._consumer.committed(self._places(new), 10)}
        with closing(_client(self.options)) as source, closing(_client(self.target)) as target:
            found = positions(self.spec, new, committed, source=source, target=target)
        self.positions |= found
        self._ended.clear()
        self._consumer.assign(self._places(self.positions))
        return sum(each.missed for each in found.values())

    def collect(self, *, stop: Callable[[], bool], until_end: bool = False) -> list[Any]:
        """The messages of one batch: bounded in number, bytes and time, each partition in order."""
        found: list[Any] = []
        size, deadline = 0, time.monotonic() + BATCH_SECONDS
        while len(found) < BATCH_MESSAGES and size < BATCH_BYTES and not stop():
            # One first, so that a slice is not waited for where there is no more.
            first = self._consumer.poll(max(deadline - time.monotonic(), 0))
            if first is None:
                break
            for message in (first, *self._consumer.consume(SLICE, 0)):
                if self._is_new(message):
                    found.append(message)
                    size += len(message)
            if time.monotonic() > deadline or (until_end and self.at_end):
                break
        return found

    def commit(self) -> None:
        """For those who watch the group; the truth is in the output, so that this need not be waited for."""
        if self.positions:
            self._consumer.commit(offsets=self._places(self.positions), asynchronous=True)

    def lags(self) -> dict[int, int]:
        """How many messages are behind each position, as of the last answer of the broker."""
        ends = {
            each: self._consumer.get_watermark_offsets(self._place(each), cached=True)[1]
            for each in self.positions
        }
        return {each: max(end - self.positions[each].next, 0) for each, end in ends.items()}

    def _is_new(self, message: Any) -> bool:
        """Whether it is to do. Moves the position behind it. Raises Unreachable for what the broker refuses."""
        partition, error = message.partition(), message.error()
        if error is not None:
            if error.code() == self._kafka.KafkaError._PARTITION_EOF:
                self._ended.add(partition)
            elif not error.retriable():
                raise Unreachable(
                    f"{self.spec.source} cannot be read ({error.name()}).", "Look at the broker."
                )
            return False
        at, offset = self.positions[partition], message.offset()
        if offset < at.next:
            return False
        at.next = offset + 1
        self._ended.discard(partition)
        if offset in at.dead:
            at.dead.discard(offset)
            return False
        return True

    def _places(self, partitions: Any) -> list[Any]:
        return [self._place(each) for each in partitions]

    def _place(self, partition: int) -> Any:
        at = self.positions.get(partition)
        return self._kafka.TopicPartition(self.spec.source, partition, at.next if at else -1001)


def _client(options: Mapping[str, Any]) -> KafkaClient:
    return KafkaClient(options, server=str(options["bootstrap.servers"]))
