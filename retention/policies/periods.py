"""The moment before which rows are too old. Calendar months and years, on the controller's clock."""

from datetime import date, datetime, time, timedelta
from functools import cache

from dateutil.relativedelta import relativedelta
from django.utils import timezone

from retention.policies.models import Policy


def too_old_before(policy: Policy, today: date) -> datetime:
    """The start of the day so long ago: a row from before it has lived its whole period, however short its month.

    A month ago from 31 March is 28 February (29 in a leap year), so nothing goes before its time is up.
    """
    day = today - relativedelta(**{f"{policy.unit}s": policy.number})
    return timezone.make_aware(datetime.combine(day, time.min))


def longest(policy: Policy) -> timedelta:
    """The period at its longest, whatever day it begins: a store that counts hours must not be early in any month."""
    return timedelta(days=_longest_days(policy.unit, policy.number))


@cache
def _longest_days(unit: str, number: int) -> int:
    period = relativedelta(**{f"{unit}s": number})
    days = (date(2024, 1, 1) + timedelta(days=day) for day in range(4 * 366))
    return max((day + period - day).days for day in days)


def days_of(policy: Policy) -> int:
    """About how long, to tell which of two periods is shorter: months as 30.44 days, years as 365.25."""
    return round(policy.number * {"day": 1, "month": 30.44, "year": 365.25}[policy.unit])
