from __future__ import annotations

import orjson
import pytest
from confluent_kafka import Consumer, TopicPartition
from django.db import connection

from retention.anonymization.streams import reading
from retention.anonymization.streams.delivering import DeliveryFailed, Outlet
from retention.anonymization.streams.marks import REASON, SOURCE, ForeignRecord
from retention.anonymization.streams.owning import Ownership, OwnershipLost
from retention.anonymization.techniques.base import TechniqueError


def rows(count, start=0):
    return [
        {"id": number, "email": f"p{number}@example.org", "note": None}
        for number in range(start, start + count)
    ]


def ids(messages):
    return [orjson.loads(message.value())["id"] for message in messages]


def test_each_message_comes_out_once_and_in_order(make_topics):
    topics = make_topics(partitions=2)
    topics.write(rows(300), partition=0, timestamp=1_700_000_000_000)
    topics.write(rows(200, start=1000), partition=1)
    stream = topics.run()
    assert ids(topics.output(0)) == list(range(300))
    assert ids(topics.output(1)) == list(range(1000, 1200))
    first = topics.output(0)[0]
    assert first.headers() == [(SOURCE, f"{stream.spec.name}/{stream.spec.source}/0/0".encode())]
    assert first.timestamp()[1] == 1_700_000_000_000
    assert stream.counts == {"read": 500, "written": 500, "set_aside": 0, "missed": 0}


def test_it_goes_on_where_it_stopped_and_commits(make_topics):
    topics = make_topics()
    topics.write(rows(100))
    topics.run()
    topics.write(rows(50, start=100))
    assert topics.run().counts["read"] == 50
    assert topics.run().counts["read"] == 0
    assert ids(topics.output()) == list(range(150))
    consumer = Consumer({"bootstrap.servers": topics.broker.bootstrap, "group.id": topics.spec.name})
    (committed,) = consumer.committed([TopicPartition(topics.spec.source, 0)], timeout=10)
    consumer.close()
    assert committed.offset == 150


def test_what_is_durable_and_was_not_committed_is_not_written_again(make_topics, monkeypatch):
    topics = make_topics()
    topics.write([*rows(10), b"{", *rows(10, start=10)])
    with monkeypatch.context() as patch:
        patch.setattr(reading.Reader, "commit", lambda self: None)
        topics.run()
    assert topics.run().counts["read"] == 0
    assert ids(topics.output()) == list(range(20))
    assert len(topics.dead()) == 1


def test_dead_letters_that_are_durable_before_the_output_are_not_written_again(make_topics, monkeypatch):
    topics = make_topics()
    topics.write([b"[", *rows(5), b"{", *rows(5, start=5)])
    deliver = Outlet.deliver
    calls = []

    def fail_second(self, records):
        calls.append(records)
        if len(calls) == 2:
            raise DeliveryFailed("The broker went away.")
        deliver(self, records)

    with monkeypatch.context() as patch:
        patch.setattr(Outlet, "deliver", fail_second)
        with pytest.raises(DeliveryFailed):
            topics.run()
    assert (len(topics.output()), topics.offsets(topics.dead())) == (0, [0, 6])
    again = topics.run()
    assert again.counts["read"] == 10
    assert ids(topics.output()) == list(range(10))
    assert topics.offsets(topics.dead()) == [0, 6]


def test_a_batch_that_was_half_written_is_finished(make_topics, monkeypatch):
    topics = make_topics()
    topics.write([b"[", *rows(20)])
    deliver = Outlet.deliver

    def half(self, records):
        if len(records) > 1:
            deliver(self, records[:7])
            raise DeliveryFailed("The broker went away.")
        deliver(self, records)

    with monkeypatch.context() as patch:
        patch.setattr(Outlet, "deliver", half)
        with pytest.raises(DeliveryFailed):
            topics.run()
    assert topics.run().counts["read"] == 13
    assert ids(topics.output()) == list(range(20))
    assert len(topics.dead()) == 1


