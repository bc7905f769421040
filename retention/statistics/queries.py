"""What is asked: one statistic with all that its privacy depends on, checked, canonical and with a fingerprint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

import orjson

COUNT, PEOPLE, SUM, MEAN, QUANTILE, HISTOGRAM = "count", "people", "sum", "mean", "quantile", "histogram"
KINDS = {
    MEAN: "Mean",
    SUM: "Sum",
    COUNT: "Number of rows",
    PEOPLE: "Number of people",
    QUANTILE: "Quantile",
    HISTOGRAM: "Histogram",
}
KIND_CHOICES = list(KINDS.items())
OF_VALUES = (SUM, MEAN, QUANTILE)

NONE, KEYS, BANDS, FOUND = "none", "keys", "bands", "found"
GROUPINGS = {
    NONE: "Not grouped",
    BANDS: "Bands of a number, or of the age that a date gives",
    KEYS: "Values that I list",
    FOUND: "Values found in the data (spends half, and δ)",
}

EPSILON, RHO = "epsilon", "rho"
SYMBOLS = {EPSILON: "ε", RHO: "ρ"}


@dataclass(frozen=True, slots=True)
class Query:
    """One statistic. `lower`, `upper` and numeric `edges` are whole numbers of 10^-decimals; `amount` is in nano.

    `person` is the column that tells persons apart; empty where whoever asks declares each row to be one person.
    The edges of a histogram are of `value`, all others of `group`.
    """

    kind: str
    unit: str
    amount: int
    delta: int = 0
    value: str = ""
    decimals: int = 0
    lower: int = 0
    upper: int = 0
    quantile: int = 500  # per mille
    steps: int = 100
    grouping: str = NONE
    group: str = ""
    keys: tuple[str, ...] = ()
    edges: tuple[int, ...] = ()
    edge_decimals: int = 0
    person: str = ""
    rows_per_person: int = 1
    groups_per_person: int = 1
    edition: str = ""

    @property
    def columns(self) -> list[str]:
        """What must be read, each once."""
        named = [self.person, self.group, self.value]
        return list(dict.fromkeys(name for name in named if name))

    @property
    def each_row(self) -> bool:
        return not self.person

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Query:
        return cls(**{**stored, "keys": tuple(stored["keys"]), "edges": tuple(stored["edges"])})

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the canonical query: the order of listed keys does not count."""
        canonical = {**self.as_json(), "keys": sorted(self.keys)}
        return sha256(orjson.dumps(canonical, option=orjson.OPT_SORT_KEYS)).hexdigest()

    @property
    def title(self) -> str:
        words = KINDS[self.kind]
        if self.kind == QUANTILE:
            words = "Median" if self.quantile == 500 else f"Quantile {self.quantile / 1000:g}"
        words += f" of {self.value}" if self.value else ""
        return words + (f" by {self.group}" if self.group else "")
