"""Carry out an approved plan of expiry, chunk by chunk, and read back that nothing older is left.

Called by `erasure.executing` alone, which hands over the door to the store. A worker killed anywhere goes on: rows that
went are gone, and what is older is asked of the store anew each time.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.connectors.base import Connector, ConnectorError, Match, Older
from erasure.expiry import events
from erasure.expiry.ageing import older_rows
from erasure.expiry.aggregating import Totals, add_up, deliver
from erasure.expiry.models import Run
from erasure.expiry.planning import AGGREGATE, ANONYMIZE, EXPIRE, METHODS, RETAIN
from erasure.fingerprints import fingerprint_of, schema_digest
from erasure.models import Plan, Step
from erasure.replacing import carries, load
from governance.console.jobs import JobFailed, Progress
from retention.anonymization.destinations import DestinationError
from retention.holds import holds_on

LOOK_AGAIN = timedelta(hours=6)
Opening = Callable[[str, Mapping[str, Any]], Connector]


class Stopped(Exception):
    """The run must not go on: why. What was done stays done, and the rest is left alone."""


def execute(plan: Plan, opening: Opening) -> Iterator[Progress]:
    """Carry out the plan of a run, or go on with it. Raises JobFailed where the store does not answer."""
    run = Run.objects.select_related("data_set__system", "policy", "plan").get(plan=plan)
    steps = list(plan.steps.select_related("data_set__system"))
    total = max(step.rows_before for step in steps)
    try:
        if plan.state == Plan.State.APPROVED:
            why = overtaken(run, steps)
            if why:
                _set_aside(run, why)
                return
            _start(run)
        for step in steps:
            if step.state == Step.State.DONE:
                continue
            for done in _carry_out(run, step, opening):
                yield Progress(done, total, f"{METHODS[step.method]}: {run.data_set.name}")
            if step.state == Step.State.FAILED:
                break
        if not any(step.state == Step.State.WAITING for step in steps):
            _conclude(run, steps)
    except ConnectorError as problem:
        Run.objects.filter(pk=run.pk).update(problem=str(problem)[:500])
        raise JobFailed(f"{plan} was interrupted and can be resumed. {problem}") from problem


def overtaken(run: Run, steps: list[Step]) -> str:
    """Why the plan must not be carried out any more; empty if all is as it was approved.

    Fewer rows than were counted are no reason: requests erase in the meantime. More are.
    """
    if fingerprint_of(run.plan, steps) != run.plan.fingerprint:
        return "The stored plan is not the one that was approved."
    if run.policy.retired_at:
        return f"The policy {run.policy} was retired."
    if run.data_set.pk in holds_on([run.data_set]):
        return f"A legal hold was placed on {run.data_set}."
    older = _older(steps[0])
    with run.data_set.system.connect() as connector:
        info = next((each for each in connector.discover() if each.name == run.data_set.name), None)
        if schema_digest(info, run.data_set.system) != steps[0].schema_digest:
            return f"The structure of {run.data_set}, or the settings of its system, changed."
        rows = connector.count_older(run.data_set.name, older)
    if rows > steps[0].rows_before:
        return f"{run.data_set} had {steps[0].rows_before} rows that old and has {rows} now."
    return ""


def _carry_out(run: Run, step: Step, opening: Opening) -> Iterator[int]:
    system = run.data_set.system
    if step.state == Step.State.PENDING:
        step.state, step.started_at = Step.State.RUNNING, timezone.now()
        step.save(update_fields=["state", "started_at"])
    try:
        with opening(system.kind, system.all_settings()) as connector:
            yield from DOING[step.method](run, step, connector)
    except Stopped as why:
        _finish(step, problem=str(why))


def _expire(run: Run, step: Step, connector: Connector) -> Iterator[int]:
    name, older = run.data_set.name, _older(step)
    _require_counted(run, connector, older)
    while True:
        _require_free(run)
        gone = connector.expire(name, older, limit=connector.keys_per_change)
        if not gone:
            break
        step.cursor += gone
        step.save(update_fields=["cursor"])
        yield step.cursor
    connector.settle(name)
    _finish(step, left=connector.count_older(name, older))


def _anonymize(run: Run, step: Step, connector: Connector) -> Iterator[int]:
    """Overwrite the rows that are older and do not carry their replacements yet."""
    replacements = {name: load(stored) for name, stored in step.replacements.items()}
    name, older, key = run.data_set.name, _older(step), list(run.data_set.primary_key)
    step.cursor = 0
    with run.data_set.system.connect() as reading:
        for keys in _still_personal(reading, name, older, key, replacements, connector.keys_per_change):
            _require_free(run)
            connector.overwrite(name, [Match(keys)], replacements)
            step.cursor += keys.num_rows
            step.save(update_fields=["cursor"])
            yield step.cursor
    connector.settle(name)
    with run.data_set.system.connect() as reading:
        left = sum(
            keys.num_rows
            for keys in _still_personal(reading, name, older, key, replacements, connector.keys_per_change)
        )
    _finish(step, left=left)


def _aggregate(run: Run, step: Step, connector: Connector) -> Iterator[int]:
    if "outcome" in step.facts:  # delivered by a worker that was killed right after
        yield step.cursor
        _finish(step, left=0)
        return
    totals, older = Totals.of(run.data_set, step.facts["totals"]), _older(step)
    table, rows, small = add_up(connector, run.data_set, older, totals)
    try:
        delivered = deliver(
            # Of other rows than an attempt before counted it is another delivery, and finds the name taken.
            table,
            totals,
            run=f"expiry-{run.pk}-{rows}",
            suffix=timezone.localdate(older.moment).isoformat(),
        )
    except (DestinationError, OSError) as problem:
        raise Stopped(f"The totals could not be kept, so nothing was deleted. {problem}") from problem
    step.facts["outcome"] = {
        "location": delivered.location,
        "sha256": delivered.digest,
        "rows": rows,
        "groups": table.num_rows,
        "groups_too_small": small,
    }
    step.cursor = rows
    step.save(update_fields=["facts", "cursor"])
    yield rows
    _finish(step, left=0)


def _retain(run: Run, step: Step, connector: Connector) -> Iterator[int]:
    """Have the store keep rows no longer than the policy says; what is older goes in the store's own time."""
    name, period = run.data_set.name, timedelta(days=step.facts["days"])
    before = connector.retention_of(name)
    if before is None or before > period:
        _require_free(run)
        connector.set_retention(name, period)
    now = connector.retention_of(name)
    if now is None or now > period:
        raise Stopped(f"The store was told to keep rows {period.days} days, and says something else.")
    left = connector.count_older(name, _older(step))
    yield step.rows_before - left
    if left:
        step.state = Step.State.WAITING
        step.waits_for = "the store to remove what is older than its retention, in its own time"
        step.check_at = timezone.now() + LOOK_AGAIN
        step.attempts += 1
        step.rows_after = left
        step.save(update_fields=["state", "waits_for", "check_at", "attempts", "rows_after"])
        return
    step.cursor = step.rows_before
    _finish(step, left=0)


