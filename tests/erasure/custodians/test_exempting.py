"""Art. 17(3) for the rows of one person: kept with a reason that plan, letter and ledger repeat; all else goes."""

import pytest
from django.core import mail

from audit.ledger.context import acting
from catalog.models import System
from erasure.custodians.models import RowExemption
from erasure.models import Plan, SubjectRequest
from tests.erasure.estate import approve, data_set, entries, find, request_of
from tests.erasure.letters import letters
from tests.erasure.officers import text_of
from tests.people import api_of, client_of
from tests.services.fixtures import Database

State = SubjectRequest.State
CLAIM = {
    "exemption": "e",
    "keep_columns": ["total", "customer_id"],
    "reason": "A claim over an unpaid purchase.",
}


@pytest.fixture
def url(planned: SubjectRequest, shop: System) -> str:
    return f"/tasks/requests/{planned.pk}/exceptions/{data_set(shop, 'purchase').pk}/"


def plan_again(request: SubjectRequest, officer, work) -> SubjectRequest:
    client_of(officer).post(f"/requests/{request.pk}/plans/")
    work()
    request.refresh_from_db()
    return request


def test_rows_of_one_person_stay_and_everybody_is_told_why(
    url, planned, shop, shop_database: Database, amir, petra, work, django_capture_on_commit_callbacks
):
    assert client_of(amir).get(url).status_code == 200
    answer = client_of(amir).post(url, CLAIM)
    assert answer["Location"] == planned.get_absolute_url()
    planned.refresh_from_db()
    assert (planned.state, planned.plans.get().state) == (State.FOUND, Plan.State.STALE)
    assert entries("exemption.made") == [
        {
            "data_set": "shop / public.purchase",
            "exemption": "e",
            "keep_columns": ["customer_id", "total"],
            "reason": "A claim over an unpaid purchase.",
        }
    ]

    plan_again(planned, amir, work)
    steps = {step.data_set.name: step for step in planned.plans.first().steps.all()}
    kept = steps["public.purchase"]
    assert kept.method == "anonymize"
    assert kept.reason == "Legal claims, Art. 17(3)(e): A claim over an unpaid purchase."
    assert {entry["column"]: entry["why"] for entry in kept.kept}["customer_id"] == (
        "the exception requires it"
    )
    assert steps["public.customer"].method == "anonymize"  # the kept purchases refer to it
    assert steps["public.newsletter"].method == "delete"
    page = text_of(client_of(petra).get(planned.plans.first().get_absolute_url()))
    assert "A claim over an unpaid purchase." in page
    assert "A claim over an unpaid purchase." in text_of(client_of(petra).get(planned.get_absolute_url()))

    with django_capture_on_commit_callbacks(execute=True):
        approve(planned, petra, work)
    assert planned.state == State.COMPLETE
    assert shop_database.execute(
        "SELECT total, ship_to, ip FROM purchase WHERE customer_id = 1 ORDER BY id"
    ) == [
        (12.50, None, None),
        (7.00, None, None),
    ]
    assert shop_database.execute("SELECT name FROM customer WHERE id = 1") == [("erased",)]
    assert shop_database.execute("SELECT ship_to FROM purchase WHERE id = 20") == [("Gata 2",)]
    assert letters()[-1] == ("ana@example.org", f"Your request {planned.reference} is complete")
    assert "- Legal claims, Art. 17(3)(e): A claim over an unpaid purchase." in mail.outbox[-1].body


def test_other_persons_rows_are_not_excepted(url, planned, shop, amir, petra, work, shop_database):
    client_of(amir).post(url, CLAIM)
    other = find(request_of("bo@example.org", amir), amir, work)
    assert {step.method for step in other.plans.get().steps.all()} == {"delete"}


def test_withdrawn_exception_keeps_nothing(url, planned, amir, work):
    client_of(amir).post(url, CLAIM)
    made = RowExemption.objects.get()
    back = f"/tasks/requests/{planned.pk}/exceptions/{made.pk}/withdraw/"
    assert client_of(amir).post(back, {"reason": ""}).status_code == 422
    assert client_of(amir).post(back, {"reason": "The claim was paid."}).status_code == 302
    assert client_of(amir).post(back, {"reason": "Again."}).status_code == 409
    plan_again(planned, amir, work)
    assert {step.method for step in planned.plans.first().steps.all()} == {"delete"}
    assert entries("exemption.withdrawn")[0]["reason"] == "The claim was paid."


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"exemption": "z"}, "Select a valid choice"),
        ({"reason": ""}, "This field is required"),
        ({"reason": "x" * 251}, "at most 250 characters"),
        ({"keep_columns": ["nothing"]}, "Select a valid choice"),
    ],
)
def test_bad_input_is_422_and_leaves_the_plan(url, planned, amir, changed, said):
    answer = client_of(amir).post(url, CLAIM | changed)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert planned.plans.get().state == Plan.State.PROPOSED
    assert not RowExemption.objects.exists()


def test_second_exception_for_the_same_rows_is_refused(url, amir):
    client_of(amir).post(url, CLAIM)
    again = client_of(amir).post(url, CLAIM)
    assert again.status_code == 422
    assert "An exception for shop / public.purchase is in force" in text_of(again)


def test_nothing_is_excepted_once_the_plan_is_approved(url, planned, amir, petra, work):
    with acting(petra.as_actor()):
        approve(planned, petra)
    refused = client_of(amir).post(url, CLAIM)
    assert refused.status_code == 409
    assert "Nothing was done." in text_of(refused)
    assert not RowExemption.objects.exists()


def test_data_set_without_rows_of_the_person_is_404(planned, shop, amir, vera, url):
    assert client_of(amir).get(f"/tasks/requests/{planned.pk}/exceptions/999999/").status_code == 404
    assert client_of(vera).post(url, CLAIM).status_code == 403


def test_over_the_api(planned, shop, amir, vera):
    api, purchases = api_of(amir), data_set(shop, "purchase")
    given = CLAIM | {"request": planned.pk, "data_set": purchases.pk}
    assert api.post("/api/v1/exemptions/", given | {"exemption": "z"}, format="json").status_code == 400
    wrong = api.post("/api/v1/exemptions/", given | {"keep_columns": ["nothing"]}, format="json")
    assert wrong.json()["detail"] == "keep_columns: shop / public.purchase has no column nothing."
    made = api.post("/api/v1/exemptions/", given, format="json")
    assert made.status_code == 201
    assert api_of(vera).get(f"/api/v1/exemptions/?request={planned.pk}").json()["count"] == 1
    url = f"/api/v1/exemptions/{made.json()['id']}/withdraw/"
    assert api.post(url, {"reason": "Paid."}, format="json").json()["withdrawn_at"]
    assert api.post(url, {"reason": "Paid."}, format="json").status_code == 409
