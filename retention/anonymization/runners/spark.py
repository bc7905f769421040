"""Apache Spark: the parts of a source spread over its executors.

Spark hands out the numbers of parts through `mapInArrow`, and each executor treats its part with the code of every
other runner (`processing.process`): it reads the row groups and writes the staged file itself. Spark's own Parquet
reader would change types (unsigned numbers, nanoseconds, dictionaries) and promises no order of rows, and each row
would cross from Java to Python and back. Here only numbers and receipts do, so the rows are the same by construction.
A part done twice, because Spark tried again or speculated, stages the same: it is written aside and renamed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

from governance.console.jobs import Progress
from retention.anonymization.runners.base import Runner
from retention.anonymization.spark.parts import plain
from retention.anonymization.spark.session import LOCAL, spark_session
from retention.anonymization.spark.task import DECLARED, PartsTask
from retention.anonymization.techniques.base import TechniqueError
from retention.anonymization.working import Part, Work

WAVE = 8  # parts for each core given to Spark at once: between waves the job says how far it is, and may stop


class Spark(Runner):
    """On the master that SPARK_MASTER names, otherwise in two processes of this machine."""

    kind = "spark"
    label = "Apache Spark"
    distributed = True

    def run(self, work: Work) -> Iterator[Progress]:
        """Raises SparkMissing without Java or pyspark, and what `Runner.run` says."""
        receipts = {part: work.receipt(part) for part in work.parts}
        waiting = [part for part, receipt in receipts.items() if receipt is None]
        done = sum(receipt.rows for receipt in receipts.values() if receipt)
        total = sum(part.rows or 0 for part in work.parts)
        if not waiting:
            yield Progress(done, total, "Anonymizing")
            return
        yield Progress(done, total, "Starting Spark")
        text = plain(work)
        with spark_session(os.environ.get("SPARK_MASTER") or LOCAL) as session:
            size = WAVE * session.sparkContext.defaultParallelism
            for start in range(0, len(waiting), size):
                wave = waiting[start : start + size]
                _stage(session, text, [part.number for part in wave])
                done += sum(_rows(work, part) for part in wave)
                yield Progress(done, total, f"Anonymizing: {start + len(wave)} of {len(waiting)} parts")


def _stage(session: Any, work: bytes, numbers: Sequence[int]) -> None:
    """A task for each part. Raises TechniqueError with the first problem, or where Spark gave up on one."""
    places = session.range(0, len(numbers), 1, len(numbers))
    try:
        found = places.mapInArrow(PartsTask(work, tuple(numbers)), DECLARED).collect()
    except Exception as failure:
        if not type(failure).__module__.startswith(("pyspark", "py4j")):
            raise
        said = re.search(r"PartFailed: (\w+) at", str(failure))
        raise TechniqueError(
            f"Spark gave up on a part ({said[1] if said else type(failure).__name__}).",
            "Look at the logs of its executors: a disk may be full, or an executor out of memory.",
        ) from None
    for row in found:
        if row.problem:
            raise TechniqueError(row.problem)


def _rows(work: Work, part: Part) -> int:
    """How many rows the part has, read back."""
    receipt = work.receipt(part)
    if receipt is None or not work.staged(part).exists():
        raise TechniqueError(
            f"An executor says that part {part.number} is staged, and it is not in {work.staging}.",
            "Let the executors and this process share that folder at the same path.",
        )
    return receipt.rows
