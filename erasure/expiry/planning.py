"""A plan for what is due in one data set: counted anew, checked for what must not go, under one fingerprint."""

from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.connectors import registry
from catalog.connectors.base import Capability, Connector, ConnectorError, DataSetInfo, Older
from catalog.models import Column, DataSet
from erasure.expiry import events
from erasure.expiry.aggregating import Totals
from erasure.expiry.models import Run
from erasure.expiry.restricted import restricted_rows
from erasure.fingerprints import fingerprint_of, schema_digest
from erasure.models import Plan, Step
from erasure.replacing import CannotReplace, dump, replacement_for
from governance.console.jobs import Progress
from governance.console.models import User
from retention.policies.keeping import stands_for
from retention.policies.models import Due, Policy
from retention.policies.periods import longest, too_old_before
from retention.policies.resolving import Resolution, resolve_all

EXPIRE, ANONYMIZE, AGGREGATE, RETAIN = "expire", "anonymize by age", "aggregate", "set retention"
METHODS = {
    EXPIRE: "Delete the rows",
    ANONYMIZE: "Overwrite personal fields",
    AGGREGATE: "Keep totals",
    RETAIN: "Have the store remove what is older",
}
SHOWN_PARTS = 50
OPEN = (Plan.State.PROPOSED, Plan.State.BLOCKED)
IN_FORCE = (Plan.State.APPROVED, Plan.State.EXECUTING)
Action = Policy.Action
Problem = dict[str, str]


def plan_due(data_sets: list[DataSet], *, by: User | None) -> Iterator[Progress]:
    """Plan each data set that is due; one whose plan is in force already is left to it. Nothing is written anywhere.

    A store that does not answer leaves its data set on the due list, with why.
    """
    resolutions = resolve_all(data_sets)
    for number, data_set in enumerate(data_sets, 1):
        resolution = resolutions[data_set.pk]
        if resolution.policy and not resolution.hold and not _in_force(data_set):
            try:
                _plan(resolution, resolution.policy, by)
            except ConnectorError as problem:
                Due.objects.filter(data_set=data_set).update(
                    state=Due.State.UNKNOWN, why=str(problem)[:500], counted_at=timezone.now()
                )
        yield Progress(number, len(data_sets), str(data_set))


def _in_force(data_set: DataSet) -> bool:
    return Run.objects.filter(data_set=data_set, plan__state__in=IN_FORCE).exists()


def _plan(resolution: Resolution, policy: Policy, by: User | None) -> Run | None:
    data_set, column = resolution.data_set, resolution.terms.age_column
    older = Older(column, too_old_before(policy, timezone.localdate()))
    connector_class = registry.get(data_set.system.kind)
    capabilities = connector_class.capabilities
    if not column or not capabilities & {Capability.EXPIRE, Capability.RETAIN}:
        return None
    with data_set.system.connect() as connector:
        info = next((each for each in connector.discover() if each.name == data_set.name), None)
        rows = connector.count_older(data_set.name, older)
        if not rows:
            return None
        how = _going(connector, data_set, policy, older)
        if how is None:
            return None
        restricted = restricted_rows(connector, data_set, older)
    steps, problems = _draft(resolution, policy, rows, info, how)
    if restricted:
        problems.append(
            {
                "where": str(data_set),
                "message": f"{restricted} of these rows belong to persons whose data are restricted, Art. 18.",
                "remedy": "Place a hold on the data set, or lift the restriction with them.",
            }
        )
    return store(resolution, policy, older, steps, problems, by=by)


