"""A file that appears whole or not at all: written beside its place, flushed, checked, then renamed."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from retention.risk.collapsing import RiskProblem

FORMATS = (".csv", ".parquet", ".jsonl", ".ndjson")


@contextmanager
def staged(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A name beside `path` to write to; when the block ends well it becomes `path`, else it goes.

    Raises RiskProblem where `path` exists, also where it came to exist meanwhile, unless `overwrite`.
    """
    require_free(path, overwrite=overwrite)
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield part
        _flush(part)
        if overwrite:
            part.replace(path)
        else:
            _link(part, path)
        _flush(path.parent)
    except OSError as error:
        raise RiskProblem(
            f"{path} cannot be written: {error.strerror}.", "Check its folder and disk."
        ) from None
    finally:
        part.unlink(missing_ok=True)


def require_free(path: Path, *, overwrite: bool) -> None:
    if path.suffix.lower() not in FORMATS:
        raise RiskProblem(
            f"No format ends in {path.suffix or 'nothing'}.", f"Known are {', '.join(FORMATS)}."
        )
    if path.is_dir() or not path.parent.is_dir():
        raise RiskProblem(f"{path} is no place for a file.", "Name a file in a folder that exists.")
    if path.exists() and not overwrite:
        raise _taken(path)


def write(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], *, delimiter: str = ",") -> int:
    """The rows of `batches` as a file in the format of its name; how many there were."""
    rows = 0
    with path.open("wb") as file, _writer(file, path.suffix.lower(), schema, delimiter) as writer:
        for batch in batches:
            if len(batch):
                writer.write(batch)
                rows += len(batch)
    return rows


class _Writer(ABC):
    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    @abstractmethod
    def write(self, batch: pa.RecordBatch) -> None: ...

    def close(self) -> None:  # noqa: B027 (lines need no end)
        """Write what stands at the end of the file."""


class _Arrow(_Writer):
    """CSV and Parquet as Arrow writes them."""

    def __init__(self, writer: Any) -> None:
        self.writer = writer

    def write(self, batch: pa.RecordBatch) -> None:
        self.writer.write_batch(batch)

    def close(self) -> None:
        self.writer.close()


class _Lines(_Writer):
    """JSON Lines."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file

    def write(self, batch: pa.RecordBatch) -> None:
        for row in batch.to_pylist():
            self.file.write(orjson.dumps(row, default=str, option=orjson.OPT_APPEND_NEWLINE))


def _writer(file: BinaryIO, suffix: str, schema: pa.Schema, delimiter: str) -> _Writer:
    if suffix == ".parquet":
        return _Arrow(pq.ParquetWriter(file, schema))
    if suffix == ".csv":
        return _Arrow(pa_csv.CSVWriter(file, schema, write_options=pa_csv.WriteOptions(delimiter=delimiter)))
    return _Lines(file)


def _link(part: Path, path: Path) -> None:
    """As renaming, but never over a file that is there."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise _taken(path) from None


def _taken(path: Path) -> RiskProblem:
    return RiskProblem(f"{path} exists.", "Choose another name, or say --overwrite.")


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
