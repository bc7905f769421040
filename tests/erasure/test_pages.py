"""The officers' pages: what they show in each state, what they offer next, and what they refuse."""

import csv
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import System
from erasure import approving
from erasure.models import Identifier, Package, Plan, SubjectRequest
from erasure.offering import next_thing, other_things
from erasure.requests import identity, intake
from erasure.routes import with_routes
from erasure.stages import stages
from governance.console.models import Job, User
from retention import holds
from tests.erasure.estate import data_set, entries, find, request_of
from tests.erasure.letters import letters
from tests.people import client_of
from tests.services.fixtures import Database

State = SubjectRequest.State
LIST = "/requests/"


@pytest.fixture
def officer(amir: User) -> Client:
    return client_of(amir)


@pytest.fixture
def second(petra: User) -> Client:
    return client_of(petra)


@pytest.fixture
def asked(amir: User) -> SubjectRequest:
    """Ana's erasure, verified by amir."""
    return request_of("ana@example.org", amir)


@pytest.fixture
def planned(shop, asked: SubjectRequest, amir: User, work) -> SubjectRequest:
    """The same, found and planned in the shop."""
    return find(asked, amir, work)


def text_of(response) -> str:
    return response.content.decode()


def offered(request: SubjectRequest, user: User) -> tuple[str, list[str]]:
    """The one next thing, and what else."""
    request = SubjectRequest.objects.get(pk=request.pk)
    first = next_thing(request, user)
    return first.label if first else "", [offer.label for offer in other_things(request, user)]


def told(request: SubjectRequest) -> list[tuple[str, str]]:
    return [(stage["title"], stage["state"]) for stage in stages(SubjectRequest.objects.get(pk=request.pk))]


def references(response) -> list[str]:
    return [row.item.reference for row in response.context["listing"].rows]


# The list


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
        ("", [2, 1, 0]),
        ("?kind=access", [1]),
        ("?state=complete", [2]),
        ("?overdue=true", [1]),
        ("?overdue=false", [2, 0]),
        ("?channel=form", [1]),
        ("?kind=erasure&channel=officer", [0]),
        ("?sort=due_on", [2, 1, 0]),
        ("?sort=-due_on", [0, 1, 2]),
    ],
)
def test_the_list_is_what_its_address_says(officer: Client, three: list, query: str, expected: list[int]) -> None:
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
    assert header == ["Reference", "Kind", "State", "Due", "Channel", "Entered by", "Received", "Ended"]
    due = (timezone.localdate() - timedelta(days=3)).isoformat()
    assert row[:6] == [three[1].reference, "Access, Art. 15", "received", due, "Public form", ""]


def test_an_empty_list_offers_the_first_request_to_who_may_enter_it(officer: Client, vera: User) -> None:
    assert "Enter a request" in text_of(officer.get(LIST))
    assert "Enter a request" not in text_of(client_of(vera).get(LIST))


def test_lists_and_pages_cost_a_fixed_number_of_queries(
    officer: Client, three: list, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(6):
        officer.get(LIST)


# A new request


def entered(**values: str) -> dict[str, str]:
    management = {"others-TOTAL_FORMS": "2", "others-INITIAL_FORMS": "0"}
    rows = {f"others-{n}-{key}": value for n in (0, 1) for key, value in (("category", "id.customer"), ("value", ""))}
    return {"kind": "erasure", "regime": "UK-GDPR", "email": "ana@example.org", **management, **rows, **values}


def test_an_officer_enters_a_request(officer: Client, amir: User) -> None:
    assert "stored encrypted" in text_of(officer.get(f"{LIST}new/"))
    response = officer.post(f"{LIST}new/", entered(**{"others-1-category": "id.tax", "others-1-value": "T-9"}))
    request = SubjectRequest.objects.get()
    assert response["Location"] == request.get_absolute_url()
    assert (request.kind, request.regime, request.channel, request.handled_by) == (
        "erasure", "UK-GDPR", "officer", amir,
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
        ({"others-0-category": "name.full", "others-0-value": "Ana"}, "name.full is not one of the available choices."),
        ({"others-0-value": "7\x00"}, "Null characters are not allowed."),
        ({"others-TOTAL_FORMS": "99"}, "Please submit at most 9 forms."),
    ],
)
def test_a_request_that_cannot_be_worked_with_is_said(officer: Client, values: dict, message: str) -> None:
    response = officer.post(f"{LIST}new/", entered(**values))
    assert response.status_code == 422
    assert message in text_of(response)
    assert not SubjectRequest.objects.exists()