DOING: dict[str, Callable[[Run, Step, Connector], Iterator[int]]] = {
    EXPIRE: _expire,
    ANONYMIZE: _anonymize,
    AGGREGATE: _aggregate,
    RETAIN: _retain,
}


def _still_personal(
    reading: Connector, name: str, older: Older, key: list[str], replacements: Mapping, batch_rows: int
) -> Iterator[pa.Table]:
    """The keys of rows that are older and still hold something personal, batch by batch."""
    for batch in older_rows(reading, name, older, [*key, *replacements], batch_rows=batch_rows):
        table = pa.Table.from_batches([batch])
        clean = None
        for column, replacement in replacements.items():
            held = carries(table.column(column), replacement)
            clean = held if clean is None else pc.and_(clean, held)
        left = table.filter(pc.invert(clean)).select(key)
        if left.num_rows:
            yield left


def _older(step: Step) -> Older:
    return Older(step.condition["column"], datetime.fromisoformat(step.condition["before"]))


def _require_free(run: Run) -> None:
    """Asked again before each chunk: a hold placed meanwhile stops the run."""
    if run.data_set.pk in holds_on([run.data_set]):
        raise Stopped(f"A legal hold was placed on {run.data_set} while the run was at work.")


def _require_counted(run: Run, connector: Connector, older: Older) -> None:
    """Rows that came after the totals were counted must not go uncounted."""
    before = run.plan.steps.filter(method=AGGREGATE, state=Step.State.DONE).first()
    if before is None or run.plan.steps.get(method=EXPIRE).cursor:
        return
    rows = connector.count_older(run.data_set.name, older)
    counted = before.facts["outcome"]["rows"]
    if rows > counted:
        raise Stopped(f"{rows - counted} rows came after the totals were counted.")


@transaction.atomic
def _start(run: Run) -> None:
    started = Plan.objects.filter(pk=run.plan_id, state=Plan.State.APPROVED).update(
        state=Plan.State.EXECUTING, started_at=timezone.now()
    )
    if not started:
        raise JobFailed(f"{run} was taken back in the meantime; nothing was written.")
    run.plan.refresh_from_db()
    record(events.RUN_STARTED, run, fingerprint=run.plan.fingerprint)


@transaction.atomic
def _set_aside(run: Run, why: str) -> None:
    set_aside = Plan.objects.filter(pk=run.plan_id, state=Plan.State.APPROVED).update(
        state=Plan.State.STALE, decision_reason=why[:300], finished_at=timezone.now()
    )
    if set_aside:
        record(events.RUN_OVERTAKEN, run, why=why)


@transaction.atomic
def _finish(step: Step, *, left: int = 0, problem: str = "") -> None:
    """Close a step with what was read back; exactly once, however often it is tried."""
    if left and not problem:
        problem = f"The store reported success, and {left} rows are still there."
    failed = bool(problem)
    still_open = [Step.State.PENDING, Step.State.RUNNING, Step.State.WAITING]
    closed = Step.objects.filter(pk=step.pk, state__in=still_open).update(
        state=Step.State.FAILED if failed else Step.State.DONE,
        rows_after=left,
        problem=problem[:500],
        finished_at=timezone.now(),
    )
    step.refresh_from_db()
    if not closed:
        return
    facts = {"data_set": str(step.data_set), "method": step.method}
    if failed:
        record(events.EXPIRY_STEP_FAILED, step.plan, rows_left=left, why=problem, **facts)
    else:
        record(
            events.EXPIRY_STEP_DONE,
            step.plan,
            rows_before=step.rows_before,
            rows_changed=step.cursor,
            rows_left=left,
            **facts,
        )


@transaction.atomic
def _conclude(run: Run, steps: list[Step]) -> None:
    done = all(step.state == Step.State.DONE for step in steps)
    concluded = Plan.objects.filter(pk=run.plan_id, state=Plan.State.EXECUTING).update(
        state=Plan.State.EXECUTED if done else Plan.State.STOPPED, finished_at=timezone.now()
    )
    if not concluded:
        return
    problem = next((step.problem for step in steps if step.problem), "")
    Run.objects.filter(pk=run.pk).update(problem=problem)
    left = sum(step.rows_after or 0 for step in steps)
    record(events.RUN_ENDED, run, outcome="executed" if done else "stopped", rows_left=left)
