"""What every runner offers: the parts of a source go in, as many staged Parquet files come out, in the same order.

A runner decides where and how many at a time the parts are treated, and nothing else: what is done to a row is in
`Compiled`, and what becomes of the staged files (validation, delivery) is the pipeline's. So the same rows come out of
every runner. Work is described by plain data, so that another process can do a part of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from governance.console.jobs import Progress
from retention.anonymization.working import Work


class Runner(ABC):
    """One way to run a rule set over a source.

    A subclass sets `kind` (its name in commands and URLs), `label` and `distributed`: whether other processes do
    the work. Then each part is a range of row groups of a Parquet file that they can open (`Part.path`), spooled
    first where the source is none; otherwise a part may also be a data set that `Work.read` streams.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    distributed: ClassVar[bool] = False

    @abstractmethod
    def run(self, work: Work) -> Iterator[Progress]:
        """Stage every part of `work` that is not staged yet (`Work.receipt(part)` is None): for each one
        `Work.staged(part)`, a Parquet file with the columns of `Compiled.output_schema`, and then its receipt.

        `processing.process` does both for one part. A runner that writes in another way gives each batch before and
        after to a `processing.Inspection`, whose `finish` signs once the file is there: validation needs what it
        keep. Yields how many rows are done, at least every few seconds. May be called again after a crash.
        Raises TechniqueError, ConnectorError and OSError.
        """
