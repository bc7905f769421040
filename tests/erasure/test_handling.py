"""The clock paused, moved and started again; who answers for a request; duplicates; requests taken up again."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from erasure import expiring
from erasure.models import Plan, SubjectRequest
from erasure.requests import (
    acknowledging,
    assigning,
    closing,
    grouping,
    identity,
    intake,
    pausing,
    reopening,
    timing,
)
from erasure.requests.regimes import regimes
from erasure.requests.states import NotNow
from governance.console.models import User
from tests.erasure.estate import entries, find, request_of
from tests.erasure.letters import letters
from tests.erasure.together import at_once

DAY = timedelta(days=1)


def receive(
    regime: str = "EU-GDPR", *, email: str = "ana@example.org", kind: str = "erasure"
) -> SubjectRequest:
    return intake.receive(kind=kind, identifiers=[("contact.email", email)], channel="officer", regime=regime)


def received_on(request: SubjectRequest, day: date) -> SubjectRequest:
    """As if it had come on that day."""
    request.received_at = datetime.combine(day, datetime.min.time(), ZoneInfo("UTC"))
    timing.start(request)
    request.save()
    return request


def on(monkeypatch: pytest.MonkeyPatch, day: date) -> None:
    now = datetime(day.year, day.month, day.day, 9, tzinfo=ZoneInfo("UTC"))
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.mark.parametrize(
    ("days", "due"),
    [
        (0, date(2026, 7, 10)),
        (3, date(2026, 7, 13)),
        (4, date(2026, 7, 14)),
        (8, date(2026, 7, 20)),  # the 18th is a Saturday
    ],
)
def test_the_deadline_moves_by_the_days_the_clock_stood(
    db: None, monkeypatch: pytest.MonkeyPatch, days: int, due: date
) -> None:
    request = received_on(receive(), date(2026, 6, 10))
    assert request.due_on == date(2026, 7, 10)
    on(monkeypatch, date(2026, 6, 20))
    pausing.pause(request, reason="Which of the two accounts is meant?")
    on(monkeypatch, date(2026, 6, 20) + days * DAY)
    pausing.resume(request)
    assert (request.paused_at, request.paused_days, request.due_on) == (None, days, due)
    assert entries("request.paused") == [{"reason": "Which of the two accounts is meant?"}]
    assert entries("request.resumed") == [{"days": days, "due": due.isoformat()}]


def test_two_pauses_and_an_extension_add_up(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    request = received_on(receive(), date(2026, 6, 10))
    for start, end in ((date(2026, 6, 12), date(2026, 6, 15)), (date(2026, 6, 20), date(2026, 6, 22))):
        on(monkeypatch, start)
        pausing.pause(request, reason="What is meant?")
        on(monkeypatch, end)
        pausing.resume(request)
    assert (request.paused_days, request.due_on) == (5, date(2026, 7, 15))
    closing.extend(request, reason="Many systems.")
    assert request.due_on == date(2026, 9, 15)


def test_a_clock_that_stands_is_never_overdue_and_nobody_is_rejected_meanwhile(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = received_on(receive(), date(2026, 6, 10))
    on(monkeypatch, date(2026, 7, 10))
    pausing.pause(request, reason="What is meant?")
    on(monkeypatch, date(2026, 9, 1))
    assert not request.overdue
    assert expiring.expire()["rejected"] == 0
    pausing.resume(request)
    assert (request.due_on, request.overdue) == (date(2026, 9, 1), False)


@pytest.mark.parametrize("regime", [key for key, law in regimes().items() if not law.pause])
def test_where_the_law_has_no_pause_the_clock_runs_on(db: None, regime: str) -> None:
    kind = "access" if "access" in regimes()[regime].rights else "erasure"
    request = receive(regime, kind=kind)
    with pytest.raises(NotNow, match="lets no clock stand"):
        pausing.pause(request, reason="What is meant?")
    request.refresh_from_db()
    assert request.paused_at is None
    assert "paused" not in [letter.kind for letter in request.letters.all()]


def test_a_pause_needs_a_reason_a_running_clock_and_an_end(db: None) -> None:
    request = receive()
    with pytest.raises(ValidationError):
        pausing.pause(request, reason=" ")
    with pytest.raises(NotNow, match="is not paused"):
        pausing.resume(request)
    pausing.pause(request, reason="What is meant?")
    with pytest.raises(NotNow, match="is paused already"):
        pausing.pause(request, reason="Again.")
    pausing.resume(request)
    SubjectRequest.objects.update(due_on=timezone.localdate() - DAY)
    with pytest.raises(NotNow, match="has passed: it can no longer be paused"):
        pausing.pause(request, reason="Late.")
    SubjectRequest.objects.update(state="rejected")
    with pytest.raises(NotNow, match="its clock has stopped"):
        pausing.pause(request, reason="Later.")


@pytest.mark.django_db(transaction=True)
def test_two_officers_resume_once(amir: User, petra: User) -> None:
    request = receive()
    pausing.pause(request, reason="What is meant?")
    SubjectRequest.objects.update(paused_at=timezone.now() - 3 * DAY)
    answers = at_once(*[(who.as_actor(), lambda: pausing.resume(request)) for who in (amir, petra)])
    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "NotNow"]
    request.refresh_from_db()
    assert request.paused_days == 3
    assert len(entries("request.resumed")) == 1


def test_in_the_uk_the_clock_starts_with_the_proof_of_identity(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = received_on(receive("UK-GDPR"), date(2026, 6, 1))
    assert (request.clock_waits, request.due_on) == (True, date(2026, 7, 1))
    on(monkeypatch, date(2026, 8, 20))
    assert not request.overdue
    with pytest.raises(NotNow, match="has not started"):
        pausing.pause(request, reason="What is meant?")
    identity.confirm_by_officer(request, how="Passport.")
    request.refresh_from_db()
    assert (request.clock_waits, request.started_on) == (False, date(2026, 8, 20))
    assert request.due_on == date(2026, 9, 21)  # the 20th is a Sunday
    closing.extend(request, reason="Many systems.")
    assert request.due_on == date(2026, 11, 20)


def test_elsewhere_the_proof_changes_nothing(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for regime, due in (("EU-GDPR", date(2026, 7, 1)), ("CCPA", date(2026, 7, 16))):
        request = received_on(receive(regime, email=f"{regime}@example.org"), date(2026, 6, 1))
        on(monkeypatch, date(2026, 6, 20))
        identity.confirm_by_officer(request, how="Passport.")
        request.refresh_from_db()
        assert (request.started_on, request.due_on) == (None, due)


def test_an_acknowledgement_goes_out_by_itself_where_the_law_asks_for_it(db: None) -> None:
    request = receive("CCPA")
    assert request.acknowledged_at is not None
    assert letters() == [("ana@example.org", f"We have your request {request.reference}")]
    with pytest.raises(NotNow, match="was acknowledged before"):
        acknowledging.acknowledge(request)
    other = receive("EU-GDPR", email="bo@example.org")
    assert (other.acknowledge_by, other.acknowledged_at) == (None, None)
    acknowledging.acknowledge(other)
    assert other.acknowledged_at is not None
    assert entries("request.acknowledged") == [{}, {}]


def test_an_opt_out_is_not_extended(db: None) -> None:
    request = receive("CCPA", kind="opt out")
    with pytest.raises(NotNow):
        closing.extend(request, reason="Many systems.")
    assert not SubjectRequest.objects.get().extended


def test_the_target_is_days_before_the_deadline(db: None, settings) -> None:
    request = received_on(receive(), date(2026, 6, 10))
    assert request.target_on == date(2026, 7, 3)
    settings.REQUEST_TARGET_DAYS = 0
    assert request.target_on == request.due_on


def test_a_request_is_given_to_an_officer_and_handed_over(amir: User, petra: User, dana: User) -> None:
    request = receive()
    assigning.assign(request, to=amir)
    assigning.assign(request, to=petra)
    assert request.assigned_to == petra
    with pytest.raises(ValidationError, match="may not handle requests"):
        assigning.assign(request, to=dana)
    petra.is_active = False
    petra.save()
    with pytest.raises(ValidationError):
        assigning.assign(request, to=petra)
    SubjectRequest.objects.update(state="complete")
    assert assigning.assign_all([request], to=amir) == (0, 1)
    assert entries("request.assigned") == [{"officer": "amir"}, {"officer": "petra"}]


def test_what_goes_first_is_said_once(db: None) -> None:
    request = receive()
    assigning.expedite(request)
    with pytest.raises(NotNow):
        assigning.expedite(request)
    assigning.expedite(request, first=False)
    assert entries("request.expedited") == [{"first": True}, {"first": False}]


def both(amir: User) -> tuple[SubjectRequest, SubjectRequest]:
    """Two erasures of one person, who gave another address and the same customer number."""
    first = request_of("ana@example.org", amir)
    intake.add_identifier(first, "id.customer", "1")
    second = intake.receive(
        kind="erasure",
        identifiers=[("contact.email", "ana@work.example"), ("id.customer", "1")],
        channel="form",
    )
    return first, second


def test_the_same_person_is_known_by_any_identifier(amir: User) -> None:
    first, second = both(amir)
    stranger = receive(email="bo@example.org")
    assert list(grouping.same_person(second)) == [first]
    assert list(grouping.same_person(first)) == [second]
    assert list(grouping.same_person(stranger)) == []
    assert set(SubjectRequest.objects.filter(grouping.has_open_sibling())) == {first, second}


def test_a_duplicate_is_closed_with_a_letter_that_names_the_other(amir: User) -> None:
    first, second = both(amir)
    Plan.objects.create(request=second, number=1, state="proposed", fingerprint="f" * 64)
    grouping.close_as_duplicate(second, of=first, by=amir)
    assert (second.state, second.duplicate_of, second.outcome) == ("rejected", first, f"duplicate of {first}")
    assert second.plans.get().state == "rejected"
    assert letters() == [
        ("ana@work.example", f"Your request {second.reference} goes on as {first.reference}")
    ]
    assert entries("request.duplicate") == [{"other": first.reference}]
    with pytest.raises(NotNow, match="is a duplicate: go on with"):
        reopening.reopen(second, reason="Mistake.")


def test_only_a_living_request_of_the_same_person_and_kind_takes_a_duplicate(amir: User) -> None:
    first, second = both(amir)
    other = receive(email="bo@example.org")
    access = receive(kind="access")
    for of, message in (
        (other, "shares no identifier"),
        (access, "asks for something else"),
        (second, "shares no identifier"),
    ):
        with pytest.raises(ValidationError, match=message):
            grouping.close_as_duplicate(second, of=of)
    SubjectRequest.objects.filter(pk=first.pk).update(state="rejected")
    first.refresh_from_db()
    with pytest.raises(ValidationError, match="it answers nothing"):
        grouping.close_as_duplicate(second, of=first)
    SubjectRequest.objects.filter(pk=first.pk).update(duplicate_of=other)
    first.refresh_from_db()
    with pytest.raises(ValidationError, match="itself a duplicate"):
        grouping.close_as_duplicate(second, of=first)
    second.refresh_from_db()
    assert (second.state, letters()) == ("received", [])


def test_a_request_taken_up_again_is_searched_anew_with_the_whole_time(
    shop, amir: User, petra: User, work
) -> None:
    request = find(request_of("nobody@example.org", amir), amir, work)
    assert (request.state, request.outcome) == ("complete", "no data found")
    SubjectRequest.objects.update(due_on=date(2020, 1, 1), extended=True, paused_days=4)
    request.refresh_from_db()
    reopening.reopen(request, reason="The person names an account that was not found.")
    due = intake.deadline("EU-GDPR", timezone.now())
    assert (request.state, request.due_on, request.extended, request.paused_days) == (
        "verified",
        due,
        False,
        0,
    )
    assert (request.searched_at, request.closed_at, request.outcome, request.reopened) == (None, None, "", 1)
    assert letters()[-1][1] == f"We have taken your request {request.reference} up again"
    assert entries("request.reopened") == [
        {"due": due.isoformat(), "reason": "The person names an account that was not found."}
    ]
    intake.add_identifier(request, "contact.email", "ana@example.org")
    request = find(request, amir, work)
    assert (request.state, request.plans.filter(state="proposed").count()) == ("planned", 1)


def test_an_open_request_or_one_without_identifiers_is_not_reopened(amir: User) -> None:
    request = request_of("ana@example.org", amir)
    with pytest.raises(NotNow, match="has not ended"):
        reopening.reopen(request, reason="Again.")
    closing.reject(request, reason="Unfounded.")
    request.identifiers.update(sealed=None)
    with pytest.raises(NotNow, match="were destroyed after its end: enter a new request"):
        reopening.reopen(request, reason="Again.")


def appealed(amir: User, regime: str) -> SubjectRequest:
    request = receive(regime)
    identity.confirm_by_officer(request, how="Passport.")
    closing.reject(request, reason="We cannot tell you from others.")
    reopening.appeal(request)
    return request


@pytest.mark.parametrize(("regime", "days", "longer"), [("US-CO", 45, 105), ("US-VA", 60, None)])
def test_an_appeal_has_a_time_of_its_own(amir: User, regime: str, days: int, longer: int | None) -> None:
    request = appealed(amir, regime)
    today = timezone.localdate()
    assert (request.state, request.appeal, request.due_on) == ("verified", "open", today + days * DAY)
    assert letters()[-1][1] == f"We have your appeal: request {request.reference}"
    with pytest.raises(NotNow, match="lets no clock stand during an appeal"):
        pausing.pause(request, reason="What is meant?")
    if longer is None:
        with pytest.raises(NotNow, match="gives no longer time"):
            closing.extend(request, reason="Many systems.")
    else:
        closing.extend(request, reason="Many systems.")
        assert request.due_on == today + longer * DAY


def test_an_appeal_is_refused_once_with_reasons(amir: User) -> None:
    refused = appealed(amir, "US-VA")
    reopening.decide_appeal(refused, grant=False, reason="Still the same.")
    assert (refused.state, refused.appeal, refused.outcome) == (
        "rejected",
        "refused",
        "appeal refused: Still the same.",
    )
    with pytest.raises(NotNow, match="waits for a decision"):
        reopening.decide_appeal(refused, grant=True, reason="Or not.")
    with pytest.raises(NotNow, match="was appealed against before"):
        reopening.appeal(refused)
    assert letters()[-1][1] == f"Our decision on your appeal: request {refused.reference}"
    assert entries("request.appeal_decided") == [{"decision": "refused", "reason": "Still the same."}]


def test_a_granted_appeal_lets_the_request_go_on(amir: User) -> None:
    granted = appealed(amir, "US-VA")
    reopening.decide_appeal(granted, grant=True, reason="You are right.")
    assert (granted.state, granted.appeal) == ("verified", "granted")


def test_where_the_law_knows_no_appeal_none_is_entered(amir: User) -> None:
    for regime in ("EU-GDPR", "US-UT"):
        request = receive(regime, email=f"{regime}@example.org")
        closing.reject(request, reason="Unfounded.")
        with pytest.raises(NotNow, match="knows no appeal to the controller"):
            reopening.appeal(request)
