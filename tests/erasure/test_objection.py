"""Objections (Art. 21) and opt-outs (11 CCR 7026): for one purpose, for all, at once."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from erasure.answers import objecting
from erasure.answers.models import Objection
from erasure.models import SubjectRequest
from erasure.registry.asking import effects_on, may_be_asked_again
from erasure.registry.checking import check
from erasure.registry.models import Registration
from erasure.requests import intake
from erasure.requests.clock import add_months
from erasure.requests.states import NotNow
from governance.activities.models import ProcessingActivity
from governance.console.models import User
from governance.keyring.lookups import lookup_of
from tests.erasure.estate import entries, request_of
from tests.erasure.letters import outbox


def ana() -> tuple[str, bytes]:
    return ("contact.email", lookup_of("contact.email", "ana@example.org"))


@pytest.fixture
def profiling(db: None) -> ProcessingActivity:
    return ProcessingActivity.objects.create(
        name="Profiling",
        purpose="To guess tastes.",
        lawful_basis="legitimate_interests",
        subject_categories=[],
    )


@pytest.fixture
def asked(amir: User) -> SubjectRequest:
    return request_of("ana@example.org", amir, kind="objection")


def test_an_upheld_objection_is_against_its_purpose_alone(
    asked: SubjectRequest, profiling: ProcessingActivity, amir: User, django_capture_on_commit_callbacks
) -> None:
    objecting.decide(objecting.enter(asked, activity=profiling), state="upheld", by=amir)
    with django_capture_on_commit_callbacks(execute=True):
        objecting.settle(asked, by=amir)
    asked.refresh_from_db()
    assert (asked.state, asked.outcome) == ("complete", "objection upheld")
    assert effects_on([ana()], "Profiling") == {ana(): frozenset({"objected"})}
    assert effects_on([ana()], "Billing") == {ana(): frozenset()}
    assert effects_on([ana()]) == {ana(): frozenset({"objected"})}
    assert check("contact.email", ["ana@example.org"], use="use", purpose="Billing") == [False]
    assert check("contact.email", ["ana@example.org"], use="use", purpose="Profiling") == [True]
    assert entries("right.settled") == [{"effect": "objected", "purposes": ["Profiling"]}]
    assert "- Profiling" in outbox()[-1].body


def test_nothing_outweighs_an_objection_to_direct_marketing(asked: SubjectRequest, amir: User) -> None:
    objection = objecting.enter(asked, marketing=True)
    with pytest.raises(ValidationError) as refusal:
        objecting.decide(objection, state="overridden", reason="We earn well by it.", by=amir)
    assert refusal.value.message_dict == {
        "state": ["Nothing overrides an objection to direct marketing (Art. 21(3))."]
    }
    objecting.decide(objection, state="upheld")
    objecting.settle(asked)
    assert effects_on([ana()], "direct marketing") == {ana(): frozenset({"objected"})}


def test_compelling_grounds_are_told_to_the_person(
    asked: SubjectRequest, profiling: ProcessingActivity, amir: User, django_capture_on_commit_callbacks
) -> None:
    objection = objecting.enter(asked, activity=profiling)
    with pytest.raises(ValidationError):
        objecting.decide(objection, state="overridden", by=amir)
    objecting.decide(objection, state="overridden", reason="A court is hearing the claim.", by=amir)
    with django_capture_on_commit_callbacks(execute=True):
        objecting.settle(asked, by=amir)
    asked.refresh_from_db()
    assert (asked.state, asked.outcome) == ("rejected", "rejected: A court is hearing the claim.")
    assert not Registration.objects.exists()
    assert "A court is hearing the claim." in outbox()[-1].body


def test_one_purpose_may_be_upheld_and_another_overridden(
    asked: SubjectRequest, profiling: ProcessingActivity, django_capture_on_commit_callbacks
) -> None:
    objecting.decide(objecting.enter(asked, marketing=True), state="upheld")
    claims = objecting.enter(asked, activity=profiling)
    with pytest.raises(NotNow, match="decide on each of it first"):
        objecting.settle(asked)
    objecting.decide(claims, state="overridden", reason="A claim is pending.")
    with django_capture_on_commit_callbacks(execute=True):
        objecting.settle(asked)
    asked.refresh_from_db()
    assert (asked.state, asked.outcome) == ("complete", "objection upheld in part")
    assert [each.purpose for each in Registration.objects.all()] == ["direct marketing"]
    assert "- Profiling: A claim is pending." in outbox()[-1].body


def test_nobody_is_objected_for_who_has_not_proven_who_they_are(profiling: ProcessingActivity) -> None:
    asked = intake.receive(
        kind="objection", identifiers=[("contact.email", "ana@example.org")], channel="form"
    )
    objection = objecting.enter(asked, activity=profiling)
    with pytest.raises(NotNow, match="Verify the identity first"):
        objecting.decide(objection, state="upheld")
    with pytest.raises(ValidationError, match="entered already"):
        objecting.enter(asked, activity=profiling)
    with pytest.raises(ValidationError, match="Name the activity"):
        objecting.enter(asked)
    assert Objection.objects.get().state == "open"


def test_an_opt_out_is_done_the_moment_it_is_asked_for(db: None, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        asked = intake.receive(
            kind="opt out",
            identifiers=[("contact.email", "ana@example.org")],
            channel="form",
            regime="CCPA",
        )
    asked.refresh_from_db()
    assert (asked.state, asked.outcome, asked.verified_at) == ("complete", "opted out", None)
    assert check("contact.email", ["ana@example.org"], use="share") == [True]
    assert check("contact.email", ["ana@example.org"], use="use") == [False]
    assert outbox()[-1].subject == f"You have opted out: request {asked.reference}"
    today = timezone.now().date()
    assert may_be_asked_again([ana()]) == add_months(today, 12)
    Registration.objects.update(since=timezone.now() - timedelta(days=400))
    assert may_be_asked_again([ana()]) < today
    assert may_be_asked_again([("contact.email", b"1" * 32)]) is None
