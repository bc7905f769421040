"""The loop of a stream: read a little, change it, write it and wait, commit; until somebody says stop."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

from governance.console.jobs import Progress
from retention.anonymization.streams.delivering import Outlet
from retention.anonymization.streams.marks import dead_letter, output_record
from retention.anonymization.streams.owning import Ownership
from retention.anonymization.streams.reading import Reader
from retention.anonymization.streams.spec import StreamSpec
from retention.anonymization.streams.transforming import Transformer

LARGEST = 1_000_000  # bytes of an output record: what brokers take unless told otherwise
SAY_EVERY = 1.0  # seconds
ASK_EVERY = 0.5  # seconds between questions whether a partition became free
WAITING = "Waiting: other processes have all partitions"


@dataclass
class Stream:
    """One process of a stream. `most` is how many partitions it takes at once; all that are free without it.

    `until_end` ends it where each of its partitions ends, instead of waiting for more.
    """

    spec: StreamSpec
    transform: Transformer
    source: Mapping[str, Any]  # for the Kafka library: where the cluster is and how to sign in
    target: Mapping[str, Any]
    partitions: int
    stop: Callable[[], bool]
    most: int | None = None
    until_end: bool = False
    counts: Counter[str] = field(default_factory=Counter)

    def run(self) -> Iterator[Progress]:
        """Yields after batches, when all that was read is durable. Raises TechniqueError and ConnectorError."""
        with ExitStack() as stack:
            reader = stack.enter_context(
                closing(Reader(self.spec, self.source, self.target, partitions=self.partitions))
            )
            ownership = stack.enter_context(Ownership())
            output, dead = (
                stack.enter_context(closing(Outlet(options, server=str(options["bootstrap.servers"]))))
                for options in (self.target, self.source)
            )
            gc.freeze()  # what is loaded by now stays: no need to look through it with each batch
            asked = said = time.monotonic() - ASK_EVERY
            while not self.stop() and not (self.until_end and reader.at_end):
                now = time.monotonic()
                if now - asked >= ASK_EVERY:
                    missed = reader.take_partitions(ownership, most=self.most or self.partitions)
                    self.counts["missed"] += missed
                    asked = now
                messages = reader.collect(stop=self.stop, until_end=self.until_end)
                if messages:
                    self._treat(messages, ownership, output, dead)
                    reader.commit()
                if now - said >= SAY_EVERY:
                    said = now
                    yield self._progress(reader)
            yield self._progress(reader)

    def _treat(self, messages: list[Any], ownership: Ownership, output: Outlet, dead: Outlet) -> None:
        outcomes = self.transform([(message.key(), message.value()) for message in messages])
        well, ill = [], []
        for message, outcome in zip(messages, outcomes, strict=True):
            if not outcome.problem and len(outcome.value or b"") + len(outcome.key or b"") > LARGEST:
                outcome.problem = f"It became larger than {LARGEST:,} bytes."
            if outcome.problem:
                ill.append(dead_letter(self.spec, message, outcome.problem))
            else:
                well.append(output_record(self.spec, message, outcome.key, outcome.value))
        ownership.require()
        # In this order: whoever takes over believes the output that all before its last record is done.
        if ill:
            dead.deliver(ill)
        output.deliver(well)
        self.counts.update(read=len(messages), written=len(well), set_aside=len(ill))

    def _progress(self, reader: Reader) -> Progress:
        counts = {name: self.counts[name] for name in ("read", "written", "set_aside", "missed")}
        lags = reader.lags()
        places = {str(each): {"next": reader.positions[each].next, "lag": lag} for each, lag in lags.items()}
        lag = sum(lags.values())
        said = f"{counts['written']:,} written, {counts['set_aside']:,} set aside, {lag:,} behind"
        if counts["missed"]:
            said += f", {counts['missed']:,} gone from the source before they were read"
        cursor = {**counts, "lag": lag, "partitions": places}
        return Progress(counts["read"], message=said if places else WAITING, cursor=cursor)
