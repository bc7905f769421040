"""What a table must hold to: k, l and t, and which classes do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from retention.risk.classes import Classes
from retention.risk.collapsing import RiskProblem
from retention.risk.distances import Distance, equal_distances, farthest, ordered_distances


@dataclass(frozen=True)
class Targets:
    """`k` rows share every class (Sweeney 2002), `l` different sensitive values are in it (distinct l-diversity,
    Machanavajjhala et al. 2006), and it is no farther than `t` from the whole table (Li et al. 2007). None: not asked.
    """

    k: int | None = None
    l: int | None = None  # noqa: E741  the name that the literature has
    t: float | None = None
    distance: Distance = Distance.EQUAL

    def __post_init__(self) -> None:
        if self.k is not None and self.k < 1:
            raise RiskProblem(f"k is {self.k}.", "It is a number of rows, from 1 on.")
        if self.l is not None and self.l < 1:
            raise RiskProblem(f"l is {self.l}.", "It is a number of values, from 1 on.")
        if self.t is not None and not 0 <= self.t <= 1:
            raise RiskProblem(f"t is {self.t}.", "It is a distance from 0 to 1.")

    @property
    def any(self) -> bool:
        return self.k is not None or self.needs_sensitive

    @property
    def needs_sensitive(self) -> bool:
        return self.l is not None or self.t is not None

    def require(self, sensitive: str) -> None:
        """Raises RiskProblem where l or t is asked and no sensitive column is named."""
        if self.needs_sensitive and not sensitive:
            raise RiskProblem("l and t speak of a sensitive column, and none was named.", "Name it.")

    def as_json(self) -> dict[str, Any]:
        return {"k": self.k, "l": self.l, "t": self.t, "distance": str(self.distance)}


TOLERANCE = 1e-9  # distances are sums of rounded shares: a class exactly at t holds


@dataclass(frozen=True)
class Judge:
    """Targets made ready for many tables over the same rows: `ranks` is the scale of an ordered distance."""

    targets: Targets
    ranks: np.ndarray | None = None

    def small(self, classes: Classes) -> np.ndarray:
        """Classes that fail k or l. What passes keeps passing when classes are merged."""
        failing = classes.sizes < (self.targets.k or 1)
        if self.targets.l is not None:
            failing |= classes.distinct < self.targets.l
        return failing

    def distances(self, classes: Classes) -> np.ndarray:
        if self.targets.distance is Distance.ORDERED and self.ranks is not None:
            return ordered_distances(classes, self.ranks)
        return equal_distances(classes)

    def judge(self, classes: Classes) -> tuple[np.ndarray, int]:
        """Which classes fail, and the fewest rows that fail here and in every refinement of these classes.

        A row in a class too small or too uniform stays in one when the class is divided. For t the distance is
        convex: of a class at d > t, whose parts within t hold at most (1 - w) of its rows, the rest is at most
        `farthest` away, so w >= (d - t) / (farthest - t).
        """
        failing = self.small(classes)
        fewest = int(classes.sizes[failing].sum())
        t = self.targets.t
        if t is not None and len(classes):
            distances = self.distances(classes)
            beyond = (distances > t + TOLERANCE) & ~failing
            most = farthest(self.targets.distance, classes.reference, self.ranks)
            share = (distances[beyond] - t) / max(most - t, TOLERANCE)
            fewest += int(np.ceil(classes.sizes[beyond] * np.clip(share, 0, 1) - 1e-6).sum())
            failing = failing | beyond
        return failing, fewest
