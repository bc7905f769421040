"""How a count of hits becomes one piece of evidence; shared by all detectors of values."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.classification.masking import mask
from catalog.classification.verdict import Evidence

EXAMPLES = 3
ENOUGH = 8  # distinct values from which prevalence is taken at face value


def prevailing(
    category: str,
    title: str,
    *,
    sampled: int,
    hits: Sequence[str],
    weight: float,
    valid: int = 0,
    at_least: float = 0.5,
    origin: str = "pattern",
    few: bool = False,
) -> list[Evidence]:
    """Evidence that the column is of `category`, if the share of `hits` reaches `at_least`; else nothing.

    The weight grows with prevalence, and few distinct values count for less than many, unless `few` are normal.
    """
    if not sampled or not hits:
        return []
    prevalence = len(hits) / sampled
    if prevalence < at_least:
        return []
    certainty = 1.0 if few else min(1.0, 0.6 + 0.4 * len(hits) / ENOUGH)
    strength = weight * certainty * min(1.0, 0.55 + 0.5 * prevalence)
    checked = f", {valid} of them valid" if valid else ""
    return [
        Evidence(
            origin=origin,
            category=category,
            detail=f"{len(hits)} of {sampled} distinct values look like {title}{checked}.",
            weight=round(strength, 3),
            sampled=sampled,
            matched=len(hits),
            valid=valid,
            examples=tuple(mask(hit, category) for hit in hits[:EXAMPLES]),
        )
    ]
