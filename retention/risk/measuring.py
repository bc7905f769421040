"""k, l, t, the risks of an attack, and what is left of use: all from one collapsed table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations as subsets
from itertools import pairwise
from math import comb
from typing import Any

import numpy as np

from retention.risk.attacks import Attack, attacks_on
from retention.risk.classes import Classes, classes_of
from retention.risk.collapsing import Combinations, RiskProblem
from retention.risk.distances import Distance, equal_distances, ordered_distances, scale_of
from retention.risk.grouping import sum_of_squares
from retention.risk.targets import TOLERANCE, Targets

BANDS = (1, 2, 3, 5, 10, 20, 50, 100, 1_000, 10_000)
LONGEST_SUBSET = 3
MOST_SUBSETS = 5_000
MOST_L = 5  # recursive (c,l)-diversity is told up to this l


@dataclass(frozen=True)
class Diversity:
    """`distinct` values are in the poorest class; `entropy` is exp of the smallest entropy, so the largest l for which
    entropy l-diversity holds; `recursive[l]` is the c above which recursive (c,l)-diversity holds. Machanavajjhala,
    Gehrke, Kifer and Venkitasubramaniam, "l-Diversity: Privacy Beyond k-Anonymity", ICDE 2006.
    """

    distinct: int
    entropy: float
    recursive: dict[int, float]


@dataclass(frozen=True)
class Risk:
    """Chances that a row is re-identified, from 0 to 1 (El Emam, "Guide to the De-Identification of Personal Health
    Information", 2013, chapters 16-18).

    Prosecutor: the attacker knows that the person is in the data. Journalist: they do not, and the data are `sampled`,
    a share of the population. Marketer: how much of the whole data an attacker would re-identify on average.
    """

    prosecutor_highest: float
    journalist_highest: float
    marketer: float
    uniques: float
    above: float
    threshold: float
    sampled: float


@dataclass(frozen=True)
class Subset:
    """How many rows are the only one with their values in these columns alone."""

    columns: tuple[str, ...]
    unique_rows: int
    share: float
    classes: int


@dataclass(frozen=True)
class Measures:
    """`t` and `ordered_t` are the largest distance of a class; None without a sensitive column, or where it has no
    order. `histogram` has (from size, to size, classes, rows)."""

    rows: int
    classes: int
    k: int
    largest: int
    average: float
    discernibility: int
    diversity: Diversity | None
    t: float | None
    ordered_t: float | None
    risk: Risk
    attacks: tuple[Attack, ...]
    subsets: tuple[Subset, ...]
    histogram: tuple[tuple[int, int | None, int, int], ...]

    def unmet(self, targets: Targets) -> list[str]:
        """What of the targets does not hold, each a sentence."""
        found = []
        if targets.k is not None and self.k < targets.k:
            found.append(f"k is {self.k} and should be {targets.k} at least.")
        if targets.l is not None and self.diversity and self.diversity.distinct < targets.l:
            found.append(f"l is {self.diversity.distinct} and should be {targets.l} at least.")
        t = self.ordered_t if targets.distance is Distance.ORDERED else self.t
        if targets.t is not None and t is not None and t > targets.t + TOLERANCE:
            found.append(f"t is {t:.4g} and should be {targets.t:g} at most.")
        return found

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    table: Combinations,
    quasi: Sequence[str],
    sensitive: str = "",
    *,
    threshold: float = 0.1,
    sampled: float = 1.0,
    whole: Mapping[str | None, int] | None = None,
) -> Measures:
    """All measures of a table that holds at least the named columns. `whole` counts the sensitive values of the table
    that t compares with, where it is not this one: a release is compared with what it was made from.

    Raises RiskProblem for a table without rows and for columns that cannot play these parts.
    """
    if not 0 < sampled <= 1:
        raise RiskProblem(
            f"The data cannot be {sampled:g} of the population.", "Say a share above 0, up to 1."
        )
    if not 0 <= threshold <= 1:
        raise RiskProblem(f"A risk of {threshold:g} is none.", "Say a threshold from 0 to 1.")
    classes = classes_of(table, quasi, sensitive)
    if not len(classes):
        raise RiskProblem("There are no rows, so there is nothing to measure.")
    values: tuple[str | None, ...] = table.values[table.columns.index(sensitive)] if sensitive else ()
    compared = classes
    if whole is not None and sensitive:
        values = (*values, *(value for value in whole if value not in set(values)))
        counts = np.array([whole.get(value, 0) for value in values], np.int64)
        compared = Classes(classes.sizes, classes.of, classes.values, classes.counts, counts)
    k, rows = int(classes.sizes.min()), classes.rows
    return Measures(
        rows=rows,
        classes=len(classes),
        k=k,
        largest=int(classes.sizes.max()),
        average=rows / len(classes),
        discernibility=sum_of_squares(classes.sizes),
        diversity=diversity(classes) if sensitive else None,
        t=float(equal_distances(compared).max()) if sensitive else None,
        ordered_t=_ordered(values, compared) if sensitive else None,
        risk=Risk(
            prosecutor_highest=1 / k,
            journalist_highest=sampled / k,
            marketer=len(classes) / rows * sampled,
            uniques=float((classes.sizes == 1).sum() / rows),
            above=float(classes.sizes[classes.sizes * threshold < 1].sum() / rows),
            threshold=threshold,
            sampled=sampled,
        ),
        attacks=attacks_on(classes),
        subsets=unique_by_subset(table, quasi),
        histogram=_histogram(classes.sizes),
    )


def diversity(classes: Classes) -> Diversity:
    counts, of, sizes = classes.counts, classes.of, classes.sizes
    entropy = np.log(sizes) - np.bincount(of, weights=counts * np.log(counts), minlength=len(sizes)) / sizes
    distinct = int(classes.distinct.min())
    order = np.lexsort((-counts, of))
    sorted_of, sorted_counts = of[order], counts[order]
    starts = np.searchsorted(sorted_of, np.arange(len(sizes)))
    place = np.arange(len(order)) - starts[sorted_of]
    recursive = {}
    for wanted in range(2, min(distinct, MOST_L) + 1):
        rest = place >= wanted - 1
        tail = np.bincount(sorted_of[rest], weights=sorted_counts[rest], minlength=len(sizes))
        recursive[wanted] = float((sorted_counts[starts] / tail).max())
    return Diversity(distinct, float(np.exp(entropy.min())), recursive)


def unique_by_subset(table: Combinations, quasi: Sequence[str]) -> tuple[Subset, ...]:
    """Every subset of up to three columns, the worst first; of up to two where there are very many columns."""
    longest = min(LONGEST_SUBSET, len(quasi))
    while longest > 1 and sum(comb(len(quasi), size) for size in range(1, longest + 1)) > MOST_SUBSETS:
        longest -= 1
    known = table.of(quasi)
    rows = known.rows
    found = []
    for size in range(1, longest + 1):
        for chosen in subsets(quasi, size):
            sizes = known.of(chosen).counts
            alone = int((sizes == 1).sum())
            found.append(Subset(chosen, alone, alone / rows, len(sizes)))
    return tuple(
        sorted(found, key=lambda subset: (-subset.unique_rows, len(subset.columns), -subset.classes))
    )


def _ordered(values: Sequence[str | None], classes: Classes) -> float | None:
    """None where the values are no numbers."""
    try:
        ranks = scale_of(values, classes.reference)
    except RiskProblem:
        return None
    return float(ordered_distances(classes, ranks).max())


def _histogram(sizes: np.ndarray) -> tuple[tuple[int, int | None, int, int], ...]:
    bands = [*pairwise(BANDS), (BANDS[-1], None)]
    found = []
    for low, high in bands:
        inside = sizes[(sizes >= low) & ((sizes < high) if high else True)]
        found.append((low, high - 1 if high else None, len(inside), int(inside.sum())))
    return tuple(found)
