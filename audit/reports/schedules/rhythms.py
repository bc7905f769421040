"""When a schedule comes due: at six in the morning, where the console is."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils import timezone

from audit.reports.models import Schedule

HOUR = 6


def next_after(rhythm: str, now: datetime) -> datetime:
    """The first time after `now`. Of several that were missed, as while the console was down, none is caught up."""
    today = timezone.localdate(now)
    if rhythm == Schedule.Rhythm.WEEKLY:
        today -= timedelta(days=today.weekday())
    elif rhythm == Schedule.Rhythm.MONTHLY:
        today = today.replace(day=1)
    found = _moment(today)
    return found if found > now else _moment(_later(rhythm, today))


def window(rhythm: str, due_at: datetime) -> tuple[date, date]:
    """The days, both included, from the time before until the day before `due_at`."""
    due = timezone.localdate(due_at)
    last = due - timedelta(days=1)
    if rhythm == Schedule.Rhythm.MONTHLY:
        return last.replace(day=1), last
    return (due - timedelta(days=7) if rhythm == Schedule.Rhythm.WEEKLY else last), last


def _later(rhythm: str, day: date) -> date:
    if rhythm == Schedule.Rhythm.MONTHLY:
        return (day + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 if rhythm == Schedule.Rhythm.WEEKLY else 1)


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, HOUR, tzinfo=timezone.get_current_timezone())
