"""Restriction (Art. 18): marked in stores that know how, in the registry for all others, lifted by the same way."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from audit.ledger.context import acting
from catalog.models import System
from erasure import expiring
from erasure.answers import restricting
from erasure.answers.models import Lifting, Mark
from erasure.models import Identifier, SubjectRequest
from erasure.registry.asking import effects_on, restricted
from erasure.registry.checking import check
from erasure.registry.models import Registration
from erasure.requests.states import NotNow
from governance.console.models import User
from governance.keyring.lookups import lookup_of
from tests.erasure.estate import approve, crawl_again, data_set, entries, find, request_of
from tests.erasure.letters import outbox
from tests.services.fixtures import Database


def ana() -> tuple[str, bytes]:
    return ("contact.email", lookup_of("contact.email", "ana@example.org"))


@pytest.fixture
def marked(shop: System, shop_database: Database) -> Mark:
    """The shop, whose customers have a column for it."""
    shop_database.execute("ALTER TABLE customer ADD restricted boolean NOT NULL DEFAULT false")
    crawl_again(shop)
    return restricting.declare_mark(
        data_set(shop, "customer"), column="restricted", value="true", otherwise="false"
    )


@pytest.fixture
def asked(shop: System, amir: User) -> SubjectRequest:
    return request_of("ana@example.org", amir, kind="restriction")


def test_rows_are_marked_and_the_registry_says_so(
    marked: Mark, asked: SubjectRequest, shop_database: Database, amir: User, petra: User, work,
    django_capture_on_commit_callbacks,
) -> None:  # fmt: skip
    request = find(asked, amir, work)
    assert request.state == "planned"
    methods = {step.data_set.name: step.method for step in request.plans.get().steps.all()}
    assert methods == {
        "public.customer": "restrict",
        "public.newsletter": "withhold",
        "public.purchase": "withhold",
        "public.purchase_line": "withhold",
    }
    assert effects_on([ana()]) == {ana(): frozenset()}
    with django_capture_on_commit_callbacks(execute=True):
        request = approve(request, petra, work)
    assert (request.state, request.outcome) == ("complete", "restricted")
    assert shop_database.execute("SELECT id, restricted FROM customer ORDER BY id") == [
        (1, True), (2, False), (3, False),
    ]  # fmt: skip
    assert shop_database.execute("SELECT count(*) FROM purchase") == [(4,)]
    assert effects_on([ana()]) == {ana(): frozenset({"restricted"})}
    assert restricted([ana(), ("id.customer", b"0" * 32)]) == {ana()}
    asked_for = ["ana@example.org", "bo@example.org"]
    assert check("contact.email", asked_for, use="use") == [True, False]
    assert check("contact.email", asked_for, use="keep") == [False, False]
    assert "do nothing else with them" in outbox()[-1].body


def test_a_restriction_ends_only_after_the_person_was_told(
    marked: Mark, asked: SubjectRequest, shop_database: Database, amir: User, petra: User, work,
    django_capture_on_commit_callbacks,
) -> None:  # fmt: skip
    request = approve(find(asked, amir, work), petra, work)
    with pytest.raises(NotNow, match="has to be told first"):
        restricting.begin_lifting(request)
    day = timezone.localdate() + timedelta(days=3)
    with django_capture_on_commit_callbacks(execute=True):
        restricting.tell_lifting(request, reason="The accuracy was verified.", on=day, by=amir)
    assert "The accuracy was verified." in outbox()[-1].body
    assert f"{day.day} {day:%b %Y}" in outbox()[-1].body
    with pytest.raises(NotNow, match="and not before"):
        restricting.begin_lifting(request)
    assert restricted([ana()]) == {ana()}
    Lifting.objects.update(on=timezone.localdate())
    with acting(amir.as_actor()):
        restricting.begin_lifting(request)
    work()
    request.refresh_from_db()
    assert (request.state, request.plans.count()) == ("planned", 2)
    request = approve(request, petra, work)
    assert (request.state, request.outcome) == ("complete", "restriction lifted")
    assert shop_database.execute("SELECT id FROM customer WHERE restricted") == []
    assert restricted([ana()]) == set()
    assert Registration.objects.get().lifted_at is not None
    assert entries("restriction.lifting_told") == [
        {"on": day.isoformat(), "reason": "The accuracy was verified."}
    ]
    with pytest.raises(NotNow, match="Nothing is restricted by"):
        restricting.tell_lifting(request, reason="Again.", on=day)


def test_without_a_mark_the_registry_alone_knows(
    asked: SubjectRequest, amir: User, petra: User, work
) -> None:
    request = find(asked, amir, work)
    assert request.state == "planned"
    request = approve(request, petra, work)
    assert (request.state, request.outcome) == ("complete", "restricted")
    assert restricted([ana()]) == {ana()}


def test_somebody_of_whom_nothing_is_found_is_restricted_all_the_same(shop: System, amir: User, work) -> None:
    request = find(request_of("nobody@example.org", amir, kind="restriction"), amir, work)
    assert (request.state, request.outcome) == ("complete", "no data found")
    assert restricted([("contact.email", lookup_of("contact.email", "nobody@example.org"))])
    restricting.tell_lifting(request, reason="Over.", on=timezone.localdate() + timedelta(days=1))
    Lifting.objects.update(on=timezone.localdate())
    restricting.begin_lifting(request)
    request.refresh_from_db()
    assert (request.state, request.outcome) == ("complete", "restriction lifted")
    assert not Registration.objects.filter(lifted_at=None).exists()


def test_who_is_restricted_can_still_be_found_when_it_is_lifted(
    asked: SubjectRequest, amir: User, petra: User, work
) -> None:
    request = approve(find(asked, amir, work), petra, work)
    SubjectRequest.objects.update(closed_at=timezone.now() - timedelta(days=400))
    expiring.expire()
    assert Identifier.objects.get().value == "ana@example.org"
    SubjectRequest.objects.filter(pk=request.pk).update(outcome="restriction lifted")
    expiring.expire()
    assert Identifier.objects.get().value == ""


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"column": "nothing", "value": "true"}, "column"),
        ({"column": "id", "value": "1"}, "column"),
        ({"column": "restricted", "value": "perhaps", "otherwise": "false"}, "value"),
        ({"column": "restricted", "value": "true"}, "otherwise"),
        ({"column": "restricted", "value": "true", "otherwise": "true"}, "otherwise"),
        ({"column": "phone", "value": ""}, "value"),
    ],
)
def test_a_mark_that_cannot_be_set_is_refused_by_name(
    marked: Mark, shop: System, given: dict, field: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        restricting.declare_mark(data_set(shop, "customer"), **given)
    assert list(refusal.value.message_dict) == [field]


def test_a_mark_whose_column_is_gone_stops_the_plan(
    marked: Mark, asked: SubjectRequest, shop: System, shop_database: Database, amir: User, work
) -> None:
    shop_database.execute("ALTER TABLE customer DROP restricted")
    crawl_again(shop)
    request = find(asked, amir, work)
    (problem,) = request.plans.get().problems
    assert problem["message"] == "The column restricted, which says that a row is restricted, is gone."
