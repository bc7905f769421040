"""Erasures from plan to proof with all that goes beside the rows, and what becomes of them in the days after."""

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.utils import timezone

from audit.ledger.models import Entry
from catalog.connectors.base import Lingering, Unreachable
from catalog.connectors.postgresql import PostgresqlConnector
from catalog.models import System
from erasure import executing
from erasure.custodians import answering
from erasure.custodians.models import Recipient, Task
from erasure.jobs import recheck
from erasure.models import Step, SubjectRequest
from erasure.registry.checking import check
from erasure.training.consulting import train
from erasure.training.models import TrainedModel
from erasure.training.registering import add_set, add_version
from governance.console.models import User
from tests.erasure.estate import approve, data_set, find, request_of
from tests.services.fixtures import Database

State = SubjectRequest.State


def later(request: SubjectRequest, work) -> SubjectRequest:
    """As if it were time to look again."""
    SubjectRequest.objects.filter(pk=request.pk).update(look_again_at=timezone.now())
    recheck()
    work()
    request.refresh_from_db()
    return request


def actions(request: SubjectRequest, sequenced) -> list[str]:
    sequenced()
    return list(
        Entry.objects.filter(subject=request.subject).order_by("number").values_list("action", flat=True)
    )


def test_the_registry_knows_the_person_from_then_on(shop: System, amir: User, petra: User, work) -> None:
    request = find(request_of("ana@example.org", amir), amir, work)
    assert check("contact.email", ["ana@example.org"]) == [False]
    request = approve(request, petra, work)
    assert (request.state, check("contact.email", ["ana@example.org"])) == (State.COMPLETE, [True])


def test_models_that_learned_from_the_person_are_queued(
    shop: System, amir: User, petra: User, emil: User, work, tmp_path: Path, somebody_acts
) -> None:
    source = tmp_path / "raw.parquet"
    pq.write_table(pa.table({"email": ["ana@example.org", "bo@example.org"]}), source)
    churn = add_set(name="Churn", category="contact.email", by=emil)
    version = add_version(churn, source, column="email", out=tmp_path / "v1.parquet", method="None", by=emil)
    train(version, model="churn", sha256=version.sha256, by=emil)
    request = find(request_of("ana@example.org", amir), amir, work)
    step = request.plans.get().steps.get(method="exclude")
    assert (step.target, step.position) == ("Churn version 1", request.plans.get().steps.count())
    request = approve(request, petra, work)
    step.refresh_from_db()
    assert (request.state, step.state) == (State.COMPLETE, Step.State.DONE)
    assert step.facts["outcome"] == {"models": ["churn"]}
    assert TrainedModel.objects.get().retrain_because == request.reference


def test_an_erasure_waits_until_the_recipient_has_answered(
    shop: System, amir: User, petra: User, work, sequenced
) -> None:
    mailer = Recipient.objects.create(
        name="Mailer Ltd", kind="processor", contact_email="privacy@mailer.example"
    )
    mailer.data_sets.add(data_set(shop, "newsletter"))
    request = find(request_of("ana@example.org", amir), amir, work)
    request = approve(request, petra, work)
    step = request.plans.get().steps.get(method="notify")
    assert (request.state, step.state, request.plans.get().state) == (State.WAITING, "waiting", "executing")
    assert "Mailer Ltd" in request.problem
    assert recheck() == 0  # not before its time
    assert later(request, work).state == State.WAITING
    answering.confirm(Task.objects.get(), state="done", note="Deleted on our side.", way="letter")
    request = later(request, work)
    assert (request.state, request.outcome) == (State.COMPLETE, "erased")
    told = actions(request, sequenced)
    assert [told.count(each) for each in ("step.waiting", "request.waiting", "request.completed")] == [
        1,
        1,
        1,
    ]


