"""Statistics, budgets and shares over the API."""

import pytest

from retention.statistics.models import Budget, Draw, Release
from tests.people import api_of
from tests.retention.statistics.conftest import MEAN

ASK = "/api/v1/statistics/"


def post(program, url, body=None):
    return program.post(url, body or {}, format="json")


@pytest.fixture
def question(budget):
    return {**MEAN, "data_set": budget.data_set_id}


def test_question_is_accepted_answered_and_repeated(dana, question, work):
    program = api_of(dana)
    accepted = post(program, ASK, question)
    assert accepted.status_code == 202
    assert (accepted.json()["state"], accepted.json()["cost"], accepted.json()["answer"]) == (
        "running",
        "ε 0.5",
        None,
    )
    work()
    again = post(program, ASK, question)
    assert (again.status_code, again.json()["id"]) == (200, accepted.json()["id"])
    rows = program.get(f"{ASK}{again.json()['id']}/").json()["answer"]["rows"]
    assert [row["group"] for row in rows] == ["under 30", "30 to under 45", "45 to under 60", "60 and over"]
    assert all(0 <= row["value"] <= 20 for row in rows if row["value"] is not None)
    assert program.get(f"{ASK}?state=done").json()["count"] == 1


def test_question_beyond_the_budget_is_a_conflict_with_what_is_left(dana, question):
    refused = post(api_of(dana), ASK, {**question, "epsilon": "1.25"})
    assert refused.status_code == 409
    body = refused.json()
    assert (body["left"], body["delta_left"]) == ("1", "0.00001")
    renews = Budget.objects.get().renews(Release._meta.get_field("asked_at").get_default().date())
    assert body["renews"] == renews.isoformat()
    assert body["detail"].startswith("This takes ε 1.25; ε 1, δ 0.00001 is left")


def test_problems_are_named_by_field(dana, question):
    refused = post(
        api_of(dana), ASK, {**question, "epsilon": "inf", "lower": "9", "upper": "1", "person": "nobody"}
    )
    assert refused.status_code == 400
    assert refused.json()["errors"] == {
        "epsilon": ["ε must be a finite number."],
        "person": ["The data set has no column nobody; choose among its columns."],
        "upper": ["The upper bound must be above the lower one."],
    }


def test_preview_and_price_spend_nothing(dana, question, budget):
    program = api_of(dana)
    shown = post(program, f"{ASK}preview/", question).json()
    assert (shown["cost"], shown["left"], shown["suffices"], shown["stored"]) == ("0.5", "1", True, None)
    assert shown["expected"][1] == {"what": "Mean of a group with 1,000 rows", "error": "± 0.69"}
    bill = post(
        program,
        f"{ASK}price/",
        {
            "data_set": question["data_set"],
            "questions": [MEAN, MEAN, {**MEAN, "kind": "count", "epsilon": "0.6"}],
        },
    ).json()
    assert (bill["cost"], bill["left"], bill["suffices"]) == ("1.1", "1", False)
    assert [each["cost"] for each in bill["questions"]] == ["0.5", "0", "0.6"]
    assert not budget.charges.exists()


def test_true_values_and_giving_back(amir, dana, question, work):
    officer = api_of(amir)
    asked = post(officer, ASK, question).json()["id"]
    early = post(officer, f"{ASK}{asked}/true-values/", {"reason": "x"})
    assert early.status_code == 409
    assert post(officer, f"{ASK}{asked}/give-back/", {"reason": "x"}).status_code == 409
    work()
    assert post(api_of(dana), f"{ASK}{asked}/true-values/", {"reason": "x"}).status_code == 403
    assert post(officer, f"{ASK}{asked}/true-values/", {}).status_code == 400
    seen = post(officer, f"{ASK}{asked}/true-values/", {"reason": "x"})
    assert seen.json()["rows"][0] == {"group": "under 30", "value": 5.0}
    assert seen["Cache-Control"] == "no-store"
    assert post(officer, f"{ASK}{asked}/again/").status_code == 409


def test_budget_is_set_listed_and_its_ledger_read(amir, dana, vera, shop):
    terms = {"data_set": shop.pk, "limit": "0.3", "period": "once", "reason": "A study"}
    assert post(api_of(dana), "/api/v1/budgets/", terms).status_code == 403
    made = post(api_of(amir), "/api/v1/budgets/", terms)
    assert made.status_code == 200
    assert (made.json()["limit"], made.json()["left"], made.json()["renews"]) == ("0.3", "0.3", None)
    wrong = post(api_of(amir), "/api/v1/budgets/", {**terms, "limit": "-1"})
    assert wrong.json()["errors"] == {"limit": ["A budget must be more than 0."]}
    post(api_of(dana), ASK, {**MEAN, "data_set": shop.pk, "epsilon": "0.1"})
    program = api_of(vera)
    (listed,) = program.get("/api/v1/budgets/").json()["results"]
    assert (listed["spent"], listed["left"]) == ("0.1", "0.2")
    (line,) = program.get(f"/api/v1/budgets/{listed['id']}/charges/").json()["results"]
    assert (line["kind"], line["amount"], line["actor"]) == ("reserve", "0.1", str(dana.public_id))
    assert line["event"] == {"mechanism": "any", "epsilon": 100_000_000, "delta": 0}


def test_training_job_draws_with_a_token_that_can_do_no_more(amir, emil, budget):
    shared = post(
        api_of(amir),
        "/api/v1/allotments/",
        {"budget": budget.pk, "name": "Churn", "amount": "0.9", "delta": "0.000001"},
    )
    assert shared.status_code == 201
    url = f"/api/v1/allotments/{shared.json()['id']}/"
    trainer = api_of(emil, "statistics.query")
    epoch = {"noise_multiplier": 1.5, "sampling_rate": 0.005, "steps": 200}
    drawn = post(trainer, f"{url}draw/", epoch)
    assert drawn.status_code == 201
    assert 0 < float(drawn.json()["epsilon"]) < 0.9
    over = post(trainer, f"{url}draw/", epoch | {"steps": 1_000_000})
    assert (over.status_code, "Take fewer steps" in over.json()["detail"]) == (409, True)
    assert post(trainer, f"{url}draw/", epoch | {"sampling_rate": 2}).status_code == 400
    assert Draw.objects.count() == 1
    assert post(trainer, f"{url}close/").status_code == 403
    assert post(api_of(amir), f"{url}close/").json()["state"] == "closed"
    assert post(trainer, f"{url}draw/", epoch).status_code == 409
    assert api_of(emil).get("/api/v1/allotments/").json()["results"][0]["spent"] == drawn.json()["epsilon"]
