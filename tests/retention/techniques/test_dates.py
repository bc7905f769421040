from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.anonymization.techniques import registry
from retention.anonymization.techniques.base import TechniqueError
from tests.retention.techniques.doubles import environment

DAY = date(2024, 2, 29)


def treated(kind: str, values: pa.Array, person: pa.Array | None = None, **parameters: Any) -> list[Any]:
    answer = registry.get(kind)(parameters).prepare(values.type, environment())(values, person)
    answer.validate(full=True)
    return answer.to_pylist()


@pytest.mark.parametrize(
    ("unit", "start", "label"),
    [
        ("day", DAY, "2024-02-29"),
        ("month", date(2024, 2, 1), "2024-02"),
        ("quarter", date(2024, 1, 1), "2024-Q1"),
        ("year", date(2024, 1, 1), "2024"),
        ("decade", date(2020, 1, 1), "2020s"),
    ],
)
def test_dates_become_coarser(unit: str, start: date, label: str) -> None:
    days = pa.array([DAY, None])
    assert treated("generalize_date", days, unit=unit) == [start, None]
    assert treated("generalize_date", days, unit=unit, written="label") == [label, None]
    texts = pa.array(["2024-02-29T10:00:00Z", "29.02.2024", "2024-02-30", None])
    assert treated("generalize_date", texts, unit=unit) == [str(start), None, None, None]
    assert treated("generalize_date", texts, unit=unit, written="label") == [label, None, None, None]


def test_moments_keep_their_zone() -> None:
    moments = pa.array([datetime(1969, 12, 31, 23, 30, tzinfo=UTC)], pa.timestamp("ns", "Asia/Kolkata"))
    day = treated("generalize_date", moments, unit="day")[0]
    assert (day.isoformat(), str(day.tz)) == ("1970-01-01T00:00:00+05:30", "Asia/Kolkata")
    assert treated("generalize_date", moments, unit="hour", written="label") == ["1970-01-01 05:00"]
    with pytest.raises(TechniqueError, match="have no hours"):
        registry.get("generalize_date")({"unit": "hour"}).output_type(pa.date32())


def test_ages() -> None:
    born = pa.array([date(1934, 3, 1), date(1934, 2, 28), date(2004, 2, 29), date(2025, 1, 1), None])
    assert treated("generalize_age", born, on="2024-02-28") == ["80-89", "90+", "10-19", None, None]
    assert treated("generalize_age", born, on="2024-02-29", width=1, oldest=95)[2] == "20"
    assert treated("generalize_age", born, on="2024-02-29", width=40, oldest=90) == [
        "80-89",
        "90+",
        "0-39",
        None,
        None,
    ]
    assert treated("generalize_age", pa.array(["2000-01-01", "?"]), on="2024-12-31") == ["20-29", None]
    with pytest.raises(TechniqueError, match="must be a date"):
        registry.get("generalize_age")({"on": "today"})


@given(st.lists(st.tuples(st.dates(date(1800, 1, 1), date(2200, 1, 1)), st.sampled_from("abc")), max_size=8))
def test_days_between_dates_of_a_person_stay(rows: list[tuple[date, str]]) -> None:
    days, persons = (
        pa.array([day for day, _ in rows], pa.date32()),
        pa.array([who for _, who in rows], pa.string()),
    )
    shifts: dict[str, set[timedelta]] = {}
    for (day, who), moved in zip(rows, treated("date_shift", days, persons, days=5), strict=True):
        shifts.setdefault(who, set()).add(moved - day)
    for found in shifts.values():
        (shift,) = found
        assert 1 <= abs(shift.days) <= 5


def test_every_shift_occurs_and_none_is_nothing() -> None:
    persons = pa.array([f"p{n}" for n in range(500)])
    moved = treated("date_shift", pa.array([DAY] * 500), persons, days=2)
    counts = {shift: moved.count(DAY + timedelta(shift)) for shift in (-2, -1, 0, 1, 2)}
    assert counts.pop(0) == 0
    assert min(counts.values()) > 80


def test_a_person_moves_alike_in_every_type() -> None:
    moment = datetime(2024, 2, 29, 23, 59, 59)
    columns = [
        pa.array([DAY]),
        pa.array([DAY], pa.date64()),
        pa.array([moment], pa.timestamp("s")),
        pa.array([moment.replace(tzinfo=UTC)], pa.timestamp("ns", "UTC")),
        pa.array(["2024-02-29T23:59:59Z"]),
    ]
    moved = [treated("date_shift", column, pa.array(["p1"]))[0] for column in columns]
    assert len({str(each)[:10] for each in moved}) == 1
    assert {str(each)[11:19] for each in moved[2:]} == {"23:59:59"}


def test_what_cannot_move_becomes_null() -> None:
    first, last = date(1, 1, 1), date(9999, 12, 31)
    for values in (pa.array([first, last, DAY]), pa.array([str(first), str(last), "soon"])):
        both = [treated("date_shift", values, pa.array([who] * 3), days=1) for who in map(str, range(20))]
        assert {(row[0] is None, row[1] is None) for row in both} == {(True, False), (False, True)}
    for unit in ("s", "ms", "us", "ns"):
        edges = pa.array([-(2**63) + 1, 2**63 - 1], pa.timestamp(unit))
        moved = treated("date_shift", edges, pa.array(["p1", "p2"]), days=3)
        assert None in moved
    assert treated("date_shift", pa.array([DAY]), pa.array([None], pa.string())) == [None]
    with pytest.raises(TechniqueError, match="Column given needs the column that tells persons apart"):
        treated("date_shift", pa.array([DAY]))
