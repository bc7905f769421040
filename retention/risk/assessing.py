"""Measuring the risk of a data set of the catalog, as a job."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.connectors.base import ConnectorError
from catalog.models import DataSet
from governance.console.jobs import JobFailed, Progress, enqueue, job
from governance.console.models import Job, User
from retention.anonymization.hierarchies import Hierarchy as Levels
from retention.anonymization.techniques.base import TechniqueError
from retention.risk import events
from retention.risk.building import BUILDERS, build
from retention.risk.classes import require_roles
from retention.risk.collapsing import Collapser, Combinations, RiskProblem
from retention.risk.distances import Distance
from retention.risk.generalizing import Wish, by_mondrian, by_search
from retention.risk.hierarchy_files import values_of
from retention.risk.lattice import Metric
from retention.risk.measuring import Measures, measure
from retention.risk.models import Assessment, Hierarchy
from retention.risk.targets import Targets

BATCH_ROWS = 100_000
SEARCH_SECONDS = 300.0
HIDE = "hide"  # what a column without a hierarchy may become: kept, or hidden


@transaction.atomic
def assess(
    data_set: DataSet,
    *,
    quasi: Sequence[str],
    sensitive: str = "",
    k: int | None = None,
    l: int | None = None,  # noqa: E741
    t: float | None = None,
    distance: str = Distance.EQUAL,
    suppression: float = 0.0,
    metric: str = Metric.LOSS,
    hierarchies: Mapping[str, str] | None = None,
    made_by: User | None = None,
) -> Assessment:
    """A new assessment and the job that makes it. Raises ValidationError, by field, for what cannot be."""
    known = set(data_set.columns.filter(gone_at=None, nested_in=None).values_list("name", flat=True))
    unknown = sorted({*quasi, *([sensitive] if sensitive else [])} - known)
    if unknown:
        raise ValidationError({"quasi": f"{data_set.name} has no column {', '.join(unknown)}."})
    named = dict(hierarchies or {})
    _check(quasi, sensitive, named)
    try:
        targets = Targets(k=k, l=l, t=t, distance=Distance(distance))
        targets.require(sensitive)
    except RiskProblem as problem:
        raise ValidationError({"sensitive" if "column" in problem.message else "k": str(problem)}) from None
    made = Assessment.objects.create(
        data_set=data_set,
        quasi=list(quasi),
        sensitive=sensitive,
        k=k,
        l=l,
        t=t,
        distance=distance,
        suppression=suppression,
        metric=metric,
        hierarchies=named,
        made_by=made_by,
    )
    made.job = enqueue("risk.assess", title=f"Measure the risk of {data_set}", assessment=made.pk)
    made.save(update_fields=["job"])
    asked = [f"{name}={value}" for name, value in made.asked().items()]
    record(
        events.ASSESSMENT_REQUESTED,
        made,
        data_set=str(data_set),
        quasi=made.quasi,
        sensitive=sensitive,
        targets=asked,
    )
    return made


def _check(quasi: Sequence[str], sensitive: str, hierarchies: Mapping[str, str]) -> None:
    try:
        require_roles(quasi, sensitive)
    except RiskProblem as problem:
        raise ValidationError({"quasi": str(problem)}) from None
    strangers = sorted(set(hierarchies) - set(quasi))
    if strangers:
        raise ValidationError(
            {
                "hierarchies": f"{', '.join(strangers)} is not among the quasi-identifiers; choose it, or leave it out."
            }
        )
    saved = set(Hierarchy.objects.filter(name__in=hierarchies.values()).values_list("name", flat=True))
    for said in hierarchies.values():
        if said not in saved and said.partition(":")[0] not in BUILDERS:
            raise ValidationError(
                {
                    "hierarchies": f"There is no hierarchy {said}. Import it, or name a rule: {', '.join(BUILDERS)}."
                }
            )


def _failed(failed: Job, reason: str) -> None:
    Assessment.objects.filter(pk=failed.arguments["assessment"]).update(
        state=Assessment.State.FAILED, problem=reason[:500], finished_at=timezone.now()
    )


@job("risk.assess", on_failure=_failed)
def make_assessment(running: Job, *, assessment: int) -> Iterator[Progress]:
    """Read, measure, search. A worker that died leaves nothing half: the next one begins again."""
    try:
        made = Assessment.objects.select_related("data_set__system").get(pk=assessment)
    except Assessment.DoesNotExist:
        raise JobFailed("The assessment is gone.") from None
    Assessment.objects.filter(pk=made.pk).update(state=Assessment.State.RUNNING, problem="")
    try:
        table = yield from _read(made)
        yield Progress(table.rows, table.rows, "Measuring")
        measures = measure(table, made.quasi, made.sensitive)
        suggestion = None
        if measures.unmet(made.targets):
            yield Progress(table.rows, table.rows, "Searching for a generalization that meets the targets")
            suggestion = _suggest(made, table)
    except (ConnectorError, TechniqueError) as problem:
        raise JobFailed(str(problem)) from problem
    _store(made, measures, suggestion)
    yield Progress(table.rows, table.rows, f"k is {measures.k:,} in {measures.rows:,} rows.")


def _read(made: Assessment) -> Generator[Progress, None, Combinations]:
    collapser = Collapser([*made.quasi, *([made.sensitive] if made.sensitive else [])])
    estimate, rows = made.data_set.row_estimate, 0
    with made.data_set.system.connect() as connector:
        for batch in connector.read(made.data_set.name, columns=collapser.columns, batch_rows=BATCH_ROWS):
            collapser.add(batch)
            rows += len(batch)
            yield Progress(rows, max(estimate or 0, rows), f"Reading {made.data_set.name}")
    table = collapser.result()
    if not table.rows:
        raise RiskProblem(f"{made.data_set.name} has no rows, so there is nothing to measure.")
    return table


def _suggest(made: Assessment, table: Combinations) -> dict[str, Any]:
    """What would meet the targets; where it cannot be told, why. No value of the data is in it."""
    wish = Wish(
        quasi=tuple(made.quasi),
        sensitive=made.sensitive,
        targets=made.targets,
        limit=made.suppression,
        metric=Metric(made.metric),
    )
    try:
        levels = {name: _levels(made, name, table) for name in made.quasi}
        best = by_search(table, wish, levels, seconds=SEARCH_SECONDS).outcome
        given = {name: each for name, each in levels.items() if name in made.hierarchies}
        local = by_mondrian(table, wish, given).outcome
    except TechniqueError as problem:
        return {"problem": str(problem)}
    heights = {name: each.height for name, each in levels.items()}
    return {"search": best.as_json(), "mondrian": local.as_json(), "heights": heights}


def _levels(made: Assessment, column: str, table: Combinations) -> Levels:
    said = made.hierarchies.get(column, HIDE)
    saved = Hierarchy.objects.filter(name=said).first()
    return saved.read() if saved else build(column, values_of(table, column), said)


@transaction.atomic
def _store(made: Assessment, measures: Measures, suggestion: dict[str, Any] | None) -> None:
    met = not measures.unmet(made.targets)
    Assessment.objects.filter(pk=made.pk).update(
        state=Assessment.State.DONE,
        rows=measures.rows,
        found_k=measures.k,
        uniques=measures.risk.uniques,
        met=met if made.targets.any else None,
        measures=measures.as_json(),
        suggestion=suggestion,
        finished_at=timezone.now(),
    )
    unique = round(measures.risk.uniques * measures.rows)
    record(events.ASSESSMENT_MADE, made, rows=measures.rows, k=measures.k, unique_rows=unique, met=met)
