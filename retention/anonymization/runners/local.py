"""One process, part after part: memory stays as it is however many rows there are."""

from __future__ import annotations

import time
from collections.abc import Iterator

from governance.console.jobs import Progress
from retention.anonymization.processing import process
from retention.anonymization.runners.base import Runner
from retention.anonymization.working import Work

SAY_EVERY = 0.5  # seconds


class Local(Runner):
    kind = "local"
    label = "One process"

    def run(self, work: Work) -> Iterator[Progress]:
        done = 0
        total = _total(work)
        for part in work.parts:
            said = time.monotonic()
            if not work.receipt(part):
                for rows in process(work, part):
                    if time.monotonic() - said >= SAY_EVERY:
                        said = time.monotonic()
                        yield Progress(done + rows, total, "Anonymizing")
            receipt = work.receipt(part)
            done += receipt.rows if receipt else 0
            yield Progress(done, total, "Anonymizing")


def _total(work: Work) -> int | None:
    known = [part.rows for part in work.parts if part.rows is not None]
    return sum(known) if len(known) == len(work.parts) else None
