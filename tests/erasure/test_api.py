"""Requests and plans over REST: the whole way, its refusals, and what never comes back."""

import json
from collections.abc import Callable, Collection

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from erasure.models import Package, Plan, SubjectRequest
from erasure.requests import intake
from governance.console.models import Job, User
from tests.erasure.estate import entries, find, request_of
from tests.erasure.letters import letters
from tests.people import api_of
from tests.services.fixtures import Database

REQUESTS, PLANS = "/api/v1/requests/", "/api/v1/plans/"
PROBLEM = "application/problem+json"
ANA = {"kind": "erasure", "email": "ana@example.org"}


@pytest.fixture
def api(amir: User) -> APIClient:
    return api_of(amir)


@pytest.fixture
def asked(amir: User) -> SubjectRequest:
    """Ana's erasure, verified by amir."""
    return request_of("ana@example.org", amir)


def url_of(request: SubjectRequest, action: str = "") -> str:
    return f"{REQUESTS}{request.pk}/{f'{action}/' if action else ''}"


def post(client: APIClient, url: str, **body: object):
    return client.post(url, body, format="json")


def problem(response) -> tuple[int, str, str]:
    assert response["Content-Type"] == PROBLEM
    body = response.json()
    assert (body["type"], body["status"]) == ("about:blank", response.status_code)
    return body["status"], body["title"], body["detail"]


def test_an_erasure_from_beginning_to_end(
    shop, shop_database: Database, api: APIClient, petra: User, work: Callable[[], list[Job]]
) -> None:
    created = post(
        api, REQUESTS, **ANA, regime="CCPA", identifiers=[{"category": "id.customer", "value": "1"}]
    )
    assert created.status_code == 201
    body = created.json()
    request = SubjectRequest.objects.get()
    assert {key: body[key] for key in ("id", "reference", "state", "channel", "regime", "overdue")} == {
        "id": request.pk, "reference": request.reference, "state": "received", "channel": "api", "regime": "CCPA",
        "overdue": False,
    }  # fmt: skip
    assert body["identifiers"] == [
        {"category": "contact.email", "value": "a•••@e•••", "verified": False},
        {"category": "id.customer", "value": "1•••", "verified": False},
    ]
    confirmed = post(api, url_of(request, "confirm-identity"), how="Came with a passport.")
    assert (confirmed.status_code, confirmed.json()["state"]) == (200, "verified")

    searching = post(api, url_of(request, "search"))
    job = Job.objects.get()
    assert (searching.status_code, searching.json()["id"], searching.json()["state"]) == (
        202,
        str(job.pk),
        "queued",
    )
    work()
    assert api.get(f"/api/v1/jobs/{job.pk}/").json()["state"] == "done"
    found = api.get(url_of(request)).json()
    assert (found["state"], found["unsearched"], found["job"]) == ("planned", [], str(job.pk))
    assert {hit["name"]: hit["rows"] for hit in found["hits"]} == {
        "shop / public.customer": 1,
        "shop / public.newsletter": 2,
        "shop / public.purchase": 2,
        "shop / public.purchase_line": 3,
    }

    (listed,) = api.get(f"{PLANS}?request={request.pk}&state=proposed").json()["results"]
    assert found["plans"] == [listed["id"]]
    assert "steps" not in listed
    url = f"{PLANS}{listed['id']}/"
    plan = api.get(url).json()
    assert [(step["position"], step["method"], step["rows_before"]) for step in plan["steps"]] == [
        (1, "delete", 3), (2, "delete", 2), (3, "delete", 2), (4, "delete", 1),
    ]  # fmt: skip
    second = api_of(petra)
    approved = post(second, f"{url}approve/", fingerprint=plan["fingerprint"])
    assert (approved.status_code, approved.json()["kind"]) == (202, "erasure.execute")
    work()
    done = api.get(url_of(request)).json()
    assert (done["state"], done["outcome"], done["residue"]) == ("complete", "erased", [])
    assert {step["state"] for step in api.get(url).json()["steps"]} == {"done"}
    assert shop_database.execute("SELECT id FROM customer ORDER BY id") == [(2,), (3,)]


def test_an_access_request_ends_in_a_download(shop, api: APIClient, amir: User, vera: User, work) -> None:
    request = find(request_of("ana@example.org", amir, kind="access"), amir, work)
    url = url_of(request, "package")
    assert problem(api.get(url)) == (409, "Conflict", "There is no package, or it has expired.")
    assert problem(post(api, url))[0] == 409
    assert post(api, url_of(request, "preview/release")).status_code == 202
    work()
    package = api.get(url_of(request)).json()["package"]
    assert (package["rows"], package["downloads"]) == (8, 0)
    for accept in ("*/*", "application/zip", "application/json"):
        response = api.get(url, HTTP_ACCEPT=accept)
        assert (response.status_code, response["Content-Type"]) == (200, "application/zip")
        content = b"".join(response.streaming_content)
        assert (content[:2], len(content)) == (b"PK", package["size"])
    assert entries("package.read") == [{"sha256": package["sha256"]}] * 3
    assert problem(api_of(vera).get(url))[0] == 403
    assert problem(api_of(amir, "requests.view", "requests.handle").get(url))[0] == 403
    Package.objects.update(expires_at=timezone.now())
    assert problem(api.get(url, HTTP_ACCEPT="application/zip"))[0] == 409
    assert problem(post(api, url)) == (
        409, "Conflict", f"{request.reference} is complete: this is not possible now.",
    )  # fmt: skip


