"""Values of the custodian protocol: what JSON has no type for goes as text."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import pyarrow as pa

from catalog.connectors.base import ColumnInfo, Kind, Malformed, Match
from catalog.connectors.keys import convert_keys

ARROW_TYPES = {
    Kind.INTEGER: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    Kind.TIME: pa.time64("us"),
    Kind.BINARY: pa.binary(),
}
_READ: dict[Kind, Callable[[Any], Any]] = {
    Kind.INTEGER: lambda value: value if type(value) is int else int(str(value)),
    Kind.FLOAT: float,
    Kind.DATE: date.fromisoformat,
    Kind.TIMESTAMP: lambda text: _aware(datetime.fromisoformat(text)),
    Kind.TIME: time.fromisoformat,
    Kind.BINARY: lambda text: base64.b64decode(text, validate=True),
}


def arrow_type(kind: Kind) -> pa.DataType:
    return ARROW_TYPES.get(kind, pa.string())


def schema_of(columns: Sequence[ColumnInfo]) -> pa.Schema:
    return pa.schema([(column.name, arrow_type(column.kind)) for column in columns])


def batch_of(rows: Sequence[Sequence[Any]], columns: Sequence[ColumnInfo]) -> pa.RecordBatch:
    """Rows as the service sent them; Malformed names the column whose value is not of its kind."""
    schema = schema_of(columns)
    if any(not isinstance(row, list) or len(row) != len(columns) for row in rows):
        raise Malformed(f"The service sent a row that has not {len(columns)} values.", "Correct the service.")
    arrays = []
    for place, (column, field) in enumerate(zip(columns, schema, strict=True)):
        read = _READ.get(column.kind, _text if field.type == pa.string() else lambda value: value)
        try:
            values = [None if row[place] is None else read(row[place]) for row in rows]
            arrays.append(pa.array(values, field.type))
        except (ValueError, TypeError, OverflowError, binascii.Error, pa.ArrowException):
            raise Malformed(
                f"The service sent a value in {column.name!r} that is no {column.kind}.",
                "Correct the service.",
            ) from None
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def match_as_json(match: Match, columns: dict[str, ColumnInfo]) -> dict[str, Any]:
    """A match whose keys are of the columns' kinds; keys that cannot be there are left out."""
    fitted = [
        convert_keys(
            match.keys[name], pa.string() if match.fold else arrow_type(columns[name].kind)
        ).to_pylist()
        for name in match.columns
    ]
    keys = {row for row in zip(*fitted, strict=True) if None not in row}
    return {
        "columns": match.columns,
        "keys": [[plain(value) for value in row] for row in sorted(keys, key=repr)],
        "fold": match.fold,
    }


def plain(value: Any) -> Any:
    """A value in JSON's own types."""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
