"""Every digit becomes one digit and every letter one letter; length, punctuation and case stay."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.techniques.base import Environment, TechniqueError, Transform, parameter
from retention.anonymization.texts import as_text, has_text, text_like

# What may stay: punctuation, spaces and the symbols of ASCII. An emoji or a rare sign would tell something.
_STAYS = r"\p{P}\p{Z}\s$+<=>^`|~"


@dataclass(frozen=True)
class Parameters:
    digit: str = parameter("9", label="Digit", help="What every digit becomes.")
    letter: str = parameter(
        "x", label="Letter", help="What every letter becomes; upper case stays upper case."
    )


class MaskShape(ColumnTechnique):
    """Any other character than punctuation, spaces, capitals and digits becomes the small letter."""

    kind = "mask_shape"
    label = "Mask, keeping the format"
    explanation = "Only the shape of a value stays, as in `Xxxx-99`: good for testing screens and parsers."
    Parameters = Parameters
    by_distinct = False

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
        digit, letter = self.parameters.digit, self.parameters.letter

        def shape(values: pa.Array, person: pa.Array | None) -> pa.Array:
            texts = pc.replace_substring_regex(as_text(values), rf"[^{_STAYS}\p{{Lu}}\p{{N}}]", letter)
            return pc.replace_substring_regex(
                pc.replace_substring_regex(texts, r"\p{Lu}", letter.upper()), r"\p{N}", digit
            )

        return shape
