"""Postal codes to the area they begin with."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.techniques.base import Environment, TechniqueError, Transform, parameter
from retention.anonymization.texts import as_text, is_text, text_like


@dataclass(frozen=True)
class Parameters:
    kept: int = parameter(3, label="Characters kept", minimum=1, maximum=8)
    digits: int | None = parameter(
        None,
        label="Digits of a whole code",
        help="For columns read as numbers, which lose leading zeros: 5 makes 02139 of 2139.",
        minimum=2,
        maximum=12,
    )
    fill: str = parameter(
        "", label="Filled with", help="A character for each that is cut, as in 021**. Empty: none."
    )
    sparse: tuple[str, ...] = parameter(
        (),
        label="Areas with few people",
        help="These beginnings become null, as those under 20,000 people in 45 CFR 164.514(b)(2)(i)(B).",
    )


class GeneralizePostal(ColumnTechnique):
    """A code that is not longer than what is kept becomes null: it would stay whole."""

    kind = "generalize_postal"
    label = "Generalize: postal codes"
    explanation = "Only the first characters of a postal code stay: the area, not the street."
    Parameters = Parameters

    def check(self) -> None:
        if len(self.parameters.fill) > 1:
            raise TechniqueError("generalize_postal.fill must be one character or none.")
        if self.parameters.digits is not None and self.parameters.digits <= self.parameters.kept:
            raise TechniqueError("generalize_postal.digits must be more than the characters kept.")

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if pa.types.is_integer(plain):
            if self.parameters.digits is None:
                raise refused(
                    self, plain, "Say how many digits a whole code has: a number has lost its leading zeros."
                )
        elif not is_text(plain):
            raise refused(self, plain)
        return text_like(plain)

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        chosen = self.parameters
        sparse = pa.array(chosen.sparse, pa.string())

        def areas(values: pa.Array, person: pa.Array | None) -> pa.Array:
            codes = pc.utf8_trim_whitespace(as_text(values).cast(pa.string()))
            if pa.types.is_integer(plain):
                codes = pc.utf8_lpad(codes, width=chosen.digits, padding="0")
            area = pc.utf8_slice_codeunits(codes, 0, chosen.kept)
            lengths = pc.utf8_length(codes)
            told = pc.and_(pc.greater(lengths, chosen.kept), pc.invert(pc.is_in(area, sparse)))
            if chosen.fill:
                rest = pc.max_element_wise(pc.subtract(lengths, chosen.kept), 0)
                area = pc.binary_join_element_wise(area, pc.binary_repeat(chosen.fill, rest), "")
            return pc.if_else(told, area, None)

        return areas
