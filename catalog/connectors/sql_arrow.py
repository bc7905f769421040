"""Rows of a SQL store as Arrow record batches, bounded in rows and in bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import sqlalchemy as sa

from catalog.connectors.base import Malformed

FIRST_ROWS = 8
BATCH_BYTES = 16 * 1024 * 1024


def arrow_type(sql_type: sa.types.TypeEngine) -> pa.DataType:
    """The Arrow type that holds every value of a SQL type; text where there is none."""
    if isinstance(sql_type, sa.Integer):
        return pa.uint64() if getattr(sql_type, "unsigned", False) else pa.int64()
    if isinstance(sql_type, sa.Float):
        return pa.float64()
    if isinstance(sql_type, sa.Numeric):
        precision, scale = sql_type.precision, sql_type.scale
        exact = precision is not None and scale is not None and 0 <= scale <= precision <= 38
        return pa.decimal128(precision, scale) if exact else pa.string()
    if isinstance(sql_type, sa.Boolean):
        return pa.bool_()
    if isinstance(sql_type, sa.DateTime):
        return pa.timestamp("us", tz="UTC" if sql_type.timezone else None)
    if isinstance(sql_type, sa.Date):
        return pa.date32()
    if isinstance(sql_type, sa.Time):
        return pa.time64("us")
    if isinstance(sql_type, sa.LargeBinary):
        return pa.binary()
    return pa.string()


def fetch_batches(
    connection: sa.Connection, query: sa.Select, schema: pa.Schema, batch_rows: int
) -> Iterator[pa.RecordBatch]:
    """The rows of `query` as they arrive: few at first, then as many as `batch_rows` and 16 MB allow.

    A cursor in the store holds the rest, so ten thousand values of 10 MB never stand in memory together.
    """
    result = connection.execution_options(stream_results=True).execute(query)
    size = min(FIRST_ROWS, batch_rows)
    try:
        while rows := result.fetchmany(size):
            batch = _batch(rows, schema)
            yield batch
            fitting = BATCH_BYTES * len(rows) // max(batch.nbytes, 1)
            size = max(1, min(batch_rows, size * 8, fitting))
    finally:
        result.close()


def _batch(rows: Sequence[sa.Row], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True) if len(schema) else ()
    arrays = []
    for field, values in zip(schema, columns, strict=True):
        try:
            arrays.append(pa.array(values, field.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            raise Malformed(
                f"A value of column {field.name!r} is outside what its type {field.type} holds.",
                "Correct the value in the store.",
            ) from None
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
