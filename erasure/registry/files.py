"""A pipeline's file against the registry: read in batches, written again without the registered persons."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from django.core.exceptions import ValidationError

from erasure.registry.checking import Mask

FORMATS = {".parquet": "parquet", ".csv": "csv", ".feather": "feather", ".arrow": "feather"}
BATCH_ROWS = 100_000
Writer = Callable[[pa.RecordBatch], None]


@dataclass(slots=True)
class Checked:
    rows: int = 0
    registered: int = 0


def check_file(source: Path, column: str, mask: Mask, *, out: Path | None = None) -> Checked:
    """How many rows of `source` are of somebody registered; with `out`, the others are written there, whole or not.

    Raises ValidationError for a file that cannot be read, a column it has not, or an `out` that is there already.
    """
    data = _open(source)
    if column not in data.schema.names:
        raise ValidationError(f"{source} has no column {column}; it has {', '.join(data.schema.names)}.")
    if out is None:
        return _count(data, column, mask)
    if _format(out) == "feather":
        raise ValidationError(f"{out}: write .parquet or .csv.")
    if out.exists():
        raise ValidationError(f"{out} is there already: choose another name.")
    draft = out.with_name(f".{out.name}.new")
    try:
        with _writer(draft, _format(out), data.schema) as writer:
            checked = Checked()
            for batch, registered in _batches(data, column, mask, data.schema.names):
                writer.write_batch(batch.filter(pc.invert(registered)))
                _add(checked, registered)
        os.link(draft, out)  # fails where somebody else has made it meanwhile
    except FileExistsError:
        raise ValidationError(f"{out} is there already: choose another name.") from None
    except OSError as problem:
        raise ValidationError(f"{out} cannot be written: {problem.strerror or problem}.") from None
    finally:
        draft.unlink(missing_ok=True)
    return checked


def _count(data: ds.Dataset, column: str, mask: Mask) -> Checked:
    checked = Checked()
    for _, registered in _batches(data, column, mask, [column]):
        _add(checked, registered)
    return checked


def _add(checked: Checked, registered: pa.Array) -> None:
    checked.rows += len(registered)
    checked.registered += pc.sum(registered).as_py() or 0


def _batches(
    data: ds.Dataset, column: str, mask: Mask, columns: list[str]
) -> Iterator[tuple[pa.RecordBatch, pa.Array]]:
    for batch in data.to_batches(columns=columns, batch_size=BATCH_ROWS):
        yield batch, mask.registered(batch.column(column))


def _open(source: Path) -> ds.Dataset:
    if not source.is_file():
        raise ValidationError(f"There is no file {source}.")
    try:
        return ds.dataset(source, format=_format(source))
    except (pa.ArrowInvalid, OSError) as problem:
        reason = str(problem).splitlines()[0]
        raise ValidationError(f"{source} cannot be read as {_format(source)}: {reason[:200]}") from None


def _format(path: Path) -> str:
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        raise ValidationError(f"{path}: its name has to end with one of {', '.join(FORMATS)}.") from None


def _writer(path: Path, format_name: str, schema: pa.Schema) -> Any:
    return pq.ParquetWriter(path, schema) if format_name == "parquet" else pa_csv.CSVWriter(path, schema)
