"""Workers die, servers restart and stores lie: what the 200 runs of `benchmarks.faults` do, a few of them, and what
they have found.
"""

import json
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.db import OperationalError
from django.utils import timezone

from audit.ledger.context import Actor, acting
from erasure.custodians import asking, sending
from erasure.custodians.models import Recipient, Task
from erasure.models import Plan, SubjectRequest
from erasure.recomputing import running
from erasure.requests import starting
from governance.console import jobs
from governance.console.models import Job
from governance.environment import PROJECT
from tests.erasure import estate
from tests.erasure.custodians.conftest import carried_out, crm, drafted, erasing, plan
from tests.erasure.estate import approve, request_of
from tests.erasure.recomputing.conftest import totals
from tests.erasure.recomputing.test_recomputing import declared
from tests.erasure.together import at_once

__all__ = ["crm", "declared", "erasing", "plan", "totals"]
State = SubjectRequest.State
SEED = 7


def test_struck_at_a_moment_nothing_is_lost_nor_done_twice(tmp_path: Path) -> None:
    """A worker killed, the broker emptied, a store cut off for two days, and one that says it has deleted."""
    written = tmp_path / "runs"
    options = ["--runs=4", f"--seed={SEED}", "--only=sigkill,flush,network,lie", "--steps=delete", "--small"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.faults", *options, f"--json={written}"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert written.exists(), done.stderr
    runs = [json.loads(line) for line in written.read_text().splitlines()]
    assert [(run["fault"], run["struck"], run["broken"]) for run in runs] == [
        (fault, True, []) for fault in ("sigkill", "flush", "network", "lie")
    ]


def test_a_search_that_is_revived_leaves_the_approved_plan_alone(shop, amir, petra, work) -> None:
    """Its worker died after the plan was made, and somebody approved it before the sweep."""
    request = request_of("ana@example.org", amir)
    with acting(amir.as_actor()):
        starting.search(request)
    work()
    search = Job.objects.get(kind="erasure.find")
    approve(request, petra)
    Job.objects.filter(pk=search.pk).update(state=Job.State.QUEUED, finished_at=None)
    jobs.run(str(search.pk))
    request.refresh_from_db()
    search.refresh_from_db()
    assert (search.state, request.state) == ("done", State.APPROVED)
    assert [each.state for each in request.plans.all()] == [Plan.State.APPROVED]
    work()
    request.refresh_from_db()
    assert (request.state, request.outcome) == (State.COMPLETE, "erased")


def test_planning_that_is_revived_leaves_its_plan(shop, amir, work) -> None:
    request = request_of("ana@example.org", amir)
    with acting(amir.as_actor()):
        starting.search(request)
    work()
    SubjectRequest.objects.filter(pk=request.pk).update(state=State.FOUND)
    request.plans.update(state=Plan.State.STALE)
    with acting(amir.as_actor()):
        starting.plan(request)
    work()
    planning = Job.objects.get(kind="erasure.plan")
    Job.objects.filter(pk=planning.pk).update(state=Job.State.QUEUED, finished_at=None)
    jobs.run(str(planning.pk))
    request.refresh_from_db()
    planning.refresh_from_db()
    assert (planning.state, request.state, request.problem) == ("done", State.PLANNED, "")


def test_what_fails_late_does_not_fail_a_request_that_another_job_has(shop, amir, petra, work) -> None:
    request = request_of("ana@example.org", amir)
    with acting(amir.as_actor()):
        starting.search(request)
    work()
    approve(request, petra)
    on_failure = jobs.KINDS["erasure.find"].on_failure
    assert on_failure
    on_failure(Job.objects.get(kind="erasure.find"), "Too late.")
    request.refresh_from_db()
    assert (request.state, request.problem) == (State.APPROVED, "")


def test_a_letter_that_died_with_its_worker_is_sent_by_the_sweep(crm, plan) -> None:
    """Here nothing commits, so that the letter is never sent: as with a worker killed after its commit."""
    (step,) = drafted(plan, "ask_custodian")
    carried_out(step)
    assert (Task.objects.get().told_at, mail.outbox) == (None, [])
    assert sending.send_due() == (0, 0)  # not yet: perhaps it is under way
    Task.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
    assert sending.send_due() == (1, 0)
    assert [message.to for message in mail.outbox] == [["carl@console.example"]]
    task = Task.objects.get()
    assert (task.told_at is not None, task.next_try_at) == (True, None)
    assert sending.send_due() == (0, 0)


def test_a_letter_that_no_server_takes_is_tried_again(crm, plan, monkeypatch) -> None:
    (step,) = drafted(plan, "ask_custodian")
    carried_out(step)
    monkeypatch.setattr(asking, "write", lambda *_, **__: False)
    Task.objects.update(next_try_at=timezone.now())
    assert sending.send_due() == (0, 1)
    task = Task.objects.get()
    assert (task.attempts, task.told_at) == (1, None)
    assert timedelta() < task.next_try_at - timezone.now() <= sending.WAITS[0]


def test_a_heartbeat_outlives_a_restart_of_the_database(db, monkeypatch, settings) -> None:
    settings.JOB_HEARTBEAT_SECONDS = 0.01
    beaten = threading.Event()
    answers = iter([OperationalError("the connection is closed"), 1])

    class Mine:
        def update(self, **values: object) -> int:
            answer = next(answers, 1)
            if isinstance(answer, OperationalError):
                raise answer
            beaten.set()
            return answer

    heart = jobs.Heartbeat([Job(pk="0" * 32, attempt=1)])
    monkeypatch.setattr(heart, "mine", [Mine()])
    with heart:
        assert beaten.wait(5)


def test_a_measure_that_failed_is_owed_by_the_next_plan(
    declared, totals, shop_database, amir, petra, work, monkeypatch
) -> None:
    """All rows are gone by then: a request that ended here would be complete with totals that count the person."""
    with monkeypatch.context() as patch:
        patch.setattr(running, "differing", lambda data_set: 1)
        request = approve(estate.find(request_of("ana@example.org", amir), amir, work), petra, work)
    assert request.state == State.RESIDUAL
    shop_database.execute("INSERT INTO article_totals VALUES ('pot', 1, 7)")
    request = estate.find(request, amir, work)
    assert request.state == State.PLANNED
    steps = {step.target: step for step in request.plans.get(state=Plan.State.PROPOSED).steps.all()}
    assert steps["shop / public.article_totals"].facts["owed"] is True
    request = approve(request, petra, work)
    assert (request.state, request.outcome) == (State.COMPLETE, "erased")
    assert shop_database.execute("SELECT article, customers FROM article_totals") == [("tea", 2)]


def test_a_recipient_is_told_although_the_plan_stopped_before(shop, shop_database, amir, petra, work) -> None:
    recipient = Recipient.objects.create(name="Mailer GmbH", kind="processor")
    recipient.data_sets.add(estate.data_set(shop, "purchase"))
    request = estate.find(request_of("ana@example.org", amir), amir, work)
    shop_database.execute("""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'check_violation'; END $$;
        CREATE TRIGGER guard BEFORE DELETE ON customer FOR EACH ROW EXECUTE FUNCTION refuse()""")
    request = approve(request, petra, work)
    assert request.state == State.RESIDUAL
    assert shop_database.execute("SELECT count(*) FROM purchase WHERE customer_id = 1") == [(0,)]
    shop_database.execute("DROP TRIGGER guard ON customer")
    request = estate.find(request, amir, work)
    steps = request.plans.get(state=Plan.State.PROPOSED).steps.filter(method="notify")
    assert [(step.target, step.facts["owed"]) for step in steps] == [("Mailer GmbH", True)]
    request = approve(request, petra, work)
    assert (request.state, Task.objects.get().recipient) == (State.WAITING, recipient)


def test_what_is_made_of_the_rows_is_recomputed_after_them_in_a_second_plan_too(
    declared, totals, shop_database, amir, petra, work
) -> None:
    """Rows that are looked for again by their keys are no identity rows: the totals would be made before they go."""
    request = estate.find(request_of("ana@example.org", amir), amir, work)
    first = [(step.method, step.target, step.identity) for step in request.plans.get().steps.all()]
    request = estate.find(request, amir, work)
    plan = request.plans.get(state=Plan.State.PROPOSED)
    assert [(step.method, step.target, step.identity) for step in plan.steps.all()] == first
    request = approve(request, petra, work)
    assert request.state == State.COMPLETE
    assert shop_database.execute("SELECT article, customers FROM article_totals") == [("tea", 2)]


@pytest.mark.django_db(transaction=True)
def test_two_who_recompute_at_once_do_not_fill_it_twice(declared, shop_database) -> None:
    me = Actor("system", "test")
    answers = at_once(*[(me, lambda: running.recompute(declared.data_set))] * 4)
    assert answers == [(3, 0)] * 4
    assert shop_database.execute("SELECT count(*) FROM article_totals") == [(3,)]