# Identifiers


def test_identifiers_are_masked_until_an_officer_asks_and_the_ledger_says_so(
    officer: Client, asked: SubjectRequest, amir: User
) -> None:
    page = text_of(officer.get(asked.get_absolute_url()))
    assert "a•••@e•••" in page
    assert "ana@example.org" not in page
    assert entries("request.identifiers_revealed") == []
    response = officer.post(f"{asked.get_absolute_url()}identifiers/")
    assert "ana@example.org" in text_of(response)
    assert "no-store" in response["Cache-Control"]
    assert entries("request.identifiers_revealed") == [{}]
    assert officer.get(f"{asked.get_absolute_url()}identifiers/").status_code == 405


def test_an_auditor_sees_the_way_and_not_the_person(asked: SubjectRequest, vera: User) -> None:
    auditor = client_of(vera)
    page = text_of(auditor.get(asked.get_absolute_url()))
    assert "a•••@e•••" in page
    assert 'method="post" action="/requests/' not in page
    assert auditor.post(f"{asked.get_absolute_url()}identifiers/").status_code == 403
    assert entries("request.identifiers_revealed") == []


def test_destroyed_identifiers_and_those_of_a_lost_key_ring_are_said_to_be(
    officer: Client, asked: SubjectRequest
) -> None:
    identifier = Identifier.objects.get()
    Identifier.objects.update(sealed=bytes(identifier.sealed)[:-1] + b"\x00")
    assert "cannot be opened: restore the key ring" in text_of(officer.get(asked.get_absolute_url()))
    Identifier.objects.update(sealed=None)
    assert "destroyed" in text_of(officer.get(asked.get_absolute_url()))


# What comes next


@pytest.mark.parametrize("kind", SubjectRequest.Kind.values)
@pytest.mark.parametrize("state", State.values)
def test_every_state_has_its_page(officer: Client, vera: User, amir: User, kind: str, state: str) -> None:
    asked = request_of("ana@example.org", amir, kind=kind)
    ended = timezone.now() if state in SubjectRequest.ENDED else None
    SubjectRequest.objects.update(state=state, closed_at=ended, problem="A table is gone.", outcome="outcome told")
    for client in (officer, client_of(vera)):
        response = client.get(asked.get_absolute_url())
        assert response.status_code == 200
        assert f">{State(state).label}</span>" in text_of(response)
        assert "A table is gone." in text_of(response)
        assert text_of(response).count("btn-primary") <= 1


def test_the_identity_comes_first(asked: SubjectRequest, amir: User, vera: User) -> None:
    asked = intake.receive(kind="erasure", identifiers=[("contact.email", "bo@example.org")], channel="form")
    rest = ["Add an identifier", "Extend the deadline", "Reject the request"]
    assert offered(asked, amir) == ("Send the identity link", ["Confirm the identity", *rest])
    assert offered(asked, vera) == ("", [])
    assert told(asked)[:3] == [("Received", "done"), ("Identity", "current"), ("Search", "waiting")]
    identity.send_link(asked)
    assert offered(asked, amir) == ("Confirm the identity", ["Send another link", *rest])
    asked.identity_checks.update(expires_at=timezone.now())
    assert offered(asked, amir) == ("Send another link", ["Confirm the identity", *rest])
    for _ in range(4):
        identity.send_link(asked)
    asked.identity_checks.update(expires_at=timezone.now())
    assert offered(asked, amir) == ("Confirm the identity", rest)