def test_what_a_store_still_holds_is_waited_for(
    shop: System, amir: User, petra: User, work, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = timezone.now() + timedelta(days=3)
    with monkeypatch.context() as patched:
        held = Lingering(2, until, "Old segments are merged within three days.")
        patched.setattr(PostgresqlConnector, "lingering", lambda self, name, matches: held)
        request = approve(find(request_of("ana@example.org", amir), amir, work), petra, work)
        steps = request.plans.get().steps.all()
        assert {(step.state, step.rows_after, step.waits_until) for step in steps} == {("waiting", 2, until)}
        assert request.state == State.WAITING
        assert later(request, work).state == State.WAITING
    request = later(request, work)
    assert (request.state, request.plans.get().state) == (State.COMPLETE, "executed")


def test_a_store_that_is_down_for_days_is_asked_until_it_answers(
    shop: System, amir: User, petra: User, work
) -> None:
    request = find(request_of("ana@example.org", amir), amir, work)
    original = shop.settings
    System.objects.update(settings={**original, "port": 1})
    request = approve(request, petra, work)
    assert (request.state, request.plans.get().state) == (State.WAITING, "approved")
    assert "PostgreSQL" in request.problem
    assert recheck() == 0  # it has only just been tried
    for _ in range(2):
        request = later(request, work)
        assert request.state == State.WAITING
    System.objects.update(settings=original)
    request = later(request, work)
    assert (request.state, request.problem) == (State.COMPLETE, "")


def test_a_store_that_goes_down_half_way_is_waited_for_and_nothing_is_said_twice(
    shop: System, shop_database: Database, amir: User, petra: User, work, sequenced, monkeypatch
) -> None:
    """Its identity rows stay until all other rows are gone."""
    request = find(request_of("ana@example.org", amir), amir, work)
    monkeypatch.setattr(executing, "RETRY_AFTER_SECONDS", ())
    delete = PostgresqlConnector.delete

    def down(self: PostgresqlConnector, name: str, matches: object) -> int:
        if name == "public.purchase":
            raise Unreachable("PostgreSQL does not answer.")
        return delete(self, name, matches)

    with monkeypatch.context() as patched:
        patched.setattr(PostgresqlConnector, "delete", down)
        request = approve(request, petra, work)
        for _ in range(3):
            assert (request.state, request.plans.get().state) == (State.WAITING, "executing")
            states = [step.state for step in request.plans.get().steps.all()]
            assert states == ["done", "waiting", "pending", "pending"]
            assert shop_database.execute("SELECT count(*) FROM customer WHERE id = 1") == [(1,)]
            request = later(request, work)
    request = later(request, work)
    assert (request.state, request.outcome) == (State.COMPLETE, "erased")
    told = actions(request, sequenced)
    once = ("plan.started", "request.waiting", "erasure.verified", "request.completed")
    assert [told.count(each) for each in once] == [1, 1, 1, 1]
    assert (told.count("step.done"), told.count("step.waiting")) == (4, 0)


def test_a_store_that_is_down_when_its_turn_to_be_searched_comes_is_waited_for(
    shop: System, amir: User, petra: User, work, sequenced
) -> None:
    original = shop.settings
    System.objects.update(settings={**original, "port": 1})
    request = find(request_of("ana@example.org", amir), amir, work)
    assert (request.state, request.job) == (State.WAITING, None)
    assert request.problem.startswith("The search could not be finished.")
    request = later(request, work)
    assert (request.state, request.job.state) == (State.WAITING, "done")
    System.objects.update(settings=original)
    request = later(request, work)
    assert (request.state, request.problem) == (State.PLANNED, "")
    assert request.plans.get().made_by == amir  # for whom the console went on, so that another may approve
    assert approve(request, petra, work).state == State.COMPLETE


def test_a_store_that_is_down_for_the_second_search_is_waited_for(
    shop: System, amir: User, petra: User, work, sequenced, monkeypatch
) -> None:
    request = find(request_of("ana@example.org", amir), amir, work)

    def down(*asked: object) -> None:
        raise Unreachable("PostgreSQL does not answer.")

    with monkeypatch.context() as patched:
        patched.setattr(executing, "search_all_again", down)
        request = approve(request, petra, work)
        assert (request.state, request.plans.get().state) == (State.WAITING, "executing")
        assert {step.state for step in request.plans.get().steps.all()} == {"done"}
    request = later(request, work)
    assert request.state == State.COMPLETE
    assert actions(request, sequenced).count("step.done") == 4


def test_data_that_come_back_are_found_a_week_later(
    shop: System, shop_database: Database, amir: User, petra: User, work, sequenced
) -> None:
    request = approve(find(request_of("ana@example.org", amir), amir, work), petra, work)
    assert (request.look_again_at - request.closed_at).days == 7
    SubjectRequest.objects.update(closed_at=request.closed_at - timedelta(days=7))
    request = later(request, work)
    assert (request.state, (request.look_again_at - request.closed_at).days) == (State.COMPLETE, 30)
    shop_database.execute("INSERT INTO newsletter VALUES ('ana@example.org', 'tea')")
    request = later(request, work)
    assert (request.state, request.reopened, request.closed_at) == (State.RESIDUAL, 1, None)
    assert "Data came back" in request.problem
    told = actions(request, sequenced)
    assert [told.count(each) for each in ("erasure.verified_again", "request.data_came_back")] == [2, 1]
    request = approve(find(request, amir, work), petra, work)
    assert request.state == State.COMPLETE


def test_after_the_last_look_nothing_is_looked_at_any_more(
    shop: System, amir: User, petra: User, work
) -> None:
    request = approve(find(request_of("ana@example.org", amir), amir, work), petra, work)
    SubjectRequest.objects.update(closed_at=request.closed_at - timedelta(days=31))
    assert later(request, work).look_again_at is None
    assert recheck() == 0
