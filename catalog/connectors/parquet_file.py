"""A Parquet file as a data set, read and rewritten row group by row group."""

from __future__ import annotations

import random
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from catalog.connectors.base import (
    ColumnInfo,
    ConnectorError,
    ConstraintInTheWay,
    Kind,
    Malformed,
    Match,
    Replacement,
)
from catalog.connectors.keys import CANNOT, convert_keys, plain_array
from catalog.connectors.matching import Matcher
from catalog.connectors.parquet_layout import kind_of, layout
from catalog.connectors.rewriting import rewrite_file

BATCH_BYTES = 16 * 1024 * 1024
SAMPLED_GROUPS = 20


class ParquetFile:
    """`name` is what messages call it."""

    def __init__(self, path: Path, *, name: str) -> None:
        self.path = path
        self.name = name

    def schema(self) -> pa.Schema:
        """Malformed where the footer cannot be read."""
        with self.opened() as file:
            return file.schema_arrow

    def describe(self) -> tuple[tuple[ColumnInfo, ...], int]:
        """The columns, and how many rows."""
        with self.opened() as file:
            columns = tuple(
                ColumnInfo(field.name, place, str(field.type), kind_of(field.type), field.nullable)
                for place, field in enumerate(file.schema_arrow, start=1)
            )
            return columns, file.metadata.num_rows

    def count(self) -> int:
        with self.opened() as file:
            return file.metadata.num_rows

    def batches(
        self, columns: Sequence[str], *, batch_rows: int, seed: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """All rows; with `seed`, for a sample, those of at most twenty row groups chosen by it."""
        with self.opened() as file:
            groups = list(range(file.num_row_groups))
            if seed is not None and len(groups) > SAMPLED_GROUPS:
                groups = sorted(random.Random(seed).sample(groups, SAMPLED_GROUPS))  # noqa: S311
            for group in groups:
                found = file.metadata.row_group(group)
                fitting = BATCH_BYTES * found.num_rows // max(found.total_byte_size, 1)
                size = max(1, min(batch_rows, fitting))
                yield from file.iter_batches(size, row_groups=[group], columns=list(columns))

    def replaced(
        self, batch: pa.RecordBatch, mask: pa.BooleanArray, replacements: Mapping[str, Replacement]
    ) -> pa.RecordBatch:
        """`batch` as it would read after `rewrite`; ConstraintInTheWay where the file cannot hold it."""
        for name, replacement in replacements.items():
            place = batch.schema.get_field_index(name)
            field = batch.schema.field(place) if place >= 0 else self.schema().field(name)
            many = pc.sum(mask).as_py() or 0 if replacement.unique else 1
            new = self._values(field, replacement, max(many, 1))
            if place >= 0:
                batch = batch.set_column(place, field, _put(batch.column(place), mask, new))
        return batch

    def rewrite(self, matches: Sequence[Match], replacements: Mapping[str, Replacement]) -> int:
        """Drop the matching rows, or write `replacements` into them; the layout stays. How many."""
        matched = 0

        def write(new: BinaryIO) -> bool:
            nonlocal matched
            with self.opened() as old:
                matched, changed = self._copy(old, new, matches, replacements)
            return changed

        rewrite_file(self.path, write)
        return matched

    @contextmanager
    def opened(self) -> Iterator[pq.ParquetFile]:
        try:
            with pq.ParquetFile(self.path) as file:
                self._require_distinct(file.schema_arrow.names)
                yield file
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the file system's error, not the content's
            raise Malformed(
                f"{self.name} cannot be read as Parquet: it is cut short or damaged.", "Write the file again."
            ) from None

    def _require_distinct(self, names: Sequence[str]) -> None:
        """Of two columns with one name only one could be meant: the other's values would be seen by nobody."""
        for name, many in Counter(names).items():
            if many > 1:
                raise Malformed(f"{self.name} has {many} columns named {name!r}.", "Give each its own name.")

    def _copy(
        self,
        old: pq.ParquetFile,
        new: BinaryIO,
        matches: Sequence[Match],
        replacements: Mapping[str, Replacement],
    ) -> tuple[int, bool]:
        """How many rows matched, and whether `new` differs from `old`."""
        schema = old.schema_arrow
        matcher = Matcher(matches, schema)
        matched, changed, kept = 0, False, 0
        with pq.ParquetWriter(new, schema, **layout(old.metadata)) as writer:
            for group in range(old.num_row_groups):
                batches = []
                for batch in old.read_row_group(group).to_batches():
                    mask = matcher.mask(batch)
                    hits = pc.sum(mask).as_py() or 0
                    if hits and replacements:
                        before, batch = batch, self.replaced(batch, mask, replacements)
                        changed = changed or any(
                            not batch[name].equals(before[name]) for name in replacements
                        )
                    elif hits:
                        batch, changed = batch.filter(pc.invert(mask)), True
                    matched += hits
                    batches.append(batch)
                table = pa.Table.from_batches(batches, schema)
                kept += len(table)
                if len(table):
                    writer.write_table(table, row_group_size=len(table))
        if changed:
            self._check(new, schema, kept)
        return matched, changed

    def _check(self, new: BinaryIO, schema: pa.Schema, rows: int) -> None:
        """The old file goes only for one that can be read and means the same."""
        new.flush()
        with pq.ParquetFile(new.name) as written:
            if written.metadata.num_rows != rows or not written.schema_arrow.equals(schema):
                raise ConnectorError(
                    f"{self.name} cannot be written again with the same schema; nothing was written.",
                    "Replace the file with the program that made it.",
                )

    def _values(self, field: pa.Field, replacement: Replacement, many: int) -> pa.Array:
        """`many` values to write; ConstraintInTheWay names a column that cannot take them."""
        value, kind = replacement.value, field.type
        if value is None:
            if not field.nullable:
                raise ConstraintInTheWay(
                    f"{self.name}.{field.name} must not be null.", "Choose a value, or delete the rows."
                )
            return pa.nulls(many, kind)
        if replacement.unique:
            if kind_of(kind) is not Kind.TEXT:
                raise ConstraintInTheWay(
                    f"{self.name}.{field.name} is no text: its replacement cannot be unique in each row.",
                    "Choose null, or delete the rows.",
                )
            return pa.array([f"{value}-{secrets.token_hex(8)}" for _ in range(many)]).cast(kind)
        new = _as_type(value, kind)
        if new is None:
            raise ConstraintInTheWay(
                f"The replacement does not fit {self.name}.{field.name}, which is {kind}.",
                "Choose one of that type, choose null, or delete the rows.",
            )
        return new


def _as_type(value: Any, kind: pa.DataType) -> pa.Array | None:
    """The value alone in an array; None where the type cannot hold it."""
    if pa.types.is_nested(kind) and isinstance(value, str):
        return None  # Arrow would make a list of its letters
    try:
        return pa.array([value], kind)
    except (*CANNOT, OverflowError, ValueError):
        pass
    try:
        plain = convert_keys(pa.array([value]), plain_array(pa.nulls(0, kind)).type)
        return None if plain.null_count else plain.cast(kind)
    except (*CANNOT, OverflowError, ValueError):
        return None


def _put(column: pa.Array, mask: pa.BooleanArray, new: pa.Array) -> pa.Array:
    """`column` with the masked places filled from `new`: in turn, or all with its only value."""
    joined = pa.concat_arrays([column, new])
    places = list(range(len(column)))
    for turn, place in enumerate(pc.indices_nonzero(mask).to_pylist()):
        places[place] = len(column) + turn % len(new)
    return joined.take(pa.array(places, pa.int64()))