def test_then_the_search_and_while_it_runs_nothing(asked: SubjectRequest, officer: Client, amir: User) -> None:
    assert offered(asked, amir)[0] == "Search for the person"
    response = officer.post(f"{asked.get_absolute_url()}search/")
    assert response["Location"] == asked.get_absolute_url()
    asked.refresh_from_db()
    assert (asked.state, asked.job.kind, asked.job.started_by) == ("searching", "erasure.find", amir)
    assert offered(asked, amir) == ("", ["Add an identifier", "Extend the deadline"])
    page = officer.get(asked.get_absolute_url())
    assert f'hx-get="/requests/{asked.pk}/progress/"' in text_of(page)
    again = officer.post(f"{asked.get_absolute_url()}search/")
    assert again.status_code == 409
    assert "is still at work" in text_of(again)
    assert "Nothing was done." in text_of(again)
    assert Job.objects.count() == 1


def test_progress_is_shown_until_the_page_is_to_be_loaded_anew(asked: SubjectRequest, officer: Client, work) -> None:
    officer.post(f"{asked.get_absolute_url()}search/")
    Job.objects.update(done=3, total=9, message="12 rows found")
    part = officer.get(f"{asked.get_absolute_url()}progress/", HTTP_HX_REQUEST="true")
    assert "3 of 9" in text_of(part)
    assert "12 rows found" in text_of(part)
    assert "HX-Refresh" not in part
    work()
    assert officer.get(f"{asked.get_absolute_url()}progress/")["HX-Refresh"] == "true"


def test_a_cancelled_search_can_be_started_again(asked: SubjectRequest, officer: Client, amir: User) -> None:
    officer.post(f"{asked.get_absolute_url()}search/")
    Job.objects.update(state="cancelled")
    assert offered(asked, amir)[0] == "Search for the person"
    assert officer.post(f"{asked.get_absolute_url()}search/").status_code == 302


def test_a_plan_waits_for_somebody_else(planned: SubjectRequest, officer: Client, amir: User, petra: User) -> None:
    assert offered(planned, amir) == (
        "Review the plan", ["Search again", "Add an identifier", "Extend the deadline", "Reject the request"],
    )
    assert told(planned) == [
        ("Received", "done"), ("Identity", "done"), ("Search", "done"), ("Plan", "done"),
        ("Approval by a second person", "current"), ("Erasure", "waiting"), ("Second search", "waiting"),
        ("Proof", "waiting"),
    ]
    page = text_of(officer.get(planned.get_absolute_url()))
    assert "8 rows in 4 data sets" in page
    assert "Waits for somebody other than Amir." in page
    assert "shop / public.purchase_line" in page


def test_how_rows_were_found_is_told_from_the_identifier_on(planned: SubjectRequest) -> None:
    ways = {hit.data_set.name: routes for hit, routes in with_routes(planned.hits.select_related("data_set"))}
    assert ways["public.customer"] == [["public.customer.email = contact.email"]]
    purchase = ["public.customer.email = contact.email", "public.customer.id", "public.purchase.customer_id"]
    assert ways["public.purchase"] == [purchase]
    assert ways["public.purchase_line"] == [[*purchase, "public.purchase.id", "public.purchase_line.purchase_id"]]


def test_what_stands_in_the_way_is_said_with_its_remedy(
    asked: SubjectRequest, officer: Client, amir: User
) -> None:
    Plan.objects.create(
        request=asked, number=1, state="blocked", fingerprint="f" * 64,
        problems=[{"where": "shop / public.customer", "message": "The key is unique.", "remedy": "Release the hold."}],
    )  # fmt: skip
    unsearched = [{"data_set": "shop / secret", "problem": "No right."}]
    SubjectRequest.objects.update(state="found", searched_at=timezone.now(), unsearched=unsearched)
    page = text_of(officer.get(asked.get_absolute_url()))
    assert "The key is unique. Release the hold." in page
    assert "<td>shop / secret</td><td class=\"text-wrap\">No right.</td>" in page
    assert offered(asked, amir)[0] == "Search again"
    assert ("Plan", "failed") in told(asked)
    SubjectRequest.objects.update(unsearched=[])
    assert offered(asked, amir)[0] == "Plan again"


