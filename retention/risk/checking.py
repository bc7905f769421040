"""The risk that is left in an anonymized copy, said with the other checks before it is delivered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.classification.vocabulary import Sensitivity
from retention.anonymization.models import Run
from retention.anonymization.validating import NOTED, PASSED, Check, Scan
from retention.anonymization.working import Work
from retention.risk.collapsing import BATCH_ROWS, collapse

MOST_BATCHES = 20  # some five million rows: more could hold more combinations than memory does
SMALL = 5  # k below which classes are called small; Article 29 Working Party, Opinion 05/2014, leaves the figure open


def remaining(run: Run, work: Work, scan: Scan) -> Sequence[Check]:
    """How many rows share a class by what the catalog calls quasi-identifiers, after the rules. It refuses nothing.

    Of very large outputs the first rows are measured, among which classes are smaller than they are among all.
    """
    quasi = [
        name
        for name in work.compiled.output_schema.names
        if run.columns.get(name, {}).get("sensitivity") == Sensitivity.QUASI
    ]
    if not quasi or not scan.rows:
        return []
    table = collapse(islice(_batches(work, quasi), MOST_BATCHES), quasi)
    smallest = int(table.counts.min())
    alone = int((table.counts == 1).sum())
    which = "rows" if table.rows == scan.rows else "first rows"
    words = f"k = {smallest:,} by {', '.join(quasi)}: {alone:,} of the {table.rows:,} {which} stand alone"
    return [Check("risk", "", PASSED if smallest >= SMALL else NOTED, words, alone)]


def _batches(work: Work, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for part in work.parts:
        with pq.ParquetFile(work.staged(part)) as file:
            yield from file.iter_batches(BATCH_ROWS, columns=list(columns))
