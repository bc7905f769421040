"""What is kept of scheduled reports: no file, and no address, for longer than somebody could still ask about it."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from audit.reports.events import SCHEDULES_FORGOTTEN
from audit.reports.models import Delivery, Issue, Schedule

OPEN = (Delivery.State.QUEUED, Delivery.State.SENDING)


@transaction.atomic
def forget() -> int:
    """Delete what came due `REPORT_KEPT_DAYS` ago with its files and addresses, and those of schedules stopped then.

    What is still to be made or sent stays. Returns how many rows are gone. What was made and sent stands in the ledger.
    """
    before = timezone.now() - timedelta(days=settings.REPORT_KEPT_DAYS)
    waiting = Delivery.objects.filter(state__in=OPEN).values("issue")
    old = Issue.objects.filter(due_at__lt=before).exclude(state=Issue.State.QUEUED).exclude(pk__in=waiting)
    _, gone = old.delete()
    issues = gone.get(Issue._meta.label, 0)
    stopped = Schedule.objects.filter(stopped_at__lt=before).exclude(recipients=[]).update(recipients=[])
    if issues or stopped:
        record(SCHEDULES_FORGOTTEN, issues=issues, schedules=stopped)
    return issues + stopped
