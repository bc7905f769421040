"""What travels to a Spark executor: a work as plain data, and the numbers of its parts.

Nothing in it is secret. Keys go wrapped, and the executor has the key management service open them. An executor is set
up as a worker of the console is: the same package, the same environment, the same folder of staged files.
This module is loaded before Django is, so it may import none of the console's models.
"""

from __future__ import annotations

import importlib
import os
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

import django
import pyarrow as pa
from django.apps import apps

RECEIPT = pa.schema([("number", pa.int64()), ("problem", pa.string())])
DECLARED = "number long, problem string"  # the same, as Spark spells it
PARTS = "retention.anonymization.spark.parts"


class PartFailed(RuntimeError):
    """For a reason that may pass, so that Spark tries again. Says where, and nothing of what was read."""


@dataclass(frozen=True)
class PartsTask:
    """A function for `mapInArrow`: places in `numbers` go in, a receipt for each comes out."""

    work: bytes
    numbers: tuple[int, ...]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        if not apps.ready:
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
            django.setup()
        stage = importlib.import_module(PARTS).stage
        for batch in batches:
            for place in batch.column(0).to_pylist():
                number = self.numbers[place]
                try:
                    problem = stage(self.work, number)
                except Exception as defect:
                    # Its words may quote the data, and Spark would carry them into its logs.
                    where = "".join(traceback.format_tb(defect.__traceback__))
                    raise PartFailed(f"{type(defect).__name__} at\n{where}") from None
                yield pa.RecordBatch.from_pylist([{"number": number, "problem": problem}], schema=RECEIPT)
