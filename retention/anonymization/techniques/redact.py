"""A word in place of every value, so that a reader sees that something was there."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from retention.anonymization.techniques.base import Environment, Technique, Transform, parameter
from retention.anonymization.texts import text_like


@dataclass(frozen=True)
class Parameters:
    text: str = parameter("[redacted]", label="Text", help="What stands in place of every value.")


class Redact(Technique):
    kind = "redact"
    label = "Redact"
    explanation = "The same words stand in place of every value; only empty stays empty."
    Parameters = Parameters

    def output_type(self, given: pa.DataType) -> pa.DataType:
        return given if pa.types.is_null(given) else text_like(given)

    def prepare(self, given: pa.DataType, environment: Environment) -> Transform:
        made = self.output_type(given)
        if pa.types.is_null(made):
            return lambda values, person: values
        text, nothing = pa.scalar(self.parameters.text), pa.scalar(None, pa.string())
        return lambda values, person: pc.if_else(values.is_valid(), text, nothing).cast(made)
