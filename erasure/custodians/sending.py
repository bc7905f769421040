"""Sending tasks by webhook: each at least once under the same id, tried again for a week, every try written down."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import orjson
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure.custodians import asking, events
from erasure.custodians.models import Delivery, Task, Webhook
from erasure.custodians.posting import NotSent, post
from erasure.custodians.signing import signed
from erasure.custodians.telling import message
from erasure.requests.states import NotNow
from governance.keyring.sealing import CannotOpen

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# A week in all; then a person is asked.
WAITS = (MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, *[12 * HOUR] * 3, *[24 * HOUR] * 5)
LEASE = timedelta(minutes=2)  # longer than a try takes: a worker that dies holds a task up no longer


def send_due(*, most: int = 200) -> tuple[int, int]:
    """Send what is due; how many were taken, and how many were not."""
    taken = failed = 0
    for task in _claimed(most):
        if _try(task):
            taken += 1
        else:
            failed += 1
    return taken, failed


@transaction.atomic
def send_again(task: Task) -> None:
    """Try at once, by the way there is now, from the beginning of the waits. Raises NotNow if it is answered."""
    webhook = _webhook_of(task)
    following = timezone.now() + (timedelta() if webhook else asking.UNSENT)
    if not Task.objects.filter(pk=task.pk, state__in=Task.OPEN).update(attempts=0, next_try_at=following):
        raise NotNow(f"The task {task} has been answered: there is nothing to send.")
    task.refresh_from_db()
    if not webhook:
        transaction.on_commit(lambda: asking.send_letter(task))


def _claimed(most: int) -> Iterator[Task]:
    """Each by a conditional update, so that two workers never send the same one at once."""
    for _ in range(most):
        now = timezone.now()
        due = Task.objects.filter(next_try_at__lte=now, state__in=Task.OPEN).order_by("next_try_at", "pk")
        task = due.select_related("request", "system", "recipient", "step__plan").first()
        if task is None:
            return
        if due.filter(pk=task.pk).update(next_try_at=now + LEASE):
            yield task


def _try(task: Task) -> bool:
    webhook = _webhook_of(task)
    if webhook is None:  # there is none, or it was removed meanwhile
        return _written(task)
    try:
        body = orjson.dumps(message(task))
        status = post(webhook.url, body, signed(str(task.public_id), body, secret=webhook.secret))
    except CannotOpen as problem:
        return _failed(task, str(problem), None)
    except NotSent as problem:
        return _failed(task, str(problem), problem.status)
    return _taken(task, status)


def _written(task: Task) -> bool:
    """By letter: one that was not seen to go out, because its worker died or the mail server was down."""
    attempts = task.attempts + 1
    following = _wait_after(attempts)
    with transaction.atomic():
        Task.objects.filter(pk=task.pk).update(attempts=attempts, next_try_at=following)
    if asking.send_letter(task):
        return True
    if following is None:
        with transaction.atomic():
            _record_not_sent(task, attempts, "No letter could be sent.")
    return False


@transaction.atomic
def _taken(task: Task, status: int) -> bool:
    Delivery.objects.create(task=task, status=status)
    # Answered within the call itself, perhaps: then there is nothing to mark.
    Task.objects.filter(pk=task.pk).update(
        next_try_at=None, told_at=timezone.now(), attempts=task.attempts + 1, problem=""
    )
    record(events.TASK_SENT, task, subject=task.request.subject, attempts=task.attempts + 1)
    return True


@transaction.atomic
def _failed(task: Task, problem: str, status: int | None) -> bool:
    attempts = task.attempts + 1
    following = _wait_after(attempts)
    Delivery.objects.create(task=task, status=status, problem=problem[:300])
    Task.objects.filter(pk=task.pk, state__in=Task.OPEN).update(
        attempts=attempts, problem=problem[:300], next_try_at=following
    )
    if following is None:
        _record_not_sent(task, attempts, problem)
        transaction.on_commit(lambda: asking.send_letter(task))
    return False


def _wait_after(attempts: int) -> datetime | None:
    """When to try again after so many tries; None when a person has to be asked."""
    return timezone.now() + WAITS[attempts - 1] if attempts <= len(WAITS) else None


def _record_not_sent(task: Task, attempts: int, problem: str) -> None:
    record(events.TASK_NOT_SENT, task, subject=task.request.subject, attempts=attempts, problem=problem[:300])


def _webhook_of(task: Task) -> Webhook | None:
    return Webhook.objects.filter(system=task.system_id, recipient=task.recipient_id).first()
