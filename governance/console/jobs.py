"""Long work as rows: claimed once, fenced, watched by a heartbeat, revived when its worker dies.

A job is a generator: `@job("catalog.scan", title=…)` marks a function that takes the Job and its arguments, does one
chunk after another and yields Progress after each. It keeps what it needs to go on in `job.cursor`, and it must be
able to run again from there. It knows nothing of Celery.

Work that costs little more for many than for one `gathers`: it takes a list of Jobs, the one that was claimed and what
else of its kind waits for the same actor. If that fails, each is done again by itself, so that only what fails fails.
"""

import logging
import threading
import traceback
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerDown

from audit.ledger.context import Actor, acting, current_actor, current_correlation
from audit.ledger.recording import record, record_many
from governance.console import events
from governance.console.models import Job, User

logger = logging.getLogger("console.jobs")


@dataclass(frozen=True)
class Progress:
    """How far a job is; `cursor`, if given, is where it would go on after a crash."""

    done: int
    total: int | None = None
    message: str = ""
    cursor: dict | None = None


class JobFailed(Exception):
    """Work cannot be done, for a reason its user can read; anything else raised is a defect and shown as such."""


class JobLost(Exception):
    """Another worker has taken the job over, or it was cancelled: stop at once, touch nothing."""


Work = Callable[..., Iterator[Progress]]


@dataclass(frozen=True)
class Kind:
    """What is done for a kind of job, and how."""

    work: Work
    on_failure: Callable[[Job, str], None] | None = None
    gathers: int = (
        1  # how many jobs are done together at most; with more than 1 the work takes a list of them
    )
    stopped_by: str = "jobs.cancel"  # the permission that stopping one takes beside that one


KINDS: dict[str, Kind] = {}
ALONE = {"alone": True}  # the cursor of a job that is gathered no more
ATTEMPTS = 5  # after which the console's own database is not what is to blame


def job(
    kind: str,
    *,
    on_failure: Callable[[Job, str], None] | None = None,
    gathers: int = 1,
    stopped_by: str = "jobs.cancel",
) -> Callable[[Work], Work]:
    """Register work under `kind`. `on_failure(job, reason)` runs in the transaction that marks it failed."""

    def register(work: Work) -> Work:
        if kind in KINDS:
            raise RuntimeError(f"Two jobs are called {kind!r}.")
        KINDS[kind] = Kind(work, on_failure, gathers, stopped_by)
        return work

    return register


def may_cancel(user: User, target: Job) -> bool:
    """Whether `user` may stop this job: some kinds are not for everybody who may stop jobs."""
    kind = KINDS.get(target.kind)
    return user.may("jobs.cancel") and (kind is None or user.may(kind.stopped_by))


def enqueue(kind: str, *, title: str, **arguments: Any) -> Job:
    """A new job for the acting user; it starts once the current transaction commits.

    Arguments are identifiers, never personal data: they are stored in clear.
    """
    return enqueue_many(kind, [(title, arguments)])[0]


def enqueue_many(kind: str, wanted: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Job]:
    """As `enqueue`, a job for each (title, arguments)."""
    queued = _reserve_many(kind, wanted)
    transaction.on_commit(lambda: wake(*queued))
    return queued


def reserve(kind: str, *, title: str, **arguments: Any) -> Job:
    """As `enqueue`, for who runs the job at once in this process; a sweep finds it if that process dies."""
    return _reserve_many(kind, [(title, arguments)])[0]


def _reserve_many(kind: str, wanted: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Job]:
    actor = current_actor()
    started_by = User.objects.filter(public_id=actor.id).first() if actor.kind == "user" else None
    return Job.objects.bulk_create(
        Job(
            kind=kind,
            title=title,
            arguments=arguments,
            actor=actor.as_json(),
            started_by=started_by,
            correlation=current_correlation(),
            heartbeat_at=timezone.now(),
        )
        for title, arguments in wanted
    )


def wake(*queued: Job) -> None:
    """Tell the workers. A broker that is down delays jobs until the sweep; it does not lose them."""
    try:
        with current_app.producer_or_acquire() as producer:
            for each in queued:
                current_app.send_task("console.run_job", [str(each.pk)], retry=False, producer=producer)
    except BrokerDown:
        logger.warning("The broker does not answer; job %s waits for the next sweep.", queued[0].pk)


