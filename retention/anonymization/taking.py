"""Parts of a run in a table: offered, taken by one worker at a time, done, and given out again where a worker died."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from celery import current_app
from django.conf import settings
from django.db.models import Count, F, Q, Sum
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerDown

from catalog.connectors.base import ConnectorError
from retention.anonymization.models import Run, RunPart
from retention.anonymization.planning import work_of
from retention.anonymization.processing import process
from retention.anonymization.techniques.base import TechniqueError
from retention.anonymization.working import Work

logger = logging.getLogger("console.anonymization")
State = RunPart.State
BEAT_EVERY = 2.0  # seconds


class Fenced(Exception):
    """Another worker has the part by now, or the run is over: stop and touch nothing."""


@dataclass(frozen=True)
class Standing:
    done: int
    rows: int
    problem: str


def offer(run: Run, work: Work) -> None:
    """A row for each part, and a message for each that is not done. Safe to call again."""
    RunPart.objects.bulk_create(
        [RunPart(run=run, number=part.number) for part in work.parts], ignore_conflicts=True
    )
    for part in work.parts:
        receipt = work.receipt(part)
        row = RunPart.objects.filter(run=run, number=part.number)
        if receipt:
            row.update(state=State.DONE, rows=receipt.rows)
        else:
            row.filter(state=State.DONE).update(state=State.WAITING)
    _call(run, RunPart.objects.filter(run=run, state=State.WAITING).count())


def take(run: Run) -> RunPart | None:
    """The first part that waits, or none; of two who ask at once one gets it."""
    while True:
        number = RunPart.objects.filter(run=run, state=State.WAITING).values_list("number", flat=True).first()
        if number is None:
            return None
        mine = RunPart.objects.filter(run=run, number=number, state=State.WAITING)
        if mine.update(state=State.TAKEN, attempt=F("attempt") + 1, heartbeat_at=timezone.now()):
            return RunPart.objects.get(run=run, number=number)


def do(taken: RunPart, work: Work) -> Iterator[int]:
    """Stage the part; yields how many rows are done. What goes wrong is written to its row."""
    part = work.parts[taken.number]
    mine = RunPart.objects.filter(pk=taken.pk, attempt=taken.attempt, state=State.TAKEN)
    beaten = time.monotonic()
    try:
        for rows in process(work, part):
            if time.monotonic() - beaten >= BEAT_EVERY:
                beaten = time.monotonic()
                if not mine.update(heartbeat_at=timezone.now(), rows=rows):
                    raise Fenced
            yield rows
    except (TechniqueError, ConnectorError) as problem:
        mine.update(state=State.FAILED, problem=str(problem)[:500])
    except OSError as error:
        mine.update(state=State.WAITING)
        raise error
    else:
        receipt = work.receipt(part)
        mine.update(state=State.DONE, rows=receipt.rows if receipt else 0, problem="")


def work_on(run_id: str) -> None:
    """What a worker does when it is called: one part, if one waits and the run is still under way."""
    run = Run.objects.select_related("job").filter(pk=run_id, outcome="").first()
    if run is None or run.job is None or run.job.finished or not run.plan:
        return
    taken = take(run)
    if taken is None:
        return
    try:
        for _ in do(taken, work_of(run)):
            pass
    except Fenced:
        logger.info("Part %s of run %s is in other hands.", taken.number, run_id)
    except OSError as error:
        RunPart.objects.filter(pk=taken.pk, attempt=taken.attempt).update(
            state=State.FAILED, problem=f"A file could not be written or read: {error.strerror}."
        )


def give_out_again(run: Run) -> int:
    """Parts whose worker has not been heard of; how many."""
    stale = timezone.now() - timedelta(seconds=settings.JOB_STALE_SECONDS)
    many = RunPart.objects.filter(run=run, state=State.TAKEN, heartbeat_at__lt=stale).update(
        state=State.WAITING
    )
    if many:
        _call(run, many)
    return many


def state_of(run: Run) -> Standing:
    parts = RunPart.objects.filter(run=run)
    found = parts.aggregate(done=Count("pk", filter=Q(state=State.DONE)), rows=Sum("rows"))
    problem = parts.filter(state=State.FAILED).values_list("problem", flat=True).first()
    return Standing(found["done"], found["rows"] or 0, problem or "")


def _call(run: Run, many: int) -> None:
    """A message for each part; without a broker the coordinator does them all."""
    try:
        for _ in range(many):
            current_app.send_task("anonymization.work_on", [str(run.pk)], retry=False)
    except BrokerDown:
        logger.warning("The broker does not answer; run %s goes on without other workers.", run.pk)
