"""Rows by their age, in Arrow: which of a batch were there before a moment."""

from collections.abc import Iterator, Sequence
from datetime import UTC

import pyarrow as pa
import pyarrow.compute as pc
from django.utils import timezone

from catalog.connectors.base import Connector, ConnectorError, Older


def older_rows(
    connector: Connector, data_set: str, older: Older, columns: Sequence[str], *, batch_rows: int = 10_000
) -> Iterator[pa.RecordBatch]:
    """`columns` (and the one of the age) of all rows that are older, batch by batch. Raises ConnectorError."""
    asked = list(dict.fromkeys([older.column, *columns]))
    for batch in connector.read(data_set, columns=asked, batch_rows=batch_rows):
        kept = batch.filter(is_older(batch.column(older.column), older))
        if kept.num_rows:
            yield kept


def is_older(values: pa.Array, older: Older) -> pa.BooleanArray:
    """Per row; null where there is no value. Times without a zone are read as UTC, dates as the controller's days.

    Raises ConnectorError for a column that holds no dates or times.
    """
    kind = values.type
    moment = older.moment.astimezone(UTC)
    if pa.types.is_date(kind):
        limit = pa.scalar(timezone.localdate(older.moment), pa.date32()).cast(kind)
    elif pa.types.is_timestamp(kind):
        naive = moment if kind.tz else moment.replace(tzinfo=None)
        limit = pa.scalar(naive, pa.timestamp("us", tz=kind.tz)).cast(kind)
    else:
        raise ConnectorError(f"{older.column} holds no dates or times.", "Say which column tells the age.")
    return pc.less(values, limit)