def test_residue_is_shown_and_never_called_complete(asked: SubjectRequest, officer: Client, amir: User) -> None:
    residue = [{"data_set": "shop / public.customer", "rows": 2, "how": "found by email = contact.email"}]
    SubjectRequest.objects.update(state="residual found", searched_at=timezone.now(), residue=residue)
    page = text_of(officer.get(asked.get_absolute_url()))
    assert "Still there after the erasure" in page
    assert "found by email = contact.email" in page
    assert told(asked)[-2:] == [("Second search", "failed"), ("Proof", "waiting")]
    assert offered(asked, amir)[0] == "Search again"


def test_an_interrupted_plan_is_resumed_and_nothing_else(planned: SubjectRequest, officer: Client, amir, petra) -> None:
    plan = planned.plans.get()
    approving.approve(plan, fingerprint=plan.fingerprint, by=petra)
    Job.objects.update(state="failed")
    SubjectRequest.objects.update(state="failed", problem="shop does not answer.")
    assert offered(planned, amir) == ("Resume", ["Add an identifier", "Extend the deadline"])
    for action in ("search/", "plans/", "reject/"):
        response = officer.post(f"{planned.get_absolute_url()}{action}", {"reason": "No."})
        assert response.status_code == 409, action
    assert officer.post(f"{plan.get_absolute_url()}resume/").status_code == 302
    planned.refresh_from_db()
    assert (planned.state, planned.job.state) == ("approved", "queued")
    assert officer.post(f"{plan.get_absolute_url()}resume/").status_code == 409


# The plan


def test_the_plan_says_exactly_what_will_happen(
    shop: System, asked: SubjectRequest, second: Client, amir: User, work
) -> None:
    reason = "Tax law: invoices are kept ten years"
    keep = ["id", "customer_id", "placed", "total"]
    holds.place(data_set(shop, "purchase"), keep_columns=keep, exemption="b", reason=reason)
    plan = find(asked, amir, work).plans.get()
    page = text_of(second.get(plan.get_absolute_url()))
    for words in (
        plan.fingerprint,
        "<code>ship_to</code> becomes nothing (null)",
        "<code>ip</code> becomes nothing (null)",
        "<code>customer_id</code> stays: the legal hold requires it",
        "<code>name</code> becomes “erased”",
        "<code>email</code> becomes “erased” and a random ending, different in each row",
        "<strong>Delete the rows</strong>",
        f"{reason} (Legal obligation or public task, Art. 17(3)(b))",
        "Type R-",
        "Approve and carry out",
    ):
        assert words in page, words


def test_the_maker_is_told_why_there_is_no_button(planned: SubjectRequest, officer: Client, vera: User) -> None:
    url = planned.plans.get().get_absolute_url()
    page = text_of(officer.get(url))
    assert "You made this plan, so somebody else has to approve it" in page
    assert "Approve and carry out" not in page
    assert "Reject the plan" in page
    auditor = text_of(client_of(vera).get(url))
    assert "You made this plan" not in auditor
    assert "Reject the plan" not in auditor


def approval(plan: Plan, **values: str) -> dict[str, str]:
    return {"typed": plan.request.reference, "fingerprint": plan.fingerprint, **values}


def test_the_second_person_types_the_reference_and_it_is_done(
    planned: SubjectRequest, second: Client, shop_database: Database, work
) -> None:
    plan = planned.plans.get()
    response = second.post(f"{plan.get_absolute_url()}approve/", approval(plan), follow=True)
    assert response.redirect_chain == [(planned.get_absolute_url(), 302)]
    assert "is approved and will be carried out now" in text_of(response)
    work()
    planned.refresh_from_db()
    assert (planned.state, planned.outcome) == ("complete", "erased")
    assert shop_database.execute("SELECT id FROM customer ORDER BY id") == [(2,), (3,)]
    page = text_of(second.get(planned.get_absolute_url()))
    assert "4 of 4 steps done" in page
    assert "Nothing of the person was found any more." in page
    assert {state for _, state in told(planned)} == {"done"}
    assert "Approve and carry out" not in text_of(second.get(plan.get_absolute_url()))


