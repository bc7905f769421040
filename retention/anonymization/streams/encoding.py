"""Rows as JSON messages."""

from __future__ import annotations

import base64
from collections.abc import Collection
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

INSTANT = pa.timestamp("us", "UTC")


def encoded(batch: pa.RecordBatch, *, kept_nested: Collection[str] = ()) -> list[bytes]:
    """Each row as a JSON object; texts in the columns `kept_nested` are JSON already."""
    columns = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        values = _spoken(column).to_pylist()
        if name in kept_nested:
            values = [None if value is None else orjson.Fragment(value) for value in values]
        columns.append(values)
    names = batch.schema.names
    return [_json(dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]


def key_text(value: Any) -> bytes:
    """A key: a text as it is, everything else as JSON writes it, without quotes."""
    return value.encode() if isinstance(value, str) else _json(value).strip(b'"')


def _spoken(column: pa.Array) -> pa.Array:
    """Instants as RFC 3339 writes them, all at once: one by one they cost more than the rest of a row."""
    if column.type != INSTANT:
        return column
    return pc.replace_substring_regex(pc.strftime(column, "%Y-%m-%dT%H:%M:%SZ"), r"\.000000Z$", "Z")


def _json(value: Any) -> bytes:
    return orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(type(value).__name__)