def test_a_request_that_is_open_already_is_named(api: APIClient, asked: SubjectRequest) -> None:
    response = post(api, REQUESTS, **ANA)
    assert problem(response) == (
        409, "Conflict", f"{asked.reference} is the same request and still open: go on there.",
    )  # fmt: skip
    assert response.json()["request"] == url_of(asked)
    assert SubjectRequest.objects.count() == 1
    assert entries("request.repeated") == [{"channel": "api"}]


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"email": "ana"}, {"email": ["Enter a valid email address."]}),
        ({"email": None}, {"email": ["This field may not be null."]}),
        ({"kind": "forgetting"}, {"kind": ['"forgetting" is not a valid choice.']}),
        ({"regime": "LEX"}, {"regime": ['"LEX" is not a valid choice.']}),
        ({"email": f"{'a' * 309}@example.org"}, None),
        (
            {"identifiers": [{"category": "name.full", "value": "Ana"}]},
            {"identifiers": {"0": {"category": ['"name.full" is not a valid choice.']}}},
        ),
        (
            {"identifiers": [{"category": "id.tax", "value": "7\x00"}]},
            {"identifiers": {"0": {"value": ["Null characters are not allowed."]}}},
        ),
        (
            {"identifiers": [{"category": "id.tax", "value": str(number)} for number in range(10)]},
            {"identifiers": ["At most 10 identifiers."]},
        ),
        (
            {"identifiers": "7"},
            {"identifiers": {"non_field_errors": ['Expected a list of items but got type "str".']}},
        ),
    ],
)
def test_input_that_cannot_be_worked_with(api: APIClient, change: dict, errors: dict | None) -> None:
    response = post(api, REQUESTS, **{**ANA, **change})
    assert problem(response)[:2] == (400, "Invalid input")
    if errors is not None:
        assert response.json()["errors"] == errors
    assert not SubjectRequest.objects.exists()


def test_what_never_was_is_not_found(api: APIClient) -> None:
    for url in (f"{REQUESTS}7/", f"{REQUESTS}7/search/", f"{REQUESTS}x/", f"{PLANS}7/", f"{PLANS}7/approve/"):
        method = api.post if url.endswith(("search/", "approve/")) else api.get
        assert problem(method(url))[0] == 404, url


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {0, 1}),
        ("?kind=access", {1}),
        ("?state=received", {1}),
        ("?channel=officer", {0}),
        ("?overdue=true", {}),
    ],
)
def test_lists_are_filtered_as_on_the_page(
    api: APIClient, asked: SubjectRequest, query: str, expected: Collection[int]
) -> None:
    other = intake.receive(kind="access", identifiers=[("contact.email", "bo@example.org")], channel="form")
    body = api.get(f"{REQUESTS}{query}").json()
    assert {row["id"] for row in body["results"]} == {(asked.pk, other.pk)[number] for number in expected}
    assert body["count"] == len(expected)
    assert problem(api.get(f"{REQUESTS}?kind=forgetting"))[0] == 400


def test_no_answer_but_one_holds_an_identifier_in_clear(shop, api: APIClient, amir: User, work) -> None:
    request = find(request_of("ana@example.org", amir), amir, work)
    plan = request.plans.get()
    for url in (REQUESTS, url_of(request), PLANS, f"{PLANS}{plan.pk}/", "/api/v1/jobs/"):
        assert "ana@example.org" not in json.dumps(api.get(url).json()), url
    assert "identifiers" not in api.get(REQUESTS).json()["results"][0]
    assert entries("request.identifiers_revealed") == []
    revealed = post(api, url_of(request, "reveal"))
    assert revealed.json() == {
        "identifiers": [{"category": "contact.email", "value": "ana@example.org", "verified": True}]
    }
    assert revealed["Cache-Control"] == "no-store"
    assert entries("request.identifiers_revealed") == [{}]


def test_identity_by_link(api: APIClient, db: None, django_capture_on_commit_callbacks) -> None:
    request = intake.receive(kind="access", identifiers=[("contact.email", "bo@example.org")], channel="form")
    url = url_of(request, "send-link")
    with django_capture_on_commit_callbacks(execute=True):
        assert post(api, url).json()["state"] == "identity pending"
    assert letters() == [("bo@example.org", f"Please confirm your privacy request {request.reference}")]
    post(api, url_of(request, "confirm-identity"), how="By telephone.")
    assert problem(post(api, url)) == (
        409, "Conflict", f"{request.reference} is identity verified: this is not possible now.",
    )  # fmt: skip


