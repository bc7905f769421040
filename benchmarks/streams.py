"""Messages per second of a stream, against a plain loop that consumes and produces the same messages.

    python -m benchmarks.streams [--messages 100000]

Both read from and write to the same broker on this machine, acknowledged by all replicas and idempotent; the plain loop
copies bytes, waits for nothing until its end, and promises nothing after a crash.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition

from benchmarks.ground import console, table
from governance.embedded.broker import EmbeddedBroker
from tests.services.kafka import KafkaBroker

CONTRACT = """
apiVersion: privacy-console/v1
kind: DataContract
version: 1.0.0
dataset: {system: Shop, name: signups}
fields:
  - {name: id, type: integer, category: none}
  - {name: email, type: string, category: contact.email, masking: {analytics: %s}}
  - {name: city, type: string, category: none}
  - {name: spent, type: number, category: none}
  - {name: at, type: timestamp, category: none}
  - {name: note, type: string, category: none}
"""


def fill(bootstrap: str, topic: str, messages: int) -> None:
    producer = Producer(
        {"bootstrap.servers": bootstrap, "linger.ms": 5, "queue.buffering.max.messages": 1_000_000}
    )
    for number in range(messages):
        value = {
            "id": number,
            "email": f"person{number % 50_000}@example.org",
            "city": "Graz",
            "spent": number / 4,
            "at": "2026-11-29T12:00:00Z",
            "note": "as agreed by telephone",
        }
        producer.produce(topic, orjson.dumps(value), partition=0)
        if number % 10_000 == 0:
            producer.poll(0)
    assert producer.flush(60) == 0


def copy(bootstrap: str, source: str, output: str, messages: int) -> None:
    """The limit: consume and produce, a batch at a time."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": output, "enable.auto.commit": False})
    producer = Producer(
        {"bootstrap.servers": bootstrap, "enable.idempotence": True, "acks": "all", "linger.ms": 2}
        | {"queue.buffering.max.messages": 1_000_000}
    )
    consumer.assign([TopicPartition(source, 0, 0)])
    done = 0
    while done < messages:
        for message in consumer.consume(5_000, 0.2):
            producer.produce(output, message.value(), message.key(), 0)
            done += 1
        producer.poll(0)
    assert producer.flush(60) == 0
    consumer.close()


def anonymize(bootstrap: str, source: str, output: str, folder: Path, technique: str) -> None:
    from django.core.management import call_command  # noqa: PLC0415  after django.setup

    contract = folder / f"{technique}.yaml"
    contract.write_text(CONTRACT % technique)
    addresses = [f"kafka://{bootstrap}/{topic}" for topic in (source, output)]
    call_command(
        "stream", *addresses, f"--contract={contract}", "--until-end", f"--dead={output}.dead", "--create"
    )


def rate(work: Callable[[], None], messages: int) -> float:
    started = time.perf_counter()
    work()
    return messages / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    messages = parser.parse_args().messages
    with console(), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = EmbeddedBroker(folder / "broker", port=0)
        program = server.program()
        with (folder / "broker.log").open("wb") as log:
            process = program.spawn(output=log)
        try:
            server.wait_ready(process)
            bootstrap = server.bootstrap
            source = f"signups-{secrets.token_hex(2)}"
            topics = [source, *(f"{source}.{kind}" for kind in ("copy", "keep", "hash"))]
            for topic in topics:
                KafkaBroker(bootstrap).create_topic(topic)
            fill(bootstrap, source, messages)
            plain = rate(lambda: copy(bootstrap, source, topics[1], messages), messages)
            rows = [["consume and produce", f"{plain:,.0f}", "1.00"]]
            for technique, output in (("keep", topics[2]), ("hash", topics[3])):
                found = rate(lambda: anonymize(bootstrap, source, output, folder, technique), messages)  # noqa: B023
                rows.append([f"stream, e-mail: {technique}", f"{found:,.0f}", f"{found / plain:.2f}"])
        finally:
            program.stop(process)
    print(table([f"{messages:,} messages of 6 fields", "messages/s", "share"], rows))


if __name__ == "__main__":
    main()
