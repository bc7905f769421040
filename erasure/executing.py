"""Carry out an approved plan: the only place that opens a store for writing.

Nothing is written unless everything still is as it was approved. Then step by step, chunk by chunk, each chunk
idempotent and the cursor saved behind it, so that a worker killed anywhere goes on where it was. Identity rows go
last, and only after nothing else of the person is left. What a step reports is read back from the store.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.connectors.base import Connector, ConnectorError, DataSetInfo, Unreachable
from catalog.connectors.destruction import open_writable
from catalog.models import DataSet, System
from erasure import events
from erasure.custodians.exempting import in_force
from erasure.expiry import carrying_out as expiry
from erasure.finding import Connections
from erasure.fingerprints import fingerprint_of, schema_digest
from erasure.keysets import KeySet
from erasure.looking_again import first_look, next_look
from erasure.measures import registry as measures
from erasure.methods import registry
from erasure.models import Plan, Step, SubjectRequest
from erasure.requests.letters import send_letter
from erasure.requests.states import move
from erasure.rights import right_of
from erasure.searching import known_keys
from erasure.verifying import Verification, search_again, strays
from governance.console.jobs import JobFailed, Progress
from retention.holds import holds_on

State = SubjectRequest.State
RETRY_AFTER_SECONDS = (1, 3, 9)


@contextmanager
def writable(system: System) -> Iterator[Connector]:
    """The system opened for writing, for measures and for recomputations that were approved."""
    with open_writable(system.kind, system.all_settings()) as connector:
        yield connector


def rehearse(steps: list[Step], keys: dict[int, KeySet]) -> list[int]:
    """Try the steps, all of one system, in their store and undo them: the rows each would change.

    A step that writes nothing is counted. Raises ConnectorError where carrying them out would fail.
    """
    system = steps[0].data_set.system
    with open_writable(system.kind, system.all_settings()) as connector:
        operations = [
            registry.get(step.method)().operation(step, keys[step.data_set_id].part(step.part).matches)
            for step in steps
        ]
        writing = [operation for operation in operations if operation]
        touched = iter(connector.rehearse(writing) if writing else [])
        return [
            next(touched)
            if operation
            else connector.count(step.data_set.name, keys[step.data_set_id].part(step.part).matches)
            for step, operation in zip(steps, operations, strict=True)
        ]


def execute(plan: Plan) -> Iterator[Progress]:
    """Carry out an approved plan, or go on with one that was interrupted, and search again afterwards.

    Ends with the request complete, residual found, or back to be planned if the plan was overtaken. Raises JobFailed
    if a system does not answer; then `approving.resume` goes on later. A plan in any other state: nothing is done.
    """
    if plan.state not in (Plan.State.APPROVED, Plan.State.EXECUTING):
        return
    if plan.request is None:
        yield from expiry.execute(plan, open_writable)
        return
    keys = known_keys(plan.request)
    steps = list(plan.steps.select_related("data_set__system"))
    for step in steps:
        step.plan = plan
    total = sum(step.rows_before for step in steps)
    yield Progress(0, total, "Checking that nothing has changed")
    try:
        if plan.state == Plan.State.APPROVED:
            why = overtaken(plan, steps, keys)
            if why:
                _set_aside(plan, why)
                return
            _start(plan)
        done = 0
        for step in steps:
            if _stops(step) or (step.identity and _person_came_back(plan, steps)):
                break
            if step.state not in (Step.State.DONE, Step.State.FAILED):
                if is_measure(step):
                    yield Progress(done, total, f"{measures.get(step.method).label}: {step.target}")
                    _measure(step)
                else:
                    for rows in _with_retries(step, keys[step.data_set_id].part(step.part)):
                        yield Progress(
                            done + rows, total, f"{registry.get(step.method).label}: {step.data_set.name}"
                        )
            done += step.rows_before
            if _stops(step):
                break
        for step in steps:  # once more: what the rows tell now, somebody else need not say
            if is_measure(step) and step.state == Step.State.WAITING:
                _measure(step)
        yield Progress(done, total, "Searching again")
        rows_of = [step for step in steps if not is_measure(step)]
        _conclude(plan, steps, search_again(plan.request, rows_of))
    except ConnectorError as problem:
        raise JobFailed(f"{plan} was interrupted and can be resumed. {problem}") from problem


def overtaken(plan: Plan, steps: list[Step], keys: dict[int, KeySet]) -> str:
    """Why the plan must not be carried out any more; empty if all is as it was approved."""
    if fingerprint_of(plan, steps) != plan.fingerprint:
        return "The stored plan is not the one that was approved."
    on_rows = [step for step in steps if not is_measure(step)]
    holds = holds_on(step.data_set for step in on_rows)
    with Connections() as connections:
        schemas = current_schemas(connections, [step.data_set for step in on_rows])
        for step in on_rows:
            hold = holds.get(step.data_set_id)
            if (hold.pk if hold else None) != step.hold_id:
                return f"The legal holds on {step.data_set} have changed."
            if keys[step.data_set_id].part(step.part).digest() != step.keys_digest:
                return f"The person was searched for again, with another result in {step.data_set}."
            digest = schema_digest(schemas[step.data_set_id], step.data_set.system)
            if not digest:
                return f"{step.data_set} is gone."
            if digest != step.schema_digest:
                return f"The structure of {step.data_set}, or the settings of its system, changed."
            connector = connections.to(step.data_set.system)
            rows = connector.count(step.data_set.name, keys[step.data_set_id].part(step.part).matches)
            if rows != step.rows_before:
                return f"{step.data_set} had {step.rows_before} rows of the person and has {rows} now."
    return ""


def current_schemas(connections: Connections, data_sets: list[DataSet]) -> dict[int, DataSetInfo | None]:
    """What the stores say now about these data sets; None for one that is gone."""
    schemas: dict[int, DataSetInfo | None] = {data_set.pk: None for data_set in data_sets}
    by_system: dict[int, list[DataSet]] = {}
    for data_set in data_sets:
        by_system.setdefault(data_set.system_id, []).append(data_set)
    for members in by_system.values():
        wanted = {data_set.name: data_set.pk for data_set in members}
        for info in connections.to(members[0].system).discover():
            if info.name in wanted:
                schemas[wanted[info.name]] = info
    return schemas


def _with_retries(step: Step, keys: KeySet) -> Iterator[int]:
    """Carry out one step; a store that stops answering is asked again a few times. Yields rows handled so far."""
    system = step.data_set.system
    for pause in (*RETRY_AFTER_SECONDS, None):
        try:
            with open_writable(system.kind, system.all_settings()) as connector:
                yield from _carry_out(step, keys, connector)
            return
        except Unreachable:
            if pause is None:
                raise
            time.sleep(pause)
        except ConnectorError as problem:
            _finish(step, rows_after=step.rows_before, problem=str(problem))
            return


def _carry_out(step: Step, keys: KeySet, connector: Connector) -> Iterator[int]:
    method = registry.get(step.method)()
    if step.state == Step.State.PENDING:
        step.written = method.written(connector, step, keys.matches)
        step.state, step.started_at = Step.State.RUNNING, timezone.now()
        step.save(update_fields=["written", "state", "started_at"])
    for following, match in keys.chunks(connector.keys_per_change, start=step.cursor):
        method.execute(connector, step, match)
        step.cursor = following
        step.save(update_fields=["cursor"])
        yield min(following, step.rows_before)
    still_there = None
    if method.settles:
        connector.settle(step.data_set.name)
        still_there = connector.lingering(step.data_set.name, keys.matches)
    if still_there is not None:
        _wait(step, rows=still_there.rows, waits_for=still_there.why, until=still_there.until)
        return
    remaining = method.remaining(connector, step, keys.matches)
    if remaining and method.left:
        _wait(step, rows=remaining, waits_for=method.left)
    else:
        _finish(step, rows_after=remaining)


def _measure(step: Step) -> None:
    """Carry out a step beside the rows; one that waits is only looked at again."""
    measure = measures.get(step.method)()
    if step.state == Step.State.PENDING:
        step.state, step.started_at = Step.State.RUNNING, timezone.now()
        step.save(update_fields=["state", "started_at"])
    outcome = measure.check(step) if step.state == Step.State.WAITING else measure.execute(step)
    if outcome.facts:
        step.facts["outcome"] = step.facts.get("outcome", {}) | outcome.facts
        step.save(update_fields=["facts"])
    if outcome.waits_for:
        _wait(step, rows=outcome.left, waits_for=outcome.waits_for, until=outcome.until)
    else:
        _finish(step, rows_after=outcome.left, problem=outcome.problem)


def is_measure(step: Step) -> bool:
    """Whether the step acts beside the rows."""
    return step.method in measures.classes


def _stops(step: Step) -> bool:
    """Whether nothing may follow: a store failed. What fails beside the rows holds up no other step."""
    return step.state == Step.State.FAILED and not is_measure(step)


@transaction.atomic
def _wait(step: Step, *, rows: int, waits_for: str, until: datetime | None = None) -> None:
    """Leave a step to a store's own time, or to somebody's answer; recorded once, looked at ever less often."""
    fresh = step.state != Step.State.WAITING
    step.state, step.waits_for, step.waits_until = Step.State.WAITING, waits_for[:300], until
    step.rows_after, step.check_at = rows, next_look(step.attempts, until=until)
    step.attempts += 1
    step.save(update_fields=["state", "waits_for", "waits_until", "rows_after", "check_at", "attempts"])
    if fresh:
        record(
            events.STEP_WAITING,
            step.plan,
            subject=step.plan.subject,
            plan=step.plan.number,
            data_set=_where(step),
            method=step.method,
            rows_left=rows,
            waits_for=waits_for[:500],
            until=until.isoformat() if until else "",
        )


def _where(step: Step) -> str:
    return str(step.data_set) if step.data_set else step.target


@transaction.atomic
def _finish(step: Step, *, rows_after: int, problem: str = "") -> None:
    """Close a step with what was read back; exactly once, however often it is tried."""
    left_over = bool(problem) or rows_after > 0
    state = Step.State.FAILED if left_over else Step.State.DONE
    if left_over and not problem:
        problem = f"The store reported success, and {rows_after} rows still hold the person."
    still_open = [Step.State.PENDING, Step.State.RUNNING, Step.State.WAITING]
    closed = Step.objects.filter(pk=step.pk, state__in=still_open).update(
        state=state,
        rows_after=rows_after,
        problem=problem[:500],
        waits_for="",
        check_at=None,
        finished_at=timezone.now(),
    )
    step.refresh_from_db(fields=["state", "rows_after", "problem", "finished_at"])
    if not closed:
        return
    facts = {"plan": step.plan.number, "data_set": _where(step), "method": step.method}
    subject = step.plan.request.subject
    if left_over:
        record(events.STEP_FAILED, step.plan, subject=subject, rows_left=rows_after, **facts)
    else:
        record(
            events.STEP_DONE,
            step.plan,
            subject=subject,
            columns=step.written,
            rows_before=step.rows_before,
            rows_after=rows_after,
            **facts,
        )


def _person_came_back(plan: Plan, steps: list[Step]) -> bool:
    """Before the first identity row goes: whether rows of the person have appeared where they were erased."""
    rows = [step for step in steps if not is_measure(step)]
    done = [step for step in rows if step.state == Step.State.DONE]
    if not done or any(step.identity for step in done):
        return False
    waiting = [step for step in rows if step.state != Step.State.DONE]
    return bool(strays(plan.request, done, waiting).residue)


@transaction.atomic
def _start(plan: Plan) -> None:
    started = Plan.objects.filter(pk=plan.pk, state=Plan.State.APPROVED).update(
        state=Plan.State.EXECUTING, started_at=timezone.now()
    )
    if not started:
        raise JobFailed(f"{plan} was taken back in the meantime; nothing was written.")
    plan.refresh_from_db()
    move(plan.request, State.EXECUTING, since=[State.APPROVED, State.FAILED], problem="")
    right_of(plan.request.kind).settle(plan.request)
    record(events.PLAN_STARTED, plan, subject=plan.request.subject, fingerprint=plan.fingerprint)


@transaction.atomic
def _set_aside(plan: Plan, why: str) -> None:
    set_aside = Plan.objects.filter(pk=plan.pk, state=Plan.State.APPROVED).update(
        state=Plan.State.STALE, decision_reason=why[:300], finished_at=timezone.now()
    )
    if set_aside:
        problem = f"{why} Nothing was written. Search again and make a new plan."
        move(plan.request, State.FOUND, since=[State.APPROVED, State.FAILED], problem=problem)
        record(events.PLAN_OVERTAKEN, plan, subject=plan.request.subject, why=why)


def conclude_without_plan(request: SubjectRequest, drafts: list[Step]) -> None:
    """The search found nothing to erase, or (`drafts`) only rows that have been dealt with: search again and say so.

    Raises ConnectorError if a system does not answer.
    """
    earlier = Step.objects.filter(
        plan__request=request, state=Step.State.DONE, hit__isnull=False
    ).select_related("data_set__system")
    steps = {step.data_set_id: step for step in [*earlier.order_by("plan__number"), *drafts]}
    verification = search_again(request, steps.values())
    right = right_of(request.kind)
    outcome = right.done_for(request) if earlier else right.nothing_left if drafts else "no data found"
    with transaction.atomic():
        right.settle(request)
        _record_verification(request, request, verification)
        _end(request, verification, list(steps.values()), since=[State.FOUND], outcome=outcome)


@transaction.atomic
def _conclude(plan: Plan, steps: list[Step], verification: Verification) -> None:
    """Say how it ended: complete only if every step is done and the second search found nothing.

    While steps wait, and nothing else is left, so does the request.
    """
    open_steps = [step for step in steps if step.state != Step.State.DONE]
    waiting = [step for step in open_steps if step.state == Step.State.WAITING]
    for step in waiting:
        verification.residue.pop(_where(step), None)
    if waiting and len(waiting) == len(open_steps) and not verification.residue:
        _leave_waiting(plan, waiting)
        return
    all_done = all(step.state == Step.State.DONE for step in steps)
    concluded = Plan.objects.filter(pk=plan.pk, state=Plan.State.EXECUTING).update(
        state=Plan.State.EXECUTED if all_done else Plan.State.STOPPED, finished_at=timezone.now()
    )
    if not concluded:
        return
    _record_verification(plan.request, plan, verification)
    problem = next((step.problem for step in steps if step.problem), "")
    if not all_done and not problem:
        problem = "Rows of the person appeared while the plan was carried out."
    outcome = right_of(plan.request.kind).done_for(plan.request)
    since = (State.EXECUTING, State.WAITING, State.FAILED)
    _end(plan.request, verification, steps, since=since, outcome=outcome, problem=problem)


def _leave_waiting(plan: Plan, waiting: list[Step]) -> None:
    request = plan.request
    looked = min(step.check_at for step in waiting if step.check_at)
    said = "; ".join(dict.fromkeys(f"{_where(step)}: {step.waits_for}" for step in waiting))
    fresh = request.state != State.WAITING
    since = (State.EXECUTING, State.WAITING, State.FAILED)
    move(request, State.WAITING, since=since, problem=said[:500], residue=[], look_again_at=looked)
    if fresh:
        record(events.REQUEST_WAITING, request, subject=request.subject, waits_for=said[:500])


def _record_verification(
    request: SubjectRequest, target: Plan | SubjectRequest, verification: Verification
) -> None:
    record(
        events.ERASURE_VERIFIED,
        target,
        subject=request.subject,
        data_sets_searched=len(verification.searched),
        rows_left=verification.rows_left,
        where=list(verification.residue),
    )


def _end(
    request: SubjectRequest,
    verification: Verification,
    steps: list[Step],
    *,
    since: Iterable[str],
    outcome: str,
    problem: str = "",
) -> None:
    residue = list(verification.residue.values())
    if residue or problem:
        advice = "Search again and make a new plan for what is left."
        move(
            request,
            State.RESIDUAL,
            since=since,
            residue=residue,
            problem=f"{problem} {advice}".strip()[:500],
        )
        return
    held = [step for step in steps if step.hold_id]
    if held:
        outcome = f"{outcome}, except what a legal hold keeps"
    elif in_force(request):
        outcome = f"{outcome}, except what an exception of the law keeps"
    move(
        request,
        State.COMPLETE,
        since=since,
        residue=[],
        problem="",
        outcome=outcome,
        closed_at=timezone.now(),
        look_again_at=first_look(request),
    )
    record(events.REQUEST_COMPLETED, request, subject=request.subject, outcome=outcome)
    send_letter(request, "completed", held=held)
