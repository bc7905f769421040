"""Making what is due: each time once, tried again where it fails, and said where it cannot be."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from audit.reports.base import Report, reports
from audit.reports.events import REPORT_NOT_MADE
from audit.reports.making import cleaned, export, make
from audit.reports.models import Delivery, Issue, Schedule
from audit.reports.renderers import Document, renderers
from audit.reports.schedules.rhythms import next_after, window

WAITS = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=3))
LEASE = timedelta(minutes=30)  # longer than a report takes; a worker that dies holds it up no longer
logger = logging.getLogger("console.reports")


class CannotBeMade(Exception):
    """For a reason that trying again does not change."""


def open_due() -> int:
    """An issue for every schedule whose time has come; how many."""
    now, opened = timezone.now(), 0
    for schedule in Schedule.objects.filter(stopped_at=None, next_at__lte=now):
        with transaction.atomic():
            due = Schedule.objects.filter(pk=schedule.pk, stopped_at=None, next_at=schedule.next_at)
            if due.update(next_at=next_after(schedule.rhythm, now)):
                Issue.objects.create(schedule=schedule, due_at=schedule.next_at)
                opened += 1
    return opened


def make_waiting() -> int:
    """Make every issue that waits for it; how many were made."""
    return sum(_tried(issue) for issue in _claimed())


def make_again(issue: Issue) -> bool:
    """Once more from the beginning of the waits, of one that could not be made."""
    return bool(
        Issue.objects.filter(pk=issue.pk, state=Issue.State.FAILED).update(
            state=Issue.State.QUEUED, attempts=0, next_try_at=timezone.now(), problem=""
        )
    )


def report_of(schedule: Schedule) -> Report:
    """Raises CannotBeMade where there is no such report any more, or its maker may not read or schedule it any more."""
    if schedule.kind not in reports.classes:
        raise CannotBeMade("There is no such report in this version.")
    cls = reports.get(schedule.kind)
    by = schedule.made_by
    if by is None or not by.is_active or not by.may(cls.permission):
        raise CannotBeMade("Who scheduled it may not read this report any more: set it up anew.")
    if not by.may("reports.schedule"):
        raise CannotBeMade("Who scheduled it may not schedule reports any more: set it up anew.")
    return cls()


def given(schedule: Schedule, issue: Issue) -> dict[str, Any]:
    """The parameters as a form takes them; with the days since the time before, where only those are asked for."""
    if not schedule.window:
        return dict(schedule.parameters)
    since, until = window(schedule.rhythm, issue.due_at)
    return {**schedule.parameters, "since": since.isoformat(), "until": until.isoformat()}


def _claimed() -> Iterator[Issue]:
    """Each by a conditional update, so that two workers never make the same one at once."""
    while True:
        now = timezone.now()
        due = Issue.objects.filter(state=Issue.State.QUEUED, next_try_at__lte=now).order_by(
            "next_try_at", "pk"
        )
        issue = due.select_related("schedule__made_by").first()
        if issue is None:
            return
        if due.filter(pk=issue.pk).update(next_try_at=now + LEASE):
            yield issue


def _tried(issue: Issue) -> bool:
    try:
        if issue.schedule.stopped_at:
            raise CannotBeMade("It was stopped before it was made.")
        report = report_of(issue.schedule)
        document = make(report, parameters=cleaned(report, given(issue.schedule, issue)))
        return _kept(issue, document)
    except ValidationError as refusal:
        return _failed(issue, " ".join(refusal.messages), for_good=True)
    except CannotBeMade as reason:
        return _failed(issue, str(reason), for_good=True)
    except Exception as defect:
        logger.exception("Report %s could not be made.", issue)
        return _failed(issue, f"Unexpected {type(defect).__name__}: see the worker's log.")


@transaction.atomic
def _kept(issue: Issue, document: Document) -> bool:
    """The file, the entry that it was made, and where it goes: all or nothing. False where another was faster."""
    schedule = issue.schedule
    mine = Issue.objects.filter(pk=issue.pk, state=Issue.State.QUEUED)
    if not mine.update(state=Issue.State.MADE, made_at=timezone.now(), next_try_at=None, problem=""):
        return False
    made = export(document, renderers.get(schedule.form)())
    Issue.objects.filter(pk=issue.pk).update(
        name=made.name,
        content_type=made.content_type,
        body=made.body,
        sha256=sha256(made.body).hexdigest(),
    )
    places = [*schedule.recipients, *([""] if schedule.to_worm else [])]
    Delivery.objects.bulk_create(Delivery(issue=issue, address=each) for each in places)
    return True


@transaction.atomic
def _failed(issue: Issue, problem: str, *, for_good: bool = False) -> bool:
    attempts = issue.attempts + 1
    wait = WAITS[attempts - 1] if attempts <= len(WAITS) and not for_good else None
    mine = Issue.objects.filter(pk=issue.pk, state=Issue.State.QUEUED)
    ended = mine.update(
        attempts=attempts,
        problem=problem[:300],
        state=Issue.State.QUEUED if wait else Issue.State.FAILED,
        next_try_at=timezone.now() + wait if wait else None,
    )
    if ended and wait is None:
        record(REPORT_NOT_MADE, issue.schedule, kind=issue.schedule.kind, attempts=attempts)
    return False
