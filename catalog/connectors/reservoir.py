"""A sample of a stream of unknown length: every row has the same chance, and one seed gives one sample."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa


def draw(batches: Iterable[pa.RecordBatch], schema: pa.Schema, *, rows: int, seed: int) -> pa.Table:
    """`rows` rows of all `batches` in their order; memory holds no more than these and one batch.

    Every row gets a random number, and those with the smallest stay. The numbers come from one stream, so
    that the cut into batches makes no difference.
    """
    random = np.random.default_rng(seed)
    kept, priorities = schema.empty_table(), np.empty(0)
    for batch in batches:
        joined = pa.concat_tables([kept, pa.Table.from_batches([batch], schema)])
        priorities = np.concatenate([priorities, random.random(len(batch))])
        chosen = np.sort(np.argsort(priorities, kind="stable")[:rows])
        kept, priorities = joined.take(pa.array(chosen)), priorities[chosen]
    return kept.combine_chunks()
