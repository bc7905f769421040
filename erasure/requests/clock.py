"""When an answer is due.

EU: Regulation (EEC, Euratom) 1182/71: the day of the event does not count; a month ends on the day with the same
number, or the month's last day if there is none; a period that would end on a Saturday, Sunday or public holiday
ends with the next working day. Elsewhere the last day is the last day, unless the law counts business days.
All here is about days, so that no change of clocks can move one; which day a moment belongs to says `timing`.
"""

import calendar
from datetime import date, timedelta
from functools import cache

import holidays

from erasure.requests.regimes import Period, Regime, choices, regimes

__all__ = ["add_months", "add_working_days", "choices", "due", "next_working_day", "regimes", "until"]


def due(
    regime: Regime,
    start: date,
    *,
    country: str,
    region: str = "",
    kind: str = "access",
    extended: bool = False,
    paused_days: int = 0,
) -> date:
    """The last day to answer a request of this kind whose clock started on a day.

    `country` and `region` (two letters each) say where the controller is: its holidays count where the regime has none
    of its own. The days on which the clock stood are added before free days are passed over.
    """
    clock = regime.clock(kind)
    periods = [clock.respond, clock.extend] if extended and clock.extend else [clock.respond]
    return _end(regime, start, periods, country=country, region=region, paused_days=paused_days)


def until(regime: Regime, start: date, *periods: Period, country: str, region: str = "") -> date:
    """The last day of periods that follow one upon another: of an acknowledgement, of the decision on an appeal."""
    return _end(regime, start, list(periods), country=country, region=region)


def _end(
    regime: Regime, start: date, periods: list[Period], *, country: str, region: str, paused_days: int = 0
) -> date:
    place = (regime.country, regime.region) if regime.country else (country, region)
    length = {"month": 0, "day": 0, "business day": 0}
    for period in periods:
        length[period.unit] += period.number
    last = add_months(start, length["month"]) + timedelta(days=length["day"])
    last = add_working_days(last, length["business day"], country=place[0], region=place[1])
    last += timedelta(days=paused_days)
    return next_working_day(last, country=place[0], region=place[1]) if regime.rolls else last


def add_months(day: date, months: int) -> date:
    """The day with the same number so many months later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    month += 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def add_working_days(day: date, number: int, *, country: str, region: str = "") -> date:
    """The working day so many working days after a day, which itself does not count."""
    for _ in range(number):
        day = next_working_day(day + timedelta(days=1), country=country, region=region)
    return day


def next_working_day(day: date, *, country: str, region: str = "") -> date:
    """The day itself, or the first after it that is no Saturday, Sunday or public holiday."""
    while day.weekday() >= 5 or day in _free_days(country, region, day.year):
        day += timedelta(days=1)
    return day


@cache
def _free_days(country: str, region: str, year: int) -> frozenset[date]:
    """Public holidays; only the country's where the region is none that is known, none where neither is."""
    for subdivision in (region or None, None):
        try:
            return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))
        except NotImplementedError:
            continue
    return frozenset()
