"""Every digit becomes one digit and every letter one letter; length, punctuation and case stay."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from retention.anonymization.characters import explode, implode, kind_of, translated
from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.techniques.base import Environment, TechniqueError, Transform, parameter
from retention.anonymization.texts import as_text, has_text, text_like


@dataclass(frozen=True)
class Parameters:
    digit: str = parameter("9", label="Digit", help="What every digit becomes.")
    letter: str = parameter(
        "x", label="Letter", help="What every letter becomes; upper case stays upper case."
    )


class MaskShape(ColumnTechnique):
    """Any sign that is no punctuation, space, capital or digit becomes the small letter, an emoji too."""

    kind = "mask_shape"
    label = "Mask, keeping the format"
    explanation = "Only the shape of a value stays, as in `Xxxx-99`: good for testing screens and parsers."
    Parameters = Parameters

    def check(self) -> None:
        digit, letter = self.parameters.digit, self.parameters.letter
        if not (len(digit) == 1 and digit.isascii() and digit.isdigit()):
            raise TechniqueError("mask_shape.digit must be one digit.")
        if not (len(letter) == 1 and letter.isascii() and letter.islower()):
            raise TechniqueError("mask_shape.letter must be one small letter of a to z.")

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not has_text(plain):
            raise refused(self, plain)
        return text_like(plain)

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        masks = {"9": self.parameters.digit, "a": self.parameters.letter, "A": self.parameters.letter.upper()}

        def masked(character: str) -> str:
            kind = kind_of(character)
            return masks.get(kind, kind)

        def shape(values: pa.Array, person: pa.Array | None) -> pa.Array:
            codes, lengths = explode(as_text(values))
            return implode(translated(codes, masked), lengths)

        return shape
