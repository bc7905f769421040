from datetime import date

import pytest
from dateutil.relativedelta import relativedelta
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from retention.policies.models import Policy
from retention.policies.periods import too_old_before


def policy(number: int, unit: str) -> Policy:
    return Policy(number=number, unit=unit)


@pytest.mark.parametrize(
    ("number", "unit", "today", "expected"),
    [
        (30, "day", date(2026, 3, 31), date(2026, 3, 1)),
        (1, "month", date(2026, 3, 31), date(2026, 2, 28)),
        (1, "month", date(2024, 3, 31), date(2024, 2, 29)),
        (1, "year", date(2024, 2, 29), date(2023, 2, 28)),
        (4, "year", date(2028, 2, 29), date(2024, 2, 29)),
        (7, "year", date(2026, 12, 31), date(2019, 12, 31)),
    ],
)
def test_the_day_so_long_ago(number: int, unit: str, today: date, expected: date) -> None:
    assert timezone.localdate(too_old_before(policy(number, unit), today)) == expected


@given(
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    st.integers(1, 120),
    st.sampled_from(["day", "month", "year"]),
)
def test_no_row_is_due_before_its_whole_period_is_over(today: date, number: int, unit: str) -> None:
    first_that_stays = timezone.localdate(too_old_before(policy(number, unit), today))
    youngest_that_goes = first_that_stays - relativedelta(days=1)
    assert youngest_that_goes + relativedelta(**{f"{unit}s": number}) < today
    # and at most the days that months differ in length go by beyond it
    late = today - (first_that_stays + relativedelta(**{f"{unit}s": number}))
    assert 0 <= late.days <= 3


def test_across_a_change_of_the_clock_it_is_still_midnight(settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    with timezone.override("Europe/Berlin"):
        moment = too_old_before(policy(1, "month"), date(2026, 4, 15))
    assert moment.isoformat() == "2026-03-15T00:00:00+01:00"
