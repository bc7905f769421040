"""Numbers with fewer digits."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.techniques.base import Environment, TechniqueError, Transform, parameter
from retention.anonymization.texts import is_number

_WHOLE = 1e290


@dataclass(frozen=True)
class Parameters:
    digits: int = parameter(
        label="Decimal places",
        help="2: hundredths. 0: whole numbers. -3: thousands.",
        minimum=-15,
        maximum=15,
    )


class GeneralizeRound(ColumnTechnique):
    """Half goes to the even neighbour. The type stays; NaN and infinity become null."""

    kind = "generalize_round"
    label = "Generalize: round"
    explanation = "Numbers keep so many decimal places, or are rounded to tens, hundreds or thousands."
    Parameters = Parameters
    by_distinct = False

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not is_number(plain):
            raise refused(self, plain)
        return plain

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        digits = self.parameters.digits

        def rounded(values: pa.Array, person: pa.Array | None) -> pa.Array:
            try:
                if pa.types.is_floating(plain):
                    return _floats(values, digits)
                if pa.types.is_integer(plain) and plain != pa.uint64():
                    values = values.cast(pa.int64())
                return pc.round(values, ndigits=digits, round_mode="half_to_even").cast(plain)
            except pa.ArrowInvalid:
                raise TechniqueError(
                    f"Column {environment.column}: a rounded number does not fit into {plain}.",
                    "Round to fewer digits, or drop the column.",
                ) from None

        return rounded


def _floats(values: pa.Array, digits: int) -> pa.Array:
    values = values.cast(pa.float64())
    huge = pc.greater_equal(pc.abs(values), _WHOLE)  # its own neighbour, and rounding it would overflow
    rounded = pc.round(pc.if_else(huge, 0.0, values), ndigits=digits, round_mode="half_to_even")
    return pc.if_else(pc.is_finite(values), pc.if_else(huge, values, rounded), None)
