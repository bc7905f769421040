"""Rectification (Art. 16): what is wrong becomes what is right, everywhere it stands, and in no row of anybody else."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from catalog.models import Column, System
from erasure.answers import stating
from erasure.answers.models import Correction
from erasure.jobs import recheck
from erasure.models import Identifier, Plan, Step, SubjectRequest
from erasure.requests import starting
from erasure.requests.states import NotNow
from governance.console.models import User
from retention.models import Hold
from tests.erasure.estate import approve, data_set, entries, find, request_of
from tests.erasure.letters import outbox
from tests.services.fixtures import Database


@pytest.fixture
def asked(shop: System, amir: User) -> SubjectRequest:
    return request_of("ana@example.org", amir, kind="rectification")


def problems_of(request: SubjectRequest) -> list[str]:
    return [problem["message"] for problem in request.plans.first().problems]


def test_what_is_wrong_is_corrected_wherever_it_stands_and_read_back(
    asked: SubjectRequest, shop_database: Database, amir: User, petra: User, work,
    django_capture_on_commit_callbacks,
) -> None:  # fmt: skip
    shop_database.execute("UPDATE purchase SET ship_to = 'Harbour 9' WHERE id = 11")
    stating.state(asked, category="contact.email", wrong="ANA@example.org ", right="ana.lima@example.org")
    stating.state(asked, category="contact.address", wrong="Rua A 1", right="Rua B 2")
    request = find(asked, amir, work)
    assert request.state == "planned"
    plan = request.plans.get()
    steps = [(step.data_set.name, step.method, step.facts.get("column")) for step in plan.steps.all()]
    assert sorted(steps, key=str) == [
        ("public.customer", "rectify", "address"),
        ("public.customer", "rectify", "email"),
        ("public.newsletter", "rectify", "email"),
        ("public.purchase", "rectify", "ship_to"),
        ("public.purchase_line", "leave", None),
    ]
    with django_capture_on_commit_callbacks(execute=True):
        request = approve(request, petra, work)
    assert (request.state, request.outcome, request.problem) == ("complete", "rectified", "")
    assert shop_database.execute("SELECT id, name, email, address FROM customer ORDER BY id") == [
        (1, "Ana Lima", "ana.lima@example.org", "Rua B 2"),
        (2, "Bo Berg", "bo@example.org", "Gata 2"),
        (3, "robert'); drop table--", "robert@example.org", None),
    ]
    assert shop_database.execute("SELECT email, topic FROM newsletter ORDER BY topic, email") == [
        ("ana.lima@example.org", "cups"),
        ("ana.lima@example.org", "tea"),
        ("bo@example.org", "tea"),
    ]
    assert shop_database.execute("SELECT id, ship_to FROM purchase ORDER BY id") == [
        (10, "Rua B 2"),
        (11, "Harbour 9"),
        (20, "Gata 2"),
        (30, None),
    ]
    known = {(each.category, each.value) for each in Identifier.objects.filter(verified=True)}
    assert known == {("contact.email", "ana@example.org"), ("contact.email", "ana.lima@example.org")}
    done = {(fact["data_set"], *fact["columns"]): fact["rows_after"] for fact in entries("step.done")}
    assert done[("shop / public.customer", "email")] == 0
    assert entries("correction.stated") == [{"category": "contact.email"}, {"category": "contact.address"}]
    assert "We have corrected the personal data about you" in outbox()[-1].body
    assert "We have corrected the personal data about you" in outbox()[-1].body


def test_neither_value_stands_in_clear_anywhere_in_the_console(
    asked: SubjectRequest, amir: User, petra: User, work
) -> None:
    stating.state(asked, category="name.full", wrong="Ana Lima", right="Ana Limette")
    stating.note_statement(asked, text="I was married in Ushuaia.")
    approve(find(asked, amir, work), petra, work)
    assert (asked.statement.text, asked.corrections.get().values["right"]) == (
        "I was married in Ushuaia.",
        "Ana Limette",
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT count(*) FROM \"{table}\" t WHERE t::text ~* 'limette|ushuaia|ana lima'")
            assert cursor.fetchone() == (0,), table


def test_nothing_is_planned_before_somebody_says_what_is_wrong(
    asked: SubjectRequest, amir: User, work
) -> None:
    request = find(asked, amir, work)
    assert (request.state, request.plans.get().state) == ("found", "blocked")
    assert problems_of(request)[0] == "Nobody has entered yet what is wrong and what is right."
    stating.state(request, category="name.full", wrong="Ana Lima", right="Ana Lima Gomes")
    assert request.plans.get().state == Plan.State.STALE
    starting.plan(request)
    work()
    request.refresh_from_db()
    assert request.state == "planned"


@pytest.mark.parametrize(
    ("category", "wrong", "right", "message"),
    [
        ("contact.email", "ana@example.org", "bo@example.org", "would become equal"),
        ("name.full", "Ana Lima", "A" * 61, "What is right has 61 characters, more than name"),
        ("id.customer", "1", "one", "What is right cannot be written into id (integer)."),
        ("id.customer", "1", "7", "id is the key of its rows: what refers to them would lose them."),
    ],
)
def test_what_would_fail_is_refused_before_anything_is_written(
    asked: SubjectRequest, shop_database: Database, amir: User, work,
    category: str, wrong: str, right: str, message: str,
) -> None:  # fmt: skip
    before = shop_database.execute("SELECT * FROM customer ORDER BY id")
    stating.state(asked, category=category, wrong=wrong, right=right)
    request = find(asked, amir, work)
    assert request.plans.get().state == "blocked"
    said = " ".join(problems_of(request))
    assert message in said
    assert right not in said
    assert shop_database.execute("SELECT * FROM customer ORDER BY id") == before


def test_what_an_officer_corrects_is_not_planned_in_the_name_of_another(asked: SubjectRequest) -> None:
    SubjectRequest.objects.update(state="waiting", look_again_at=timezone.now())
    stating.state(asked, category="name.full", wrong="Ana Lima", right="Ana Limette")
    asked.refresh_from_db()
    assert (asked.state, asked.look_again_at, recheck()) == ("verified", None, 0)


def test_a_value_that_stands_nowhere_is_nothing_to_rectify(asked: SubjectRequest, amir: User, work) -> None:
    stating.state(asked, category="name.full", wrong="Anna", right="Ana")
    request = find(asked, amir, work)
    assert (request.state, request.outcome) == ("complete", "nothing to rectify")


def test_what_a_hold_keeps_is_left_as_it_is(
    asked: SubjectRequest, shop: System, shop_database: Database, amir: User, petra: User, work
) -> None:
    Hold.objects.create(
        data_set=data_set(shop, "purchase"), keep_columns=["ship_to"], exemption="b", reason="Tax law."
    )
    stating.state(asked, category="contact.address", wrong="Rua A 1", right="Rua B 2")
    approve(find(asked, amir, work), petra, work)
    assert shop_database.execute("SELECT DISTINCT ship_to FROM purchase WHERE customer_id = 1") == [
        ("Rua A 1",)
    ]
    assert shop_database.execute("SELECT address FROM customer WHERE id = 1") == [("Rua B 2",)]


def test_a_row_that_changed_after_the_plan_is_not_overwritten_with_what_was_right_for_another(
    asked: SubjectRequest, shop_database: Database, amir: User, petra: User, work
) -> None:
    stating.state(asked, category="contact.phone", wrong="+55 11 91234", right="+55 11 5")
    request = find(asked, amir, work)
    shop_database.execute("UPDATE customer SET phone = '+1' WHERE id = 1")
    request = approve(request, petra, work)
    assert shop_database.execute("SELECT phone FROM customer WHERE id = 1") == [("+1",)]
    assert request.state == "complete"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"category": "nonsense", "wrong": "a", "right": "b"}, "category"),
        ({"category": "name.full", "wrong": "", "right": "b"}, "wrong"),
        ({"category": "name.full", "wrong": "a", "right": "x" * 321}, "right"),
        ({"category": "name.full", "wrong": "a", "right": " a "}, "right"),
        ({"category": "contact.email", "wrong": "a@b.org", "right": "nobody"}, "right"),
    ],
)
def test_bad_corrections_are_refused_by_name(asked: SubjectRequest, given: dict, field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        stating.state(asked, **given)
    assert list(refusal.value.message_dict) == [field]
    assert not Correction.objects.exists()


def test_only_an_open_rectification_is_told_what_is_wrong(asked: SubjectRequest, amir: User) -> None:
    other = request_of("bo@example.org", amir)
    with pytest.raises(NotNow, match="is no request for rectification"):
        stating.state(other, category="name.full", wrong="a", right="b")
    correction = stating.state(asked, category="name.full", wrong="a", right="b")
    SubjectRequest.objects.update(state="complete")
    with pytest.raises(NotNow, match="is complete"):
        stating.withdraw(correction)
    SubjectRequest.objects.update(state="verified")
    stating.withdraw(correction)
    assert entries("correction.withdrawn") == [{"category": "name.full"}]


def test_a_type_is_corrected_as_what_it_is(
    asked: SubjectRequest, shop: System, shop_database: Database, amir: User, petra: User, work
) -> None:
    Column.objects.filter(data_set=data_set(shop, "purchase"), name="placed").update(
        category="demographic.birth_date", sensitivity="quasi"
    )
    stating.state(asked, category="demographic.birth_date", wrong="2024-01-02", right="2024-01-09")
    request = approve(find(asked, amir, work), petra, work)
    assert request.state == "complete"
    assert shop_database.execute("SELECT id FROM purchase WHERE placed = '2024-01-09'") == [(10,)]
    assert Step.objects.filter(method="rectify").count() == 1
