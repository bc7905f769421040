"""Dates and timestamps to coarser ones."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.moments import as_dates, is_moment
from retention.anonymization.techniques.base import Environment, TechniqueError, Transform, parameter
from retention.anonymization.texts import is_text

# Unit: Arrow's unit, how many of it, and the label in strftime's terms.
_UNITS = {
    "hour": ("hour", 1, "%Y-%m-%d %H:00"),
    "day": ("day", 1, "%Y-%m-%d"),
    "month": ("month", 1, "%Y-%m"),
    "quarter": ("quarter", 1, "%Y-Q"),
    "year": ("year", 1, "%Y"),
    "decade": ("year", 10, "%Ys"),
}


@dataclass(frozen=True)
class Parameters:
    unit: str = parameter("year", label="Kept", help="The smallest part that stays.", choices=tuple(_UNITS))
    written: str = parameter(
        "start",
        label="Written as",
        help="`start`: the first day or hour, of the column's type. `label`: 2024-Q1, 2024-02, 1980s.",
        choices=("start", "label"),
    )


class GeneralizeDate(ColumnTechnique):
    """Parts of a day are taken in the column's own time zone. Text that is no ISO 8601 date becomes null."""

    kind = "generalize_date"
    label = "Generalize: dates"
    explanation = "Each date becomes its month, quarter, year or decade; each moment its hour or day."
    Parameters = Parameters

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not is_moment(plain):
            raise refused(self, plain)
        if self.parameters.unit == "hour" and not pa.types.is_timestamp(plain):
            raise TechniqueError(
                f"{self.label}: values of type {plain} have no hours.", "Choose day or coarser."
            )
        return plain if self.parameters.written == "start" or is_text(plain) else pa.string()

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        unit, count, form = _UNITS[self.parameters.unit]

        def coarser(values: pa.Array, person: pa.Array | None) -> pa.Array:
            if is_text(plain):
                values = as_dates(values)
            try:
                start = pc.floor_temporal(values, count, unit=unit)
            except pa.ArrowInvalid:
                raise TechniqueError(
                    f"Column {environment.column}: a date lies outside of what {plain} can say.",
                    "Suppress it.",
                ) from None
            if self.parameters.written == "start":
                return start.cast(pa.string()) if is_text(plain) else start
            label = pc.strftime(start, format=form)
            if unit == "quarter":
                label = pc.binary_join_element_wise(label, pc.quarter(start).cast(pa.string()), "")
            return label

        return coarser
