"""How plans and their steps stand, written as it happens, for one or for many at once: each entry exactly once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from audit.ledger.recording import record, record_many
from catalog.connectors.base import ConnectorError
from erasure import events
from erasure.custodians.models import RowExemption
from erasure.looking_again import after_silence, first_look, next_look
from erasure.measures.base import Outcome
from erasure.models import Plan, Step, SubjectRequest
from erasure.requests.letters import send_letters
from erasure.requests.states import move, move_many
from erasure.rights import right_of
from erasure.verifying import Verification
from erasure.working import Work, carried_out

State = SubjectRequest.State
BEFORE = (State.APPROVED, State.WAITING, State.FAILED)
AT_WORK = (State.EXECUTING, State.WAITING, State.FAILED)
OPEN = (Step.State.PENDING, Step.State.RUNNING, Step.State.WAITING)
ADVICE = "Search again and make a new plan for what is left."


@transaction.atomic
def start(works: Sequence[Work]) -> list[Work]:
    """Begin the approved plans; which have begun. One that was taken back meanwhile is left alone."""
    now = timezone.now()
    by_pk = {work.plan.pk: work for work in works}
    approved = Plan.objects.select_for_update().filter(pk__in=by_pk, state=Plan.State.APPROVED)
    begun = [by_pk[pk] for pk in approved.order_by("pk").values_list("pk", flat=True)]
    moved = move_many((work.request for work in begun), State.EXECUTING, since=BEFORE, problem="")
    begun = [work for work in begun if work.request.pk in moved]
    plans = [work.plan for work in begun]
    Plan.objects.filter(pk__in=[plan.pk for plan in plans]).update(state=Plan.State.EXECUTING, started_at=now)
    for plan in plans:
        plan.state, plan.started_at = Plan.State.EXECUTING, now
    by_kind: dict[str, list[SubjectRequest]] = {}
    for work in begun:
        by_kind.setdefault(work.request.kind, []).append(work.request)
    for kind, requests in by_kind.items():
        right_of(kind).settle_all(requests)
    record_many(
        events.PLAN_STARTED, ((plan, plan.subject, {"fingerprint": plan.fingerprint}) for plan in plans)
    )
    return begun


@transaction.atomic
def set_aside(work: Work, why: str) -> None:
    """A plan that does not match what was approved: nothing of it is done."""
    plan = work.plan
    overtaken = Plan.objects.filter(pk=plan.pk, state=Plan.State.APPROVED).update(
        state=Plan.State.STALE, decision_reason=why[:300], finished_at=timezone.now()
    )
    if overtaken:
        problem = f"{why} Nothing was written. Search again and make a new plan."
        move(work.request, State.FOUND, since=BEFORE, problem=problem)
        record(events.PLAN_OVERTAKEN, plan, subject=plan.subject, why=why)


def begin_steps(steps: Iterable[Step], written: Sequence[str] = ()) -> None:
    """Mark steps as running, with the columns that hold something to be overwritten."""
    fresh = [step for step in steps if step.started_at is None]
    now = timezone.now()
    for step in fresh:
        step.state, step.started_at, step.written = Step.State.RUNNING, now, list(written)
    Step.objects.filter(pk__in=[step.pk for step in fresh]).update(
        state=Step.State.RUNNING, started_at=now, written=list(written)
    )


def save_cursors(reached: Mapping[Step, int]) -> None:
    """Keep how far each step is, in one statement."""
    for step, cursor in reached.items():
        step.cursor = cursor
    with connection.cursor() as statement:
        statement.execute(
            "UPDATE erasure_step SET cursor = reached.cursor "
            "FROM unnest(%s::bigint[], %s::bigint[]) AS reached (id, cursor) WHERE erasure_step.id = reached.id",
            [[step.pk for step in reached], list(reached.values())],
        )


@transaction.atomic
def close_steps(outcomes: Sequence[tuple[Step, Outcome]]) -> None:
    """Keep what was read back of steps: done, failed, or waiting; each recorded once, however often it is tried."""
    pks = [step.pk for step, _ in outcomes]
    still_open = set(
        Step.objects.select_for_update()
        .filter(pk__in=pks, state__in=OPEN)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    done = [step for step, outcome in outcomes if not (outcome.left or outcome.problem or outcome.waits_for)]
    _done([step for step in done if step.pk in still_open])
    for step, outcome in outcomes:
        if step.pk not in still_open:
            step.refresh_from_db(fields=["state", "rows_after", "problem", "finished_at"])
        elif outcome.waits_for:
            _wait(step, outcome)
        elif outcome.left or outcome.problem:
            _failed(step, outcome)


def delay_steps(steps: Iterable[Step], silence: ConnectorError) -> None:
    """Leave steps to a system that does not answer: they are not carried out yet, and tried again by themselves."""
    for step in steps:
        if step.state in OPEN:
            step.state, step.waits_for, step.waits_until = Step.State.WAITING, str(silence)[:300], None
            step.check_at = next_look(step.attempts)
            step.attempts += 1
            step.save(update_fields=["state", "waits_for", "waits_until", "check_at", "attempts"])


def _done(steps: Sequence[Step]) -> None:
    now = timezone.now()
    for step in steps:
        step.state, step.rows_after, step.finished_at = Step.State.DONE, 0, now
        step.problem, step.waits_for, step.check_at = "", "", None
    Step.objects.filter(pk__in=[step.pk for step in steps]).update(
        state=Step.State.DONE, rows_after=0, problem="", waits_for="", check_at=None, finished_at=now
    )
    record_many(
        events.STEP_DONE,
        (
            (
                step.plan,
                step.plan.subject,
                _facts(step) | {"columns": step.written, "rows_before": step.rows_before, "rows_after": 0},
            )
            for step in steps
        ),
    )


def _failed(step: Step, outcome: Outcome) -> None:
    step.problem = outcome.problem[:500]
    if not step.problem:
        step.problem = f"The store reported success, and {outcome.left} rows still hold the person."
    step.state, step.rows_after, step.finished_at = Step.State.FAILED, outcome.left, timezone.now()
    step.waits_for, step.check_at = "", None
    step.save(update_fields=["state", "rows_after", "problem", "waits_for", "check_at", "finished_at"])
    record(events.STEP_FAILED, step.plan, subject=step.plan.subject, rows_left=outcome.left, **_facts(step))


def _wait(step: Step, outcome: Outcome) -> None:
    """Leave a step to a store's own time, or to somebody's answer; looked at ever less often."""
    fresh = not carried_out(step)
    step.state, step.rows_after = Step.State.WAITING, outcome.left
    step.waits_for, step.waits_until = outcome.waits_for[:300], outcome.until
    step.check_at = next_look(step.attempts, until=outcome.until)
    step.attempts += 1
    step.save(update_fields=["state", "waits_for", "waits_until", "rows_after", "check_at", "attempts"])
    if fresh:
        record(
            events.STEP_WAITING,
            step.plan,
            subject=step.plan.subject,
            rows_left=outcome.left,
            waits_for=outcome.waits_for[:500],
            until=outcome.until.isoformat() if outcome.until else "",
            **_facts(step),
        )


def _facts(step: Step) -> dict[str, str | int]:
    return {"plan": step.plan.number, "data_set": where(step), "method": step.method}


def where(step: Step) -> str:
    """What a step acts on, in words."""
    return str(step.data_set) if step.data_set else step.target


@transaction.atomic
def conclude(found: Sequence[tuple[Work, Verification]]) -> None:
    """Say how plans ended: complete only if every step is done and the second search found nothing.

    While steps wait, and nothing else is left, so does the request.
    """
    ended = []
    for work, verification in found:
        open_steps = [step for step in work.steps if step.state != Step.State.DONE]
        waiting = [step for step in open_steps if step.state == Step.State.WAITING]
        for step in waiting:
            verification.residue.pop(where(step), None)
        if waiting and len(waiting) == len(open_steps) and not verification.residue and not work.returned:
            leave_waiting(work)
        else:
            ended.append((work, verification, bool(open_steps)))
    ours = _close([work for work, _, _ in ended if all(s.state == Step.State.DONE for s in work.steps)])
    ours |= _close([work for work, _, stopped in ended if stopped], state=Plan.State.STOPPED)
    these = [(work, verification, stopped) for work, verification, stopped in ended if work.plan.pk in ours]
    record_many(
        events.ERASURE_VERIFIED,
        ((work.plan, work.plan.subject, _verified(verification)) for work, verification, _ in these),
    )
    whole = []
    for work, verification, stopped in these:
        if verification.residue or stopped:
            problem = next((step.problem for step in work.steps if step.problem), "")
            if stopped and not problem:
                problem = "Rows of the person appeared while the plan was carried out."
            _residual(work.request, verification, problem, since=AT_WORK)
        else:
            whole.append((work.request, right_of(work.request.kind).done_for(work.request), work.steps))
    complete(whole, since=AT_WORK)


def _close(works: Sequence[Work], *, state: str = Plan.State.EXECUTED) -> set[int]:
    """End plans that are being carried out; which were."""
    pks = [work.plan.pk for work in works]
    executing = Plan.objects.select_for_update().filter(pk__in=pks, state=Plan.State.EXECUTING)
    ours = set(executing.order_by("pk").values_list("pk", flat=True))
    Plan.objects.filter(pk__in=ours).update(state=state, finished_at=timezone.now())
    return ours


def leave_waiting(work: Work) -> None:
    """The request waits for what its steps wait for, and for whose turn comes after that."""
    waiting = [step for step in work.steps if step.state == Step.State.WAITING]
    said = "; ".join(dict.fromkeys(f"{where(step)}: {step.waits_for}" for step in waiting))
    looked = min((step.check_at for step in waiting if step.check_at), default=None)
    wait(work.request, said, since=AT_WORK, at=looked or after_silence(work.plan.started_at))


@transaction.atomic
def wait(request: SubjectRequest, waits_for: str, *, since: Iterable[str], at: datetime) -> None:
    """Leave a request to wait until `at`; recorded once, however often it is looked at in vain. Raises NotNow."""
    fresh = request.state != State.WAITING
    said = waits_for[:500]
    move(request, State.WAITING, since=since, problem=said, residue=[], look_again_at=at)
    if fresh:
        record(events.REQUEST_WAITING, request, subject=request.subject, waits_for=said)


def settle(request: SubjectRequest, verification: Verification, steps: Sequence[Step], outcome: str) -> None:
    """End a request that needed no plan by what the second search found, in the caller's transaction."""
    right_of(request.kind).settle(request)
    record(events.ERASURE_VERIFIED, request, subject=request.subject, **_verified(verification))
    if verification.residue:
        _residual(request, verification, "", since=[State.FOUND])
    else:
        complete([(request, outcome, steps)], since=[State.FOUND])


