"""Long work as rows: claimed once, fenced, watched by a heartbeat, revived when its worker dies.

A job is a generator: `@job("catalog.scan", title=…)` marks a function that takes the Job and its arguments, does one
chunk after another and yields Progress after each. It keeps what it needs to go on in `job.cursor`, and it must be
able to run again from there. It knows nothing of Celery.
"""

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerDown

from audit.ledger.context import Actor, acting, current_actor, current_correlation
from audit.ledger.recording import record
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
KINDS: dict[str, tuple[Work, Callable[[Job, str], None] | None]] = {}


def job(kind: str, *, on_failure: Callable[[Job, str], None] | None = None) -> Callable[[Work], Work]:
    """Register work under `kind`. `on_failure(job, reason)` runs in the transaction that marks it failed."""

    def register(work: Work) -> Work:
        if kind in KINDS:
            raise RuntimeError(f"Two jobs are called {kind!r}.")
        KINDS[kind] = (work, on_failure)
        return work

    return register


def enqueue(kind: str, *, title: str, **arguments: Any) -> Job:
    """A new job for the acting user; it starts once the current transaction commits.

    Arguments are identifiers, never personal data: they are stored in clear.
    """
    queued = reserve(kind, title=title, **arguments)
    transaction.on_commit(lambda: wake(queued))
    return queued


def reserve(kind: str, *, title: str, **arguments: Any) -> Job:
    """As `enqueue`, for who runs the job at once in this process; a sweep finds it if that process dies."""
    actor = current_actor()
    return Job.objects.create(
        kind=kind,
        title=title,
        arguments=arguments,
        actor=actor.as_json(),
        started_by=User.objects.filter(public_id=actor.id).first() if actor.kind == "user" else None,
        correlation=current_correlation(),
        heartbeat_at=timezone.now(),
    )


def wake(queued: Job) -> None:
    """Tell the workers. A broker that is down delays the job until the sweep; it does not lose it."""
    try:
        current_app.send_task("console.run_job", [str(queued.pk)], retry=False)
    except BrokerDown:
        logger.warning("The broker does not answer; job %s waits for the next sweep.", queued.pk)


def claim(job_id: str) -> Job | None:
    """Take a queued job, or none: a message delivered twice finds it taken."""
    now = timezone.now()
    taken = Job.objects.filter(pk=job_id, state=Job.State.QUEUED).update(
        state=Job.State.RUNNING, attempt=F("attempt") + 1, started_at=now, heartbeat_at=now
    )
    return Job.objects.get(pk=job_id) if taken else None


def run(job_id: str) -> Job | None:
    """Claim the job and work until it is done, failed, cancelled or lost."""
    claimed = claim(job_id)
    if claimed is None:
        return None
    with acting(Actor(**claimed.actor), correlation=claimed.correlation), Heartbeat(claimed):
        try:
            work, _ = KINDS[claimed.kind]
            for progress in work(claimed, **claimed.arguments):
                _save(claimed, progress)
        except JobLost:
            logger.info("Job %s: stopped, it is cancelled or another worker has it.", claimed.pk)
        except JobFailed as reason:
            _fail(claimed, str(reason), type(reason.__cause__ or reason).__name__)
        except Exception as defect:
            # Where it happened, but not what it said: the words of a defect may quote the data.
            where = "".join(traceback.format_tb(defect.__traceback__))
            logger.error("Job %s failed: %s at\n%s", claimed.pk, type(defect).__name__, where)
            _fail(
                claimed, f"Unexpected {type(defect).__name__}: see the worker's log.", type(defect).__name__
            )
        else:
            _finish(claimed, Job.State.DONE)
    claimed.refresh_from_db()
    return claimed


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

    def __init__(self, watched: Job) -> None:
        self.mine = Job.objects.filter(pk=watched.pk, attempt=watched.attempt, state=Job.State.RUNNING)
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
                    if not self.mine.update(heartbeat_at=timezone.now()):
                        return
                except DatabaseError:  # it restarts: the next beat has a connection of its own
                    connection.close()
        finally:
            connection.close()


def _save(claimed: Job, progress: Progress) -> None:
    """Write progress as it happens; raises JobLost if the job is no longer ours or is to stop."""
    values: dict[str, Any] = {
        "done": progress.done,
        "message": progress.message[:500],
        "heartbeat_at": timezone.now(),
    }
    if progress.total is not None:
        values["total"] = progress.total
    if progress.cursor is not None:
        values["cursor"] = claimed.cursor = progress.cursor
    mine = Job.objects.filter(pk=claimed.pk, attempt=claimed.attempt, state=Job.State.RUNNING)
    if not mine.update(**values):
        raise JobLost
    if mine.filter(cancel_requested=True).update(state=Job.State.CANCELLED, finished_at=timezone.now()):
        raise JobLost


def _finish(claimed: Job, state: Job.State, **values: Any) -> bool:
    return bool(
        Job.objects.filter(pk=claimed.pk, attempt=claimed.attempt, state=Job.State.RUNNING).update(
            state=state, finished_at=timezone.now(), **values
        )
    )


@transaction.atomic
def _fail(claimed: Job, reason: str, word: str) -> None:
    if not _finish(claimed, Job.State.FAILED, message=reason[:500]):
        return
    record(events.JOB_FAILED, claimed, kind=claimed.kind, reason=word)
    on_failure = KINDS[claimed.kind][1] if claimed.kind in KINDS else None
    if on_failure:
        on_failure(claimed, reason)
