"""How far the sensitive values of a class are from those of the whole table: the t of t-closeness.

Earth mover's distance as in Li, Li and Venkatasubramanian, "t-Closeness: Privacy Beyond k-Anonymity and l-Diversity",
ICDE 2007. With the equal ground distance (section 4.2) it is half the sum of |p - q|. With the ordered distance
(section 4.1, for numbers and other scales) it is the sum of |cumulated p - cumulated q| / (m - 1) for m values.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from retention.risk.classes import Classes
from retention.risk.collapsing import RiskProblem


class Distance(StrEnum):
    EQUAL = "equal"
    ORDERED = "ordered"


def equal_distances(classes: Classes) -> np.ndarray:
    """Of each class, from 0 to 1. What the class has too much of weighs as much as what it lacks."""
    share = classes.counts / classes.sizes[classes.of]
    surplus = np.maximum(share - (classes.reference / classes.reference.sum())[classes.values], 0)
    return np.bincount(classes.of, weights=surplus, minlength=len(classes))


def ordered_distances(classes: Classes, ranks: np.ndarray) -> np.ndarray:
    """Of each class, from 0 to 1; `ranks[v]` is the place of value v on the scale, -1 where no row has it.

    Between two values of a class its cumulated share stands still, and the table's only rises: so each such stretch
    is summed by two look-ups in running sums, and the cost is that of the entries, not classes times values.
    """
    scale = int(ranks.max(initial=-1)) + 1
    if scale < 2:
        return np.zeros(len(classes))
    whole = np.zeros(scale)
    present = ranks >= 0
    whole[ranks[present]] = classes.reference[present] / classes.reference.sum()
    cumulated = np.cumsum(whole)
    running = np.concatenate([[0.0], np.cumsum(cumulated)])
    place = ranks[classes.values]
    order = np.argsort(classes.of * scale + place)
    of, place, counts = classes.of[order], place[order], classes.counts[order]
    starts = np.searchsorted(of, np.arange(len(classes)))
    before = np.cumsum(counts)
    offset = np.concatenate([[0], before])[starts]
    level = (before - offset[of]) / classes.sizes[of]  # cumulated share of the class from this value on
    last = np.append(of[1:] != of[:-1], True)
    end = np.where(last, scale, np.append(place[1:], scale))
    turn = np.clip(np.searchsorted(cumulated, level), place, end)  # from here on the table has cumulated more
    stretch = (level * (turn - place) - (running[turn] - running[place])) + (
        (running[end] - running[turn]) - level * (end - turn)
    )
    distance = np.bincount(of, weights=stretch, minlength=len(classes))
    begins = np.append(True, last[:-1])[: len(of)]
    distance[of[begins]] += running[place[begins]]  # before its first value a class has cumulated nothing
    return np.maximum(distance, 0) / (scale - 1)


def scale_of(values: Sequence[str | None], reference: np.ndarray) -> np.ndarray:
    """The rank of each value on the scale of numbers; null stands before the smallest. `reference` says which occur.

    Raises RiskProblem where a value is no number.
    """
    numbers = np.full(len(values), np.nan)
    for place, value in enumerate(values):
        if value is None:
            numbers[place] = -np.inf
        elif reference[place]:
            numbers[place] = _number(value)
    used = (reference > 0) & ~np.isnan(numbers)
    if (reference > 0).sum() > used.sum():
        raise RiskProblem(
            f"{int((reference > 0).sum() - used.sum())} of the sensitive values are no numbers, so they have no order.",
            "Use the equal distance.",
        )
    ranks = np.full(len(values), -1, np.int64)
    ranks[used] = np.unique(numbers[used], return_inverse=True)[1]
    return ranks


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def farthest(distance: Distance, reference: np.ndarray, ranks: np.ndarray | None) -> float:
    """The largest distance that any class could have: that of one which holds a single value."""
    used = np.flatnonzero(reference)
    single = Classes(
        np.ones(len(used), np.int64), np.arange(len(used)), used, np.ones(len(used), np.int64), reference
    )
    if distance is Distance.ORDERED and ranks is not None:
        return float(ordered_distances(single, ranks).max(initial=0))
    return float(equal_distances(single).max(initial=0))
