"""Erasing in Kafka, on a real broker that keeps tombstones and settings of topics.

It never compacts, removes nothing by age, and knows no DeleteRecords: what a broker does in its own time is played here
by making the topic anew with what would be left.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from catalog.connectors.base import (
    Connector,
    ConnectorError,
    ConstraintInTheWay,
    DataSetMissing,
    Match,
    Older,
    Operation,
    Replacement,
    Unsupported,
)
from catalog.connectors.destruction import open_writable
from catalog.connectors.kafka_admin import TopicSettings
from catalog.connectors.opening import open_connector
from tests.services.kafka import KafkaBroker

ANNA = [Match(pa.table({"email": ["anna@example.org"]}))]
OF_ANNA, OF_BERT = b'{"email": "anna@example.org"}', b'{"email": "bert@example.org"}'
COMPACT = {"cleanup_policy": "compact"}
DAY = 86_400_000
WRITTEN = datetime(2026, 1, 31, 12, tzinfo=UTC)
AT = int(WRITTEN.timestamp() * 1000)


@pytest.fixture
def writer(kafka_broker: KafkaBroker) -> Iterator[Connector]:
    with open_writable("kafka", {"bootstrap_servers": kafka_broker.bootstrap}) as connector:
        yield connector


def as_table(broker: KafkaBroker, topic: str, *, partitions: int = 1) -> dict[bytes | None, bytes]:
    """What a reader of the compacted topic has at its end."""
    state: dict[bytes | None, bytes | None] = dict(broker.messages(topic, partitions=partitions))
    return {key: value for key, value in state.items() if value is not None}


def compacted(broker: KafkaBroker, writer: Connector, topic: str, *, tombstones: bool = True) -> None:
    """As if the broker had compacted it, and then removed the tombstones or not yet."""
    writer.close()  # a real compaction changes no offset, as this does
    last = dict(broker.messages(topic))
    left = {key: value for key, value in last.items() if tombstones or value is not None}
    broker.delete_topics([topic])
    broker.create_topic(topic, cleanup_policy="compact")
    broker.produce(topic, left.values(), keys=left.keys())


def test_keys_end_in_their_partition_and_no_other_key(kafka_broker: KafkaBroker, writer: Connector) -> None:
    topic = kafka_broker.create_topic(partitions=3, **COMPACT)
    kafka_broker.produce(topic, [OF_ANNA, OF_BERT, OF_ANNA], keys=[b"a1", b"b1", b"a2"], partition=0)
    kafka_broker.produce(topic, [OF_BERT, OF_ANNA], keys=[b"a1", b"\xff\x00"], partition=2)

    assert writer.delete(topic, ANNA) == 3

    found = kafka_broker.messages(topic, partitions=3)
    assert sorted(key for key, value in found if value is None) == [b"a1", b"a2", b"\xff\x00"]
    assert [value for _, value in found if value is not None].count(OF_BERT) == 2
    with open_connector("kafka", {"bootstrap_servers": kafka_broker.bootstrap}) as reader:
        ends = {(s.partition, s.end) for s in reader.client.stretches(topic)}  # type: ignore[attr-defined]
    assert ends == {(0, 5), (1, 0), (2, 3)}
    assert writer.delete(topic, ANNA) == 3  # and again: nothing more is written
    assert kafka_broker.messages(topic, partitions=3) == found


def test_tombstones_say_nothing_but_the_key(kafka_broker: KafkaBroker, writer: Connector) -> None:
    topic = kafka_broker.create_topic(**COMPACT)
    kafka_broker.produce(topic, [OF_ANNA], keys=[b"a"], headers={"who": "anna"})
    writer.delete(topic, ANNA)
    (stretch,) = writer.client.stretches(topic)  # type: ignore[attr-defined]
    _, tombstone = list(writer.client.read(topic, [stretch]))  # type: ignore[attr-defined]
    assert (tombstone.key(), tombstone.value(), tombstone.headers()) == (b"a", None, None)


def test_what_a_key_said_before_is_left_to_compaction(kafka_broker: KafkaBroker, writer: Connector) -> None:
    topic = kafka_broker.create_topic(**COMPACT)
    kafka_broker.produce(topic, [OF_ANNA, OF_BERT], keys=[b"cart-1", b"cart-1"])
    assert writer.delete(topic, ANNA) == 1
    assert as_table(kafka_broker, topic) == {b"cart-1": OF_BERT}  # now another's, who keeps it
    left = writer.lingering(topic, ANNA)
    assert left
    assert left.rows == 1


def test_old_messages_linger_until_compaction(kafka_broker: KafkaBroker, writer: Connector) -> None:
    topic = kafka_broker.create_topic(**COMPACT)
    kafka_broker.produce(topic, [OF_ANNA, OF_ANNA, OF_BERT], keys=[b"a", b"a", b"b"])
    assert writer.lingering(topic, ANNA) is None  # nothing was deleted yet
    writer.delete(topic, ANNA)
    assert writer.count(topic, ANNA) == 2
    left = writer.lingering(topic, ANNA)
    assert left
    assert (left.rows, left.until) == (2, None)
    assert "until the broker compacts it" in left.why
    compacted(kafka_broker, writer, topic)
    assert writer.lingering(topic, ANNA) is None
    assert writer.count(topic, ANNA) == 0
    assert as_table(kafka_broker, topic) == {b"b": OF_BERT}


def test_a_key_that_names_the_person_lingers_on_its_tombstone(
    kafka_broker: KafkaBroker, writer: Connector
) -> None:
    topic = kafka_broker.create_topic(
        delete_retention_ms=str(3 * DAY), max_compaction_lag_ms=str(DAY), **COMPACT
    )
    by_key = [Match(pa.table({"_key": ["anna@example.org"]}))]
    kafka_broker.produce(topic, [OF_ANNA], keys=[b"anna@example.org"])
    writer.delete(topic, by_key)
    left = writer.lingering(topic, by_key)
    assert left
    assert left.rows == 2
    assert "tombstones themselves stay 3 days longer" in left.why
    assert left.until
    assert abs(left.until - datetime.now(UTC) - timedelta(days=4, minutes=5)) < timedelta(minutes=1)
    compacted(kafka_broker, writer, topic)
    left = writer.lingering(topic, by_key)
    assert left
    assert left.rows == 1
    assert writer.delete(topic, by_key) == 1  # a tombstone needs no other
    assert kafka_broker.messages(topic) == [(b"anna@example.org", None)]
    compacted(kafka_broker, writer, topic, tombstones=False)
    assert writer.lingering(topic, by_key) is None


def test_a_message_that_comes_back_is_no_remains(kafka_broker: KafkaBroker, writer: Connector) -> None:
    topic = kafka_broker.create_topic(**COMPACT)
    kafka_broker.produce(topic, [OF_ANNA], keys=[b"a"])
    writer.delete(topic, ANNA)
    kafka_broker.produce(topic, [OF_ANNA], keys=[b"a"])
    assert writer.lingering(topic, ANNA) is None
    assert writer.count(topic, ANNA) == 2


def test_messages_without_keys_in_a_compacted_topic_are_met_in_rehearsal(
    kafka_broker: KafkaBroker, writer: Connector
) -> None:
    topic = kafka_broker.create_topic(**COMPACT)
    kafka_broker.produce(topic, [OF_ANNA, OF_ANNA], keys=[None, b"a"])
    for attempt in (
        lambda: writer.rehearse([Operation(topic, ANNA)]),
        lambda: writer.delete(topic, ANNA),
    ):
        with pytest.raises(ConstraintInTheWay, match="1 of the messages") as refused:
            attempt()
        assert "retention" in refused.value.remedy
    assert len(kafka_broker.messages(topic)) == 2


def test_a_topic_that_compacts_and_deletes_does_both(kafka_broker: KafkaBroker, writer: Connector) -> None:
    topic = kafka_broker.create_topic(
        cleanup_policy="compact,delete", retention_ms=str(7 * DAY), segment_ms=str(DAY)
    )
    kafka_broker.produce(topic, [OF_ANNA, OF_ANNA], keys=[None, b"a"], timestamp=AT)
    assert writer.rehearse([Operation(topic, ANNA)]) == [2]
    assert writer.delete(topic, ANNA) == 2
    assert as_table(kafka_broker, topic) == {None: OF_ANNA}
    left = writer.lingering(topic, ANNA)
    assert left
    assert (left.rows, left.until) == (2, WRITTEN + timedelta(days=8, minutes=5))


def test_from_a_topic_that_only_deletes_nothing_is_taken(
    kafka_broker: KafkaBroker, writer: Connector
) -> None:
    topic = kafka_broker.create_topic(retention_ms=str(7 * DAY), segment_ms=str(DAY))
    kafka_broker.produce(topic, [OF_ANNA], keys=[b"a"], timestamp=AT)
    kafka_broker.produce(topic, [OF_ANNA], keys=[b"a"], timestamp=AT - DAY)
    before = kafka_broker.messages(topic)
    way = writer.way_out(topic, ANNA)
    assert (way.method, "8 Feb 2026" in way.outlook) == ("outlive", True)
    assert writer.rehearse([Operation(topic, ANNA)]) == [2]
    assert writer.delete(topic, ANNA) == 0
    assert kafka_broker.messages(topic) == before
    left = writer.lingering(topic, ANNA)
    assert left
    assert (left.rows, left.until) == (2, WRITTEN + timedelta(days=8, minutes=5))


def test_a_topic_that_keeps_for_ever_is_met_in_rehearsal(
    kafka_broker: KafkaBroker, writer: Connector
) -> None:
    topic = kafka_broker.create_topic(retention_ms="-1")
    kafka_broker.produce(topic, [OF_ANNA], keys=[b"a"])
    with pytest.raises(ConstraintInTheWay, match="for ever") as refused:
        writer.rehearse([Operation(topic, ANNA)])
    assert "Set a retention" in refused.value.remedy
    assert writer.rehearse([Operation(topic, [Match(pa.table({"email": ["nobody@example.org"]}))])]) == [0]


def test_a_broker_that_says_no_retention_gives_no_date(kafka_broker: KafkaBroker, writer: Connector) -> None:
    topic = kafka_broker.create_topic()
    kafka_broker.produce(topic, [OF_ANNA], keys=[b"a"])
    left = writer.lingering(topic, ANNA)
    assert left
    assert (left.rows, left.until, "does not say" in left.why) == (1, None, True)


def test_the_plan_says_what_will_happen_in_a_compacted_topic(
    kafka_broker: KafkaBroker, writer: Connector
) -> None:
    topic = kafka_broker.create_topic(max_compaction_lag_ms=str(7 * DAY), **COMPACT)
    kafka_broker.produce(topic, [OF_ANNA, OF_ANNA, OF_BERT], keys=[b"a", b"b", b"b"])
    way = writer.way_out(topic, ANNA)
    assert way.method == "tombstone"
    assert way.outlook.startswith("1 of 2 keys get a tombstone.")
    assert "7 days after" in way.outlook


def test_nothing_is_overwritten(kafka_broker: KafkaBroker, writer: Connector) -> None:
    topic = kafka_broker.create_topic(**COMPACT)
    kafka_broker.produce(topic, [OF_ANNA], keys=[b"a"])
    gone = {"email": Replacement("x")}
    for attempt in (
        lambda: writer.overwrite(topic, ANNA, gone),
        lambda: writer.rehearse([Operation(topic, ANNA, gone)]),
    ):
        with pytest.raises(Unsupported, match="cannot be changed"):
            attempt()


def test_a_reader_writes_nothing(kafka_broker: KafkaBroker) -> None:
    topic = kafka_broker.create_topic(**COMPACT)
    kafka_broker.produce(topic, [OF_ANNA], keys=[b"a"])
    with open_connector("kafka", {"bootstrap_servers": kafka_broker.bootstrap}) as reader:
        for attempt in (
            lambda: reader.delete(topic, ANNA),
            lambda: reader.rehearse([Operation(topic, ANNA)]),
            lambda: reader.overwrite(topic, ANNA, {}),
            lambda: reader.set_retention(topic, timedelta(days=1)),
        ):
            with pytest.raises(RuntimeError, match="only reads"):
                attempt()
    assert kafka_broker.messages(topic) == [(b"a", OF_ANNA)]


def test_retention_is_read_and_set(kafka_broker: KafkaBroker, writer: Connector) -> None:
    topic = kafka_broker.create_topic(retention_ms=str(7 * DAY), segment_ms=str(DAY))
    assert writer.retention_of(topic) == timedelta(days=7)
    writer.set_retention(topic, timedelta(days=3))
    writer.set_retention(topic, timedelta(days=3))
    assert writer.retention_of(topic) == timedelta(days=3)
    assert writer.admin.settings(topic).segment == DAY  # type: ignore[attr-defined]


def test_retention_of_what_cannot_have_one(kafka_broker: KafkaBroker, writer: Connector) -> None:
    topic = kafka_broker.create_topic(**COMPACT)
    assert writer.retention_of(topic) is None
    with pytest.raises(ConstraintInTheWay, match="only compacted"):
        writer.set_retention(topic, timedelta(days=3))
    with pytest.raises(DataSetMissing):
        writer.set_retention("nowhere", timedelta(days=3))
    assert "nowhere" not in kafka_broker.topics()


def test_messages_are_counted_by_their_age(kafka_broker: KafkaBroker, writer: Connector) -> None:
    topic = kafka_broker.create_topic()
    kafka_broker.produce(topic, [OF_ANNA], timestamp=AT - 1)
    kafka_broker.produce(topic, [OF_ANNA, OF_BERT], timestamp=AT)
    assert writer.count_older(topic, Older("_timestamp", WRITTEN)) == 1
    assert writer.count_older(topic, Older("_timestamp", WRITTEN + timedelta(seconds=1))) == 3
    with pytest.raises(Unsupported, match="time of its messages"):
        writer.count_older(topic, Older("email", WRITTEN))


def test_a_broker_that_is_gone_is_said_so() -> None:
    with open_writable("kafka", {"bootstrap_servers": "127.0.0.1:1"}) as connector:
        started = time.monotonic()
        with pytest.raises(ConnectorError):
            connector.retention_of("topic")
    assert time.monotonic() - started < 15


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, TopicSettings()),
        ({"cleanup.policy": "compact, delete"}, TopicSettings(compacted=True)),
        ({"max.compaction.lag.ms": str(2**63 - 1)}, TopicSettings()),
        ({"retention.ms": "-1"}, TopicSettings(retention=-1)),
    ],
)
def test_settings_as_a_broker_says_them(said: dict[str, Any], expected: TopicSettings) -> None:
    assert TopicSettings.of(said) == expected


def test_for_ever_has_no_date() -> None:
    kept = TopicSettings(retention=2**62, segment=DAY)
    assert kept.retained_until(WRITTEN) is None
