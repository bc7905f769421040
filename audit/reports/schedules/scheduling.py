"""Setting up, changing and stopping a scheduled report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from audit.reports.base import Report, reports
from audit.reports.events import REPORT_SCHEDULED, SCHEDULE_CHANGED, SCHEDULE_STOPPED
from audit.reports.models import Schedule
from audit.reports.schedules.rhythms import next_after
from governance.console.models import User


def schedulable(may: Callable[[str], bool]) -> list[type[Report]]:
    """The kinds that can be scheduled, as far as whoever asks `may` read them."""
    return [cls for cls in reports.classes.values() if not cls.about_a_person and may(cls.permission)]


@transaction.atomic
def add(schedule: Schedule, *, by: User) -> Schedule:
    """Save a new schedule; the first time is the next one of its rhythm."""
    schedule.made_by = by
    schedule.next_at = next_after(schedule.rhythm, timezone.now())
    schedule.save()
    record(REPORT_SCHEDULED, schedule, **_facts(schedule))
    return schedule


@transaction.atomic
def change(schedule: Schedule, *, by: User) -> Schedule:
    """Save what was changed; from now on it is made for who changed it."""
    schedule.made_by = by
    schedule.next_at = next_after(schedule.rhythm, timezone.now())
    schedule.save()
    record(SCHEDULE_CHANGED, schedule, **_facts(schedule))
    return schedule


@transaction.atomic
def stop(schedule: Schedule) -> bool:
    """It is never made again; files that were made before still go out. False where it was stopped already."""
    stopped = Schedule.objects.filter(pk=schedule.pk, stopped_at=None).update(stopped_at=timezone.now())
    if stopped:
        record(SCHEDULE_STOPPED, schedule, kind=schedule.kind)
    return bool(stopped)


def _facts(schedule: Schedule) -> dict[str, Any]:
    return {
        "kind": schedule.kind,
        "format": schedule.form,
        "rhythm": str(schedule.rhythm),
        "addresses": len(schedule.recipients),
        "worm": schedule.to_worm,
    }
