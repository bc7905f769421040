"""Reading Kafka without leaving a trace: no consumer group is joined and no offset is committed.

Partitions are assigned by hand and read from given offsets to an end that was fixed before. librdkafka reports
most troubles of a connection in a callback and lets the call run into its time-out; both are put together here.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from catalog.connectors.base import AccessDenied, ConnectorError, DataSetMissing, Unreachable
from catalog.connectors.extras import load

SECONDS = 8.0  # for one answer
PAGE = 1_000  # messages taken from the library at once


@dataclass(frozen=True, slots=True)
class Stretch:
    """Offsets `start` to `end`, without the last, of one partition."""

    partition: int
    start: int
    end: int

    def __len__(self) -> int:
        return max(self.end - self.start, 0)


class KafkaClient:
    """One consumer, connected at first use; `server` is what error messages call the cluster."""

    def __init__(self, configuration: Mapping[str, Any], *, server: str) -> None:
        self.server = server
        self._kafka = load("confluent_kafka", extra="kafka")
        self._errors: list[Any] = []
        options: dict[str, Any] = {
            "group.id": "privacy-governance-console",  # the library wants one; nothing is ever joined
            "client.id": "privacy-governance-console",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",  # where retention took the first messages meanwhile
            "fetch.wait.max.ms": 10,  # turning to other offsets waits until the last request is answered
            "queued.max.messages.kbytes": 32 * 1024,
            "socket.timeout.ms": int(SECONDS * 1000),
            "socket.connection.setup.timeout.ms": int(SECONDS * 1000),
            "log_level": 0,
            "error_cb": self._errors.append,
            **configuration,
        }
        try:
            self._consumer = self._kafka.Consumer(options)
        except self._kafka.KafkaException:  # its words may quote a setting
            raise ConnectorError(
                f"The Kafka library cannot use the settings of {server}.",
                "Check the certificate authority, the security protocol and the SASL mechanism.",
            ) from None

    def close(self) -> None:
        self._consumer.close()

    def cluster(self) -> tuple[int, dict[str, str]]:
        """How many brokers, and every topic by name with what is wrong with it, if anything."""
        found = self._metadata()
        return len(found.brokers), {name: _trouble(topic) for name, topic in sorted(found.topics.items())}

    def stretches(self, topic: str) -> list[Stretch]:
        """All of the topic, partition by partition, up to where it ends now.

        The end is the high watermark that comes with a fetch: brokers agree on it, while some answer the
        question for the latest offset with the beginning of the last batch.
        """
        found = self._metadata().topics.get(topic)
        if found is None:
            raise DataSetMissing(f"There is no topic {topic}.", "Scan the system again.")
        if problem := _trouble(found):
            raise Unreachable(f"The topic {topic} cannot be read: {problem}.", "Look at its partitions.")
        with self._explained(topic):
            partitions = [self._kafka.TopicPartition(topic, place) for place in sorted(found.partitions)]
            for each in partitions:
                each.offset = self._consumer.get_watermark_offsets(each, timeout=SECONDS)[1]
            self._consumer.assign(partitions)
            waiting = {each.partition for each in partitions}
            for message in self._messages(topic):
                waiting.discard(message.partition())
                if not waiting:
                    break
            ends = [self._consumer.get_watermark_offsets(each, cached=True) for each in partitions]
        return [Stretch(each.partition, *end) for each, end in zip(partitions, ends, strict=True)]

    def read(self, topic: str, stretches: Iterable[Stretch]) -> Iterator[Any]:
        """The messages of the stretches, one stretch after the other."""
        for stretch in stretches:
            if not len(stretch):
                continue
            with self._explained(topic):
                place = self._kafka.TopicPartition(topic, stretch.partition, stretch.start)
                self._consumer.assign([place])
                for message in self._messages(topic):
                    if message.error() or message.offset() >= stretch.end:
                        break
                    yield message
                    if message.offset() == stretch.end - 1:
                        break

    def _messages(self, topic: str) -> Iterator[Any]:
        """What comes from the assigned partitions, the event at the end of one among it."""
        deadline = time.monotonic() + SECONDS
        while True:
            message = self._consumer.poll(max(deadline - time.monotonic(), 0))
            if message is None:
                raise Unreachable(
                    f"{self.server} stopped answering while {topic} was read.",
                    self._remedy("Check that its brokers run and that the console may reach each of them."),
                )
            for each in (message, *self._consumer.consume(PAGE, timeout=0)):
                error = each.error()
                if error is None or error.code() == self._kafka.KafkaError._PARTITION_EOF:
                    yield each
                elif error.code() != self._kafka.KafkaError.GROUP_AUTHORIZATION_FAILED:  # we join none
                    raise self._kafka.KafkaException(error)
            deadline = time.monotonic() + SECONDS

    def _metadata(self) -> Any:
        """Of all topics: asking for one by name could create it."""
        with self._explained(""):
            return self._consumer.list_topics(timeout=SECONDS)

    @contextmanager
    def _explained(self, topic: str) -> Iterator[None]:
        """The library's errors in our words; its own hold addresses of brokers, and never a message."""
        try:
            yield
        except self._kafka.KafkaException as failure:
            raise self._explain(failure.args[0], topic) from None

    def _explain(self, error: Any, topic: str) -> ConnectorError:
        self._consumer.poll(0)  # only then the library calls back with what it met
        kafka = self._kafka.KafkaError
        codes = {error.code(), *(seen.code() for seen in self._errors)}
        if codes & {kafka._AUTHENTICATION, kafka.SASL_AUTHENTICATION_FAILED}:
            return AccessDenied(f"{self.server} refused the user or the password.", "Correct them.")
        if codes & {kafka.TOPIC_AUTHORIZATION_FAILED, kafka.CLUSTER_AUTHORIZATION_FAILED}:
            return AccessDenied(
                f"{self.server} does not let this user read {topic or 'its topics'}.",
                "Grant it Describe and Read on the topics.",
            )
        if error.code() in (kafka.UNKNOWN_TOPIC_OR_PART, kafka._UNKNOWN_TOPIC, kafka._UNKNOWN_PARTITION):
            return DataSetMissing(f"There is no topic {topic}.", "Scan the system again.")
        return Unreachable(
            f"{self.server} did not answer ({error.name()}).",
            self._remedy("Check the addresses, the security protocol, and that the brokers run."),
        )

    def _remedy(self, usual: str) -> str:
        if any(seen.code() == self._kafka.KafkaError._SSL for seen in self._errors):
            return "TLS failed: check the security protocol and the certificate authority."
        return usual


def _trouble(topic: Any) -> str:
    errors = [topic.error, *(partition.error for partition in topic.partitions.values())]
    # A replica may be down; only the leader is read.
    names = [error.name() for error in errors if error is not None]
    return next((name for name in names if name != "REPLICA_NOT_AVAILABLE"), "")
