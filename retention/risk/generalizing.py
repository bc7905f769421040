"""From a collapsed table to a release that meets its targets: by whole columns, by boxes, or as it was done before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from retention.anonymization.hierarchies import Hierarchy
from retention.risk.axes import axes_of
from retention.risk.collapsing import Combinations, RiskProblem
from retention.risk.lattice import Lattice, Metric, Visit
from retention.risk.levels import Ladder, ladders
from retention.risk.mondrian import Boxes, Unreachable, divide
from retention.risk.recoding import Boxed, Leveled, Recoding, Suppression, masks_everything, require_levels
from retention.risk.searching import rows_of, search
from retention.risk.targets import Targets


@dataclass(frozen=True)
class Wish:
    """What a release should be."""

    quasi: tuple[str, ...]
    sensitive: str
    targets: Targets
    limit: float = 0.0  # the share of rows that may be suppressed
    metric: Metric = Metric.LOSS
    suppression: Suppression = Suppression.DROP


@dataclass(frozen=True)
class Outcome:
    """What was found. `met` is false where the targets cannot be reached, and then there is nothing to apply.

    `levels` by column for whole columns, else empty; `boxes` for local recoding. `bound`: no generalization of whole
    columns costs less. `warning` says where it leaves nothing to use.
    """

    method: str
    met: bool
    metric: str
    levels: dict[str, int]
    loss: float | None
    discernibility: int | None
    suppressed_rows: int
    most_suppressed_rows: int
    classes: int
    optimal: bool
    bound: float | None
    nodes: int
    visited: int
    looks: int
    seconds: float
    warning: str = ""
    boxes: int = 0
    words: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Made:
    """An outcome with what it takes to do it to the rows."""

    outcome: Outcome
    recoding: Recoding | None


def by_search(
    table: Combinations,
    wish: Wish,
    hierarchies: Mapping[str, Hierarchy],
    *,
    seconds: float | None = None,
) -> Made:
    """The best levels for whole columns. Raises HierarchyProblem, RiskProblem."""
    steps = ladders(table, wish.quasi, hierarchies)
    found = search(
        table,
        steps,
        wish.targets,
        sensitive=wish.sensitive,
        limit=wish.limit,
        metric=wish.metric,
        seconds=seconds,
    )
    visit = found.best
    outcome = Outcome(
        method="search",
        met=visit is not None,
        metric=str(wish.metric),
        levels=_levels(steps, visit),
        loss=visit.loss if visit else None,
        discernibility=visit.dm if visit else None,
        suppressed_rows=visit.suppressed if visit else 0,
        most_suppressed_rows=found.limit,
        classes=visit.classes if visit else 0,
        optimal=found.optimal,
        bound=found.bound if visit else None,
        nodes=found.nodes,
        visited=found.visited,
        looks=found.looks,
        seconds=found.seconds,
        warning=_warning(steps, visit, table.rows),
        words=_words(visit is not None, found.optimal, found.limit, table.rows),
    )
    return Made(outcome, _leveled(table, steps, visit, wish))


def at_levels(
    table: Combinations, wish: Wish, hierarchies: Mapping[str, Hierarchy], levels: Mapping[str, int]
) -> Made:
    """The same levels as before, on these rows: what fails here is suppressed, and it may be too much."""
    missing = [name for name in wish.quasi if name not in levels]
    if missing:
        raise RiskProblem(
            f"No level was given for {', '.join(missing)}.", "Name one for each quasi-identifier."
        )
    steps = ladders(table, wish.quasi, hierarchies)
    node = tuple(levels[name] for name in wish.quasi)
    require_levels(steps, node)
    limit = rows_of(wish.limit, table.rows)
    visit = Lattice(table, steps, wish.sensitive, wish.targets).visit(node, limit=table.rows)
    met = visit.suppressed <= limit
    words = (
        ""
        if met
        else f"{visit.suppressed:,} of {table.rows:,} rows would be suppressed, and {limit:,} may be."
    )
    outcome = Outcome(
        method="levels",
        met=met,
        metric=str(wish.metric),
        levels=_levels(steps, visit),
        loss=visit.loss,
        discernibility=visit.dm,
        suppressed_rows=visit.suppressed,
        most_suppressed_rows=limit,
        classes=visit.classes,
        optimal=False,
        bound=None,
        nodes=1,
        visited=1,
        looks=0,
        seconds=0.0,
        warning=_warning(steps, visit, table.rows),
        words=words,
    )
    return Made(outcome, _leveled(table, steps, visit, wish) if met else None)


def by_mondrian(
    table: Combinations, wish: Wish, hierarchies: Mapping[str, Hierarchy], *, strict: bool = True
) -> Made:
    """Boxes that meet the targets; no row is suppressed."""
    axes = axes_of(table, wish.quasi, hierarchies)
    try:
        boxes: Boxes | None = divide(table, axes, wish.targets, sensitive=wish.sensitive, strict=strict)
        words = "Local recoding is greedy: it may not be the best division."
    except Unreachable as problem:
        boxes, words = None, str(problem)
    masked = boxes is not None and all(
        label == "*" for place in range(len(axes)) for label in boxes.labels(place)
    )
    outcome = Outcome(
        method="mondrian",
        met=boxes is not None,
        metric=str(wish.metric),
        levels={},
        loss=boxes.loss if boxes else None,
        discernibility=boxes.discernibility if boxes else None,
        suppressed_rows=0,
        most_suppressed_rows=rows_of(wish.limit, table.rows),
        classes=len(boxes) if boxes else 0,
        optimal=False,
        bound=None,
        nodes=0,
        visited=0,
        looks=0,
        seconds=boxes.seconds if boxes else 0.0,
        warning="Every quasi-identifier would be hidden in every row." if masked else "",
        boxes=len(boxes) if boxes else 0,
        words=words,
    )
    return Made(outcome, Boxed(table, boxes) if boxes else None)


def _levels(steps: Sequence[Ladder], visit: Visit | None) -> dict[str, int]:
    return {step.column: level for step, level in zip(steps, visit.node, strict=True)} if visit else {}


def _warning(steps: Sequence[Ladder], visit: Visit | None, rows: int) -> str:
    return masks_everything(steps, visit.node, rows=rows, suppressed=visit.suppressed) if visit else ""


def _leveled(table: Combinations, steps: Sequence[Ladder], visit: Visit | None, wish: Wish) -> Leveled | None:
    if visit is None:
        return None
    return Leveled(
        table, steps, visit.node, wish.targets, sensitive=wish.sensitive, suppression=wish.suppression
    )


def _words(reached: bool, optimal: bool, limit: int, rows: int) -> str:
    if reached:
        return "" if optimal else "The search was stopped before it could prove that nothing is better."
    if optimal:
        return f"No levels of these hierarchies meet the targets with at most {limit:,} of {rows:,} rows suppressed."
    return "The search was stopped before it found levels that meet the targets."
