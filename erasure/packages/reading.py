"""The person's rows of one data set, in batches: bounded memory, however many there are."""

from collections.abc import Iterator

import pyarrow as pa

from catalog.connectors.base import Connector
from catalog.connectors.matching import Matcher
from catalog.models import DataSet
from erasure.keysets import KeySet

KEYS_AT_ONCE = 5_000
ROWS_AT_ONCE = 5_000
# More rows than this that no key tells apart are read by going through the whole data set, batch by batch.
MOST_IN_MEMORY = 20_000


def rows_of(
    connector: Connector, data_set: DataSet, keys: KeySet, columns: list[str], *, expected: int
) -> Iterator[pa.Table]:
    """`columns` of the rows that `keys` select, each row once. Raises ConnectorError."""
    if data_set.primary_key:
        for _, match in keys.chunks(KEYS_AT_ONCE):
            yield from _sliced(connector.find(data_set.name, [match], columns))
    elif expected <= MOST_IN_MEMORY:
        yield from _sliced(connector.find(data_set.name, keys.matches, columns))
    else:
        yield from _scanned(connector, data_set, keys, columns)


def _scanned(connector: Connector, data_set: DataSet, keys: KeySet, columns: list[str]) -> Iterator[pa.Table]:
    compared = [name for match in keys.matches for name in match.columns]
    wanted = list(dict.fromkeys([*columns, *compared]))
    matcher = None
    for batch in connector.read(data_set.name, columns=wanted, batch_rows=ROWS_AT_ONCE):
        matcher = matcher or Matcher(keys.matches, batch.schema)
        rows = pa.Table.from_batches([batch.filter(matcher.mask(batch))])
        if rows.num_rows:
            yield rows.select(columns)


def _sliced(rows: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, rows.num_rows, ROWS_AT_ONCE):
        yield rows.slice(start, ROWS_AT_ONCE)