@pytest.mark.parametrize("typed", ["", "r-2026", "ERASE"])
def test_another_word_approves_nothing(planned: SubjectRequest, second: Client, work, typed: str) -> None:
    plan = planned.plans.get()
    response = second.post(f"{plan.get_absolute_url()}approve/", approval(plan, typed=typed))
    assert response.status_code == 422
    assert f"Type exactly {planned.reference} to go on. Nothing has been changed." in text_of(response)
    assert f'value="{plan.fingerprint}"' in text_of(response)
    assert work() == []


def refused(response, sentence: str) -> None:
    assert response.status_code == 409
    assert sentence in text_of(response)
    assert "Nothing was done." in text_of(response)


def test_what_changed_meanwhile_is_a_conflict_page(
    planned: SubjectRequest, officer: Client, second: Client, ada: User, work
) -> None:
    plan = planned.plans.get()
    url = f"{plan.get_absolute_url()}approve/"
    refused(officer.post(url, approval(plan)), "You made this plan: somebody else has to approve it.")
    refused(second.post(url, approval(plan, fingerprint="0" * 64)), "is not the plan you saw: read it again.")
    assert second.post(url, approval(plan)).status_code == 302
    refused(second.post(url, approval(plan)), f"{plan} is approved: there is nothing to decide.")
    refused(
        second.post(f"{plan.get_absolute_url()}reject/", {"reason": "Late."}),
        f"{plan} is approved: there is nothing to decide.",
    )
    assert [job.kind for job in work()] == ["erasure.execute"]


def test_a_plan_is_rejected_with_a_reason_and_made_again(
    planned: SubjectRequest, officer: Client, second: Client, amir: User, work
) -> None:
    plan = planned.plans.get()
    url = f"{plan.get_absolute_url()}reject/"
    assert "Kept in the ledger for ever" in text_of(second.get(url))
    assert second.post(url, {"reason": " "}).status_code == 422
    assert second.post(url, {"reason": "The invoices must stay."})["Location"] == plan.get_absolute_url()
    assert "Rejected: The invoices must stay." in text_of(second.get(plan.get_absolute_url()))
    assert offered(planned, amir)[0] == "Plan again"
    officer.post(f"{planned.get_absolute_url()}plans/")
    work()
    assert list(planned.plans.values_list("number", "state")) == [(2, "proposed"), (1, "rejected")]


def test_a_plan_under_a_search_cannot_be_approved(planned: SubjectRequest, officer: Client, second: Client) -> None:
    plan = planned.plans.get()
    officer.post(f"{planned.get_absolute_url()}search/")
    assert "Approve and carry out" not in text_of(second.get(plan.get_absolute_url()))
    refused(second.post(f"{plan.get_absolute_url()}approve/", approval(plan)), "is searching: this is not possible now")
    plan.refresh_from_db()
    assert plan.state == "proposed"


def test_a_plan_of_another_request_is_not_there(planned: SubjectRequest, officer: Client, amir: User) -> None:
    other = request_of("bo@example.org", amir)
    assert officer.get(f"{other.get_absolute_url()}plans/1/").status_code == 404


# Other things an officer does


def test_a_link_is_sent_by_a_button(officer: Client, db: None, django_capture_on_commit_callbacks) -> None:
    asked = intake.receive(kind="access", identifiers=[("contact.email", "bo@example.org")], channel="form")
    with django_capture_on_commit_callbacks(execute=True):
        assert officer.post(f"{asked.get_absolute_url()}identity/link/").status_code == 302
    assert letters() == [("bo@example.org", f"Please confirm your privacy request {asked.reference}")]


