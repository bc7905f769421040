"""How many rows each of many persons has: asked of the store once for all of them."""

from collections.abc import Sequence

import numpy as np

from catalog.connectors.base import Connector, Match
from erasure.seeds import Seed, together
from erasure.troves import Claims

Rows = Sequence[Match]  # one person's


def count_each(connector: Connector, data_set: str, persons: Sequence[Rows]) -> list[int]:
    """The rows that satisfy any match of each person, as `Connector.count` would say. Raises ConnectorError.

    Where the store alone holds a row equal to a key, it is asked for each person by themselves.
    """
    if len(persons) > 1:
        counted = _count_together(connector, data_set, persons)
        if counted is not None:
            return counted
    return [connector.count(data_set, matches) for matches in persons]


def _count_together(connector: Connector, data_set: str, persons: Sequence[Rows]) -> list[int] | None:
    seeds = [
        Seed(match, np.full(match.keys.num_rows, person, np.int32), route="")
        for person, matches in enumerate(persons)
        for match in matches
    ]
    (seeds,) = together({0: seeds}).values()
    columns = list(dict.fromkeys(name for seed in seeds for name in seed.match.columns))
    rows = connector.find(data_set, [seed.match for seed in seeds], columns)
    claims = Claims.of(rows, seeds)
    if claims.unclaimed(rows.num_rows):
        return None
    owned = np.unique(claims.rows.astype(np.int64) * len(persons) + claims.persons)
    return np.bincount(owned % len(persons), minlength=len(persons)).tolist()
