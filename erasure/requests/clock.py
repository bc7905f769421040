"""When an answer is due.

EU: Regulation (EEC, Euratom) 1182/71: the day of the event does not count; a month ends on the day with the same
number, or the month's last day if there is none; a period that would end on a Saturday, Sunday or public holiday
ends with the next working day. Regimes are data: `regimes.json`.
"""

import calendar
import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import holidays


@dataclass(frozen=True)
class Regime:
    key: str
    title: str
    country: str  # whose public holidays move the deadline; empty: the controller's
    respond: tuple[int, str]
    extend: tuple[int, str]
    rule: str
    reference: str


@cache
def regimes() -> dict[str, Regime]:
    content = json.loads((Path(__file__).parent / "regimes.json").read_text())
    return {
        entry["regime"]: Regime(
            key=entry["regime"],
            title=entry["title"],
            country=entry.get("country", ""),
            respond=(entry["respond"]["n"], entry["respond"]["unit"]),
            extend=(entry["extend"]["n"], entry["extend"]["unit"]),
            rule=entry["rule"],
            reference=entry["reference"],
        )
        for entry in content
    }


def choices() -> list[tuple[str, str]]:
    return [(regime.key, regime.title) for regime in regimes().values()]


def due(regime: Regime, received: date, *, country: str, extended: bool = False) -> date:
    """The last day to answer a request received on a day, in a controller's country (two letters)."""
    periods = [regime.respond, regime.extend] if extended else [regime.respond]
    months = sum(number for number, unit in periods if unit == "month")
    days = sum(number for number, unit in periods if unit == "day")
    last = add_months(received, months) + timedelta(days=days)
    if regime.rule == "plain":
        return last
    return next_working_day(last, country=regime.country or country)


def add_months(day: date, months: int) -> date:
    """The day with the same number so many months later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    month += 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def next_working_day(day: date, *, country: str) -> date:
    """The day itself, or the first after it that is no Saturday, Sunday or public holiday."""
    free = holidays.country_holidays(country, years=[day.year, day.year + 1])
    while day.weekday() >= 5 or day in free:
        day += timedelta(days=1)
    return day
