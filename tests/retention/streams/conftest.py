from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from confluent_kafka import Consumer, TopicPartition

from retention.anonymization.rules import Rule, RuleSet
from retention.anonymization.streams import reading
from retention.anonymization.streams.marks import SOURCE
from retention.anonymization.streams.running import Stream
from retention.anonymization.streams.spec import StreamSpec
from retention.anonymization.streams.transforming import Transformer
from tests.services.kafka import KafkaBroker

COLUMNS = {"id": "integer", "email": "string", "note": "string"}


def spec_of(name: str = "", **changes: Any) -> StreamSpec:
    name = name or secrets.token_hex(4)
    columns = changes.pop("columns", COLUMNS)
    rules = changes.pop("rules", RuleSet(tuple(Rule(column, "keep") for column in columns)))
    return StreamSpec(f"anonymize-{name}", name, f"{name}.out", f"{name}.dead", columns, rules, **changes)


@dataclass
class Topics:
    """The three topics of a stream, and what is in them."""

    broker: KafkaBroker
    spec: StreamSpec
    partitions: int
    stopped: list[bool] = field(default_factory=list)

    def create(self) -> Topics:
        for topic in (self.spec.source, self.spec.output, self.spec.dead):
            self.broker.create_topic(topic, partitions=self.partitions)
        return self

    def write(self, values: Sequence[Any], *, partition: int = 0, **more: Any) -> None:
        """Objects as JSON; bytes and None as they are."""
        plain = [
            value if value is None or isinstance(value, bytes) else orjson.dumps(value) for value in values
        ]
        self.broker.produce(self.spec.source, plain, partition=partition, **more)

    def stream(self, transform: Transformer | None = None, **changes: Any) -> Stream:
        options = {"bootstrap.servers": self.broker.bootstrap}
        given: dict[str, Any] = {
            "partitions": self.partitions,
            "until_end": True,
            "stop": lambda: bool(self.stopped),
        }
        transform = transform or Transformer(self.spec)
        return Stream(self.spec, transform, options, options, **(given | changes))

    def run(self, transform: Transformer | None = None, **changes: Any) -> Stream:
        """To the end of the source."""
        stream = self.stream(transform, **changes)
        for _ in stream.run():
            pass
        return stream

    def output(self, partition: int = 0) -> list[Any]:
        return self.read(self.spec.output, partition)

    def dead(self, partition: int = 0) -> list[Any]:
        return self.read(self.spec.dead, partition)

    def offsets(self, messages: Sequence[Any]) -> list[int]:
        """The offsets in the source that they say they come from."""
        return [int(dict(message.headers())[SOURCE].rpartition(b"/")[2]) for message in messages]

    def read(self, topic: str, partition: int) -> list[Any]:
        consumer = Consumer(
            {"bootstrap.servers": self.broker.bootstrap, "group.id": "tests", "enable.partition.eof": True}
            | {"enable.auto.commit": False, "fetch.wait.max.ms": 10, "log_level": 0}
        )
        consumer.assign([TopicPartition(topic, partition, 0)])
        found = []
        while (message := consumer.poll(10)) is not None and message.error() is None:
            found.append(message)
        consumer.close()
        assert message is not None, "the broker says nothing"
        return found


@pytest.fixture
def make_topics(kafka_broker, transactional_db, monkeypatch):
    monkeypatch.setattr(reading, "SETTLE", 0)  # nobody was killed

    def make(*, partitions: int = 1, **changes: Any) -> Topics:
        return Topics(kafka_broker, spec_of(**changes), partitions).create()

    return make
