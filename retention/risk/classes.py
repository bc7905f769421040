"""Equivalence classes: the rows that share all quasi-identifiers, and which sensitive values they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from retention.risk.collapsing import Combinations, RiskProblem
from retention.risk.grouping import group


@dataclass(frozen=True)
class Classes:
    """`sizes[c]` rows are in class c. Where a sensitive column is looked at, entry e says that value `values[e]`
    occurs `counts[e]` times in class `of[e]`; each value is named once in a class. `reference[v]` is how often
    value v occurs in the whole table.
    """

    sizes: np.ndarray
    of: np.ndarray
    values: np.ndarray
    counts: np.ndarray
    reference: np.ndarray

    @cached_property
    def rows(self) -> int:
        return int(self.sizes.sum())

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def distinct(self) -> np.ndarray:
        """How many different sensitive values each class has."""
        return np.bincount(self.of, minlength=len(self))

    def most_frequent(self) -> np.ndarray:
        """How often the most frequent sensitive value of each class occurs in it."""
        most = np.zeros(len(self), np.int64)
        np.maximum.at(most, self.of, self.counts)
        return most


NOTHING = np.zeros(0, np.int64)


def classes_of(combinations: Combinations, quasi: Sequence[str], sensitive: str = "") -> Classes:
    """The classes of a table. Raises RiskProblem where a column is both quasi-identifier and sensitive."""
    require_roles(quasi, sensitive)
    sizes = dict(zip(combinations.columns, combinations.sizes(), strict=True))
    codes = dict(zip(combinations.columns, combinations.codes, strict=True))
    groups = group([codes[name] for name in quasi], [sizes[name] for name in quasi], len(combinations))
    rows = groups.total(combinations.counts)
    if not sensitive:
        return Classes(rows, NOTHING, NOTHING, NOTHING, NOTHING)
    of, values, counts = entries(
        groups.of, codes[sensitive], combinations.counts, len(groups), sizes[sensitive]
    )
    reference = np.bincount(values, weights=counts, minlength=sizes[sensitive]).astype(np.int64)
    return Classes(rows, of, values, counts, reference)


def entries(
    of: np.ndarray, values: np.ndarray, counts: np.ndarray, classes: int, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each (class, value) once, with its count."""
    pairs = group([of, values], [classes, size], len(of))
    return of[pairs.first], values[pairs.first], pairs.total(counts)


def require_roles(quasi: Sequence[str], sensitive: str) -> None:
    """Raises RiskProblem unless there are quasi-identifiers, each once, and the sensitive column is none of them."""
    if not quasi:
        raise RiskProblem(
            "No quasi-identifier was named.", "Name the columns that others may know of a person."
        )
    twice = sorted({name for name in quasi if list(quasi).count(name) > 1})
    if twice:
        raise RiskProblem(
            f"{', '.join(twice)} is named twice as a quasi-identifier.", "Name each column once."
        )
    if sensitive in quasi:
        raise RiskProblem(
            f"{sensitive} cannot be both a quasi-identifier and the sensitive column.",
            "An attacker either knows it or wants to learn it: name it once.",
        )
