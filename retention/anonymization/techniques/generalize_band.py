"""Numbers to bands of one width."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import floor
from typing import Any

import pyarrow as pa

from retention.anonymization.bounds import band_of_each, bound, written
from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.techniques.base import Environment, TechniqueError, Transform, parameter
from retention.anonymization.texts import is_number


@dataclass(frozen=True)
class Parameters:
    width: float = parameter(
        label="Width", help="How wide each band is, such as 10.", minimum=1e-6, maximum=1e15
    )
    origin: float = parameter(
        0.0, label="Origin", help="Where one of the bands begins.", minimum=-1e15, maximum=1e15
    )
    written: str = parameter(
        "label",
        label="Written as",
        help="`label`: [20-30). `lower` and `middle`: a number of the column's type.",
        choices=("label", "lower", "middle"),
    )


class GeneralizeBand(ColumnTechnique):
    """27 becomes `[20-30)`: 20 belongs to the band, 30 to the next.

    Bounds are exact decimals, so 0.3 is in `[0.3-0.4)`. NaN and infinity are in no band and become null. The middle
    of a band of whole numbers is rounded down.
    """

    kind = "generalize_band"
    label = "Generalize: bands of a width"
    explanation = "Each number becomes the band it lies in, all of the same width."
    Parameters = Parameters

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not is_number(plain):
            raise refused(self, plain)
        if self.parameters.written == "label":
            return pa.string()
        if pa.types.is_integer(plain) and (self._width % 1 or self._origin % 1):
            raise TechniqueError(
                f"{self.label}: bounds with a fraction do not fit into {plain}.",
                "Choose whole numbers, or labels.",
            )
        return plain

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        made = self.type_of(plain)

        def bands(values: pa.Array, person: pa.Array | None) -> pa.Array:
            places = band_of_each(values, width=self._width, origin=self._origin)
            answers = {place: None if place is None else self._answer(place, made) for place in set(places)}
            try:
                return pa.array([answers[place] for place in places], made)
            except (pa.ArrowInvalid, OverflowError):
                raise TechniqueError(
                    f"Column {environment.column}: a bound of a band does not fit into {made}.",
                    "Choose labels.",
                ) from None

        return bands

    @property
    def _width(self) -> Decimal:
        return Decimal(repr(self.parameters.width))

    @property
    def _origin(self) -> Decimal:
        return Decimal(repr(self.parameters.origin))

    def _answer(self, place: int, made: pa.DataType) -> Any:
        lower = bound(place, width=self._width, origin=self._origin)
        upper = bound(place + 1, width=self._width, origin=self._origin)
        if self.parameters.written == "label":
            return f"[{written(lower)}-{written(upper)})"
        number = lower if self.parameters.written == "lower" else (lower + upper) / 2
        if pa.types.is_integer(made):
            return floor(number)
        return number if pa.types.is_decimal(made) else float(number)
