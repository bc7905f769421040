"""Events in, failures out: what is wrong with one event never keeps another from being stored."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, OperationalError, transaction

from catalog.lineage.event import Event, count_edges, read_event
from catalog.lineage.typed import BadEvent
from catalog.lineage.writing import write

logger = logging.getLogger("console.lineage")

CHUNK = 200
MOST_EDGES = 200_000  # of all events sent together: more would keep the producer waiting for minutes
ATTEMPTS = 3  # where another batch wrote the same names at the same moment


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the event at `index` was not stored; `retriable`: sent again later it may be."""

    index: int
    reason: str
    retriable: bool = False


Numbered = tuple[int, Event]


def receive(payloads: Sequence[Any]) -> list[Failure]:
    """Store events; the failures, in the order of the events."""
    read: list[Numbered] = []
    failures: list[Failure] = []
    edges = 0
    for index, payload in enumerate(payloads):
        try:
            event = read_event(payload)
        except BadEvent as bad:
            failures.append(Failure(index, str(bad)))
            continue
        if (more := count_edges(event)) and edges + more > MOST_EDGES:
            reason = f"The batch makes more than {MOST_EDGES:,} edges: send this event in another."
            failures.append(Failure(index, reason, retriable=True))
            continue
        edges += more
        read.append((index, event))
    for start in range(0, len(read), CHUNK):
        failures += _write(read[start : start + CHUNK])
    return sorted(failures, key=lambda failure: failure.index)


def _write(chunk: Sequence[Numbered]) -> list[Failure]:
    """All at once; where that fails, in halves, down to the event that is to blame."""
    failure = _attempt([event for _, event in chunk])
    if failure is None:
        return []
    if len(chunk) == 1:
        retriable = isinstance(failure, (OperationalError, IntegrityError))
        return [Failure(chunk[0][0], "The catalog could not store it.", retriable)]
    half = len(chunk) // 2
    return _write(chunk[:half]) + _write(chunk[half:])


def _attempt(events: Sequence[Event]) -> Exception | None:
    """The last failure; None where they were stored."""
    failure: Exception | None = None
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic():
                write(events)
            return None
        except (OperationalError, IntegrityError) as busy:  # a deadlock, or a name that came meanwhile
            failure = busy
        except Exception as wrong:  # whatever it is, it must not keep the other events out
            logger.exception("A batch of lineage events could not be stored.")
            return wrong
    return failure