def claim(job_id: str) -> Job | None:
    """Take a queued job, or none: a message delivered twice finds it taken."""
    now = timezone.now()
    taken = Job.objects.filter(pk=job_id, state=Job.State.QUEUED).update(
        state=Job.State.RUNNING, attempt=F("attempt") + 1, started_at=now, heartbeat_at=now
    )
    return Job.objects.get(pk=job_id) if taken else None


def run(job_id: str) -> Job | None:
    """Claim the job, and what can be done with it, and work until it is done, failed, cancelled or lost."""
    claimed = claim(job_id)
    if claimed is None:
        return None
    kind = KINDS.get(claimed.kind)
    together = [claimed, *(_gather(claimed, kind.gathers) if kind else [])]
    with acting(Actor(**claimed.actor), correlation=claimed.correlation), Heartbeat(together):
        try:
            if kind is None:
                raise JobFailed(f"This worker knows no job of the kind {claimed.kind}.")
            gathered = kind.work(together) if kind.gathers > 1 else kind.work(claimed, **claimed.arguments)
            for progress in gathered:
                _save(together, progress)
            _done(together)
        except JobLost:
            logger.info("Job %s: stopped, it is cancelled or another worker has it.", claimed.pk)
        except JobFailed as reason:
            _fail(together, str(reason), type(reason.__cause__ or reason).__name__)
        except (OperationalError, InterfaceError) as gone:
            if claimed.attempt >= ATTEMPTS:
                _defect(together, gone)
            else:  # the console's own database went away: the sweep finds the job when it is back
                logger.warning("Job %s is interrupted: %s.", claimed.pk, type(gone).__name__)
                return claimed
        except Exception as defect:
            _defect(together, defect)
    claimed.refresh_from_db()
    return claimed


def _gather(claimed: Job, most: int) -> list[Job]:
    """Claim up to `most` - 1 further jobs of the same kind that wait, for the same actor."""
    if most < 2 or claimed.cursor == ALONE or claimed.attempt > ATTEMPTS:
        return []
    waiting = Job.objects.filter(kind=claimed.kind, state=Job.State.QUEUED, actor=claimed.actor)
    now = timezone.now()
    with transaction.atomic():
        taken = list(
            waiting.exclude(cursor=ALONE)
            .order_by("queued_at")
            .select_for_update(skip_locked=True)
            .values_list("pk", flat=True)[: most - 1]
        )
        Job.objects.filter(pk__in=taken).update(
            state=Job.State.RUNNING, attempt=F("attempt") + 1, started_at=now, heartbeat_at=now
        )
    return list(Job.objects.filter(pk__in=taken).order_by("queued_at"))


def cancel(target: Job) -> bool:
    """Ask a job to stop; a queued one is cancelled at once, a running one after its chunk. False if it has ended."""
    with transaction.atomic():
        at_once = Job.objects.filter(pk=target.pk, state=Job.State.QUEUED).update(
            state=Job.State.CANCELLED, finished_at=timezone.now(), cancel_requested=True
        )
        asked = at_once or Job.objects.filter(pk=target.pk, state=Job.State.RUNNING).update(
            cancel_requested=True
        )
        if asked:
            record(events.JOB_CANCELLED, target, kind=target.kind)
    return bool(asked)


def revive() -> int:
    """Queue again what a dead worker left, and wake what waits unheard; how many jobs."""
    now = timezone.now()
    stale = timedelta(seconds=settings.JOB_STALE_SECONDS)
    Job.objects.filter(state=Job.State.RUNNING, heartbeat_at__lt=now - stale).update(
        state=Job.State.QUEUED, heartbeat_at=None
    )
    # While a job is queued its heartbeat says when the workers last heard of it.
    unheard = Job.objects.filter(state=Job.State.QUEUED).filter(
        Q(heartbeat_at=None) | Q(heartbeat_at__lt=now - 3 * stale)
    )
    waiting = list(unheard.order_by("queued_at")[:1000])
    unheard.filter(pk__in=[queued.pk for queued in waiting]).update(heartbeat_at=now)
    for queued in waiting:
        wake(queued)
    return len(waiting)


