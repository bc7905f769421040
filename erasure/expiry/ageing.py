"""Rows by their age, in Arrow: which of a batch were there before a moment."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from catalog.connectors.ageing import is_older
from catalog.connectors.base import Connector, Older


def older_rows(
    connector: Connector, data_set: str, older: Older, columns: Sequence[str], *, batch_rows: int = 10_000
) -> Iterator[pa.RecordBatch]:
    """`columns` (and the one of the age) of all rows that are older, batch by batch. Raises ConnectorError."""
    asked = list(dict.fromkeys([older.column, *columns]))
    for batch in connector.read(data_set, columns=asked, batch_rows=batch_rows):
        kept = batch.filter(is_older(batch.column(older.column), older))
        if kept.num_rows:
            yield kept
