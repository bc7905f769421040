"""Coordinates with fewer decimal places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

import pyarrow as pa
import pyarrow.compute as pc

from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.techniques.base import Environment, Transform, parameter
from retention.anonymization.texts import as_text, is_text

_PAIR = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d+)?)(?:\s*[,;]\s*|\s+)([+-]?\d{1,3}(?:\.\d+)?)\s*")


@dataclass(frozen=True)
class Parameters:
    decimals: int = parameter(
        1,
        label="Decimal places",
        help="0: about 111 km, 1: 11 km, 2: 1.1 km, 3: 110 m.",
        minimum=0,
        maximum=4,
    )


class GeneralizeGeo(ColumnTechnique):
    """Latitude or longitude as a number, or both in a text such as `52.5163, 13.3777`. Half goes to the even neighbour.

    What is no number between -180 and 180 becomes null. A degree of latitude is about 111 km.
    """

    kind = "generalize_geo"
    label = "Generalize: coordinates"
    explanation = "A place becomes the corner of a square of some kilometres that it lies next to."
    Parameters = Parameters

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not (is_text(plain) or pa.types.is_floating(plain) or pa.types.is_decimal(plain)):
            raise refused(self, plain)
        return plain

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        decimals = self.parameters.decimals

        def coarser(values: pa.Array, person: pa.Array | None) -> pa.Array:
            if is_text(plain):
                return pa.array([_pair(text, decimals) for text in as_text(values).to_pylist()], pa.string())
            valid = pc.less_equal(pc.abs(values), 180)
            rounded = pc.round(values, ndigits=decimals, round_mode="half_to_even").cast(plain)
            return pc.if_else(valid, rounded, pa.scalar(None, plain))

        return coarser


def _pair(text: str, decimals: int) -> str | None:
    found = _PAIR.fullmatch(text)
    if found is None:
        return None
    numbers = [Decimal(part) for part in found.groups()]
    if any(abs(number) > 180 for number in numbers):
        return None
    unit = Decimal(1).scaleb(-decimals)
    return ", ".join(f"{number.quantize(unit, ROUND_HALF_EVEN):f}" for number in numbers)