def _draft(
    resolution: Resolution, policy: Policy, rows: int, info: DataSetInfo | None, how: Step
) -> tuple[list[Step], list[Problem]]:
    data_set = resolution.data_set
    problems: list[Problem] = []
    common = {
        "data_set": data_set,
        "rows_before": rows,
        "schema_digest": schema_digest(info, data_set.system),
    }
    if policy.action == Action.ANONYMIZE:
        replacements = _replacements(data_set, problems)
        return [Step(method=ANONYMIZE, replacements=replacements, **common)], problems
    steps = []
    if policy.action == Action.AGGREGATE:
        try:
            Totals.of(data_set, resolution.terms.aggregate)
        except ValidationError as refusal:
            problems.append(_problem(data_set, " ".join(refusal.messages), "Say so on its retention page."))
        if how.method == RETAIN:
            problems.append(
                _problem(
                    data_set,
                    "The store removes rows by itself: later ones would go uncounted.",
                    "Delete instead.",
                )
            )
        steps.append(Step(method=AGGREGATE, facts={"totals": resolution.terms.aggregate}, **common))
    return [*steps, Step(method=how.method, facts=how.facts, **common)], problems


def _going(connector: Connector, data_set: DataSet, policy: Policy, older: Older) -> Step | None:
    """How rows go when their time is up; None where the store removes them by itself already."""
    if Capability.RETAIN not in connector.capabilities:
        parts = connector.droppable(data_set.name, older)
        return Step(method=EXPIRE, facts={"parts": parts[:SHOWN_PARTS]} if parts else {})
    kept, period = connector.retention_of(data_set.name), longest(policy)
    if kept is not None and kept <= period:
        return None
    return Step(method=RETAIN, facts={"days": period.days, "days_before": kept.days if kept else None})


def _replacements(data_set: DataSet, problems: list[Problem]) -> dict[str, dict]:
    key = set(data_set.primary_key)
    if not key:
        problems.append(
            _problem(
                data_set, "It has no primary key to overwrite its rows by.", "Delete instead, or add one."
            )
        )
    found = {}
    for column in Column.objects.filter(data_set=data_set, gone_at=None, nested_in=None).order_by("position"):
        if not column.personal or column.name in key or column.generated:
            continue
        try:
            found[column.name] = dump(replacement_for(column))
        except CannotReplace as refusal:
            problems.append(_problem(data_set, str(refusal), ""))
    if not found and not problems:
        problems.append(_problem(data_set, "Nothing in it is personal.", "Delete instead."))
    return found


@transaction.atomic
def store(
    resolution: Resolution,
    policy: Policy,
    older: Older,
    steps: list[Step],
    problems: list[Problem],
    *,
    by: User | None,
) -> Run:
    """Keep the plan as proposed, or as blocked; an older one that nobody has approved is overtaken by it."""
    data_set = resolution.data_set
    Plan.objects.filter(expiry_run__data_set=data_set, state__in=OPEN).update(state=Plan.State.STALE)
    plan = Plan(
        title=f"Expiry of {data_set}"[:120],
        number=Run.objects.filter(data_set=data_set).count() + 1,
        state=Plan.State.BLOCKED if problems else Plan.State.PROPOSED,
        problems=problems,
        made_by=by,
    )
    condition = {"column": older.column, "before": older.moment.isoformat()}
    for position, step in enumerate(steps, 1):
        step.position, step.condition = position, condition
    plan.fingerprint = fingerprint_of(plan, steps)
    plan.save()
    plan.title = f"X-{timezone.localdate().year}-{plan.pk:05d}, {data_set}"[:120]
    plan.fingerprint = fingerprint_of(plan, steps)
    plan.save(update_fields=["title", "fingerprint"])
    for step in steps:
        step.plan = plan
    Step.objects.bulk_create(steps)
    run = Run.objects.create(
        plan=plan,
        policy=policy,
        data_set=data_set,
        before=older.moment,
        standing=stands_for(policy, resolution.terms) and not problems,
    )
    record(
        events.RUN_PLANNED,
        run,
        data_set=str(data_set),
        policy=policy.name,
        before=older.moment.isoformat(),
        rows=run.rows,
        fingerprint=plan.fingerprint,
        problems=len(problems),
        standing=run.standing,
    )
    return run


def _problem(data_set: DataSet, message: str, remedy: str) -> Problem:
    return {"where": str(data_set), "message": message, "remedy": remedy}
