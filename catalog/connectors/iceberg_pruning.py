"""Which files and row groups of an Iceberg table can hold the rows of a match: its keys as a filter of PyIceberg.

The filter lets through too much and never too little; the rows themselves are compared by
`catalog.connectors.matching`, as for every other store.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from catalog.connectors import extras
from catalog.connectors.base import Match
from catalog.connectors.keys import convert_keys
from catalog.connectors.matching import comparable_type

MOST_VALUES = 200  # PyIceberg compares no more with the bounds of a file
MOST_RANGES = 100
# Of other types Arrow knows no statistics, or equal values have several spellings.
JUDGED = (pa.types.is_integer, pa.types.is_string, pa.types.is_large_string, pa.types.is_date)


def prune(matches: Sequence[Match], schema: pa.Schema) -> Any:
    """A filter that is true at least for the rows that satisfy any of `matches`."""
    expressions = extras.load("pyiceberg.expressions", extra="iceberg")
    nothing = expressions.AlwaysFalse()
    return expressions.Or(nothing, nothing, *(_prune_one(match, schema, expressions) for match in matches))


def _prune_one(match: Match, schema: pa.Schema, expressions: Any) -> Any:
    everything = expressions.AlwaysTrue()
    if match.fold:
        return everything if len(match.keys) else expressions.AlwaysFalse()
    parts = (_prune_column(name, match.keys[name], schema, expressions) for name in match.columns)
    return expressions.And(everything, everything, *parts)


def _prune_column(name: str, keys: pa.ChunkedArray, schema: pa.Schema, expressions: Any) -> Any:
    kind = schema.field(name).type
    if not any(judges(kind) for judges in JUDGED):
        return expressions.AlwaysTrue()
    values = sorted(convert_keys(keys, comparable_type(kind)).drop_null().unique().to_pylist())
    if not values:
        return expressions.AlwaysFalse()
    if len(values) <= MOST_VALUES:
        return expressions.In(name, values)
    size = -(-len(values) // MOST_RANGES)
    ranges = (values[start : start + size] for start in range(0, len(values), size))
    return expressions.Or(
        *(
            expressions.And(
                expressions.GreaterThanOrEqual(name, part[0]), expressions.LessThanOrEqual(name, part[-1])
            )
            for part in ranges
        )
    )
