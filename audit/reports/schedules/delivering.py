"""Bringing a file to its places. A failure is tried again for three days and then said to have failed.

A worker that dies while it hands over a letter leaves it unknown whether that arrived: such a letter is not sent again
by itself, but shown, so that nobody gets two and nothing is lost in silence. Write-once storage takes the same file
twice as once, and is simply tried again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from audit.ledger.recording import record
from audit.ledger.worm.base import WormProblem
from audit.ledger.worm.exporting import retain_until
from audit.ledger.worm.places import place
from audit.reports.base import reports
from audit.reports.events import REPORT_NOT_SENT, REPORT_SENT
from audit.reports.models import Delivery, Issue

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WAITS = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, *[12 * HOUR] * 5)
LEASE = 10 * MINUTE  # longer than handing over a letter takes
MOST_BYTES = 20_000_000  # of an attachment: mail servers refuse larger ones
UNSURE = "The worker ended while it handed the letter over: it may have arrived. Ask, and send it again if it did not."
logger = logging.getLogger("console.reports")
State = Delivery.State


class NotTaken(Exception):
    """The place did not take the file; `for_good`: nor will it when it is tried again."""

    def __init__(self, problem: str, *, for_good: bool = False) -> None:
        super().__init__(problem)
        self.for_good = for_good


def send_due(*, most: int = 500) -> int:
    """Bring what is due to its places; how many have it now."""
    _settle_what_was_left()
    return sum(_tried(delivery) for delivery in _claimed(most))


@transaction.atomic
def send_again(delivery: Delivery) -> bool:
    """Once more from the beginning of the waits; False where it is on its way, has arrived or is kept no longer."""
    waits = Delivery.objects.filter(
        pk=delivery.pk, state__in=(State.FAILED, State.UNSURE), issue__body__isnull=False
    )
    return bool(waits.update(state=State.QUEUED, attempts=0, next_try_at=timezone.now(), problem=""))


def stuck() -> int:
    """How many files, of schedules that were not stopped, could not be made or sent, or may not have arrived."""
    unmade = Issue.objects.filter(state=Issue.State.FAILED, schedule__stopped_at=None)
    unsent = Delivery.objects.filter(state__in=(State.FAILED, State.UNSURE), issue__schedule__stopped_at=None)
    return unmade.count() + unsent.count()


def _settle_what_was_left() -> None:
    """What a worker that died had in hand."""
    left = Delivery.objects.filter(state=State.SENDING, next_try_at__lte=timezone.now())
    left.filter(address="").update(state=State.QUEUED)
    for delivery in left.exclude(address="").select_related("issue__schedule").defer("issue__body"):
        with transaction.atomic():
            if left.filter(pk=delivery.pk).update(state=State.UNSURE, next_try_at=None, problem=UNSURE):
                record(REPORT_NOT_SENT, delivery.issue.schedule, **_facts(delivery, why="unknown"))


def _claimed(most: int) -> Iterator[Delivery]:
    """Each by a conditional update, so that two workers never have the same one in hand."""
    for _ in range(most):
        now = timezone.now()
        due = Delivery.objects.filter(state=State.QUEUED, next_try_at__lte=now).order_by("next_try_at", "pk")
        delivery = due.select_related("issue__schedule").first()
        if delivery is None:
            return
        if due.filter(pk=delivery.pk).update(state=State.SENDING, next_try_at=now + LEASE):
            yield delivery


def _tried(delivery: Delivery) -> bool:
    try:
        (_mail if delivery.address else _store)(delivery)
    except NotTaken as problem:
        return _failed(delivery, str(problem), for_good=problem.for_good)
    return _sent(delivery)


def _mail(delivery: Delivery) -> None:
    """Raises NotTaken."""
    issue = delivery.issue
    body = bytes(issue.body or b"")
    if len(body) > MOST_BYTES:
        raise NotTaken(
            f"The file has {len(body) // 1_000_000} MB: too large for a letter. Send it to write-once storage.",
            for_good=True,
        )
    cls = reports.classes.get(issue.schedule.kind)
    context = {
        "issue": issue,
        "title": cls.title if cls else issue.schedule.kind,
        "site": settings.PUBLIC_URL,
    }
    subject, _, text = render_to_string("reports/letter.txt", context).partition("\n\n")
    message = EmailMessage(
        subject.strip(),
        text,
        to=[delivery.address],
        headers={"Message-ID": f"<{delivery.public_id}@{_domain()}>", "Auto-Submitted": "auto-generated"},
    )
    message.attach(issue.name, body, issue.content_type.partition(";")[0])
    try:
        message.send()
    except SMTPRecipientsRefused as problem:
        codes = [code for code, _ in problem.recipients.values()]
        raise NotTaken(
            f"The mail server refused the address ({codes[0]}).", for_good=min(codes) >= 500
        ) from problem
    except (SMTPException, OSError) as problem:
        logger.error("Delivery %s was not sent: %s", delivery.pk, type(problem).__name__)
        raise NotTaken(f"{type(problem).__name__}: the mail server did not take it.") from problem


def _store(delivery: Delivery) -> None:
    """Raises NotTaken."""
    issue = delivery.issue
    name, body = f"reports/{issue.due_at:%Y%m%d}-{issue.public_id.hex}-{issue.name}", bytes(issue.body or b"")
    try:
        where = place()
        if where is None:
            raise NotTaken("There is no write-once storage: set LEDGER_WORM.")
        where.put(name, body, until=retain_until(issue.made_at or timezone.now()))
        if where.get(name) != body:
            raise NotTaken(f"{where.label}/{name} came back different from what was written.")
    except (WormProblem, ImproperlyConfigured) as problem:
        raise NotTaken(str(problem)) from problem


@transaction.atomic
def _sent(delivery: Delivery) -> bool:
    """The file is kept no longer than until every place has it."""
    mine = Delivery.objects.filter(pk=delivery.pk, state=State.SENDING)
    done = {"attempts": delivery.attempts + 1, "next_try_at": None, "problem": "", "ended_at": timezone.now()}
    if not mine.update(state=State.SENT, **done):
        return False
    facts = _facts(delivery)
    record(REPORT_SENT, delivery.issue.schedule, kind=facts["kind"], by=facts["by"], sha256=facts["sha256"])
    if not delivery.issue.deliveries.exclude(state=State.SENT).exists():
        Issue.objects.filter(pk=delivery.issue_id).update(body=None)
    return True


@transaction.atomic
def _failed(delivery: Delivery, problem: str, *, for_good: bool) -> bool:
    attempts = delivery.attempts + 1
    wait = WAITS[attempts - 1] if attempts <= len(WAITS) and not for_good else None
    mine = Delivery.objects.filter(pk=delivery.pk, state=State.SENDING)
    ended = mine.update(
        attempts=attempts,
        problem=problem[:300],
        state=State.QUEUED if wait else State.FAILED,
        next_try_at=timezone.now() + wait if wait else None,
    )
    if ended and wait is None:
        delivery.attempts = attempts
        record(REPORT_NOT_SENT, delivery.issue.schedule, **_facts(delivery, why="refused"))
    return False


def _facts(delivery: Delivery, **more: Any) -> dict[str, Any]:
    return {
        "kind": delivery.issue.schedule.kind,
        "by": "e-mail" if delivery.address else "write-once storage",
        "sha256": delivery.issue.sha256,
        "attempts": delivery.attempts,
        **more,
    }


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
