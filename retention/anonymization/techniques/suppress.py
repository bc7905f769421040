"""Every value becomes null, or one and the same value."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from retention.anonymization.columns import ColumnTechnique, computable, refused
from retention.anonymization.techniques.base import (
    Environment,
    TechniqueError,
    Transform,
    parameter,
)
from retention.anonymization.texts import from_text, has_text


@dataclass(frozen=True)
class Parameters:
    constant: str | None = parameter(
        None,
        label="Constant",
        help="What stands in place of every value, of the column's type. Empty: null, so nobody sees which were known.",
    )


class Suppress(ColumnTechnique):
    kind = "suppress"
    label = "Suppress"
    explanation = "The column stays and its values go: null, or a constant where there was a value."
    Parameters = Parameters
    by_distinct = False

    def output_type(self, given: pa.DataType) -> pa.DataType:
        return given if self.parameters.constant is None else super().output_type(given)

    def prepare(self, given: pa.DataType, environment: Environment) -> Transform:
        if self.parameters.constant is None:
            return lambda values, person: pa.nulls(len(values), given)
        return super().prepare(given, environment)

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not has_text(plain):
            raise refused(self, plain, "Suppress it to null, without a constant.")
        self._constant(plain)
        return plain

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        constant = self._constant(plain)
        return lambda values, person: pc.if_else(values.is_valid(), constant, pa.scalar(None, plain))

    def _constant(self, plain: pa.DataType) -> pa.Scalar:
        try:
            return from_text(pa.array([self.parameters.constant]), computable(plain)).cast(plain)[0]
        except (ValueError, ArithmeticError):
            raise TechniqueError(
                f"{self.label}: the constant is no value of type {plain}.", "Choose another, or null."
            ) from None
