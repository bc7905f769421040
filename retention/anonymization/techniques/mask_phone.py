"""Telephone numbers: the country stays, the number does not."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.techniques.base import Environment, Transform, parameter
from retention.anonymization.techniques.mask import one_character
from retention.anonymization.texts import as_text, is_text, text_like

_PREFIX = re.compile(r"\s*(?:\(\s*)?(?:\+|00)\s*")
_CODES = frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")


@dataclass(frozen=True)
class Parameters:
    last: int = parameter(0, label="Last digits kept", minimum=0, maximum=4)
    character: str = parameter("*", label="Mask character")


class MaskPhone(ColumnTechnique):
    """`+44 20 7946 0958` becomes `+44 ** **** ****`.

    The calling code (ITU-T E.164) is read after `+` or `00`; a number without it is national and hidden whole. Fewer
    than seven digits are hidden whole, also when some should be kept.
    """

    kind = "mask_phone"
    label = "Mask telephone numbers, keeping the country"
    explanation = (
        "The country calling code and the way it is written stay; the digits of the number are hidden."
    )
    Parameters = Parameters

    def check(self) -> None:
        one_character(self.parameters.character, "mask_phone.character")

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not (is_text(plain) or pa.types.is_integer(plain)):
            raise refused(self, plain)
        return text_like(plain)

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        last, character = self.parameters.last, self.parameters.character

        def mask(values: pa.Array, person: pa.Array | None) -> pa.Array:
            texts = as_text(values).to_pylist()
            return pa.array([_masked(text, last, character) for text in texts], pa.string())

        return mask


def _masked(text: str, last: int, character: str) -> str:
    start = _after_calling_code(text)
    places = [match.start() for match in _LETTER_OR_DIGIT.finditer(text, start)]
    shown = set(places[len(places) - last :]) if len(places) >= 7 else set()
    hidden = set(places) - shown
    return text[:start] + "".join(
        character if place in hidden else letter for place, letter in enumerate(text[start:], start)
    )


def _after_calling_code(text: str) -> int:
    """Where the number begins behind a known calling code, or 0."""
    prefix = _PREFIX.match(text)
    if prefix is None:
        return 0
    start = prefix.end()
    return next((start + length for length in (1, 2, 3) if text[start : start + length] in _CODES), 0)
