"""The laws as data: each with its own clock, its own rights, and every day of the calendar."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from erasure.models import SubjectRequest
from erasure.requests import intake
from erasure.requests import regimes as law
from erasure.requests.clock import add_months, add_working_days, due, next_working_day, regimes, until
from erasure.requests.timing import deadline, refuse_unknown_right
from tests.erasure.estate import entries

STATES = [
    "VA", "CO", "CT", "UT", "TX", "OR", "MT", "DE", "NH", "NJ", "NE", "TN", "MN", "MD", "IN", "KY", "RI",
]  # fmt: skip
RECEIVED = date(2026, 8, 3)  # a Monday
DAYS = st.dates(date(2000, 1, 1), date(2090, 12, 31))


@pytest.mark.parametrize(
    ("regime", "kind", "answer", "extended"),
    [
        ("EU-GDPR", "access", date(2026, 9, 3), date(2026, 11, 3)),
        ("UK-GDPR", "erasure", date(2026, 9, 3), date(2026, 11, 3)),
        ("CCPA", "access", date(2026, 9, 17), date(2026, 11, 1)),
        ("CCPA", "opt out", date(2026, 8, 24), date(2026, 8, 24)),  # 15 business days, never longer
        ("CA-DELETE-ACT", "erasure", date(2026, 9, 17), date(2026, 9, 17)),
        *[
            (f"US-{state}", kind, date(2026, 9, 17), date(2026, 11, 1))
            for state in [
                "VA",
                "CO",
                "CT",
                "UT",
                "TX",
                "OR",
                "MT",
                "DE",
                "NH",
                "NJ",
                "NE",
                "TN",
                "MN",
                "MD",
                "IN",
                "KY",
                "RI",
            ]
            for kind in ("erasure", "opt out")
        ],
        ("US-FL", "erasure", date(2026, 9, 17), date(2026, 10, 2)),  # 15 days more
        ("US-IA", "erasure", date(2026, 11, 1), date(2026, 12, 16)),  # 90 and 45
        ("BR-LGPD", "access", date(2026, 8, 18), date(2026, 8, 18)),
        ("CA-QC-Law25", "access", date(2026, 9, 2), date(2026, 9, 2)),
        ("CA-PIPEDA", "access", date(2026, 9, 2), date(2026, 10, 2)),
        ("CH-revDSG", "access", date(2026, 9, 2), date(2026, 9, 2)),
        ("TR-KVKK", "access", date(2026, 9, 2), date(2026, 9, 2)),
        ("SG-PDPA", "access", date(2026, 9, 2), date(2026, 9, 2)),
        ("KR-PIPA", "access", date(2026, 8, 13), date(2026, 8, 13)),
        ("NZ", "access", date(2026, 8, 31), date(2026, 8, 31)),  # 20 working days
    ],
)
def test_each_law_has_its_own_clock(regime: str, kind: str, answer: date, extended: date) -> None:
    found = regimes()[regime]
    assert due(found, RECEIVED, country="DE", kind=kind) == answer
    assert due(found, RECEIVED, country="DE", kind=kind, extended=True) == extended


def test_every_law_of_the_data_is_in_the_table_above() -> None:
    assert len(regimes()) == 31
    (mark,) = (m for m in test_each_law_has_its_own_clock.pytestmark if m.name == "parametrize")
    assert {row[0] for row in mark.args[1]} == set(regimes())


@pytest.mark.parametrize(
    ("regime", "days"),
    [("US-VA", 60), ("US-CO", 45), ("US-OR", 45), ("US-NJ", 45), ("US-MN", 45), ("US-TX", 60), ("US-RI", 60)],
)
def test_appeals_are_decided_in_a_time_of_their_own(regime: str, days: int) -> None:
    found = regimes()[regime]
    assert until(found, RECEIVED, found.appeal, country="DE") == RECEIVED + timedelta(days=days)


def test_what_else_the_laws_say() -> None:
    known = regimes()
    assert [key for key, each in known.items() if each.start == law.IDENTITY] == ["UK-GDPR"]
    assert [key for key, each in known.items() if each.pause] == ["EU-GDPR", "UK-GDPR"]
    assert {key for key, each in known.items() if each.appeal} == {
        key for key in known if key.startswith("US-")
    } - {"US-UT"}
    assert [key for key, each in known.items() if each.appeal_extend] == ["US-CO", "US-MN"]
    assert [key for key, each in known.items() if each.withdraw_consent] == ["US-CT", "US-RI"]
    assert [key for key, each in known.items() if each.clock("access").acknowledge] == ["CCPA"]
    opt_out = known["CCPA"].rights["opt out"]
    assert (opt_out.signal, str(opt_out.ask_again_after)) == (True, "12 months")
    assert (opt_out.clock.acknowledge, opt_out.clock.extend) == (None, None)
    drop = known["CA-DELETE-ACT"]
    assert (str(drop.poll), str(drop.repeat), drop.unverifiable) == ("45 days", "45 days", "opt out")
    assert str(known["EU-GDPR"].refuse_notice) == "1 month"
    assert str(known["UK-GDPR"].complaint_acknowledge) == "30 days"
    assert all(each.confidence and each.reference for each in known.values())


def test_the_data_name_only_what_the_program_reads() -> None:
    content = json.loads((Path(law.__file__).parent / "regimes.json").read_text())
    fields = {*law.Regime.__slots__, "regime", "rule", "from"} - {"key", "rolls", "since", "appeal_extend"}
    assert {name for entry in content for name in entry} <= fields
    kinds = set(SubjectRequest.Kind.values)
    assert {kind for entry in content for kind in entry["rights"]} == kinds
    units = {
        each["unit"]
        for entry in content
        for each in entry.values()
        if isinstance(each, dict) and "unit" in each
    }
    assert units <= {"day", "month", "business day"}


@pytest.mark.parametrize(
    ("received", "acknowledged", "opted_out"),
    [
        (date(2026, 8, 3), date(2026, 8, 17), date(2026, 8, 24)),
        (date(2026, 11, 20), date(2026, 12, 8), date(2026, 12, 15)),  # Thanksgiving and the day after
        (date(2026, 12, 31), date(2027, 1, 15), date(2027, 1, 25)),  # New Year, Martin Luther King Day
        (date(2026, 3, 27), date(2026, 4, 13), date(2026, 4, 20)),  # Cesar Chavez Day, in California alone
        (date(2026, 8, 1), date(2026, 8, 14), date(2026, 8, 21)),  # received on a Saturday
    ],
)
def test_business_days_of_california(received: date, acknowledged: date, opted_out: date) -> None:
    ccpa = regimes()["CCPA"]
    assert until(ccpa, received, ccpa.acknowledge, country="DE") == acknowledged
    assert due(ccpa, received, country="DE", kind="opt out") == opted_out


def test_a_region_has_holidays_of_its_own() -> None:
    corpus_christi = date(2026, 6, 4)
    assert next_working_day(corpus_christi, country="DE") == corpus_christi
    assert next_working_day(corpus_christi, country="DE", region="BY") == date(2026, 6, 5)
    assert next_working_day(corpus_christi, country="DE", region="??") == corpus_christi
    assert next_working_day(date(2026, 12, 25), country="XX") == date(2026, 12, 25)
    assert next_working_day(date(2026, 12, 26), country="XX") == date(2026, 12, 28)


@given(DAYS, st.booleans(), st.integers(0, 400))
def test_in_the_eu_no_deadline_is_early_or_on_a_free_day(start: date, extended: bool, paused: int) -> None:
    free = holidays.country_holidays("DE")
    full = add_months(start, 3 if extended else 1) + timedelta(days=paused)
    last = due(regimes()["EU-GDPR"], start, country="DE", extended=extended, paused_days=paused)
    assert full <= last <= full + timedelta(days=6)
    assert last.weekday() < 5
    assert last not in free
    between = [full + timedelta(days=n) for n in range((last - full).days)]
    assert all(day.weekday() >= 5 or day in free for day in between)


@given(DAYS, st.integers(0, 36))
def test_months_keep_the_number_of_the_day_or_take_the_last(start: date, months: int) -> None:
    end = add_months(start, months)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day == start.day or (end.day < start.day and (end + timedelta(days=1)).day == 1)


@given(DAYS, st.integers(0, 40))
def test_working_days_are_counted_one_by_one(start: date, number: int) -> None:
    free = holidays.country_holidays("US", subdiv="CA")
    end = add_working_days(start, number, country="US", region="CA")
    days = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert sum(day.weekday() < 5 and day not in free for day in days) == number
    assert not days or (end.weekday() < 5 and end not in free)


@given(DAYS, DAYS)
def test_who_asks_later_is_answered_no_earlier(one: date, other: date) -> None:
    first, second = sorted((one, other))
    for regime in regimes().values():
        assert due(regime, first, country="FR") <= due(regime, second, country="FR"), regime.key


@pytest.mark.parametrize(
    ("moment", "zone", "expected"),
    [
        (
            datetime(2026, 1, 30, 22, 59, tzinfo=ZoneInfo("UTC")),
            "Europe/Berlin",
            date(2026, 3, 2),
        ),  # 30 January
        (
            datetime(2026, 1, 30, 23, 1, tzinfo=ZoneInfo("UTC")),
            "Europe/Berlin",
            date(2026, 3, 2),
        ),  # 31 January
        (datetime(2026, 3, 4, 23, 30, tzinfo=ZoneInfo("UTC")), "Europe/Berlin", date(2026, 4, 7)),  # 5 March
        (
            datetime(2026, 3, 4, 22, 30, tzinfo=ZoneInfo("UTC")),
            "Europe/Berlin",
            date(2026, 4, 7),
        ),  # 4 March: Easter
        (datetime(2026, 3, 28, 22, 59, tzinfo=ZoneInfo("UTC")), "Europe/Berlin", date(2026, 4, 28)),
        # The night clocks go forward: the 29th lasts from 23:00 UTC to 22:00 UTC.
        (datetime(2026, 3, 28, 23, 0, tzinfo=ZoneInfo("UTC")), "Europe/Berlin", date(2026, 4, 29)),
        (datetime(2026, 3, 29, 21, 59, tzinfo=ZoneInfo("UTC")), "Europe/Berlin", date(2026, 4, 29)),
        (datetime(2026, 3, 29, 22, 0, tzinfo=ZoneInfo("UTC")), "Europe/Berlin", date(2026, 4, 30)),
        # The night they go back, with an hour that comes twice.
        (datetime(2026, 10, 24, 21, 59, tzinfo=ZoneInfo("UTC")), "Europe/Berlin", date(2026, 11, 24)),
        (datetime(2026, 10, 25, 0, 30, tzinfo=ZoneInfo("UTC")), "Europe/Berlin", date(2026, 11, 25)),
        (datetime(2026, 10, 25, 1, 30, tzinfo=ZoneInfo("UTC")), "Europe/Berlin", date(2026, 11, 25)),
        (datetime(2026, 10, 25, 22, 59, tzinfo=ZoneInfo("UTC")), "Europe/Berlin", date(2026, 11, 25)),
        (datetime(2026, 10, 25, 23, 0, tzinfo=ZoneInfo("UTC")), "Europe/Berlin", date(2026, 11, 26)),
        (datetime(2026, 1, 1, 3, 0, tzinfo=ZoneInfo("UTC")), "America/Los_Angeles", date(2026, 2, 2)),
    ],
)
def test_the_day_of_receipt_is_the_controllers(db: None, moment: datetime, zone: str, expected: date) -> None:
    with timezone.override(zone):
        assert deadline("EU-GDPR", moment) == expected


def receive(**values: str) -> SubjectRequest:
    given = {"kind": "access", "channel": "officer", "regime": "EU-GDPR", **values}
    return intake.receive(identifiers=[("contact.email", "ana@example.org")], **given)


def test_a_right_that_the_law_does_not_know_is_refused_with_what_it_knows(db: None) -> None:
    with pytest.raises(ValidationError) as refusal:
        receive(regime="CCPA", kind="restriction")
    assert refusal.value.message_dict == {
        "kind": [
            "CCPA/CPRA (California) knows no such right as “Restriction, Art. 18”; it knows: Access, Art. 15, "
            "Erasure, Art. 17, Rectification, Art. 16, Opt-out of sale and sharing."
        ]
    }
    assert not SubjectRequest.objects.exists()
    assert entries("request.received") == []


def test_a_law_does_not_apply_before_its_first_day() -> None:
    refuse_unknown_right("CA-DELETE-ACT", "erasure", on=date(2026, 8, 1))
    with pytest.raises(ValidationError, match="applies from 1 August 2026 on"):
        refuse_unknown_right("CA-DELETE-ACT", "erasure", on=date(2026, 7, 31))
