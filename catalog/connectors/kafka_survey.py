"""Which messages of a topic are meant, and whether a reader of the topic still comes to them under their keys.

In a compacted topic the last message of a key is what the key says. A message before it is read no more by whoever
takes the topic as a table, and is there until compaction; a last one without a value, a tombstone, ends the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from catalog.connectors.base import Match
from catalog.connectors.kafka_admin import moment
from catalog.connectors.kafka_shape import Shape
from catalog.connectors.matching import Matcher

CHUNK = 5_000
Place = tuple[int, bytes]  # a partition and a key in it


@dataclass(slots=True)
class Keyed:
    """What was seen under one key: how many messages are meant, and the last of all."""

    rows: int = 0
    last_is_meant: bool = False
    ended: bool = False
    last: int = 0  # its time, in milliseconds


@dataclass(slots=True)
class Survey:
    """One reading of a topic."""

    rows: int = 0
    keyless: int = 0
    tombstones: int = 0  # meant ones, by what stands in their keys
    newest: int = -1
    keys: dict[Place, Keyed] = field(default_factory=dict)

    @property
    def live(self) -> list[Place]:
        """Where a meant message is what its key says."""
        return [place for place, keyed in self.keys.items() if keyed.last_is_meant and not keyed.ended]

    @property
    def newest_moment(self) -> datetime | None:
        return moment(self.newest) if self.newest >= 0 else None

    @property
    def superseded_moment(self) -> datetime | None:
        """When the last of the messages came that put an end to the meant ones."""
        times = [keyed.last for keyed in self.keys.values()]
        return moment(max(times)) if times and min(times) >= 0 else None

    def see(self, message: Any, meant: bool) -> None:
        kind, millis = message.timestamp()
        millis = millis if kind else -1
        if meant:
            self.rows += 1
            self.newest = max(self.newest, millis)
            self.tombstones += message.value() is None
        if message.key() is None:
            self.keyless += meant
            return
        place = message.partition(), message.key()
        if meant:
            self.keys.setdefault(place, Keyed()).rows += 1
        if keyed := self.keys.get(place):
            keyed.last_is_meant, keyed.ended, keyed.last = meant, message.value() is None, millis


def survey(shape: Shape, messages: Iterable[Any], matches: Sequence[Match], names: Sequence[str]) -> Survey:
    """Read `messages`, in the order of each partition. Raises Unlearned."""
    found, matcher = Survey(), Matcher(matches, shape.schema())
    for chunk in _chunks(messages):
        batches = shape.batches(chunk, names, batch_rows=CHUNK)
        meant = (hit for batch in batches for hit in matcher.mask(batch).to_pylist())
        for message, hit in zip(chunk, meant, strict=True):
            found.see(message, hit)
    return found


def _chunks(messages: Iterable[Any]) -> Iterator[list[Any]]:
    waiting = iter(messages)
    while chunk := list(islice(waiting, CHUNK)):
        yield chunk
