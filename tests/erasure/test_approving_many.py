"""Many plans approved at once: each by its fingerprint, by somebody else; one that is refused stops no other."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from erasure import approving
from erasure.models import Plan, SubjectRequest
from governance.console.models import Job, User
from tests.erasure.estate import entries, find, request_of
from tests.erasure.officers import text_of
from tests.people import api_of, client_of
from tests.services.fixtures import Database

URL = "/requests/approve/"
BULK = "/requests/bulk/"


@pytest.fixture
def plans(shop, amir: User, petra: User, work) -> list[Plan]:
    """Of ana and bo by amir, of robert by petra."""
    made = [("ana", amir), ("bo", amir), ("robert", petra)]
    return [find(request_of(f"{name}@example.org", by), by, work).plans.get() for name, by in made]


def fingerprints(*plans: Plan) -> dict[int, str]:
    return {plan.pk: plan.fingerprint for plan in plans}


def states() -> list[str]:
    return list(Plan.objects.order_by("pk").values_list("state", flat=True))


def posted(*plans: Plan, typed: str) -> dict[str, str]:
    return {"typed": typed, "fingerprints": json.dumps(fingerprints(*plans))}


def test_each_is_approved_by_its_fingerprint_and_carried_out(
    plans: list[Plan], petra: User, work, shop_database: Database
):
    approved, refused = approving.approve_many(fingerprints(*plans[:2]), by=petra)
    assert (approved, refused) == (plans[:2], {})
    assert [facts["fingerprint"] for facts in entries("plan.approved")] == [
        plan.fingerprint for plan in plans[:2]
    ]
    assert Job.objects.filter(kind="erasure.execute", state="queued").count() == 2
    work()
    assert [SubjectRequest.objects.get(pk=plan.request_id).outcome for plan in plans] == [
        "erased",
        "erased",
        "",
    ]
    assert shop_database.execute("SELECT id FROM customer") == [(3,)]


def test_one_that_is_refused_stops_no_other(plans: list[Plan], petra: User):
    approving.reject(plans[1], reason="Not this one.", by=petra)
    asked = fingerprints(*plans) | {999_999: "0" * 64}
    approved, refused = approving.approve_many(asked, by=petra)
    assert approved == plans[:1]
    assert refused == {
        plans[1].pk: f"{plans[1]} is rejected: there is nothing to decide.",
        plans[2].pk: "You made this plan: somebody else has to approve it.",
        999_999: "There is no such plan of a request.",
    }
    assert states() == ["approved", "rejected", "proposed"]
    assert Job.objects.filter(kind="erasure.execute").count() == 1


def test_another_fingerprint_approves_nothing(plans: list[Plan], petra: User):
    swapped = {plans[0].pk: plans[1].fingerprint, plans[1].pk: plans[0].fingerprint}
    approved, refused = approving.approve_many(swapped, by=petra)
    assert approved == []
    assert {reason.partition(":")[0] for reason in refused.values()} == {
        f"{plan} is not the plan you saw" for plan in plans[:2]
    }
    assert states() == ["proposed"] * 3
    assert entries("plan.approved") == []


def test_the_list_leads_to_a_page_that_shows_what_each_plan_does(
    plans: list[Plan], petra: User, second: Client
):
    assert "Approve plans" in text_of(second.get("/requests/"))
    ids = [plan.request_id for plan in plans]
    page = text_of(second.post(BULK, {"action": "approve", "ids": ids}))
    for plan in plans[:2]:
        assert str(plan) in page
    assert str(plans[2]) not in page
    assert "1 more of the chosen requests have a plan that is not on this page" in page
    assert "Delete the rows: 8" in page
    assert "2 plans" in page
    assert states() == ["proposed"] * 3


def test_nothing_is_approved_before_its_number_is_typed(plans: list[Plan], second: Client, work):
    response = second.post(URL, posted(*plans[:2], typed="2"))
    assert response.status_code == 422
    assert str(plans[0]) in text_of(response)
    assert states() == ["proposed"] * 3
    done = second.post(URL, posted(*plans[:2], typed="2 plans"), follow=True)
    assert "2 plans approved: they will be carried out now." in text_of(done)
    assert states() == ["approved", "approved", "proposed"]


@pytest.mark.parametrize("given", ["", "[]", "no json", '{"a": "b"}', '{"1": 2}', "7"])
def test_what_names_no_plans_approves_nothing(plans: list[Plan], second: Client, given: str):
    assert second.post(URL, {"typed": "0 plans", "fingerprints": given}).status_code == 422
    assert states() == ["proposed"] * 3


def test_who_made_all_of_them_is_told(plans: list[Plan], officer: Client):
    told = officer.post(
        BULK, {"action": "approve", "ids": [plan.request_id for plan in plans[:2]]}, follow=True
    )
    assert "somebody else has to approve" in text_of(told)


def test_only_officers_do(plans: list[Plan], dana: User, vera: User, ada: User):
    for user in (dana, vera, ada):
        assert client_of(user).post(URL, posted(*plans[:2], typed="2 plans")).status_code == 403
        answer = api_of(user).post(reverse("api-plan-approve-many"), {"plans": []}, format="json")
        assert answer.status_code == 403
    assert states() == ["proposed"] * 3


def test_over_the_api(plans: list[Plan], petra: User):
    body = {"plans": [{"plan": plan.pk, "fingerprint": plan.fingerprint} for plan in (plans[0], plans[2])]}
    answer = api_of(petra).post(reverse("api-plan-approve-many"), body, format="json")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "approved": [plans[0].pk],
            "refused": [
                {"plan": plans[2].pk, "reason": "You made this plan: somebody else has to approve it."}
            ],
        },
    )
    wrong = api_of(petra).post(reverse("api-plan-approve-many"), {"plans": []}, format="json")
    assert wrong.status_code == 400
