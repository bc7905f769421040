"""The column is not delivered at all."""

from __future__ import annotations

import pyarrow as pa

from retention.anonymization.techniques.base import Environment, Technique, TechniqueError, Transform


class Drop(Technique):
    kind = "drop"
    label = "Leave out"
    explanation = "The column is not there: the surest way where nobody needs it."
    drops = True

    def prepare(self, given: pa.DataType, environment: Environment) -> Transform:
        raise TechniqueError(f"Column {environment.column} is left out: it has no values to treat.")
