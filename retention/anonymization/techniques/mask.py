"""Part of a text is hidden behind a character."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.techniques.base import Environment, TechniqueError, Transform, parameter
from retention.anonymization.texts import as_text, has_text, text_like


@dataclass(frozen=True)
class Parameters:
    first: int = parameter(0, label="First characters kept", minimum=0, maximum=64)
    last: int = parameter(0, label="Last characters kept", minimum=0, maximum=64)
    character: str = parameter("*", label="Mask character")
    hidden: int | None = parameter(
        None,
        label="Mask characters",
        help="Always as many, so that the length stays unknown. Empty: one for each hidden character.",
        minimum=1,
        maximum=64,
    )


class Mask(ColumnTechnique):
    """A text that is not longer than what would be kept is hidden whole."""

    kind = "mask"
    label = "Mask"
    explanation = "The first or last characters stay readable, the rest is hidden."
    Parameters = Parameters
    by_distinct = False  # Arrow's own functions are quicker than looking for duplicates

    def check(self) -> None:
        one_character(self.parameters.character, "mask.character")

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not has_text(plain):
            raise refused(self, plain)
        return text_like(plain)

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        chosen = self.parameters
        first, last, kept = chosen.first, chosen.last, chosen.first + chosen.last

        def mask(values: pa.Array, person: pa.Array | None) -> pa.Array:
            texts = as_text(values)
            nothing = pa.scalar("", texts.type)
            lengths = pc.utf8_length(texts)
            short = pc.less_equal(lengths, kept)
            if chosen.hidden is None:
                hidden = pc.if_else(short, lengths, pc.subtract(lengths, kept))
            else:
                hidden = pc.if_else(texts.is_valid(), chosen.hidden, None)
            parts = [pc.binary_repeat(pa.scalar(chosen.character, texts.type), hidden)]
            if first:
                parts.insert(0, pc.if_else(short, nothing, pc.utf8_slice_codeunits(texts, 0, first)))
            if last:
                parts.append(pc.if_else(short, nothing, pc.utf8_slice_codeunits(texts, -last)))
            return pc.binary_join_element_wise(*parts, nothing)

        return mask


def one_character(text: str, name: str) -> None:
    """Raises TechniqueError unless `text` is one visible character."""
    if len(text) != 1 or not text.isprintable() or text.isspace():
        raise TechniqueError(f"{name} must be one visible character.")
