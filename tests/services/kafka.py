"""A Kafka-protocol broker for the tests that ask for one, started with the first of them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from governance.embedded.broker import EmbeddedBroker
from tests.services.folders import service_folder

LARGEST = 50_000_000


@dataclass(frozen=True)
class KafkaBroker:
    """Where it is, and how tests fill it without a connector."""

    bootstrap: str

    def admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def create_topic(self, name: str = "", *, partitions: int = 1, **settings: str) -> str:
        """A new topic; without `name`, with one of its own. Of `settings`, `retention_ms` means retention.ms."""
        name = name or f"topic-{secrets.token_hex(4)}"
        config = {key.replace("_", "."): value for key, value in settings.items()}
        admin = self.admin()  # its answers go with it
        for done in admin.create_topics([NewTopic(name, partitions, config=config)]).values():
            done.result(10)
        return name

    def delete_topics(self, names: Iterable[str]) -> None:
        admin = self.admin()
        for done in admin.delete_topics(list(names)).values():
            done.result(10)

    def topics(self) -> list[str]:
        return sorted(self.admin().list_topics(timeout=10).topics)

    def groups(self) -> list[str]:
        admin = self.admin()
        found = admin.list_consumer_groups(request_timeout=10).result()
        return sorted(group.group_id for group in found.valid)

    def produce(
        self,
        topic: str,
        values: Iterable[bytes | None],
        *,
        keys: Iterable[bytes | None] | None = None,
        partition: int | None = None,
        **more: Any,
    ) -> None:
        """Append `values`, each with its key; `more` goes to every message (`headers`, `timestamp`)."""
        producer = Producer(
            {"bootstrap.servers": self.bootstrap, "message.max.bytes": LARGEST, "log_level": 0}
        )
        refused: list[Any] = []
        place: dict[str, Any] = {} if partition is None else {"partition": partition}
        keys = iter(keys) if keys is not None else None
        for value in values:
            producer.produce(
                topic,
                value=value,
                key=next(keys) if keys else None,
                on_delivery=lambda error, _message: refused.append(error) if error else None,
                **place,
                **more,
            )
            producer.poll(0)
        assert producer.flush(30) == 0
        assert not refused, refused

    def messages(self, topic: str, *, partitions: int = 1) -> list[tuple[bytes | None, bytes | None]]:
        """All keys and values, read without a connector."""
        consumer = Consumer(
            {"bootstrap.servers": self.bootstrap, "group.id": "tests", "enable.partition.eof": True}
            | {"enable.auto.commit": False, "log_level": 0}
        )
        found = []
        consumer.assign([TopicPartition(topic, place, 0) for place in range(partitions)])
        ends = 0
        while ends < partitions:
            message = consumer.poll(10)
            assert message is not None, "the broker says nothing"
            if message.error():
                ends += 1
            else:
                found.append((message.key(), message.value()))
        consumer.close()
        return found


@pytest.fixture(scope="session")
def _kafka_server() -> Iterator[KafkaBroker]:
    with service_folder() as folder:
        server = EmbeddedBroker(folder / "broker", port=0)
        program = server.program()
        with (folder / "broker.log").open("wb") as log:
            process = program.spawn(output=log)
        try:
            server.wait_ready(process)
            yield KafkaBroker(server.bootstrap)
        finally:
            program.stop(process)


@pytest.fixture
def kafka_broker(_kafka_server: KafkaBroker) -> Iterator[KafkaBroker]:
    """The Kafka broker of this run, without topics: `.bootstrap`, `.create_topic()`, `.produce()`."""
    yield _kafka_server
    if topics := _kafka_server.topics():
        _kafka_server.delete_topics(topics)
