"""The page of one request: what it shows in each state, and what it offers next."""

import pytest
from django.test import Client
from django.utils import timezone

from erasure import approving
from erasure.models import Identifier, Package, Plan, SubjectRequest
from erasure.requests import identity, intake
from erasure.routes import with_routes
from governance.console.models import Job, User
from tests.erasure.estate import entries, find, request_of
from tests.erasure.letters import letters
from tests.erasure.officers import offered, refused, text_of, told
from tests.people import client_of

State = SubjectRequest.State


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
    sealed = bytes(identifier.sealed)
    Identifier.objects.update(sealed=sealed[:-1] + bytes([sealed[-1] ^ 1]))
    assert "cannot be opened: restore the key ring" in text_of(officer.get(asked.get_absolute_url()))
    Identifier.objects.update(sealed=None)
    assert "destroyed" in text_of(officer.get(asked.get_absolute_url()))


@pytest.mark.parametrize("kind", SubjectRequest.Kind.values)
@pytest.mark.parametrize("state", State.values)
def test_every_state_has_its_page(officer: Client, vera: User, amir: User, kind: str, state: str) -> None:
    asked = request_of("ana@example.org", amir, kind=kind)
    ended = timezone.now() if state in SubjectRequest.ENDED else None
    SubjectRequest.objects.update(
        state=state, closed_at=ended, problem="A table is gone.", outcome="outcome told"
    )
    for client in (officer, client_of(vera)):
        response = client.get(asked.get_absolute_url())
        assert response.status_code == 200
        assert f">{State(state).label}</span>" in text_of(response)
        assert "A table is gone." in text_of(response)
        assert text_of(response).count("btn-primary") <= 1


def test_the_identity_comes_first(asked: SubjectRequest, amir: User, vera: User) -> None:
    asked = intake.receive(kind="erasure", identifiers=[("contact.email", "bo@example.org")], channel="form")
    rest = ["Add an identifier", "Extend the deadline", "Reject the request"]
    assert offered(asked, amir) == ("Send the identity link", ["Confirm the identity", "Send a code", *rest])
    assert offered(asked, vera) == ("", [])
    assert told(asked)[:3] == [("Received", "done"), ("Identity", "current"), ("Search", "waiting")]
    identity.send_link(asked)
    assert offered(asked, amir) == ("Confirm the identity", ["Send another link", "Send a code", *rest])
    asked.identity_checks.update(expires_at=timezone.now())
    assert offered(asked, amir) == ("Send another link", ["Confirm the identity", "Send a code", *rest])
    for _ in range(2):
        identity.send_link(asked)
    asked.identity_checks.update(expires_at=timezone.now())
    assert offered(asked, amir) == ("Confirm the identity", rest)


def test_then_the_search_and_while_it_runs_nothing(
    asked: SubjectRequest, officer: Client, amir: User
) -> None:
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


def test_progress_is_shown_until_the_page_is_to_be_loaded_anew(
    asked: SubjectRequest, officer: Client, work
) -> None:
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


def test_a_plan_waits_for_somebody_else(
    planned: SubjectRequest, officer: Client, amir: User, petra: User
) -> None:
    assert offered(planned, amir) == (
        "Review the plan",
        ["Search again", "Add an identifier", "Extend the deadline", "Reject the request"],
    )
    assert told(planned) == [
        ("Received", "done"),
        ("Identity", "done"),
        ("Search", "done"),
        ("Plan", "done"),
        ("Approval by a second person", "current"),
        ("Erasure", "waiting"),
        ("Second search", "waiting"),
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
    assert ways["public.purchase_line"] == [
        [*purchase, "public.purchase.id", "public.purchase_line.purchase_id"]
    ]


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
    assert "shop / secret</td>" in page
    assert "No right.</td>" in page
    assert offered(asked, amir)[0] == "Search again"
    assert ("Plan", "failed") in told(asked)
    SubjectRequest.objects.update(unsearched=[])
    assert offered(asked, amir)[0] == "Plan again"


def test_residue_is_shown_and_never_called_complete(
    asked: SubjectRequest, officer: Client, amir: User
) -> None:
    residue = [{"data_set": "shop / public.customer", "rows": 2, "how": "found by email = contact.email"}]
    SubjectRequest.objects.update(state="residual found", searched_at=timezone.now(), residue=residue)
    page = text_of(officer.get(asked.get_absolute_url()))
    assert "Still there after the erasure" in page
    assert "found by email = contact.email" in page
    assert told(asked)[-2:] == [("Second search", "failed"), ("Proof", "waiting")]
    assert offered(asked, amir)[0] == "Search again"


def test_an_interrupted_plan_is_resumed_and_nothing_else(
    planned: SubjectRequest, officer: Client, amir, petra
) -> None:
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
    refused(
        officer.post(f"{url}identity/confirm/", {"how": "Late."}), "is rejected: this is not possible now"
    )


def test_the_verbs_own_refusals_stand_beside_the_field(officer: Client, asked: SubjectRequest) -> None:
    SubjectRequest.objects.update(state="complete")
    response = officer.post(
        f"{asked.get_absolute_url()}identifiers/add/", {"category": "id.tax", "value": "9"}
    )
    assert response.status_code == 422
    assert f"{asked.reference} has ended." in text_of(response)


def test_an_access_request_ends_in_a_download(shop, officer: Client, amir: User, vera: User, work) -> None:
    asked = find(request_of("ana@example.org", amir, kind="access"), amir, work)
    assert offered(asked, amir)[0] == "Review what goes into the package"
    refused(officer.post(f"{asked.get_absolute_url()}package/"), "release it first")
    officer.post(f"{asked.get_absolute_url()}preview/release/")
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
        officer.post(f"{asked.get_absolute_url()}package/"),
        "A request of this kind is not answered with a package.",
    )
    access = request_of("bo@example.org", amir, kind="access")
    refused(
        officer.post(f"{access.get_absolute_url()}plans/"),
        "A request of this kind changes no stores and has no plan.",
    )
