"""The list of requests, a new one, the card on the overview, and who may open them."""

import csv
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from erasure.models import SubjectRequest
from erasure.requests import intake
from governance.console.models import User
from tests.erasure.estate import request_of
from tests.erasure.officers import text_of
from tests.people import client_of

LIST = "/requests/"


def references(response) -> list[str]:
    return [row.item.reference for row in response.context["listing"].rows]


@pytest.fixture
def three(amir: User) -> list[SubjectRequest]:
    """One from an officer, due today; one from the form, overdue; one over the API, ended."""
    entered = request_of("ana@example.org", amir)
    form = intake.receive(kind="access", identifiers=[("contact.email", "bo@example.org")], channel="form")
    api = intake.receive(kind="erasure", identifiers=[("contact.email", "cy@example.org")], channel="api")
    today = timezone.localdate()
    for request, days, state in ((entered, 0, "verified"), (form, -3, "received"), (api, -9, "complete")):
        SubjectRequest.objects.filter(pk=request.pk).update(due_on=today + timedelta(days=days), state=state)
    return [entered, form, api]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [1, 0, 2]),
        ("?kind=access", [1]),
        ("?state=complete", [2]),
        ("?overdue=true", [1]),
        ("?overdue=false", [0, 2]),
        ("?channel=form", [1]),
        ("?kind=erasure&channel=officer", [0]),
        ("?sort=due_on", [2, 1, 0]),
        ("?sort=-due_on", [0, 1, 2]),
    ],
)
def test_the_list_is_what_its_address_says(
    officer: Client, three: list, query: str, expected: list[int]
) -> None:
    assert references(officer.get(f"{LIST}{query}")) == [three[number].reference for number in expected]


def test_a_reference_is_found_by_a_part_of_it(officer: Client, three: list) -> None:
    assert references(officer.get(f"{LIST}?q={three[1].reference[-5:]}")) == [three[1].reference]


def test_the_clock_is_shown_as_days_left(officer: Client, three: list) -> None:
    text = text_of(officer.get(LIST))
    assert "Due today" in text
    assert "3 days overdue" in text
    assert "9 days overdue" not in text
    SubjectRequest.objects.filter(pk=three[0].pk).update(due_on=timezone.localdate() + timedelta(days=1))
    assert '<span class="badge tone-attention">1 day left</span>' in text_of(officer.get(LIST))
    SubjectRequest.objects.filter(pk=three[0].pk).update(due_on=timezone.localdate() + timedelta(days=30))
    assert '<span class="badge tone-neutral">30 days left</span>' in text_of(officer.get(LIST))


def test_the_list_as_a_file(officer: Client, three: list) -> None:
    response = officer.get(f"{LIST}?format=csv&channel=form")
    header, row = csv.reader(response.getvalue().decode().splitlines())
    assert header == [
        "Reference", "Kind", "State", "Due", "Target", "Law", "Acknowledge by", "Acknowledged", "Extended",
        "Paused since", "Days paused", "Assigned to", "Channel", "Entered by", "Received", "Ended",
    ]  # fmt: skip
    due, target = (timezone.localdate() - timedelta(days=days) for days in (3, 10))
    assert row[:6] == [
        three[1].reference,
        "Access, Art. 15",
        "received",
        due.isoformat(),
        target.isoformat(),
        "EU-GDPR",
    ]
    assert row[11:14] == ["", "Public form", ""]


def test_an_empty_list_offers_the_first_request_to_who_may_enter_it(officer: Client, vera: User) -> None:
    assert "Enter a request" in text_of(officer.get(LIST))
    assert "Enter a request" not in text_of(client_of(vera).get(LIST))


