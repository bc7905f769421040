"""Where a stream goes on: read from what is durable in its topics, not from what somebody remembers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from catalog.connectors.kafka_client import KafkaClient, Stretch
from retention.anonymization.streams.marks import marked_offset
from retention.anonymization.streams.spec import StreamSpec
from retention.anonymization.techniques.base import TechniqueError

FIRST_LOOK = 64  # records at the end of a partition; eight times as many each time that is not enough


@dataclass
class Position:
    """`next` is the first offset of the source's partition that may still be to do; of those behind it, `dead` are
    done already. `missed` messages were taken by the source's retention before they were read.
    """

    next: int
    dead: set[int] = field(default_factory=set)
    missed: int = 0


def positions(
    spec: StreamSpec,
    partitions: Collection[int],
    committed: dict[int, int],
    *,
    source: KafkaClient,
    target: KafkaClient,
) -> dict[int, Position]:
    """The position of each partition. The process must own them: nobody may write meanwhile.

    A record in the output says that all before it is done: within a batch its dead letters are durable first.
    Raises ForeignRecord, and TechniqueError where the source has less than was read of it.
    """
    read, outputs, dead = (
        {stretch.partition: stretch for stretch in client.stretches(topic)}
        for client, topic in ((source, spec.source), (target, spec.output), (source, spec.dead))
    )
    found = {}
    for partition in partitions:
        last = next(_backwards(target, spec.output, outputs[partition], spec), -1)
        begin, end = read[partition].start, read[partition].end
        done = max(committed.get(partition, -1), last + 1)
        if done > end:
            raise TechniqueError(
                f"{spec.source}, partition {partition}, ends at {end}, and was read up to {done}: it was made anew.",
                "Give the stream another name and new topics.",
            )
        start = max(done, begin)
        behind = set()
        for offset in _backwards(source, spec.dead, dead[partition], spec):
            if offset < start:
                break
            behind.add(offset)
        found[partition] = Position(start, behind, missed=max(begin - done, 0) if done > 0 else 0)
    return found


def _backwards(client: KafkaClient, topic: str, stretch: Stretch, spec: StreamSpec) -> Iterator[int]:
    """The source's offsets of the records in a partition of ours, from its end to its beginning."""
    end, look = stretch.end, FIRST_LOOK
    while end > stretch.start:
        begin = max(end - look, stretch.start)
        window = [
            marked_offset(message, spec, stretch.partition)
            for message in client.read(topic, [Stretch(stretch.partition, begin, end)])
        ]
        yield from reversed(window)
        end, look = begin, look * 8
