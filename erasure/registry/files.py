"""A pipeline's file against the registry: read in batches, written again without the registered persons."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
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


@dataclass(slots=True)
class Checked:
    rows: int = 0
    registered: int = 0


def check_file(source: Path, column: str, mask: Mask, *, out: Path | None = None) -> Checked:
    """How many rows of `source` are of somebody registered; with `out`, the others are written there, whole or not.

    Raises ValidationError for a file that cannot be read, a column it has not, or an `out` that is there already.
    """
    checked = Checked()

    def keep(batch: pa.RecordBatch) -> pa.Array:
        registered = mask.registered(batch.column(column))
        checked.rows += len(registered)
        checked.registered += pc.sum(registered).as_py() or 0
        return pc.invert(registered)

    if out is not None:
        filter_file(source, out, keep, columns=[column])
    else:
        for batch in _open(source, [column]).to_batches(columns=[column], batch_size=BATCH_ROWS):
            keep(batch)
    return checked


def filter_file(
    source: Path, out: Path, keep: Callable[[pa.RecordBatch], pa.Array], *, columns: Sequence[str]
) -> None:
    """Write the rows of `source` for which `keep` says true into a new file `out`, whole or not at all.

    `columns` are those that `keep` asks for. Raises ValidationError as `check_file`.
    """
    data = _open(source, columns)
    if _format(out) == "feather":
        raise ValidationError(f"{out}: write .parquet or .csv.")
    if out.exists():
        raise ValidationError(f"{out} is there already: choose another name.")
    draft = out.with_name(f".{out.name}.new")
    try:
        with _writer(draft, _format(out), data.schema) as writer:
            for batch in data.to_batches(batch_size=BATCH_ROWS):
                writer.write_batch(batch.filter(keep(batch)))
        os.link(draft, out)  # fails where somebody else has made it meanwhile
    except FileExistsError:
        raise ValidationError(f"{out} is there already: choose another name.") from None
    except OSError as problem:
        raise ValidationError(f"{out} cannot be written: {problem.strerror or problem}.") from None
    finally:
        draft.unlink(missing_ok=True)


def _open(source: Path, columns: Sequence[str]) -> ds.Dataset:
    if not source.is_file():
        raise ValidationError(f"There is no file {source}.")
    try:
        data = ds.dataset(source, format=_format(source))
    except (pa.ArrowInvalid, OSError) as problem:
        reason = str(problem).splitlines()[0]
        raise ValidationError(f"{source} cannot be read as {_format(source)}: {reason[:200]}") from None
    missing = [column for column in columns if column not in data.schema.names]
    if missing:
        has = ", ".join(data.schema.names)
        raise ValidationError(f"{source} has no column {', '.join(missing)}; it has {has}.")
    return data


def _format(path: Path) -> str:
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        raise ValidationError(f"{path}: its name has to end with one of {', '.join(FORMATS)}.") from None


def _writer(path: Path, format_name: str, schema: pa.Schema) -> Any:
    return pq.ParquetWriter(path, schema) if format_name == "parquet" else pa_csv.CSVWriter(path, schema)
