"""Noisy numbers as an answer: nothing here looks at the data any more, so it costs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from retention.statistics import queries
from retention.statistics.aggregates import Totals, candidates_of, center_of
from retention.statistics.pricing import Plan, mean_error
from retention.statistics.queries import Query


def of_totals(planned: Plan, labels: Sequence[str], noisy: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """A row for each group: `value`, `error` (what 95 of 100 are off by at most; None = nothing can be said)."""
    query = planned.query
    if query.kind == queries.MEAN:
        pairs = zip(labels, noisy["sum"], noisy["count"], strict=True)
        return _answer(_mean(planned, label, total, count) for label, total, count in pairs)
    name = "sum" if query.kind == queries.SUM else "count"
    unit = 10**query.decimals if name == "sum" else 1
    error = planned.part(name).error / unit
    return _answer(
        {"group": label, "value": total / unit, "error": error}
        for label, total in zip(labels, noisy[name], strict=True)
    )


def of_people(planned: Plan, people: Mapping[str, int]) -> dict[str, Any]:
    """Found groups with the number of people that found them."""
    error = planned.part("groups").error
    return _answer(
        {"group": label, "value": float(people[label]), "error": float(error)} for label in sorted(people)
    )


def of_quantiles(planned: Plan, labels: Sequence[str], places: Sequence[int]) -> dict[str, Any]:
    """What was chosen; how far it is off is known in ranks, not in the unit of the value."""
    query = planned.query
    candidates = candidates_of(query)
    ranks = planned.part("choice").error
    return _answer(
        {
            "group": label,
            "value": float(candidates[place]) / 10**query.decimals,
            "error": None,
            "ranks": ranks,
        }
        for label, place in zip(labels, places, strict=True)
    )


def scores(query: Query, totals: Totals) -> Iterator[list[int]]:
    """For each group how far each candidate is from being the quantile, in thousandths of a row; 0 is best.

    Smith (2011): |(1 − q) · rows below − q · rows above|.
    """
    for cells in totals.cells:
        below = np.cumsum(cells)[0:-1:2]
        above = cells.sum() - below - cells[1::2]
        yield np.abs((1000 - query.quantile) * below - query.quantile * above).tolist()


def without_noise(query: Query, totals: Totals) -> dict[str, float | None]:
    """The true values by group, for those who may see them."""
    if query.kind == queries.QUANTILE:
        candidates = candidates_of(query)
        return {
            label: float(candidates[int(np.argmin(each))]) / 10**query.decimals if count else None
            for label, each, count in zip(totals.labels, scores(query, totals), totals.counts, strict=True)
        }
    unit = 10**query.decimals
    pairs = zip(totals.labels, totals.sums.tolist(), totals.counts.tolist(), strict=True)
    if query.kind == queries.MEAN:
        center = center_of(query)
        return {label: (center + total / count) / unit if count else None for label, total, count in pairs}
    if query.kind == queries.SUM:
        return {label: total / unit for label, total, _ in pairs}
    return {label: float(count) for label, _, count in pairs}


def _mean(planned: Plan, label: str, total: int, count: int) -> dict[str, Any]:
    """Noisy sum over noisy number, moved into the bounds; none where the number may be nothing but noise."""
    query = planned.query
    offset = total / count if count > 0 else 0.0
    error = mean_error(planned, mean_offset=offset, rows=count) if count > 0 else None
    if error is None:
        return {"group": label, "value": None, "error": None, "count": count}
    mean = min(max(center_of(query) + offset, query.lower), query.upper) / 10**query.decimals
    return {"group": label, "value": round(mean, query.decimals + 2), "error": error, "count": count}


def _answer(rows: Iterator[dict[str, Any]]) -> dict[str, Any]:
    return {"rows": list(rows)}
