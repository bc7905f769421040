"""Erase again in a restored copy, by an approved plan, chunk by chunk; then look again for everybody.

Called by `erasure.executing` alone, which hands over the door to the store. A worker killed anywhere goes on from the
cursor of its step. Afterwards the keys that the plan kept sealed are destroyed.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.connectors.base import Connector, ConnectorError
from catalog.models import System
from erasure.fingerprints import fingerprint_of, schema_digest
from erasure.keysets import KeySet
from erasure.methods import registry as methods
from erasure.models import Plan, Step
from erasure.registry import events
from erasure.registry.models import Replay
from erasure.registry.replays.looking import Look, look
from erasure.registry.replays.places import place_of
from governance.console.jobs import JobFailed, Progress
from retention.holds import holds_on

Opening = Callable[[str, Mapping[str, Any]], Connector]
State = Replay.State


class Stopped(Exception):
    """The replay must not go on: why. What was done stays done, and the rest is left alone."""


def bound_to(replay: Replay) -> str:
    """What the sealed keys of its plan are bound to."""
    return f"replay {replay.pk}"


def execute(plan: Plan, opening: Opening) -> Iterator[Progress]:
    """Carry out the plan of a replay, or go on with it, and look again. Raises JobFailed if the copy is silent."""
    replay = Replay.objects.select_related("system", "backup", "plan").get(plan=plan)
    place = place_of(replay)
    steps = list(plan.steps.select_related("data_set", "hold"))
    for step in steps:
        step.plan = plan
        if step.data_set:
            step.data_set.system = place
    total = sum(step.rows_before for step in steps)
    yield Progress(0, total, "Checking that nothing has changed")
    try:
        if plan.state == Plan.State.APPROVED:
            why = overtaken(replay, place, steps)
            if why:
                _set_aside(replay, why)
                return
            _start(replay)
        done = 0
        for step in steps:
            if step.state not in (Step.State.DONE, Step.State.FAILED):
                for rows in _carry_out(replay, place, step, opening):
                    yield Progress(done + rows, total, f"{methods.get(step.method).label}: {step.data_set}")
            done += step.rows_before
            if step.state == Step.State.FAILED:
                break
        result = Look()
        yield from look(replay, result)
    except ConnectorError as problem:
        Replay.objects.filter(pk=replay.pk).update(problem=str(problem)[:500])
        raise JobFailed(f"{replay} was interrupted and can be resumed. {problem}") from problem
    _end(replay, steps, result)


def overtaken(replay: Replay, place: System, steps: list[Step]) -> str:
    """Why the plan must not be carried out any more; empty if all is as it was approved."""
    assert replay.plan is not None
    if fingerprint_of(replay.plan, steps) != replay.plan.fingerprint:
        return "The stored plan is not the one that was approved."
    data_sets = [step.data_set for step in steps if step.data_set]
    holds = holds_on(data_sets)
    with place.connect() as connector:
        infos = {info.name: info for info in connector.discover()}
        for step in steps:
            assert step.data_set is not None
            hold = holds.get(step.data_set.pk)
            if (hold.pk if hold else None) != step.hold_id:
                return f"The legal holds on {step.data_set} have changed."
            if schema_digest(infos.get(step.data_set.name), place) != step.schema_digest:
                return f"The structure of {step.data_set}, or the address of the copy, changed."
            rows = connector.count(step.data_set.name, _keys(replay, step).matches)
            if rows != step.rows_before:
                return f"{step.data_set} had {step.rows_before} of these rows and has {rows} now."
    return ""


def conclude(replay: Replay, result: Look) -> None:
    """Say how it ended, in the caller's transaction, who saves: complete only if the last look found nobody."""
    replay.state = State.COMPLETE if result.clean else State.RESIDUAL
    replay.left, replay.finished_at = result.left, timezone.now()
    if result.unsearched and not replay.problem:
        replay.problem = f"{len(result.unsearched)} data sets could not be searched in whole."
    record(
        events.REPLAYED,
        replay,
        system=replay.system.name,
        persons=replay.persons,
        rows=replay.rows,
        left=result.left,
    )


