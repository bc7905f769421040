"""What an Iceberg table says of itself: its columns with their Iceberg types, and how many rows it may have."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from catalog.connectors import extras
from catalog.connectors.base import ColumnInfo, DataSetInfo, Kind
from catalog.connectors.iceberg_client import equality_deletes
from catalog.connectors.parquet_layout import kind_of


def describe(table: Any, *, name: str) -> DataSetInfo:
    """The description of a table of PyIceberg, without reading any of its data files."""
    schema = table.schema()
    keys = tuple(field.name for field in schema.fields if field.field_id in schema.identifier_field_ids)
    whole = len(keys) == len(schema.identifier_field_ids)
    keys = keys if whole else ()  # part of a key would be none
    columns = tuple(
        ColumnInfo(
            field.name,
            place,
            str(field.field_type),
            _kind(field.field_type),
            nullable=not field.required,
            unique=keys == (field.name,),
        )
        for place, field in enumerate(schema.fields, start=1)
    )
    snapshot = table.current_snapshot()
    summary = snapshot.summary if snapshot else None
    unreadable = int(_said(summary, "total-equality-deletes") or 0) > 0
    problem = str(equality_deletes(name)) if unreadable else ""
    return DataSetInfo(name, "table", columns, keys, row_estimate=_rows(snapshot), problem=problem)


def _rows(snapshot: Any) -> int | None:
    if snapshot is None:
        return 0
    written = _said(snapshot.summary, "total-records")
    deleted = _said(snapshot.summary, "total-position-deletes")
    return None if written is None else max(0, int(written) - int(deleted or 0))


def _said(summary: Any, name: str) -> str | None:
    return None if summary is None else summary[name]


def _kind(kind: Any) -> Kind:
    if kind.is_struct or not kind.is_primitive:
        return Kind.JSON
    arrow: pa.DataType = extras.load("pyiceberg.io.pyarrow", extra="iceberg").schema_to_pyarrow(
        kind, include_field_ids=False
    )
    return kind_of(arrow)
