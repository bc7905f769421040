"""Which offsets to look at, where a topic is too long to be read through."""

from __future__ import annotations

import random
from collections.abc import Sequence

from catalog.connectors.kafka_client import Stretch

PIECES = 50


def spread(stretches: Sequence[Stretch], *, messages: int, seed: int) -> list[Stretch]:
    """Up to about `messages` offsets spread over all of `stretches`; all of them where that is enough.

    The offsets of all partitions, one after the other, are cut into equal parts, and from each comes one
    piece at a random place. They come in a random order: whoever runs out of time has still seen the whole.
    """
    total = sum(map(len, stretches))
    if total <= messages:
        return list(stretches)
    chance = random.Random(seed)  # noqa: S311 - a sample, not a secret
    pieces = min(PIECES, messages)
    part, piece = total / pieces, messages // pieces
    starts = [int(place * part + chance.random() * max(part - piece, 0)) for place in range(pieces)]
    found = [cut for start in starts for cut in _cut(stretches, start, start + piece)]
    chance.shuffle(found)
    return found


def _cut(stretches: Sequence[Stretch], start: int, end: int) -> list[Stretch]:
    """Places `start` to `end` of the joined stretches, as offsets of each that they touch."""
    found, before = [], 0
    for stretch in stretches:
        low, high = max(start - before, 0), min(end - before, len(stretch))
        if low < high:
            found.append(Stretch(stretch.partition, stretch.start + low, stretch.start + high))
        before += len(stretch)
    return found
