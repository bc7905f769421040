"""A release in words: what was asked, under which bounds, and its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from retention.statistics import queries
from retention.statistics.charts import number_words
from retention.statistics.models import Release
from retention.statistics.pricing import plan
from retention.statistics.queries import Query


@dataclass(frozen=True, slots=True)
class ShownRow:
    group: str
    value: str
    error: str
    true: str


def rows_of(release: Release, true: Mapping[str, float | None] | None) -> list[ShownRow]:
    """The rows of the answer, with the true values beside them where somebody looks at those."""
    rows = []
    for row in (release.answer or {}).get("rows", []):
        beside = ""
        if true is not None:
            exact = true.get(row["group"])
            beside = "none" if exact is None else number_words(exact)
        rows.append(ShownRow(row["group"] or "All", number_words(row["value"]), _error_words(row), beside))
    return rows


def facts_of(release: Release) -> list[tuple[str, Any]]:
    query = release.asked
    return [
        ("Data set", release.budget.name),
        ("Cost", release.cost),
        ("Values", _bounds(query)),
        ("Protected", _protected(query)),
        ("Noise", "Laplace, discrete" if query.unit == queries.EPSILON else "Gaussian, discrete"),
        ("Budget's shares", _shares(query)),
        ("Edition", query.edition),
        ("Asked by", release.asked_by and release.asked_by.display_name),
        ("Asked", release.asked_at),
        ("Answered", release.released_at),
        ("Ages as of", (release.answer or {}).get("as_of", "")),
        ("Fingerprint", release.fingerprint[:16]),
    ]


def _error_words(row: Mapping[str, Any]) -> str:
    if row.get("ranks") is not None:
        return f"± {row['ranks']:,} rows in rank"
    return "" if row["error"] is None else f"± {number_words(row['error'])}"


def _bounds(query: Query) -> str:
    if query.kind not in queries.OF_VALUES:
        return ""
    low, high = (Decimal(bound).scaleb(-query.decimals) for bound in (query.lower, query.upper))
    return f"{query.value}, moved into {low:f} to {high:f}"


def _protected(query: Query) -> str:
    if query.each_row:
        return "each row, declared to be one person"
    return (
        f"each {query.person}: at most {query.rows_per_person:,} rows in {query.groups_per_person:,} groups"
    )


def _shares(query: Query) -> str:
    names = {"groups": "finding groups", "sum": "sum", "count": "number", "choice": "choice"}
    parts = plan(query).parts
    return ", ".join(f"{names[part.name]} {part.amount / query.amount:.0%}" for part in parts)