def test_lists_and_pages_cost_a_fixed_number_of_queries(
    officer: Client, three: list, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(6):
        officer.get(LIST)


def entered(**values: str) -> dict[str, str]:
    management = {"others-TOTAL_FORMS": "2", "others-INITIAL_FORMS": "0"}
    rows = {
        f"others-{n}-{key}": value
        for n in (0, 1)
        for key, value in (("category", "id.customer"), ("value", ""))
    }
    return {
        "kind": "erasure",
        "regime": "UK-GDPR",
        "email": "ana@example.org",
        **management,
        **rows,
        **values,
    }


def test_an_officer_enters_a_request(officer: Client, amir: User) -> None:
    assert "stored encrypted" in text_of(officer.get(f"{LIST}new/"))
    response = officer.post(
        f"{LIST}new/", entered(**{"others-1-category": "id.tax", "others-1-value": "T-9"})
    )
    request = SubjectRequest.objects.get()
    assert response["Location"] == request.get_absolute_url()
    assert (request.kind, request.regime, request.channel, request.handled_by) == (
        "erasure",
        "UK-GDPR",
        "officer",
        amir,
    )
    assert [(i.category, i.value) for i in request.identifiers.order_by("pk")] == [
        ("contact.email", "ana@example.org"),
        ("id.tax", "T-9"),
    ]


def test_the_same_request_leads_to_the_one_that_is_open(officer: Client, asked: SubjectRequest) -> None:
    response = officer.post(f"{LIST}new/", entered(), follow=True)
    assert response.redirect_chain == [(asked.get_absolute_url(), 302)]
    assert f"{asked.reference} is the same request and still open: go on there." in text_of(response)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"email": "ana"}, "Enter a valid email address."),
        ({"regime": "LEX"}, "LEX is not one of the available choices."),
        (
            {"others-0-category": "name.full", "others-0-value": "Ana"},
            "name.full is not one of the available choices.",
        ),
        ({"others-0-value": "7\x00"}, "Null characters are not allowed."),
        ({"others-TOTAL_FORMS": "99"}, "Please submit at most 9 forms."),
    ],
)
def test_a_request_that_cannot_be_worked_with_is_said(officer: Client, values: dict, message: str) -> None:
    response = officer.post(f"{LIST}new/", entered(**values))
    assert response.status_code == 422
    assert message in text_of(response)
    assert not SubjectRequest.objects.exists()


def test_the_card_counts_what_is_open_overdue_and_due_next(officer: Client, three: list) -> None:
    response = officer.get(f"{LIST}card/")
    assert (response.context["figure"], response.context["overdue"]) == (2, 1)
    assert [(str(label), count) for _, label, count, _ in response.context["states"]] == [
        ("Received", 1),
        ("Identity verified", 1),
    ]
    assert [request.reference for request in response.context["next_due"]] == [
        three[1].reference,
        three[0].reference,
    ]
    assert 'href="/requests/?overdue=true"' in text_of(response)


def test_the_card_of_an_empty_console(officer: Client) -> None:
    assert "Nobody waits for an answer." in text_of(officer.get(f"{LIST}card/"))


@pytest.mark.parametrize("role", ["ada", "dana", "emil", "carl"])
def test_other_roles_find_nothing_here(
    asked: SubjectRequest, role: str, request: pytest.FixtureRequest
) -> None:
    client = client_of(request.getfixturevalue(role))
    url = asked.get_absolute_url()
    for path in (LIST, f"{LIST}card/", f"{LIST}new/", url, f"{url}progress/"):
        assert client.get(path).status_code == 403, path


def test_an_auditor_changes_nothing(planned: SubjectRequest, vera: User, work) -> None:
    auditor = client_of(vera)
    url = planned.get_absolute_url()
    before = SubjectRequest.objects.values().get()
    for path in (
        "search/", "plans/", "package/", "package/download/", "extend/", "reject/", "identifiers/",
        "identifiers/add/", "identity/link/", "identity/confirm/", "plans/1/approve/", "plans/1/reject/",
        "plans/1/resume/",
    ):  # fmt: skip
        assert auditor.post(f"{url}{path}", {"reason": "No.", "how": "No."}).status_code == 403, path
    assert auditor.get(f"{LIST}new/").status_code == 403
    assert SubjectRequest.objects.values().get() == before
    assert work() == []