def test_identifiers_extension_and_rejection(api: APIClient, asked: SubjectRequest) -> None:
    added = post(api, url_of(asked, "identifiers"), category="id.customer", value="C-17")
    assert (added.status_code, added.json()["identifiers"][1]) == (
        201, {"category": "id.customer", "value": "C•••", "verified": True},
    )  # fmt: skip
    extended = post(api, url_of(asked, "extend"), reason="Many systems.")
    assert (extended.json()["extended"], extended.json()["extension_reason"]) == (True, "Many systems.")
    assert problem(post(api, url_of(asked, "extend"), reason="More."))[:2] == (409, "Conflict")
    assert problem(post(api, url_of(asked, "reject"), reason=" "))[:2] == (400, "Invalid input")
    rejected = post(api, url_of(asked, "reject"), reason="Unfounded.")
    assert (rejected.json()["state"], rejected.json()["outcome"]) == ("rejected", "rejected: Unfounded.")
    for action, body in (
        ("search", {}), ("plan", {}), ("reject", {"reason": "No."}), ("extend", {"reason": "No."}),
        ("confirm-identity", {"how": "No."}),
    ):  # fmt: skip
        assert problem(post(api, url_of(asked, action), **body))[0] == 409, action
    assert problem(post(api, url_of(asked, "identifiers"), category="id.tax", value="9")) == (
        400, "Invalid input", f"{asked.reference} has ended.",
    )  # fmt: skip


@pytest.fixture
def plan(shop, asked: SubjectRequest, amir: User, work) -> Plan:
    return find(asked, amir, work).plans.get()


def test_only_the_plan_that_was_read_is_approved_and_only_by_another(
    plan: Plan, api: APIClient, petra: User, work
) -> None:
    second, url = api_of(petra), f"{PLANS}{plan.pk}/approve/"
    assert problem(post(api, url, fingerprint=plan.fingerprint)) == (
        409, "Conflict", "You made this plan: somebody else has to approve it.",
    )  # fmt: skip
    assert problem(post(second, url, fingerprint="0" * 64)) == (
        409, "Conflict", f"{plan} is not the plan you saw: read it again.",
    )  # fmt: skip
    assert problem(post(second, url, fingerprint="short"))[0] == 400
    assert problem(post(second, url))[0] == 400
    assert (
        problem(post(api_of(petra, "requests.view", "requests.handle"), url, fingerprint=plan.fingerprint))[0]
        == 403
    )
    plan.refresh_from_db()
    assert plan.state == "proposed"
    assert work() == []


def test_a_plan_is_rejected_and_made_again(plan: Plan, api: APIClient, petra: User, work) -> None:
    rejected = post(api_of(petra), f"{PLANS}{plan.pk}/reject/", reason="The invoices must stay.")
    assert (rejected.json()["state"], rejected.json()["decision_reason"]) == (
        "rejected",
        "The invoices must stay.",
    )
    assert problem(post(api, f"{PLANS}{plan.pk}/resume/")) == (
        409, "Conflict", f"{plan} is rejected: there is nothing to resume.",
    )  # fmt: skip
    assert post(api, url_of(plan.request, "plan")).status_code == 202
    work()
    assert [row["number"] for row in api.get(f"{PLANS}?state=proposed").json()["results"]] == [2]


def test_an_interrupted_plan_is_resumed(plan: Plan, api: APIClient, petra: User) -> None:
    post(api_of(petra), f"{PLANS}{plan.pk}/approve/", fingerprint=plan.fingerprint)
    Job.objects.update(state="failed")
    SubjectRequest.objects.update(state="failed")
    resumed = post(api, f"{PLANS}{plan.pk}/resume/")
    assert (resumed.status_code, resumed.json()["state"], resumed.json()["kind"]) == (
        202,
        "queued",
        "erasure.execute",
    )


def test_every_door_has_its_scope(asked: SubjectRequest, amir: User, vera: User, dana: User) -> None:
    reader, auditor, steward = api_of(amir, "requests.view"), api_of(vera), api_of(dana)
    for client in (reader, auditor):
        assert client.get(REQUESTS).status_code == 200
        assert client.get(url_of(asked)).status_code == 200
        for action in (
            "send-link", "confirm-identity", "identifiers", "reveal", "search", "plan", "package", "extend", "reject",
        ):  # fmt: skip
            assert problem(client.post(url_of(asked, action)))[0] == 403, action
        assert problem(post(client, REQUESTS, **ANA))[0] == 403
    assert problem(steward.get(REQUESTS))[0] == 403
    for url in (REQUESTS, url_of(asked), PLANS):
        assert problem(APIClient().get(url))[0] == 401
    assert Job.objects.count() == 0


def test_lists_cost_a_fixed_number_of_queries(
    api: APIClient, amir: User, django_assert_max_num_queries
) -> None:
    for number in range(5):
        request_of(f"p{number}@example.org", amir)
    with django_assert_max_num_queries(5):
        assert api.get(REQUESTS).json()["count"] == 5
