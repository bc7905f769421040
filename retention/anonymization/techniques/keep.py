"""As it is, on purpose."""

from __future__ import annotations

import pyarrow as pa

from retention.anonymization.techniques.base import Environment, Technique, Transform


class Keep(Technique):
    kind = "keep"
    label = "Keep"
    explanation = "The values stay as they are, because somebody decided so."
    distinct = True

    def prepare(self, given: pa.DataType, environment: Environment) -> Transform:
        return lambda values, person: values
