"""One part of a source, from its rows to a staged Parquet file and a receipt: what every process of a runner does."""

from __future__ import annotations

import os
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from catalog.connectors.parquet_decoding import gather
from retention.anonymization.ahead import Ahead
from retention.anonymization.techniques.base import TechniqueError
from retention.anonymization.value_hashes import HashWriter, as_compared
from retention.anonymization.working import Part, Receipt, Work

GROUP_ROWS = 250_000
GROUP_BYTES = 64 * 1024 * 1024  # of a staged row group in memory


def process(work: Work, part: Part) -> Iterator[int]:
    """Stage the part; yields how many of its rows are done. Done twice, it stages the same.

    Raises TechniqueError, ConnectorError, and OSError where the disk is full; the part then counts as not staged.
    """
    inspection = Inspection(work, part)
    target = work.staged(part)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(f".{uuid.uuid4().hex}.draft")
    try:
        with ParquetPart(draft, work.compiled.output_schema) as writer, _batches(work, part) as batches:
            for batch in batches:
                out = work.compiled.transform(batch)
                inspection.add(batch, out)
                writer.add(out)
                yield inspection.rows
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    inspection.finish()


def _batches(work: Work, part: Part) -> AbstractContextManager[Iterator[pa.RecordBatch]]:
    """A connector belongs to the thread that opened it; a file can be read ahead."""
    return Ahead(work.read(part)) if part.path else nullcontext(work.read(part))


class Inspection:
    """What validation needs to know of a part and can see only while both sides of a row are at hand."""

    def __init__(self, work: Work, part: Part) -> None:
        self.work, self.part = work, part
        self.rows = 0
        self._returned: Counter[str] = Counter()
        self._filled: Counter[str] = Counter()
        self._hashes = {
            name: HashWriter(work.hashes("source"), f"{place}-{part.number:05}", key=work.hash_key)
            for place, name in enumerate(work.hashed)
        }

    def add(self, before: pa.RecordBatch, after: pa.RecordBatch) -> None:
        """One batch as it was read and as it comes out. TechniqueError where rows went missing."""
        if len(before) != len(after):
            raise TechniqueError(
                f"A technique made {len(after)} rows of {len(before)}; nothing was delivered."
            )
        self.rows += len(before)
        for name, writer in self._hashes.items():
            writer.add(before.column(name))
        for name in after.schema.names:
            old, new = before.column(name), after.column(name)
            if old.null_count:
                self._filled[name] += _many(pc.and_(pc.is_null(old), pc.is_valid(new)))
            if name in self.work.counted:
                self._returned[name] += _many(pc.equal(as_compared(old), as_compared(new)))

    def finish(self) -> Receipt:
        """Keep the hashes and sign that the part is staged; its file must be in its place."""
        for writer in self._hashes.values():
            writer.close()
        receipt = Receipt(self.rows, dict(self._returned), dict(self._filled))
        self.work.sign(self.part, receipt)
        return receipt


class ParquetPart:
    """A Parquet file in the making: row groups of bounded size in memory, the same for the same batches."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = path.open("wb")
        self._writer = pq.ParquetWriter(self._file, schema)
        self._waiting: list[pa.RecordBatch] = []
        self._schema = schema
        self._thread = ThreadPoolExecutor(1)  # writes one row group while the next is made
        self._writing: Future[None] | None = None

    def __enter__(self) -> ParquetPart:
        return self

    def __exit__(self, kind: type | None, *exc_info: object) -> None:
        try:
            if kind is None:
                self._write(self._waiting)
                self._settle()
                self._writer.close()
                self._file.flush()
                os.fsync(self._file.fileno())
            else:
                with suppress(OSError):  # what was wrong before is what matters
                    self._settle()
                    self._writer.close()
        finally:
            self._thread.shutdown()
            self._file.close()

    def add(self, batch: pa.RecordBatch) -> None:
        self._waiting.append(batch)
        *full, self._waiting = gather(
            ((each, each.nbytes) for each in self._waiting), most_bytes=GROUP_BYTES, most_rows=GROUP_ROWS
        )
        for batches in full:
            self._write(batches)

    def _write(self, batches: list[pa.RecordBatch]) -> None:
        if batches:
            table = pa.Table.from_batches(batches, self._schema)
            self._settle()
            self._writing = self._thread.submit(
                self._writer.write_table, table, row_group_size=max(len(table), 1)
            )

    def _settle(self) -> None:
        """Wait for the row group that is being written. Raises OSError where it could not be."""
        writing, self._writing = self._writing, None
        if writing:
            writing.result()


def _many(mask: pa.BooleanArray) -> int:
    return pc.sum(mask).as_py() or 0
