"""Sending tasks by webhook: each at least once under the same id, tried again for a week, every try written down."""

from collections.abc import Iterator
from datetime import timedelta

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
    values = {"attempts": 0, "next_try_at": timezone.now()} if webhook else {"next_try_at": None}
    if not Task.objects.filter(pk=task.pk, state__in=Task.OPEN).update(**values):
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
    if webhook is None:  # it was removed meanwhile
        Task.objects.filter(pk=task.pk).update(next_try_at=None)
        asking.send_letter(task)
        return False
    try:
        body = orjson.dumps(message(task))
        status = post(webhook.url, body, signed(str(task.public_id), body, secret=webhook.secret))
    except CannotOpen as problem:
        return _failed(task, str(problem), None)
    except NotSent as problem:
        return _failed(task, str(problem), problem.status)
    return _taken(task, status)


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
    wait = WAITS[attempts - 1] if attempts <= len(WAITS) else None
    Delivery.objects.create(task=task, status=status, problem=problem[:300])
    Task.objects.filter(pk=task.pk, state__in=Task.OPEN).update(
        attempts=attempts, problem=problem[:300], next_try_at=timezone.now() + wait if wait else None
    )
    if wait is None:
        record(
            events.TASK_NOT_SENT, task, subject=task.request.subject, attempts=attempts, problem=problem[:300]
        )
        transaction.on_commit(lambda: asking.send_letter(task))
    return False


def _webhook_of(task: Task) -> Webhook | None:
    return Webhook.objects.filter(system=task.system_id, recipient=task.recipient_id).first()
