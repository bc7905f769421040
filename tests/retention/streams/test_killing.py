"""The promise of a stream, held against `kill -9`: two processes of it, one of which is always about to die."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from confluent_kafka import Consumer, TopicPartition

from audit.ledger.models import Waiting
from governance.console import jobs
from governance.console.models import Job
from tests.retention.streams.program import stream, stream_processes

KILLS = 10
PARTITIONS = 2
ROUND = 100  # messages written at once
BROKEN = 97  # each message with this number is none


class Load(threading.Thread):
    """Writes until it is told to stop; `written` are the numbers of the messages by partition."""

    def __init__(self, topics: Any) -> None:
        super().__init__(daemon=True)
        self.topics = topics
        self.written: dict[int, list[int]] = {partition: [] for partition in range(PARTITIONS)}
        self.ended = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.ended.is_set():
            for partition, written in self.written.items():
                numbers = range(number, number + ROUND)
                values = [
                    b"{" if each % BROKEN == 0 else {"id": each, "email": "a@example.org"} for each in numbers
                ]
                self.topics.write(values, partition=partition)
                written += numbers
                number += ROUND
            self.ended.wait(0.1)


CONTRACT = """
apiVersion: privacy-console/v1
kind: DataContract
version: 1.0.0
dataset: {system: Shop, name: signups}
fields:
  - {name: id, type: integer, category: none}
  - {name: email, type: string, category: contact.email, masking: {analytics: hash}}
  - {name: note, type: string, category: none}
"""


def arguments(topics: Any, folder: Path) -> list[str]:
    """What `manage.py stream` is given."""
    spec, broker, contract = topics.spec, topics.broker.bootstrap, folder / "signups.yaml"
    contract.write_text(CONTRACT)
    addresses = [f"kafka://{broker}/{topic}" for topic in (spec.source, spec.output)]
    return [*addresses, f"--name={spec.name}", f"--contract={contract}", f"--dead={spec.dead}"]


def until(met: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.02)


@pytest.fixture
def output_size(make_topics):
    consumers = []

    def size(topics: Any) -> int:
        """Records in the output, at least: a broker may tell a little late."""
        if not consumers:
            consumers.append(
                Consumer({"bootstrap.servers": topics.broker.bootstrap, "group.id": "size", "log_level": 0})
            )
        places = [TopicPartition(topics.spec.output, partition) for partition in range(PARTITIONS)]
        return sum(consumers[0].get_watermark_offsets(place, timeout=10)[1] for place in places)

    yield size
    for consumer in consumers:
        consumer.close()


def test_ten_kills_under_load_lose_and_double_nothing(make_topics, output_size, tmp_path):
    topics = make_topics(partitions=PARTITIONS)
    load, moments, said = Load(topics), random.Random(), tmp_path / "said"
    with stream_processes() as context:

        def start() -> Any:
            process = context.Process(target=stream, args=arguments(topics, tmp_path), kwargs={"said": said})
            process.start()
            return process

        processes = [start(), start()]
        load.start()
        try:
            for _ in range(KILLS):
                before = output_size(topics)
                until(lambda before=before: output_size(topics) > before)
                time.sleep(moments.uniform(0, 0.4))  # at any moment of its work
                processes[0].kill()
                processes.pop(0).join()
                processes.append(start())
            load.ended.set()
            load.join()
            wanted = {
                partition: [number for number in numbers if number % BROKEN]
                for partition, numbers in load.written.items()
            }
            total = sum(map(len, wanted.values()))
            until(lambda: sum(len(topics.output(partition)) for partition in wanted) >= total)
            for process in processes:
                process.terminate()
                process.join(30)
            assert [process.exitcode for process in processes] == [0, 0], said.read_text()
        finally:
            load.ended.set()
            for process in processes:
                process.kill()
    found = {
        partition: [orjson.loads(message.value())["id"] for message in topics.output(partition)]
        for partition in wanted
    }
    assert found == wanted
    emails = {orjson.loads(message.value())["email"] for message in topics.output(0)}
    assert len(emails) == 1  # of one address in every process
    assert not any("@" in email for email in emails)
    for partition, numbers in load.written.items():
        broken = [place for place, number in enumerate(numbers) if not number % BROKEN]
        assert topics.offsets(topics.dead(partition)) == broken
    assert total > 2_000
    assert Job.objects.filter(kind="anonymize.stream", state=Job.State.DONE).count() == len(processes)


def test_the_row_of_a_process_that_died_says_so(transactional_db, somebody_acts):
    row = Job.objects.create(
        kind="anonymize.stream", title="Stream a to b", actor={"kind": "system", "id": "x"}
    )
    ended = jobs.run(str(row.pk))
    assert (ended.state, ended.message) == (
        Job.State.FAILED,
        "The process of this stream died. Start it again: it goes on where it stopped.",
    )
    assert Waiting.objects.count() == 1
