"""The promise of a stream, held against `kill -9`: two processes of it, one of which is always about to die."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from confluent_kafka import Consumer, TopicPartition
from django.conf import settings
from django.db import connection

from audit.ledger.models import Waiting
from governance.console import jobs
from governance.console.models import Job
from tests.services.worker import kill

KILLS = 10
PARTITIONS = 2
ROUND = 100  # messages written at once
BROKEN = 97  # each message with this number is none


class Program:
    """`manage.py stream`, as an operator starts it."""

    def __init__(self, topics: Any, folder: Path) -> None:
        self.topics = topics
        self.said = folder / "said"
        self.rules = folder / "rules.json"
        spec = topics.spec
        self.rules.write_bytes(orjson.dumps({"columns": spec.columns, **spec.rules.as_json()}))

    def start(self) -> subprocess.Popen[bytes]:
        database = connection.settings_dict
        url = (
            f"postgres://{quote(database['USER'])}:{quote(database['PASSWORD'])}"
            f"@{database['HOST']}:{database['PORT']}/{database['NAME']}"
        )
        spec, broker = self.topics.spec, self.topics.broker.bootstrap
        with self.said.open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "manage.py", "stream", f"--name={spec.name}", f"--rules={self.rules}"]
                + [f"kafka://{broker}/{topic}" for topic in (spec.source, spec.output)]
                + [f"--dead={spec.dead}"],
                cwd=settings.BASE_DIR,
                env={**os.environ, "DATABASE_URL": url, "DATABASE_OWNER_URL": url},
                start_new_session=True,
                stdout=said,
                stderr=subprocess.STDOUT,
            )


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
    program, load, moments = Program(topics, tmp_path), Load(topics), random.Random()
    processes = [program.start(), program.start()]
    load.start()
    try:
        for _ in range(KILLS):
            before = output_size(topics)
            until(lambda before=before: output_size(topics) > before)
            time.sleep(moments.uniform(0, 0.4))  # at any moment of its work
            kill(processes.pop(0))
            processes.append(program.start())
        load.ended.set()
        load.join()
        wanted = {
            partition: [number for number in numbers if number % BROKEN]
            for partition, numbers in load.written.items()
        }
        until(
            lambda: (
                sum(len(topics.output(partition)) for partition in wanted) >= sum(map(len, wanted.values()))
            )
        )
        for process in processes:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(30) for process in processes] == [0, 0], program.said.read_text()
    finally:
        load.ended.set()
        for process in processes:
            kill(process)
    found = {
        partition: [orjson.loads(message.value())["id"] for message in topics.output(partition)]
        for partition in wanted
    }
    assert found == wanted
    for partition, numbers in load.written.items():
        broken = [place for place, number in enumerate(numbers) if not number % BROKEN]
        assert topics.offsets(topics.dead(partition)) == broken
    assert sum(map(len, wanted.values())) > 2_000
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