def _carry_out(replay: Replay, place: System, step: Step, opening: Opening) -> Iterator[int]:
    method, keys = methods.get(step.method)(), _keys(replay, step)
    assert step.data_set is not None
    name = step.data_set.name
    try:
        with opening(place.kind, place.all_settings()) as connector:
            if step.state == Step.State.PENDING:
                step.written = method.written(connector, step, keys.matches)
                step.state, step.started_at = Step.State.RUNNING, timezone.now()
                step.save(update_fields=["written", "state", "started_at"])
            for following, match in keys.chunks(connector.keys_per_change, start=step.cursor):
                _require_as_held(step)
                method.execute(connector, step, match)
                step.cursor = following
                step.save(update_fields=["cursor"])
                yield min(following, step.rows_before)
            if method.settles:
                connector.settle(name)
            left = method.remaining(connector, step, keys.matches)
            lingering = connector.lingering(name, keys.matches) if method.settles else None
        _finish(replay, step, left=left, problem=lingering.why if lingering else "")
    except Stopped as why:
        _finish(replay, step, left=step.rows_before, problem=str(why))


def _require_as_held(step: Step) -> None:
    """Asked again before each chunk: a hold placed meanwhile stops the replay."""
    assert step.data_set is not None
    hold = holds_on([step.data_set]).get(step.data_set.pk)
    if (hold.pk if hold else None) != step.hold_id:
        raise Stopped(f"The legal holds on {step.data_set} changed while the replay was at work.")


def _keys(replay: Replay, step: Step) -> KeySet:
    assert step.sealed is not None
    return KeySet.open(step.sealed, bound_to=bound_to(replay))


@transaction.atomic
def _start(replay: Replay) -> None:
    started = Plan.objects.filter(replay=replay, state=Plan.State.APPROVED).update(
        state=Plan.State.EXECUTING, started_at=timezone.now()
    )
    if not started or replay.plan is None:
        raise JobFailed(f"{replay} was taken back in the meantime; nothing was written.")
    Replay.objects.filter(pk=replay.pk).update(state=State.EXECUTING, problem="")
    record(events.REPLAY_STARTED, replay, fingerprint=replay.plan.fingerprint)


@transaction.atomic
def _set_aside(replay: Replay, why: str) -> None:
    set_aside = Plan.objects.filter(replay=replay, state=Plan.State.APPROVED).update(
        state=Plan.State.STALE, decision_reason=why[:300], finished_at=timezone.now()
    )
    if set_aside:
        _destroy_keys(replay)
        Replay.objects.filter(pk=replay.pk).update(
            state=State.OVERTAKEN, problem=f"{why} Nothing was written."[:500], finished_at=timezone.now()
        )
        record(events.REPLAY_OVERTAKEN, replay, why=why)


@transaction.atomic
def _finish(replay: Replay, step: Step, *, left: int, problem: str = "") -> None:
    """Close a step with what was read back; exactly once, however often it is tried."""
    if left and not problem:
        problem = f"The store reported success, and {left} rows still hold a registered person."
    closed = Step.objects.filter(pk=step.pk, state=Step.State.RUNNING).update(
        state=Step.State.FAILED if problem else Step.State.DONE,
        rows_after=left,
        problem=problem[:500],
        finished_at=timezone.now(),
    )
    step.refresh_from_db(fields=["state", "rows_after", "problem", "finished_at"])
    if not closed:
        return
    facts: dict[str, Any] = {"data_set": str(step.data_set), "method": step.method, "rows_left": left}
    if problem:
        record(events.REPLAY_STEP_FAILED, replay, why=problem, **facts)
    else:
        record(events.REPLAY_STEP_DONE, replay, rows_before=step.rows_before, **facts)


@transaction.atomic
def _end(replay: Replay, steps: list[Step], result: Look) -> None:
    done = all(step.state == Step.State.DONE for step in steps)
    ended = Plan.objects.filter(replay=replay, state=Plan.State.EXECUTING).update(
        state=Plan.State.EXECUTED if done else Plan.State.STOPPED, finished_at=timezone.now()
    )
    if not ended:
        return
    replay.problem = next((step.problem for step in steps if step.problem), "")
    replay.unsearched = result.unsearched
    conclude(replay, result)
    if not done:
        replay.state = State.RESIDUAL
    _destroy_keys(replay)
    replay.save(update_fields=["state", "left", "unsearched", "problem", "finished_at"])


def _destroy_keys(replay: Replay) -> None:
    """What identified the persons in the copy is needed no longer; the digest of the keys stays in the fingerprint."""
    Step.objects.filter(plan=replay.plan_id).update(sealed=None)
