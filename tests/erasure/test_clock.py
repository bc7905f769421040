"""When an answer is due: months that end, days that are free, the law of each place."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from erasure.models import Plan, SubjectRequest
from erasure.requests import closing, intake
from erasure.requests.clock import add_months, choices, due, next_working_day, regimes
from erasure.requests.states import NotNow
from governance.activities.models import Organisation
from tests.erasure.estate import entries, request_of
from tests.erasure.letters import letters


@pytest.mark.parametrize(
    ("regime", "received", "country", "extended", "expected"),
    [
        ("EU-GDPR", date(2026, 1, 31), "DE", False, date(2026, 3, 2)),  # 28 February is a Saturday
        ("EU-GDPR", date(2026, 3, 5), "DE", False, date(2026, 4, 7)),  # Easter Sunday, Easter Monday
        ("EU-GDPR", date(2026, 6, 10), "DE", False, date(2026, 7, 10)),
        ("EU-GDPR", date(2024, 1, 31), "DE", False, date(2024, 2, 29)),  # a leap year
        ("EU-GDPR", date(2023, 1, 31), "DE", False, date(2023, 2, 28)),
        ("EU-GDPR", date(2024, 1, 29), "DE", False, date(2024, 2, 29)),
        ("EU-GDPR", date(2023, 12, 1), "DE", False, date(2024, 1, 2)),  # New Year's Day
        ("EU-GDPR", date(2026, 1, 31), "DE", True, date(2026, 4, 30)),  # three months, counted once
        ("EU-GDPR", date(2023, 11, 30), "DE", True, date(2024, 2, 29)),
        ("EU-GDPR", date(2026, 4, 14), "FR", False, date(2026, 5, 15)),  # Ascension Day
        ("EU-GDPR", date(2026, 4, 8), "FR", False, date(2026, 5, 11)),  # Victory Day, in France alone
        ("EU-GDPR", date(2026, 4, 8), "DE", False, date(2026, 5, 8)),
        ("UK-GDPR", date(2026, 11, 25), "DE", False, date(2026, 12, 29)),  # Boxing Day moved to the Monday
        ("EU-GDPR", date(2026, 11, 25), "DE", False, date(2026, 12, 28)),
        ("CCPA", date(2026, 1, 15), "DE", False, date(2026, 3, 1)),  # 45 days, though it is a Sunday
        ("CCPA", date(2026, 1, 15), "DE", True, date(2026, 4, 15)),  # 90 days
        ("CCPA", date(2024, 1, 15), "DE", False, date(2024, 2, 29)),
    ],
)
def test_the_last_day_to_answer(
    regime: str, received: date, country: str, extended: bool, expected: date
) -> None:
    assert due(regimes()[regime], received, country=country, extended=extended) == expected


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 11, 15), 1, date(2026, 12, 15)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 5, 31), 1, date(2026, 6, 30)),
    ],
)
def test_a_month_ends_on_the_same_day_or_its_last(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def test_free_days_are_passed_over_across_the_year() -> None:
    assert next_working_day(date(2022, 12, 31), country="DE") == date(2023, 1, 2)
    assert next_working_day(date(2023, 12, 30), country="DE") == date(2024, 1, 2)


def test_every_regime_can_be_chosen() -> None:
    assert choices()[:3] == [
        ("EU-GDPR", "GDPR (EU/EEA)"),
        ("UK-GDPR", "UK GDPR"),
        ("CCPA", "CCPA/CPRA (California)"),
    ]
    assert [key for key, _ in choices()] == list(regimes())


def test_the_controllers_country_decides_about_holidays(db: None) -> None:
    received = datetime(2026, 4, 8, 12, tzinfo=ZoneInfo("UTC"))
    assert intake.deadline("EU-GDPR", received) == date(2026, 5, 8)
    Organisation.objects.create(name="Thé", contact="Port 1", country="FR")
    assert intake.deadline("EU-GDPR", received) == date(2026, 5, 11)


def test_a_deadline_is_extended_once_and_the_person_is_told(amir, django_capture_on_commit_callbacks) -> None:
    asked = request_of("ana@example.org", amir)
    expected = intake.deadline("EU-GDPR", asked.received_at, extended=True)
    with django_capture_on_commit_callbacks(execute=True):
        closing.extend(asked, reason=" Many systems. ")
    assert (asked.extended, asked.extension_reason, asked.due_on) == (True, "Many systems.", expected)
    assert letters() == [("ana@example.org", f"We need more time for your request {asked.reference}")]
    with pytest.raises(NotNow, match="was extended before; the law allows it once"):
        closing.extend(asked, reason="More systems.")
    assert entries("request.extended") == [{"due": expected.isoformat(), "reason": "Many systems."}]


def test_a_deadline_that_has_passed_cannot_be_extended(amir) -> None:
    asked = request_of("ana@example.org", amir)
    yesterday = timezone.localdate() - timedelta(days=1)
    SubjectRequest.objects.update(due_on=yesterday)
    with pytest.raises(NotNow, match="has passed"):
        closing.extend(asked, reason="Many systems.")
    asked.refresh_from_db()
    assert (asked.extended, asked.due_on) == (False, yesterday)
    SubjectRequest.objects.update(due_on=timezone.localdate())
    closing.extend(asked, reason="Many systems.")
    assert asked.extended


@pytest.mark.parametrize("reason", ["", "   ", "x" * 251, "a\x00b"])
def test_without_a_reason_nothing_is_extended_or_rejected(amir, reason: str) -> None:
    asked = request_of("ana@example.org", amir)
    for verb in (closing.extend, closing.reject):
        with pytest.raises(ValidationError) as refusal:
            verb(asked, reason=reason)
        assert refusal.value.message_dict == {"reason": ["Give the reason in 1 to 250 characters."]}
    asked.refresh_from_db()
    assert (asked.extended, asked.state) == (False, "verified")
    assert entries("request.extended") + entries("request.rejected") == []


def test_a_request_is_rejected_with_a_reason_and_its_open_plan_goes_with_it(
    amir, petra, django_capture_on_commit_callbacks
) -> None:
    asked = request_of("ana@example.org", amir)
    SubjectRequest.objects.update(state="planned")
    plan = Plan.objects.create(request=asked, number=1, state="proposed", fingerprint="f" * 64)
    with django_capture_on_commit_callbacks(execute=True):
        closing.reject(asked, reason="It's a legal claim, Art. 17(3)(e).", by=petra)
    assert (asked.state, asked.outcome) == ("rejected", "rejected: It's a legal claim, Art. 17(3)(e).")
    assert asked.closed_at is not None
    plan.refresh_from_db()
    assert (plan.state, plan.decided_by) == ("rejected", petra)
    ((to, subject),) = letters()
    assert (to, subject) == ("ana@example.org", f"We cannot do what you asked: request {asked.reference}")
    assert entries("request.rejected") == [{"reason": "It's a legal claim, Art. 17(3)(e)."}]
    for verb in (closing.reject, closing.extend):
        with pytest.raises(NotNow, match="is rejected"):
            verb(asked, reason="Again.")


@pytest.mark.parametrize("state", ["approved", "executing"])
def test_a_plan_in_force_comes_to_its_end_first(amir, state: str) -> None:
    asked = request_of("ana@example.org", amir)
    SubjectRequest.objects.update(state="failed")
    Plan.objects.create(request=asked, number=1, state=state, fingerprint="f" * 64)
    with pytest.raises(NotNow, match="let it come to its end, or resume it"):
        closing.reject(asked, reason="No.")
    asked.refresh_from_db()
    assert asked.state == "failed"


def test_letters_say_what_was_written_and_not_its_html(
    amir, django_capture_on_commit_callbacks, mailoutbox
) -> None:
    Organisation.objects.create(name="Tea & Sons", contact="Harbour 1", officer_name="D'Arcy")
    asked = request_of("ana@example.org", amir)
    with django_capture_on_commit_callbacks(execute=True):
        closing.reject(asked, reason="It's <not> ours.", by=amir)
    letters()
    assert "You asked Tea & Sons for the erasure" in mailoutbox[0].body
    assert "It's <not> ours." in mailoutbox[0].body
    assert "D'Arcy" in mailoutbox[0].body
