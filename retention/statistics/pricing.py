"""What a query costs and how good its answer will be, before anything is spent or read."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError

from retention.statistics import mechanisms, queries
from retention.statistics.aggregates import candidates_of, center_of
from retention.statistics.queries import Query

# For whom the error of a mean is told beforehand: it depends on how many rows a group has, which is not known.
EXAMPLES = (100, 1_000, 10_000)


@dataclass(frozen=True, slots=True)
class Part:
    """One mechanism of a query: what it protects, what share of the amount it spends, how far one person reaches.

    `error` is what 95 of 100 of its numbers are off by at most: in people, rows, smallest units or ranks.
    """

    name: str  # groups, count, sum, choice
    amount: int
    l1: int
    l2_squared: int
    error: int


@dataclass(frozen=True, slots=True)
class Plan:
    query: Query
    parts: tuple[Part, ...]
    threshold: int = 0  # people that a group needs to be found, about

    def part(self, name: str) -> Part:
        return next(part for part in self.parts if part.name == name)

    @property
    def people_alone(self) -> bool:
        """A number of people by found groups: the selection is the answer, and nothing more is spent."""
        return self.query.kind == queries.PEOPLE and self.query.grouping == queries.FOUND


def plan(query: Query) -> Plan:
    """How a query will be answered. Raises ValidationError where its noise would leave nothing of the answer."""
    try:
        return _plan(query)
    except mechanisms.Drowned as problem:
        raise ValidationError({query.unit: str(problem)}) from problem


def _plan(query: Query) -> Plan:
    left, parts, threshold = query.amount, [], 0
    if query.grouping == queries.FOUND:
        share = left if query.kind == queries.PEOPLE else left // 2
        groups = query.groups_per_person
        parts.append(_noise_part(query, "groups", share, groups, groups))
        threshold = mechanisms.selection_threshold(
            unit=query.unit, amount=share, delta=query.delta, groups=groups
        )
        left -= share
        if query.kind == queries.PEOPLE:
            return Plan(query, tuple(parts), threshold)
    rows = query.rows_per_person
    if query.kind == queries.PEOPLE:
        groups = query.groups_per_person
        parts.append(_noise_part(query, "count", left, groups, groups))
    elif query.kind in (queries.COUNT, queries.HISTOGRAM):
        parts.append(_noise_part(query, "count", left, rows, rows**2))
    elif query.kind == queries.QUANTILE:
        parts.append(_choice_part(query, left))
    else:
        center = center_of(query)
        reach = rows * max(abs(query.upper - center), abs(query.lower - center))
        share = left // 2 if query.kind == queries.MEAN else left
        parts.append(_noise_part(query, "sum", share, reach, reach**2))
        if query.kind == queries.MEAN:
            parts.append(_noise_part(query, "count", left - share, rows, rows**2))
    return Plan(query, tuple(parts), threshold)


def _noise_part(query: Query, name: str, amount: int, l1: int, l2_squared: int) -> Part:
    if amount < 1:
        raise mechanisms.Drowned("This is too little to be divided: spend more.")
    # Both halves of a mean must hold for its error to hold.
    alpha = 0.025 if query.kind == queries.MEAN else 0.05
    error = mechanisms.noise_error(unit=query.unit, amount=amount, l1=l1, l2_squared=l2_squared, alpha=alpha)
    return Part(name, amount, l1, l2_squared, error)


def _choice_part(query: Query, amount: int) -> Part:
    if amount < 1:
        raise mechanisms.Drowned("This is too little to be divided: spend more.")
    reach = query.rows_per_person * max(query.quantile, 1000 - query.quantile)
    error = mechanisms.choice_error(
        unit=query.unit, amount=amount, sensitivity=reach, candidates=len(candidates_of(query))
    )
    return Part("choice", amount, reach, reach**2, -(-error // 1000))


def expected_errors(planned: Plan) -> list[tuple[str, str]]:
    """For people: what each number of the answer will be off by at most, in 95 of 100 cases."""
    query = planned.query
    words = []
    if query.grouping == queries.FOUND:
        words.append(("A group is shown from about", f"{planned.threshold:,} people"))
    if planned.people_alone:
        words.append(("Number of people", f"± {planned.part('groups').error:,}"))
    elif query.kind == queries.SUM:
        words.append(("Sum", f"± {_units(query, planned.part('sum').error)}"))
    elif query.kind == queries.MEAN:
        for rows in EXAMPLES:
            error = mean_error(planned, mean_offset=_half(query), rows=rows)
            told = "more than the bounds are apart" if error is None else f"± {error:,.{query.decimals}f}"
            words.append((f"Mean of a group with {rows:,} rows", told))
    elif query.kind == queries.QUANTILE:
        words.append(("Rank of the answer", f"± {planned.part('choice').error:,} rows"))
        words.append(("Step between possible answers", _units(query, _step(query))))
    else:
        noun = "people" if query.kind == queries.PEOPLE else "rows"
        words.append((f"Number of {noun}", f"± {planned.part('count').error:,}"))
    return words


def mean_error(planned: Plan, *, mean_offset: float, rows: float) -> float | None:
    """What a mean `mean_offset` smallest units from the middle is off by at most, over `rows` rows, in 95 of 100 cases.

    In units of the value. None where it says nothing: too few rows, or farther than the bounds are apart.
    """
    query = planned.query
    wrong_sum, wrong_count = planned.part("sum").error, planned.part("count").error
    if rows <= wrong_count:
        return None
    error = (wrong_sum + abs(mean_offset) * wrong_count) / (rows - wrong_count)
    return error / 10**query.decimals if error < query.upper - query.lower else None


def _half(query: Query) -> float:
    """A mean halfway between the middle and a bound."""
    return (query.upper - query.lower) / 4


def _step(query: Query) -> int:
    candidates = candidates_of(query)
    return int((candidates[1:] - candidates[:-1]).max()) if len(candidates) > 1 else 0


def _units(query: Query, number: int) -> str:
    return f"{Decimal(number).scaleb(-query.decimals):,f}"