def _verified(verification: Verification) -> dict[str, Any]:
    return {
        "data_sets_searched": len(verification.searched),
        "rows_left": verification.rows_left,
        "where": list(verification.residue),
    }


def _residual(
    request: SubjectRequest, verification: Verification, problem: str, *, since: Iterable[str]
) -> None:
    residue = list(verification.residue.values())
    said = f"{problem} {ADVICE}".strip()[:500]
    move(request, State.RESIDUAL, since=since, residue=residue, problem=said)


def complete(whole: Sequence[tuple[SubjectRequest, str, Sequence[Step]]], *, since: Iterable[str]) -> None:
    """Complete requests, each with its outcome, in the caller's transaction; the persons are written to."""
    excepted = set(
        RowExemption.objects.filter(request__in=[request for request, _, _ in whole], withdrawn_at=None)
        .values_list("request_id", flat=True)
        .distinct()
    )
    by_outcome: dict[tuple[str, str], list[tuple[SubjectRequest, list[Step]]]] = {}
    for request, outcome, steps in whole:
        held = [step for step in steps if step.hold_id]
        if held:
            outcome = f"{outcome}, except what a legal hold keeps"
        elif request.pk in excepted:
            outcome = f"{outcome}, except what an exception of the law keeps"
        by_outcome.setdefault((request.kind, outcome), []).append((request, held))
    for (_, outcome), these in by_outcome.items():
        moved = move_many(
            (request for request, _ in these),
            State.COMPLETE,
            since=since,
            residue=[],
            problem="",
            outcome=outcome,
            closed_at=timezone.now(),
            look_again_at=first_look(these[0][0]),
        )
        told = [(request, held) for request, held in these if request.pk in moved]
        record_many(
            events.REQUEST_COMPLETED,
            ((request, request.subject, {"outcome": outcome}) for request, _ in told),
        )
        send_letters("completed", [(request, {"held": held}) for request, held in told])
