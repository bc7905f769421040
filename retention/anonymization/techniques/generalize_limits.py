"""Top and bottom coding: what lies beyond a limit becomes the limit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import pyarrow as pa
import pyarrow.compute as pc

from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.techniques.base import Environment, TechniqueError, Transform, parameter
from retention.anonymization.texts import is_number


@dataclass(frozen=True)
class Parameters:
    lower: float | None = parameter(None, label="Lower limit", help="What is less becomes this.")
    upper: float | None = parameter(None, label="Upper limit", help="What is more becomes this.")


class GeneralizeLimits(ColumnTechnique):
    """The type stays; NaN becomes null. For whole numbers and decimals a limit is rounded inwards."""

    kind = "generalize_limits"
    label = "Generalize: top and bottom coding"
    explanation = "Rare extremes, such as very high ages or salaries, all become the same limit."
    Parameters = Parameters
    by_distinct = False

    def check(self) -> None:
        lower, upper = self.parameters.lower, self.parameters.upper
        if lower is None and upper is None:
            raise TechniqueError("generalize_limits needs a lower limit, an upper limit, or both.")
        if lower is not None and upper is not None and lower >= upper:
            raise TechniqueError("generalize_limits.lower must be below the upper limit.")

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not is_number(plain):
            raise refused(self, plain)
        self._limits(plain)
        return plain

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        lower, upper = self._limits(plain)

        def limit(values: pa.Array, person: pa.Array | None) -> pa.Array:
            if pa.types.is_floating(plain):
                values = pc.if_else(pc.is_nan(values), pa.scalar(None, plain), values)
            if lower is not None:
                values = pc.if_else(pc.less(values, lower), lower, values)
            if upper is not None:
                values = pc.if_else(pc.greater(values, upper), upper, values)
            return values

        return limit

    def _limits(self, plain: pa.DataType) -> tuple[pa.Scalar | None, pa.Scalar | None]:
        chosen = self.parameters
        try:
            return (
                _scalar(chosen.lower, plain, ROUND_CEILING),
                _scalar(chosen.upper, plain, ROUND_FLOOR),
            )
        except (pa.ArrowInvalid, OverflowError):
            raise TechniqueError(f"{self.label}: a limit is no number of type {plain}.") from None


def _scalar(limit: float | None, plain: pa.DataType, rounding: str) -> pa.Scalar | None:
    if limit is None:
        return None
    if pa.types.is_floating(plain):
        return pa.scalar(limit, pa.float64()).cast(plain)
    exact = Decimal(repr(limit))
    if pa.types.is_integer(plain):
        return pa.scalar(int(exact.to_integral_value(rounding)), plain)
    return pa.scalar(exact.quantize(Decimal(1).scaleb(-plain.scale), rounding), plain)
