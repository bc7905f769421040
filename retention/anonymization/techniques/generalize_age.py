"""Dates of birth to age brackets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.moments import as_dates, is_moment
from retention.anonymization.techniques.base import Environment, TechniqueError, Transform, parameter


@dataclass(frozen=True)
class Parameters:
    on: str = parameter(
        label="On",
        help="The day on which ages are meant, such as 2024-12-31: the result is the same whenever it is made.",
    )
    width: int = parameter(10, label="Years in a bracket", minimum=1, maximum=100)
    oldest: int = parameter(
        90, label="From this age on all in one bracket", help="As in 90+.", minimum=1, maximum=150
    )


class GeneralizeAge(ColumnTechnique):
    """`30-39`; `90+` for the oldest. Who was born after that day has no age: null. 29 February counts as reached on
    1 March of other years."""

    kind = "generalize_age"
    label = "Generalize: date of birth to age bracket"
    explanation = "A date of birth becomes an age bracket as of a day that you name."
    Parameters = Parameters

    def check(self) -> None:
        try:
            self._on = date.fromisoformat(self.parameters.on)
        except ValueError:
            raise TechniqueError("generalize_age.on must be a date such as 2024-12-31.") from None

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not is_moment(plain):
            raise refused(self, plain)
        return pa.string()

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        def brackets(values: pa.Array, person: pa.Array | None) -> pa.Array:
            born = as_dates(values)
            years = pc.subtract(self._on.year, pc.year(born))
            day = pc.add(pc.multiply(pc.month(born), 100), pc.day(born))
            ages = pc.subtract(years, pc.greater(day, self._on.month * 100 + self._on.day).cast(pa.int64()))
            return pa.array([self._bracket(age) for age in ages.to_pylist()], pa.string())

        return brackets

    def _bracket(self, age: int | None) -> str | None:
        width, oldest = self.parameters.width, self.parameters.oldest
        if age is None or age < 0:
            return None
        if age >= oldest:
            return f"{oldest}+"
        low = age - age % width
        high = min(low + width, oldest) - 1
        return f"{low}-{high}" if high > low else f"{low}"
