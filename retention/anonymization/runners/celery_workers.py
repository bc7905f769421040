"""Celery workers, one part at a time: what they exchange are files and rows of a table, never pickled slices.

A message only says that there is work. Who gets it takes the part by a conditional UPDATE, so a part delivered twice is
done once; a worker that dies lets its heartbeat grow old, and the part is given out again. The coordinator works along
instead of only waiting, so that a single worker is enough.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from governance.console.jobs import Progress
from retention.anonymization import taking
from retention.anonymization.models import Run
from retention.anonymization.runners.base import Runner
from retention.anonymization.techniques.base import TechniqueError
from retention.anonymization.working import Work

LOOK_EVERY = 0.5  # seconds


class Celery(Runner):
    kind = "celery"
    label = "Celery workers"
    distributed = True

    def run(self, work: Work) -> Iterator[Progress]:
        run = Run.objects.get(pk=work.run)
        taking.offer(run, work)
        total = sum(part.rows or 0 for part in work.parts)
        while True:
            state = taking.state_of(run)
            yield Progress(state.rows, total, f"Anonymizing: {state.done} of {len(work.parts)} parts")
            if state.problem:
                raise TechniqueError(state.problem)
            if state.done == len(work.parts):
                return
            taking.give_out_again(run)
            part = taking.take(run)
            if part is None:
                time.sleep(LOOK_EVERY)
                continue
            for rows in taking.do(part, work):
                yield Progress(
                    state.rows + rows, total, f"Anonymizing: {state.done} of {len(work.parts)} parts"
                )