def test_many_dead_letters_behind_the_last_output(make_topics, monkeypatch):
    topics = make_topics()
    topics.write([*rows(3), *[b"{"] * 700])
    with monkeypatch.context() as patch:
        patch.setattr(reading.Reader, "commit", lambda self: None)
        topics.run()
    assert topics.run().counts["read"] == 0
    assert topics.offsets(topics.dead()) == list(range(3, 703))


def test_a_dead_letter_holds_the_message_as_it_was(make_topics):
    topics = make_topics(key="email")
    topics.write(
        [b"{broken"], keys=[b"anna@example.org"], headers=[("trace", b"1")], timestamp=1_700_000_000_000
    )
    topics.run()
    (letter,) = topics.dead()
    assert (letter.key(), letter.value(), letter.timestamp()[1]) == (
        b"anna@example.org",
        b"{broken",
        1_700_000_000_000,
    )
    assert dict(letter.headers())[REASON] == b"The message is no JSON."
    assert dict(letter.headers())["dead-header.trace"] == b"1"
    assert topics.offsets([letter]) == [0]


def test_tombstones_pass_with_their_key(make_topics):
    topics = make_topics(key="email")
    topics.write([rows(1)[0], None], keys=[b"p0@example.org", b"p0@example.org"])
    topics.run()
    assert [(each.key(), each.value() is None) for each in topics.output()] == [
        (b"p0@example.org", False),
        (b"p0@example.org", True),
    ]


def test_a_record_of_somebody_else_in_the_output_is_refused(make_topics):
    topics = make_topics()
    topics.write(rows(3))
    topics.broker.produce(topics.spec.output, [b"{}"], partition=0)
    with pytest.raises(ForeignRecord, match="not of the stream"):
        topics.run()
    assert len(topics.output()) == 1


def test_a_source_that_was_made_anew_is_refused(make_topics):
    topics = make_topics()
    topics.write(rows(30))
    topics.run()
    topics.broker.delete_topics([topics.spec.source])
    topics.broker.create_topic(topics.spec.source)
    with pytest.raises(TechniqueError, match="ends at 0, and was read up to 30: it was made anew"):
        topics.run()


def test_two_processes_share_the_partitions(make_topics):
    topics = make_topics(partitions=2)
    topics.write(rows(10), partition=0)
    topics.write(rows(10, start=10), partition=1)
    with Ownership() as other:
        assert other.take(topics.spec.name, 0)
        topics.run()
        assert (len(topics.output(0)), ids(topics.output(1))) == (0, list(range(10, 20)))
    topics.run()
    assert ids(topics.output(0)) == list(range(10))
    assert len(topics.output(1)) == 10


def test_a_process_takes_no_more_partitions_than_it_may(make_topics):
    topics = make_topics(partitions=3)
    for partition in range(3):
        topics.write(rows(5), partition=partition)
    topics.run(most=2)
    assert [len(topics.output(partition)) for partition in range(3)] == [5, 5, 0]


def test_who_lost_the_lock_writes_no_more(make_topics, monkeypatch):
    topics = make_topics()
    topics.write(rows(10))
    stream = topics.stream()
    transform = stream.transform

    def lose(messages):
        # As when PostgreSQL restarts while a batch is treated.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks"
                " WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()"
            )
        return transform(messages)

    stream.transform = lose
    with pytest.raises(OwnershipLost):
        list(stream.run())
    assert topics.output() == []
    topics.run()
    assert ids(topics.output()) == list(range(10))


def test_a_value_that_grew_too_large_is_set_aside(make_topics, monkeypatch):
    monkeypatch.setattr("retention.anonymization.streams.running.LARGEST", 1000)
    topics = make_topics()
    topics.write([{"id": 1, "email": "a" * 1000}, *rows(1)])
    topics.run()
    assert (ids(topics.output()), len(topics.dead())) == ([0], 1)


def test_progress_says_how_far_it_is(make_topics):
    topics = make_topics()
    topics.write([*rows(3), b"{"])
    *_, last = topics.stream().run()
    assert last.message == "3 written, 1 set aside, 0 behind"
    assert last.cursor == {
        "read": 4, "written": 3, "set_aside": 1, "missed": 0, "lag": 0, "partitions": {"0": {"next": 4, "lag": 0}},
    }  # fmt: skip
