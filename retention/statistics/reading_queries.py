"""From what a form or a program says to a Query: everything checked, each refusal beside its field."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError

from retention.statistics import queries, units
from retention.statistics.queries import Query

MOST_GROUPS = 10_000
MOST_STEPS = 10_000
MOST_CELLS = 2_000_000  # groups times candidates of a quantile
MOST_ROWS = 100_000  # of one person
MOST_SCALED = 2**40  # a bound in its smallest unit: sums stay far inside 64 bits
NUMBERS = frozenset({"integer", "decimal", "float"})
DATES = frozenset({"date", "timestamp"})
KEYED = frozenset({"text", "integer", "boolean", "date", "uuid"})
PERSONS = frozenset({"text", "integer", "uuid", "decimal", "binary"})


@dataclass(frozen=True, slots=True)
class ColumnKind:
    """What the catalog knows of a column. `loose`: a file without types, where a text may be a number."""

    name: str
    kind: str
    loose: bool = False

    def any_of(self, kinds: frozenset[str]) -> bool:
        return self.kind in kinds or (self.loose and self.kind == "text")


def read_query(given: Mapping[str, Any], *, columns: Sequence[ColumnKind], unit: str) -> Query:
    """The query that `given` (the fields of the form, or of the API) describes.

    Raises ValidationError by field: an unknown column, one that holds no numbers, a missing bound, a lower bound
    above the upper one, an amount that is none, nobody to bound the contributions of.
    """
    return _Reader(given, {column.name: column for column in columns}, unit).read()


class _Reader:
    def __init__(self, given: Mapping[str, Any], columns: Mapping[str, ColumnKind], unit: str) -> None:
        self.given = given
        self.columns = columns
        self.unit = unit
        self.problems: dict[str, list[str]] = {}

    def read(self) -> Query:
        kind = self._choice("kind", queries.KINDS)
        found: dict[str, Any] = {
            "kind": kind,
            "unit": self.unit,
            "edition": self._plain("edition", self._text("edition")[:40]),
        }
        found |= self._amounts() | self._person() | self._value(kind) | self._grouping(kind)
        if self.problems:
            raise ValidationError(self.problems)
        query = Query(**found)
        if query.kind == queries.QUANTILE and _groups(query) * query.steps > MOST_CELLS:
            raise ValidationError(
                {"steps": f"Groups times steps may be {MOST_CELLS:,} at most; ask for fewer."}
            )
        return query

    def _amounts(self) -> dict[str, Any]:
        other = queries.RHO if self.unit == queries.EPSILON else queries.EPSILON
        if self._text(other):
            self._refuse(other, f"This budget is kept in {queries.SYMBOLS[self.unit]}; say how much of that.")
        amount, delta = 0, 0
        try:
            amount = units.nano(self.given.get(self.unit, ""), name=queries.SYMBOLS[self.unit])
        except units.NoAmount as problem:
            self._refuse(self.unit, str(problem))
        if self._text("grouping") == queries.FOUND and self._text("kind") != queries.HISTOGRAM:
            try:
                delta = units.pico(self.given.get("delta") or 0, name="δ")
            except units.NoAmount as problem:
                self._refuse("delta", str(problem))
            else:
                if not delta:
                    self._refuse("delta", "Finding groups in the data needs a δ above 0, such as 0.000001.")
        return {"amount": amount, "delta": delta}

    def _person(self) -> dict[str, Any]:
        name = self._text("person")
        if self.given.get("each_row") is True:
            if name:
                self._refuse("person", "Either a column tells persons apart or each row is one: not both.")
            return {"person": "", "rows_per_person": 1, "groups_per_person": 1}
        if not name:
            self._refuse(
                "person", "Name the column that tells persons apart, or declare that each row is one person."
            )
            return {}
        self._column("person", name, PERSONS, "cannot tell persons apart")
        rows = self._whole("rows_per_person", 1, low=1, high=MOST_ROWS)
        groups = self._whole("groups_per_person", 1, low=1, high=MOST_GROUPS)
        return {"person": name, "rows_per_person": rows, "groups_per_person": min(rows, groups)}

    def _value(self, kind: str) -> dict[str, Any]:
        if kind == queries.HISTOGRAM:
            name = self._required("value")
            self._column("value", name, NUMBERS, "holds no numbers")
            return {"value": name}
        if kind not in queries.OF_VALUES:
            return {}
        name = self._required("value")
        self._column("value", name, NUMBERS, "holds no numbers")
        decimals = self._whole("decimals", 2, low=0, high=6)
        lower, upper = self._scaled("lower", decimals), self._scaled("upper", decimals)
        if lower is not None and upper is not None and lower >= upper:
            self._refuse("upper", "The upper bound must be above the lower one.")
        found = {"value": name, "decimals": decimals, "lower": lower, "upper": upper}
        if kind == queries.QUANTILE:
            found |= {
                "quantile": self._quantile(),
                "steps": self._whole("steps", 100, low=2, high=MOST_STEPS),
            }
        return found

    def _quantile(self) -> int:
        number = self._number("quantile", self.given.get("quantile") or "0.5")
        if number is None:
            return 0
        if not 0 < number < 1 or number * 1000 != (number * 1000).to_integral_value():
            self._refuse("quantile", "A quantile lies between 0.001 and 0.999, in steps of 0.001.")
            return 0
        return int(number * 1000)

    def _grouping(self, kind: str) -> dict[str, Any]:
        if kind == queries.HISTOGRAM:
            return {"grouping": queries.BANDS} | self._edges()
        grouping = self._choice("grouping", queries.GROUPINGS, default=queries.NONE)
        if grouping == queries.NONE:
            if self._text("group"):
                self._refuse("grouping", "Say how the column becomes groups: bands, listed or found values.")
            return {}
        name = self._required("group")
        found: dict[str, Any] = {"grouping": grouping, "group": name}
        if grouping == queries.BANDS:
            self._column("group", name, NUMBERS | DATES, "holds neither numbers nor dates")
            return found | self._edges()
        self._column("group", name, KEYED, "has no values to group by")
        return found | ({"keys": self._keys()} if grouping == queries.KEYS else {})

    def _keys(self) -> tuple[str, ...]:
        keys = [self._plain("keys", str(key).strip()) for key in self._list("keys")]
        keys = [key for key in keys if key]
        if not keys:
            self._refuse(
                "keys", "List the values to group by. All of them will be in the answer, also empty ones."
            )
        if len(keys) > MOST_GROUPS:
            self._refuse("keys", f"There may be {MOST_GROUPS:,} groups at most; list fewer.")
        if len(set(keys)) < len(keys):
            self._refuse("keys", "A value is listed twice.")
        return tuple(keys)

    def _edges(self) -> dict[str, Any]:
        numbers = [self._number("edges", edge) for edge in self._list("edges") if str(edge).strip()]
        edges = [number for number in numbers if number is not None]
        if not numbers:
            self._refuse("edges", "Say where the bands begin, such as 18, 30, 45, 60.")
        if len(edges) < len(numbers) or not edges:
            return {}
        if len(edges) > MOST_GROUPS:
            self._refuse("edges", f"There may be {MOST_GROUPS:,} bands at most; give fewer edges.")
        if any(low >= high for low, high in itertools.pairwise(edges)):
            self._refuse("edges", "The edges must rise, each once.")
        decimals = max(max(0, -int(edge.normalize().as_tuple().exponent)) for edge in edges)
        if decimals > 6 or any(abs(edge) * 10**decimals > MOST_SCALED for edge in edges):
            self._refuse("edges", "The edges have too many digits.")
            return {}
        return {"edges": tuple(int(edge * 10**decimals) for edge in edges), "edge_decimals": decimals}

    def _scaled(self, field: str, decimals: int) -> int | None:
        if not self._text(field):
            self._refuse(
                field, "A bound is needed: values outside it are moved to it. Do not read it off the data."
            )
            return None
        number = self._number(field, self.given[field])
        if number is None:
            return None
        scaled = number * 10**decimals
        if scaled != scaled.to_integral_value():
            self._refuse(field, f"This has more decimals than the {decimals} that values are counted in.")
            return None
        if abs(scaled) > MOST_SCALED:
            self._refuse(
                field, f"With {decimals} decimals a bound may be {MOST_SCALED // 10**decimals:,} at most."
            )
            return None
        return int(scaled)

    def _column(self, field: str, name: str, kinds: frozenset[str], otherwise: str) -> None:
        if not name:
            return
        column = self.columns.get(name)
        if column is None:
            self._refuse(field, f"The data set has no column {name}; choose among its columns.")
        elif not column.any_of(kinds):
            self._refuse(field, f"{name} is of the kind {column.kind}, which {otherwise}.")

    def _number(self, field: str, value: Any) -> Decimal | None:
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            self._refuse(field, "This is not a number.")
            return None
        if not number.is_finite() or abs(number.adjusted()) > 30:
            self._refuse(field, "This must be a finite number.")
            return None
        return number

    def _whole(self, field: str, default: int, *, low: int, high: int) -> int:
        text = self._text(field)
        if not text:
            return default
        if not re.fullmatch(r"-?[0-9]{1,18}", text) or not low <= int(text) <= high:
            self._refuse(field, f"This must be a whole number from {low:,} to {high:,}.")
            return default
        return int(text)

    def _choice(self, field: str, choices: Mapping[str, str], *, default: str = "") -> str:
        chosen = self._text(field) or default
        if chosen not in choices:
            self._refuse(field, f"Choose one of {', '.join(choices)}.")
        return chosen

    def _plain(self, field: str, text: str) -> str:
        """Text that can be stored."""
        if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            self._refuse(field, "This holds a character that is none.")
        return text

    def _required(self, field: str) -> str:
        text = self._text(field)
        if not text:
            self._refuse(field, "Choose a column.")
        return text

    def _list(self, field: str) -> Sequence[Any]:
        listed = self.given.get(field) or []
        return listed if isinstance(listed, (list, tuple)) else [listed]

    def _text(self, field: str) -> str:
        value = self.given.get(field)
        return "" if value is None else str(value).strip()

    def _refuse(self, field: str, problem: str) -> None:
        self.problems.setdefault(field, []).append(problem)


def _groups(query: Query) -> int:
    return max(1, len(query.keys), len(query.edges) + 1)
