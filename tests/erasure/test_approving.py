"""The second person: never the first, never twice, never another plan than the one they read."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone

from audit.ledger.context import acting
from erasure import approving
from erasure.jobs import recheck
from erasure.models import Plan, Step, SubjectRequest
from erasure.requests import starting
from erasure.requests.states import NotNow
from governance.console.models import Job, User
from tests.erasure.estate import SHOP, entries, find, request_of
from tests.erasure.together import at_once
from tests.people import api_of, client_of
from tests.services.fixtures import Database


@pytest.fixture
def plan(shop, amir: User, work) -> Plan:
    """Made by amir, of ana."""
    return find(request_of("ana@example.org", amir), amir, work).plans.get()


def fingerprint_of(plan: Plan) -> str:
    return Plan.objects.get(pk=plan.pk).fingerprint


@pytest.fixture
def nothing_written(shop_database: Database) -> Iterator[None]:
    before = shop_database.execute("SELECT * FROM customer ORDER BY id")
    yield
    assert shop_database.execute("SELECT * FROM customer ORDER BY id") == before


def test_who_made_the_plan_does_not_approve_it(plan: Plan, amir, work, nothing_written: None) -> None:
    assert plan.made_by == amir
    with pytest.raises(approving.SamePerson, match="You made this plan: somebody else has to approve it"):
        approving.approve(plan, fingerprint=plan.fingerprint, by=amir)
    plan.refresh_from_db()
    assert (plan.state, plan.decided_by) == ("proposed", None)
    assert work() == []
    assert entries("plan.approved") == []


def test_a_second_person_does(plan: Plan, petra, work) -> None:
    approving.approve(plan, fingerprint=plan.fingerprint, by=petra)
    plan.refresh_from_db()
    assert (plan.state, plan.decided_by) == ("approved", petra)
    assert plan.request.state == "approved"
    assert [(job.kind, job.state) for job in work()] == [("erasure.execute", "done")]
    assert entries("plan.approved") == [{"fingerprint": plan.fingerprint}]


@pytest.mark.parametrize("fingerprint", ["", "0" * 64])
def test_another_fingerprint_approves_nothing(
    plan: Plan, petra, work, nothing_written: None, fingerprint: str
) -> None:
    with pytest.raises(NotNow, match="is not the plan you saw: read it again"):
        approving.approve(plan, fingerprint=fingerprint, by=petra)
    plan.refresh_from_db()
    assert plan.state == "proposed"
    assert work() == []


def test_a_plan_that_was_made_anew_is_not_the_one_that_was_read(plan: Plan, amir, petra, work) -> None:
    read = plan.fingerprint
    request = find(plan.request, amir, work)
    newer = request.plans.get(state="proposed")
    assert (newer.number, fingerprint_of(plan)) == (2, read)
    with pytest.raises(NotNow, match="plan 1 is overtaken: there is nothing to decide"):
        approving.approve(plan, fingerprint=read, by=petra)
    with pytest.raises(NotNow, match="is not the plan you saw"):
        approving.approve(newer, fingerprint=read, by=petra)
    assert not Plan.objects.filter(state="approved").exists()


def test_a_plan_whose_steps_were_altered_after_approval_is_set_aside(
    plan: Plan, petra, work, nothing_written: None
) -> None:
    approving.approve(plan, fingerprint=plan.fingerprint, by=petra)
    Step.objects.filter(plan=plan, data_set__name="public.customer").update(rows_before=3)
    work()
    plan.refresh_from_db()
    assert (plan.state, plan.request.state) == ("stale", "found")
    assert plan.decision_reason == "The stored plan is not the one that was approved."


def test_a_plan_is_not_carried_out_in_another_store(plan: Plan, petra, work, shop, pg_server) -> None:
    """An engineer points the system at a copy with the same rows: to erase there, or to seem to have erased."""
    copy = pg_server.create_database()
    copy.execute(SHOP)
    approving.approve(plan, fingerprint=plan.fingerprint, by=petra)
    shop.set_settings({**shop.settings, "database": copy.name, "user": copy.user, "password": copy.password})
    shop.save()
    work()
    plan.refresh_from_db()
    left = copy.execute("SELECT count(*) FROM customer")
    pg_server.drop_database(copy)
    assert (plan.state, plan.request.state, left) == ("stale", "found", [(3,)])
    assert "or the settings of its system, changed." in plan.decision_reason


def test_a_plan_that_names_no_maker_is_approved_by_nobody(plan: Plan, amir, petra, work) -> None:
    Plan.objects.filter(pk=plan.pk).update(made_by=None)
    plan.refresh_from_db()
    for officer in (amir, petra):
        with pytest.raises(approving.SamePerson, match="Nobody is named as the maker"):
            approving.approve(plan, fingerprint=plan.fingerprint, by=officer)
    assert work() == []


def test_a_plan_of_no_request_is_decided_where_it_was_made(amir, petra) -> None:
    """An expiry run or a replay has a plan too, and rules of its own about who may approve it."""
    run = Plan.objects.create(title="X-2026-00001", number=1, made_by=amir, fingerprint="ab" * 32)
    api = api_of(petra)
    for verb, given in (("approve", {"fingerprint": run.fingerprint}), ("reject", {"reason": "No."})):
        answer = api.post(f"/api/v1/plans/{run.pk}/{verb}/", given, format="json")
        assert (answer.status_code, answer.json()["detail"]) == (
            409,
            "X-2026-00001 is of no request: decide it where it was made.",
        )
    Plan.objects.update(state="approved")
    assert api.post(f"/api/v1/plans/{run.pk}/resume/").status_code == 409
    run.refresh_from_db()
    assert (run.state, run.decided_by) == ("approved", None)


def test_a_rejected_plan_goes_back_with_its_reason(plan: Plan, petra, work, nothing_written: None) -> None:
    approving.reject(plan, reason="The invoices must stay.", by=petra)
    plan.refresh_from_db()
    assert (plan.state, plan.decided_by, plan.decision_reason) == (
        "rejected",
        petra,
        "The invoices must stay.",
    )
    assert plan.request.state == "found"
    assert work() == []
    for decide in (
        lambda: approving.approve(plan, fingerprint=plan.fingerprint, by=petra),
        lambda: approving.reject(plan, reason="Again.", by=petra),
        lambda: approving.resume(plan),
    ):
        with pytest.raises(NotNow, match="plan 1 is rejected: there is nothing to"):
            decide()
    assert entries("plan.rejected") == [
        {"fingerprint": plan.fingerprint, "reason": "The invoices must stay."}
    ]


def test_while_it_is_carried_out_there_is_nothing_to_resume(plan: Plan, petra) -> None:
    approving.approve(plan, fingerprint=plan.fingerprint, by=petra)
    with pytest.raises(NotNow, match="plan 1 is being carried out already"):
        approving.resume(plan)
    assert Job.objects.filter(kind="erasure.execute").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_officers_at_once_exactly_one_approves(plan: Plan, petra, ada) -> None:
    fingerprint = plan.fingerprint

    def approve_as(user: User):
        return lambda: approving.approve(Plan.objects.get(pk=plan.pk), fingerprint=fingerprint, by=user)

    answers = at_once(*[(user.as_actor(), approve_as(user)) for user in (petra, ada)])
    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "NotNow"]
    assert Job.objects.filter(kind="erasure.execute").count() == 1
    assert entries("plan.approved") == [{"fingerprint": fingerprint}]
    plan.refresh_from_db()
    assert plan.decided_by == (petra if answers[0] is None else ada)


@pytest.mark.django_db(transaction=True)
def test_of_an_approval_and_a_rejection_at_once_one_counts(plan: Plan, petra, ada) -> None:
    approve, reject = at_once(
        (
            petra.as_actor(),
            lambda: approving.approve(Plan.objects.get(pk=plan.pk), fingerprint=plan.fingerprint, by=petra),
        ),
        (ada.as_actor(), lambda: approving.reject(Plan.objects.get(pk=plan.pk), reason="No.", by=ada)),
    )
    assert sorted(type(answer).__name__ for answer in (approve, reject)) == ["NoneType", "NotNow"]
    state = SubjectRequest.objects.get().state
    assert state == ("approved" if approve is None else "found")
    assert Job.objects.filter(kind="erasure.execute").count() == (1 if approve is None else 0)


def test_roles_without_the_right_and_strangers_decide_nothing(
    plan: Plan, ada, dana, emil, carl, vera, sam: Client, work, nothing_written: None
) -> None:
    url = plan.get_absolute_url()
    given = {"typed": plan.request.reference, "fingerprint": plan.fingerprint, "reason": "No."}
    for user in (ada, dana, emil, carl, vera):
        for decision in ("approve", "reject"):
            assert client_of(user).post(f"{url}{decision}/", given).status_code == 403, user
    for decision in ("approve", "reject"):
        assert sam.post(f"{url}{decision}/", given)["Location"].startswith("/sign-in/")
    plan.refresh_from_db()
    assert (plan.state, plan.request.state) == ("proposed", "planned")
    assert work() == []


def waiting_for_a_store(plan: Plan) -> SubjectRequest:
    """As where a store did not answer the search that amir asked for: the schedule asks again by itself."""
    request = plan.request
    plan.delete()
    SubjectRequest.objects.update(state="waiting", look_again_at=timezone.now())
    request.refresh_from_db()
    return request


def test_what_an_officer_adds_is_not_planned_in_the_name_of_another(plan: Plan, amir, petra, work) -> None:
    """Else petra could have somebody else erased: named by her, planned as amir's, approved by her."""
    request = waiting_for_a_store(plan)
    given = {"category": "id.customer", "value": "2"}
    assert (
        api_of(petra).post(f"/api/v1/requests/{request.pk}/identifiers/", given, format="json").status_code
        == 201
    )
    assert recheck() == 0
    request.refresh_from_db()
    assert (request.state, request.problem) == (
        "verified",
        "What is looked for was changed: somebody has to search again.",
    )
    made = find(request, petra, work).plans.get()
    with pytest.raises(approving.SamePerson):
        approving.approve(made, fingerprint=made.fingerprint, by=petra)
    approving.approve(made, fingerprint=made.fingerprint, by=amir)


def test_while_somebody_searches_nobody_adds_to_it(plan: Plan, amir, petra) -> None:
    request = waiting_for_a_store(plan)
    with acting(amir.as_actor()):
        starting.search(request)
    given = {"category": "id.customer", "value": "2"}
    answer = api_of(petra).post(f"/api/v1/requests/{request.pk}/identifiers/", given, format="json")
    assert (answer.status_code, request.identifiers.count()) == (409, 1)


def test_a_search_that_waits_goes_on_for_who_asked_for_it(plan: Plan, amir, work) -> None:
    request = waiting_for_a_store(plan)
    assert recheck() == 1
    work()
    assert request.plans.get().made_by == amir
