"""Dates as they come: date and timestamp columns, and ISO 8601 dates in text, as CSV and JSON have them."""

from __future__ import annotations

import re
from datetime import date

import pyarrow as pa

from retention.anonymization.texts import as_text, is_text

_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?", re.DOTALL)


def is_moment(given: pa.DataType) -> bool:
    """A date, a timestamp, or text that may hold a date."""
    return pa.types.is_date(given) or pa.types.is_timestamp(given) or is_text(given)


def as_dates(values: pa.Array) -> pa.Array:
    """The calendar day of each, as date32; a timestamp's in its own zone. Text that is no ISO date becomes null."""
    if is_text(values.type):
        return pa.array([read_date(text) for text in as_text(values).to_pylist()], pa.date32())
    if pa.types.is_timestamp(values.type) and values.type.tz is not None:
        values = pa.compute.local_timestamp(values)
    if pa.types.is_timestamp(values.type):
        values = pa.compute.floor_temporal(values, unit="day")
    return values.cast(pa.date32())


def read_date(text: str | None) -> date | None:
    """The date that an ISO 8601 text begins with, alone or before a time; None where there is none."""
    found = _ISO.fullmatch(text.strip()) if text else None
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
