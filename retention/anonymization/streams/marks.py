"""What a record says about where it comes from: one header with stream, topic, partition and offset.

It is what makes delivery exactly once, and what a reader can check it by: within a partition of an output, the
offsets only grow.
"""

from __future__ import annotations

from typing import Any

from retention.anonymization.streams.delivering import Record
from retention.anonymization.streams.spec import StreamSpec
from retention.anonymization.techniques.base import TechniqueError

SOURCE = "anonymized-from"  # <stream>/<topic>/<partition>/<offset>
REASON = "dead-reason"
ORIGINAL = "dead-header."  # before the name of each header that a dead letter had


class ForeignRecord(TechniqueError):
    """A topic that a stream must own has records of somebody else."""


def output_record(spec: StreamSpec, message: Any, key: bytes | None, value: bytes | None) -> Record:
    """What is written for a message: in the partition of the same number, at its time, without its headers."""
    return Record(spec.output, message.partition(), key, value, [_mark(spec, message)], _time(message))


def dead_letter(spec: StreamSpec, message: Any, reason: str) -> Record:
    """The message as it was, with why."""
    headers = [_mark(spec, message), (REASON, reason.encode())]
    headers += [(ORIGINAL + name, value) for name, value in message.headers() or ()]
    return Record(spec.dead, message.partition(), message.key(), message.value(), headers, _time(message))


def marked_offset(message: Any, spec: StreamSpec, partition: int) -> int:
    """The offset in the source that `message` was made from. ForeignRecord where it is not of this stream."""
    found = dict(message.headers() or ()).get(SOURCE)
    begin = b"%b%d/" % (spec.mark, partition)
    if not found or not found.startswith(begin) or not found[len(begin) :].isdigit():
        raise ForeignRecord(
            f"{message.topic()}, partition {partition}, ends with a record that is not of the stream {spec.name}.",
            "Give each stream an output and a topic of dead letters that nobody else writes to.",
        )
    return int(found[len(begin) :])


def _mark(spec: StreamSpec, message: Any) -> tuple[str, bytes | None]:
    return SOURCE, b"%b%d/%d" % (spec.mark, message.partition(), message.offset())


def _time(message: Any) -> int:
    kind, moment = message.timestamp()
    return moment if kind else 0