class Heartbeat:
    """Says that the worker lives, from a thread with a connection of its own, while a chunk takes its time."""

    def __init__(self, watched: list[Job]) -> None:
        self.mine = _mine(watched)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Heartbeat":
        self.thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.ended.set()
        self.thread.join()

    def _beat(self) -> None:
        try:
            while not self.ended.wait(settings.JOB_HEARTBEAT_SECONDS):
                try:
                    if not sum(mine.update(heartbeat_at=timezone.now()) for mine in self.mine):
                        return
                except (OperationalError, InterfaceError) as gone:
                    logger.warning("A heartbeat was not written: %s.", type(gone).__name__)
                    connection.close()  # the database restarts: the next beat has a connection of its own
        finally:
            connection.close()


def _mine(jobs: list[Job]) -> list[QuerySet[Job]]:
    """The rows of these jobs, as long as they are ours."""
    attempts: dict[int, list[uuid.UUID]] = {}
    for each in jobs:
        attempts.setdefault(each.attempt, []).append(each.pk)
    running = Job.objects.filter(state=Job.State.RUNNING)
    return [running.filter(pk__in=pks, attempt=attempt) for attempt, pks in attempts.items()]


def _save(jobs: list[Job], progress: Progress) -> None:
    """Write progress as it happens, and take out of `jobs` those that are no longer ours or are to stop.

    Raises JobLost if none is left.
    """
    values: dict[str, Any] = {
        "done": progress.done,
        "message": progress.message[:500],
        "heartbeat_at": timezone.now(),
    }
    if progress.total is not None:
        values["total"] = progress.total
    if progress.cursor is not None:
        values["cursor"] = progress.cursor
        for each in jobs:
            each.cursor = progress.cursor
    mine = _mine(jobs)
    left = sum(rows.update(**values) for rows in mine)
    left -= sum(
        rows.filter(cancel_requested=True).update(state=Job.State.CANCELLED, finished_at=timezone.now())
        for rows in mine
    )
    if left < len(jobs):
        still = {pk for rows in mine for pk in rows.values_list("pk", flat=True)}
        jobs[:] = [each for each in jobs if each.pk in still]
    if not jobs:
        raise JobLost


def _finish(jobs: list[Job], state: Job.State, **values: Any) -> int:
    return sum(rows.update(state=state, finished_at=timezone.now(), **values) for rows in _mine(jobs))


@transaction.atomic
def _done(jobs: list[Job]) -> None:
    """A job that cannot be recorded does not end: the state and the entry are written together, or neither is."""
    mine = {pk for rows in _mine(jobs) for pk in rows.select_for_update().values_list("pk", flat=True)}
    ended = Job.objects.filter(pk__in=mine)
    ended.update(state=Job.State.DONE, finished_at=timezone.now())
    told = [
        (each, "", {"kind": each.kind, "done": each.done, "attempt": each.attempt})
        for each in ended.order_by("queued_at", "pk")
    ]
    record_many(events.JOB_DONE, told)


def _defect(jobs: list[Job], defect: Exception) -> None:
    # Where it happened, but not what it said: the words of a defect may quote the data.
    where = "".join(traceback.format_tb(defect.__traceback__))
    name = type(defect).__name__
    logger.error("Job %s failed: %s at\n%s", jobs[0].pk, name, where)
    _fail(jobs, f"Unexpected {name}: see the worker's log.", name)


@transaction.atomic
def _fail(jobs: list[Job], reason: str, word: str) -> None:
    if len(jobs) > 1:
        for rows in _mine(jobs):
            rows.update(state=Job.State.QUEUED, heartbeat_at=timezone.now(), cursor=ALONE)
        for each in jobs:
            transaction.on_commit(partial(wake, each))
        return
    (failed,) = jobs
    if not _finish(jobs, Job.State.FAILED, message=reason[:500]):
        return
    record(events.JOB_FAILED, failed, kind=failed.kind, reason=word)
    on_failure = KINDS[failed.kind].on_failure if failed.kind in KINDS else None
    if on_failure:
        on_failure(failed, reason)
