"""A plan for what a restored copy holds of registered persons: counted, rehearsed, under one fingerprint."""

from collections.abc import Iterator

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.connectors import registry
from catalog.connectors.base import Capability, ConnectorError
from catalog.models import System
from erasure.executing import writable
from erasure.fingerprints import fingerprint_of
from erasure.keysets import KeySet
from erasure.methods import registry as methods
from erasure.models import Plan, Step
from erasure.registry import events
from erasure.registry.models import Replay, ReplayQuestion
from erasure.registry.replays.carrying_out import bound_to, conclude
from erasure.registry.replays.looking import Asked, Look, look
from erasure.registry.replays.places import place_of
from governance.console.jobs import JobFailed, Progress
from governance.console.models import User

State = Replay.State
Problem = dict[str, str]
SEARCHABLE = (State.LOOKING, State.ASKING, State.BLOCKED, State.FAILED)
OPEN = (Plan.State.PROPOSED, Plan.State.BLOCKED)


def look_and_plan(replay: Replay, *, by: User | None) -> Iterator[Progress]:
    """Look, and propose a plan; or ask, where rows may be a new customer's; or say that nobody is there.

    Nothing is written in the copy. Raises JobFailed if it does not answer.
    """
    if replay.state not in SEARCHABLE:
        return
    result = Look()
    try:
        yield from look(replay, result)
        chosen = [
            (step, keys)
            for step, keys, remaining in zip(result.drafts, result.keys, result.remaining, strict=True)
            if remaining
        ]
        problems = result.problems
        if chosen and not problems and not result.questions:
            yield Progress(0, message="Rehearsing")
            problems = _rehearse(place_of(replay), chosen)
    except ConnectorError as problem:
        raise JobFailed(f"The copy could not be searched. {problem}") from problem
    _store(replay, result, chosen, problems, by=by)
    yield Progress(1, 1, f"{result.rows:,} rows of {result.persons:,} registered persons")


@transaction.atomic
def _store(
    replay: Replay,
    result: Look,
    chosen: list[tuple[Step, KeySet]],
    problems: list[Problem],
    *,
    by: User | None,
) -> None:
    locked = Replay.objects.select_for_update(of=("self",)).select_related("plan").get(pk=replay.pk)
    if locked.state not in SEARCHABLE:
        return
    Plan.objects.filter(replay=locked, state__in=OPEN).update(state=Plan.State.STALE)
    keep_findings(locked, result)
    locked.problem = ""
    _ask(locked, result.questions)
    if result.questions:
        locked.state = State.ASKING
    elif not chosen:
        conclude(locked, result)
    else:
        plan = _plan(locked, chosen, problems, by)
        locked.plan = plan
        locked.state = State.BLOCKED if problems else State.PLANNED
    locked.save()


def keep_findings(replay: Replay, result: Look) -> None:
    """Write down what a look has found, by counts, and enter into the ledger that it was done. The caller saves."""
    replay.persons, replay.rows, replay.left = result.persons, result.rows, result.left
    replay.steps, replay.unsearched = result.steps(), result.unsearched
    replay.newer = [{"data_set": name, "rows": rows} for name, rows in sorted(result.newer.items())]
    record(
        events.REPLAY_LOOKED,
        replay,
        system=replay.system.name,
        persons=result.persons,
        rows=result.rows,
        newer=sum(result.newer.values()),
        questions=len(result.questions),
        unsearched=len(result.unsearched),
    )


def _ask(replay: Replay, questions: dict[Asked, tuple[int, int]]) -> None:
    replay.questions.filter(answer="").delete()
    ReplayQuestion.objects.bulk_create(
        ReplayQuestion(replay=replay, data_set_id=pk, why=why, category=category, rows=rows, persons=persons)
        for (pk, why, category), (rows, persons) in questions.items()
    )


def _plan(
    replay: Replay, chosen: list[tuple[Step, KeySet]], problems: list[Problem], by: User | None
) -> Plan:
    """Its steps keep the keys of their rows, sealed."""
    plan = Plan(
        title=str(replay)[:120],
        number=replay.plan.number + 1 if replay.plan else 1,
        state=Plan.State.BLOCKED if problems else Plan.State.PROPOSED,
        problems=problems,
        made_by=by,
        made_at=timezone.now(),
    )
    steps = [step for step, _ in chosen]
    for position, (step, keys) in enumerate(chosen, 1):
        step.position, step.sealed = position, keys.seal(bound_to=bound_to(replay))
    plan.fingerprint = fingerprint_of(plan, steps)
    plan.save()
    for step in steps:
        step.plan = plan
    Step.objects.bulk_create(steps)
    record(
        events.REPLAY_PLANNED,
        replay,
        fingerprint=plan.fingerprint,
        steps=len(steps),
        rows=sum(step.rows_before for step in steps),
        problems=len(problems),
    )
    return plan


def _rehearse(place: System, chosen: list[tuple[Step, KeySet]]) -> list[Problem]:
    """Try all steps in the copy and undo them: what would fail half way fails here."""
    if Capability.CHANGE not in registry.get(place.kind).capabilities:
        return [_problem(place, "The console cannot change this kind of store.", "Have its custodian do it.")]
    operations = [methods.get(step.method)().operation(step, keys.matches) for step, keys in chosen]
    writing = [operation for operation in operations if operation]
    try:
        with writable(place) as connector:
            touched = iter(connector.rehearse(writing) if writing else [])
    except ConnectorError as problem:
        return [_problem(place, problem.message, problem.remedy)]
    problems = []
    for (step, _), operation in zip(chosen, operations, strict=True):
        rows = next(touched) if operation else step.rows_before
        if rows != step.rows_before:
            said = f"{step.rows_before} rows of {step.data_set} were found, {rows} would change."
            problems.append(
                _problem(place, said, "The copy changes meanwhile: keep it closed and look again.")
            )
    return problems


def _problem(place: System, message: str, remedy: str) -> Problem:
    return {"where": str(place), "message": message, "remedy": remedy}