def test_an_officer_confirms_adds_extends_and_rejects(officer: Client, db: None) -> None:
    asked = intake.receive(kind="access", identifiers=[("contact.email", "bo@example.org")], channel="form")
    url = asked.get_absolute_url()
    for path, given in (
        ("identity/confirm/", {"how": "Came with a passport."}),
        ("identifiers/add/", {"category": "id.customer", "value": "17"}),
        ("extend/", {"reason": "Many systems."}),
        ("reject/", {"reason": "Manifestly unfounded."}),
    ):
        assert officer.get(f"{url}{path}").status_code == 200
        empty = officer.post(f"{url}{path}", dict.fromkeys(given, ""))
        assert (empty.status_code, "This field is required." in text_of(empty)) == (422, True), path
        assert officer.post(f"{url}{path}", given)["Location"] == url
    asked.refresh_from_db()
    assert (asked.verified_how, asked.extended, asked.state) == ("Came with a passport.", True, "rejected")
    assert [(i.category, i.verified) for i in asked.identifiers.order_by("pk")] == [
        ("contact.email", True),
        ("id.customer", True),
    ]
    page = text_of(officer.get(url))
    assert "rejected: Manifestly unfounded." in page
    assert "Many systems." in page
    assert offered(asked, User.objects.get(username="amir")) == ("", [])
    refused(officer.post(f"{url}identity/confirm/", {"how": "Late."}), "is rejected: this is not possible now")


def test_the_verbs_own_refusals_stand_beside_the_field(officer: Client, asked: SubjectRequest) -> None:
    SubjectRequest.objects.update(state="complete")
    response = officer.post(f"{asked.get_absolute_url()}identifiers/add/", {"category": "id.tax", "value": "9"})
    assert response.status_code == 422
    assert f"{asked.reference} has ended." in text_of(response)


def test_an_access_request_ends_in_a_download(shop, officer: Client, amir: User, vera: User, work) -> None:
    asked = find(request_of("ana@example.org", amir, kind="access"), amir, work)
    assert offered(asked, amir)[0] == "Make the package"
    officer.post(f"{asked.get_absolute_url()}package/")
    work()
    assert offered(asked, amir) == ("Download the package", [])
    assert offered(asked, vera) == ("", [])
    url = f"{asked.get_absolute_url()}package/download/"
    response = officer.post(url)
    assert response["Content-Disposition"] == f'attachment; filename="your-data-{asked.reference}.zip"'
    assert b"".join(response.streaming_content)[:2] == b"PK"
    assert Package.objects.get().downloads == 1
    assert client_of(vera).post(url).status_code == 403
    assert officer.get(url).status_code == 405
    Package.objects.update(expires_at=timezone.now())
    refused(officer.post(url), "The package has expired.")
    assert offered(asked, amir) == ("", [])
    assert officer.post(f"{asked.get_absolute_url()}package/").status_code == 409


def test_wrong_kinds_of_work_are_refused_in_words(officer: Client, amir: User, asked: SubjectRequest) -> None:
    SubjectRequest.objects.update(state="found")
    refused(
        officer.post(f"{asked.get_absolute_url()}package/"), "An erasure has no package: make its plan."
    )
    access = request_of("bo@example.org", amir, kind="access")
    refused(
        officer.post(f"{access.get_absolute_url()}plans/"), "An access request has no plan: make its package."
    )


# The card


def test_the_card_counts_what_is_open_overdue_and_due_next(officer: Client, three: list) -> None:
    response = officer.get(f"{LIST}card/")
    assert (response.context["figure"], response.context["overdue"]) == (2, 1)
    assert [(str(label), count) for _, label, count, _ in response.context["states"]] == [
        ("Received", 1),
        ("Identity verified", 1),
    ]
    assert [request.reference for request in response.context["next_due"]] == [three[1].reference, three[0].reference]
    assert 'href="/requests/?overdue=true"' in text_of(response)


def test_the_card_of_an_empty_console(officer: Client) -> None:
    assert "Nobody waits for an answer." in text_of(officer.get(f"{LIST}card/"))


# Who may what


@pytest.mark.parametrize("role", ["ada", "dana", "emil", "carl"])
def test_other_roles_find_nothing_here(asked: SubjectRequest, role: str, request: pytest.FixtureRequest) -> None:
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
