"""Payment card numbers: the last digits stay, and the issuer where it is wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa

from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.techniques.base import Environment, Transform, parameter
from retention.anonymization.techniques.mask import one_character
from retention.anonymization.texts import as_text, is_text, text_like

_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_SHORTEST = 13  # what is shorter is no card number, so nothing of it is shown


@dataclass(frozen=True)
class Parameters:
    first: int = parameter(
        0,
        label="First digits kept",
        help="The issuer (BIN): 6 or 8. PCI DSS 3.4 sets limits.",
        minimum=0,
        maximum=8,
    )
    last: int = parameter(4, label="Last digits kept", minimum=0, maximum=4)
    character: str = parameter("*", label="Mask character")


class MaskCard(ColumnTechnique):
    """`4111 1111 1111 1234` becomes `**** **** **** 1234`; separators stay."""

    kind = "mask_card"
    label = "Mask card numbers, keeping the last digits"
    explanation = "As on a receipt: the last four digits, and the issuer's if you ask for them."
    Parameters = Parameters

    def check(self) -> None:
        one_character(self.parameters.character, "mask_card.character")

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not (is_text(plain) or pa.types.is_integer(plain)):
            raise refused(self, plain)
        return text_like(plain)

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        chosen = self.parameters

        def masked(text: str) -> str:
            places = [match.start() for match in _LETTER_OR_DIGIT.finditer(text)]
            end = len(places)
            if end >= _SHORTEST:
                places = places[chosen.first : end - chosen.last]
            letters = list(text)
            for place in places:
                letters[place] = chosen.character
            return "".join(letters)

        def mask(values: pa.Array, person: pa.Array | None) -> pa.Array:
            return pa.array([masked(text) for text in as_text(values).to_pylist()], pa.string())

        return mask
