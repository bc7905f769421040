"""Reminders before a task is due, and on the day after."""

from datetime import date, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from audit.ledger.recording import record
from erasure.custodians import asking, events
from erasure.custodians.models import Task

DAYS_BEFORE = (7, 2, -1)  # the last once it is overdue
AT_ONCE = 500


def remind() -> int:
    """Remind of each open task as its day comes near, once per day of `DAYS_BEFORE`; how many were reminded."""
    reminded = 0
    for task in _due():
        expected = _expected(task)
        with transaction.atomic():
            claimed = Task.objects.filter(pk=task.pk, reminders=task.reminders, state__in=Task.OPEN).update(
                reminders=expected
            )
            if not claimed:
                continue
            record(
                events.TASK_REMINDED,
                task,
                subject=task.request.subject,
                reminders=expected,
                due=_day(task).isoformat(),
            )
        asking.send_letter(task, reminder=True)
        reminded += 1
    return reminded


def _due() -> list[Task]:
    today = timezone.localdate()
    tasks: QuerySet[Task] = Task.objects.filter(state__in=Task.OPEN).annotate(
        day=Coalesce("until", F("due_on"))
    )
    near = Q()
    for passed, days in enumerate(DAYS_BEFORE):
        near |= Q(reminders__lte=passed, day__lte=today + timedelta(days=days))
    # Whoever is asked today is not reminded today.
    near &= Q(asked_at__date__lt=today)
    return list(tasks.filter(near).select_related("request", "system__custodian", "recipient")[:AT_ONCE])


def _expected(task: Task) -> int:
    """How many reminders there are by today; several days that passed unseen are one."""
    left = (_day(task) - timezone.localdate()).days
    return sum(left <= days for days in DAYS_BEFORE)


def _day(task: Task) -> date:
    return task.until or task.due_on
