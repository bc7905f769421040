"""Numbers to named ranges with bounds of their own."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise

import pyarrow as pa

from retention.anonymization.bounds import bin_of_each, written
from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.techniques.base import Environment, TechniqueError, Transform, parameter
from retention.anonymization.texts import is_number

FARTHEST = 300  # powers of ten


@dataclass(frozen=True)
class Parameters:
    edges: tuple[str, ...] = parameter(
        label="Bounds",
        help="In ascending order, such as 18, 30, 65. Each belongs to the range that it begins.",
    )
    labels: tuple[str, ...] = parameter(
        (), label="Names", help="One more than bounds. None: <18, [18-30), [30-65), >=65."
    )


class GeneralizeBins(ColumnTechnique):
    """With the bounds 18, 30, 65: `<18`, `[18-30)`, `[30-65)`, `>=65`. NaN is in none and becomes null."""

    kind = "generalize_bins"
    label = "Generalize: ranges of your own"
    explanation = "Each number becomes the range it lies in, with the bounds that you name."
    Parameters = Parameters

    def check(self) -> None:
        try:
            self._edges = [Decimal(edge) for edge in self.parameters.edges]
        except InvalidOperation:
            raise TechniqueError("generalize_bins.edges must be numbers.") from None
        # Written out, 1e999999999 would have as many digits.
        finite = all(edge.is_finite() and abs(edge.adjusted()) <= FARTHEST for edge in self._edges)
        if not self._edges or not finite or any(low >= high for low, high in pairwise(self._edges)):
            raise TechniqueError(
                "generalize_bins.edges must be one or more numbers in ascending order, of at most 300 digits."
            )
        labels = self.parameters.labels
        if labels and len(labels) != len(self._edges) + 1:
            raise TechniqueError(
                f"generalize_bins.labels must be {len(self._edges) + 1}, one more than bounds, not {len(labels)}."
            )
        self._labels = labels or self._default_labels()

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not is_number(plain):
            raise refused(self, plain)
        return pa.string()

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        def bins(values: pa.Array, person: pa.Array | None) -> pa.Array:
            places = bin_of_each(values, self._edges)
            return pa.array(self._labels, pa.string()).take(pa.array(places, pa.int32()))

        return bins

    def _default_labels(self) -> tuple[str, ...]:
        edges = [written(edge) for edge in self._edges]
        middle = [f"[{low}-{high})" for low, high in pairwise(edges)]
        return (f"<{edges[0]}", *middle, f">={edges[-1]}")
