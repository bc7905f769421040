"""What became of a task, said by whoever had it. Each answer counts once; what it is worth, the step's check says."""

import logging
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from celery import current_app
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerDown

from audit.ledger.recording import record
from erasure.custodians import events
from erasure.custodians.letters import officers, write
from erasure.custodians.models import Evidence, Task
from erasure.models import Step, SubjectRequest
from erasure.requests.attaching import Checked
from erasure.requests.states import NotNow
from governance.console.models import User
from retention.models import Exemption

logger = logging.getLogger("console.custodians")

State = Task.State
NOTE_LENGTH = 1_000
LONGEST_DELAY = timedelta(days=60)


@transaction.atomic
def confirm(
    task: Task, *, state: str, note: str, files: Iterable[Checked] = (), way: str, by: User | None = None
) -> None:
    """Done, or nothing was found. Raises ValidationError, or NotNow if it has been answered."""
    if state not in Task.GOOD:
        raise ValidationError({"state": "Say whether it is done, or nothing was found."})
    note = _stated("note", note)
    _answer(task, state, note=note, way=way, by=by)
    for file in files:
        _attach(task, file, by=by)
    record(
        events.TASK_CONFIRMED,
        task,
        subject=task.request.subject,
        state=state,
        way=way,
        evidence=evidence_digests(task),
    )


@transaction.atomic
def refuse(task: Task, *, exemption: str, reason: str, way: str, by: User | None = None) -> None:
    """An exception of Art. 17(3) applies there. Officers are told. Raises ValidationError, NotNow."""
    if exemption not in Exemption.values:
        raise ValidationError({"exemption": f"Name the letter of Art. 17(3): {', '.join(Exemption.values)}."})
    reason = _stated("reason", reason)
    _answer(task, State.REFUSED, note=reason, way=way, by=by, exemption=exemption)
    record(events.TASK_REFUSED, task, subject=task.request.subject, exemption=exemption, way=way)
    transaction.on_commit(lambda: write("refused", officers(task), task=task))


@transaction.atomic
def take_time(task: Task, *, until: date, reason: str, way: str, by: User | None = None) -> None:
    """Not yet, but by then. Officers are told. Raises ValidationError, NotNow."""
    today = timezone.localdate()
    if not today < until <= today + LONGEST_DELAY:
        raise ValidationError({"until": f"Name a day after today, within {LONGEST_DELAY.days} days."})
    note = _stated("reason", reason)
    delayed = Task.objects.filter(pk=task.pk, state__in=Task.OPEN).update(
        state=State.NEEDS_TIME, until=until, sealed_note=task.sealed(note), reminders=0
    )
    _refresh(task, delayed)
    record(events.TASK_DELAYED, task, subject=task.request.subject, until=until.isoformat(), way=way)
    transaction.on_commit(lambda: write("delayed", officers(task), task=task))


@transaction.atomic
def declare_impossible(task: Task, *, reason: str, by: User) -> None:
    """To tell this recipient is impossible or disproportionate, Art. 19. Raises ValidationError, NotNow."""
    if task.recipient_id is None:
        raise NotNow("Only a recipient's notice can be given up; a custodian answers for the system.")
    reason = _stated("reason", reason, most=250)
    _answer(task, State.IMPOSSIBLE, note=reason, way="page", by=by)
    record(events.NOTICE_IMPOSSIBLE, task, subject=task.request.subject, reason=reason)


@transaction.atomic
def close_as_seen(task: Task) -> None:
    """The custodian said nothing, and a search finds nothing any more: there is nothing left to ask."""
    closed = Task.objects.filter(pk=task.pk, state__in=Task.OPEN).update(
        state=State.DONE, answered_at=timezone.now(), answered_by_way="search", next_try_at=None
    )
    task.refresh_from_db()
    if closed:
        record(
            events.TASK_CONFIRMED,
            task,
            subject=task.request.subject,
            state=str(State.DONE),
            way="search",
            evidence=evidence_digests(task),
        )


@transaction.atomic
def add_evidence(task: Task, file: Checked, *, by: User) -> Evidence:
    """Attach a file to a task that is open: for the API, where it comes in a request of its own. Raises NotNow."""
    if not Task.objects.select_for_update().filter(pk=task.pk, state__in=Task.OPEN).exists():
        raise NotNow(f"The task {task} has been answered: its evidence is closed.")
    return _attach(task, file, by=by)


def evidence_digests(task: Task) -> list[str]:
    return list(task.evidence.values_list("sha256", flat=True))


def _attach(task: Task, file: Checked, *, by: User | None) -> Evidence:
    evidence = Evidence(task=task).fill(file, by=by)
    evidence.save()
    return evidence


def _answer(task: Task, state: str, *, note: str, way: str, by: User | None, exemption: str = "") -> None:
    answered = Task.objects.filter(pk=task.pk, state__in=Task.OPEN).update(
        state=state,
        sealed_note=task.sealed(note),
        answered_at=timezone.now(),
        answered_by=by,
        answered_by_way=way,
        exemption=exemption,
        next_try_at=None,
        link_digest="",
        problem="",
    )
    _refresh(task, answered)
    # The engine looks at the step again at once instead of when it would have.
    now = timezone.now()
    Step.objects.filter(pk=task.step_id, state=Step.State.WAITING).update(check_at=now)
    waiting = SubjectRequest.objects.filter(pk=task.request_id, state=SubjectRequest.State.WAITING)
    if waiting.update(look_again_at=now):
        transaction.on_commit(_look_now)


def _look_now() -> None:
    """Whoever answered sees at once what it is worth; with the broker down, the schedule looks within minutes."""
    try:
        current_app.send_task("erasure.recheck", retry=False)
    except BrokerDown:
        logger.warning(
            "The broker does not answer; what waited for a custodian is looked at by the schedule."
        )


def _refresh(task: Task, changed: int) -> None:
    task.refresh_from_db()
    if not changed:
        raise NotNow(f"The task {task} was answered before: {task.get_state_display().lower()}.")


def _stated(name: str, text: Any, *, most: int = NOTE_LENGTH) -> str:
    text = str(text).strip()
    if not text or len(text) > most or "\x00" in text:
        raise ValidationError({name: f"Say it in 1 to {most} characters."})
    return text
