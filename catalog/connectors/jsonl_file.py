"""A JSON Lines file as a data set: every column is text, a nested value is its JSON, an absent one is null.

No line says which fields the others have, nor does a field keep to one type: columns are those of a bounded
pass over pieces of the whole file, and a field that is asked for by name is looked for in every line. Fields whose
names are data are one column (see `field_names`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import pyarrow as pa

from catalog.connectors.ageing import Rows, compared, matcher_of
from catalog.connectors.base import ColumnInfo, Kind, Malformed, Replacement
from catalog.connectors.field_names import FOLDED, fold, require_named
from catalog.connectors.file_places import Place
from catalog.connectors.jsonl_records import Line, as_text, lines, parse, plain, replace_values

HEAD_BYTES = 1024 * 1024
PIECE_BYTES = 256 * 1024
PIECES = 16
CHUNK_BYTES = 16 * 1024 * 1024
CHUNK_ROWS = 100_000  # the keys are prepared anew for each chunk
TYPES = {bool: "boolean", int: "number", float: "number", str: "string", dict: "object", list: "array"}


class JsonLinesFile:
    """`name` is what messages call it."""

    def __init__(self, place: Place, *, name: str) -> None:
        self.place = place
        self.name = name

    def schema(self, wanted: Sequence[str] = ()) -> pa.Schema:
        """The columns of the bounded pass, and those `wanted` that stand in any line."""
        names = dict.fromkeys(name for _, row in self._glance() for name in row)
        missing = {name for name in wanted if name not in names}
        if missing:
            with self.place.open() as file:
                for line in lines(file, self.name):
                    found = missing & fold(line.value or {}).keys()
                    names |= dict.fromkeys(found)
                    missing -= found
                    if not missing:
                        break
        self._check_names(names)
        return pa.schema([(name, pa.string()) for name in names])

    def describe(self) -> tuple[tuple[ColumnInfo, ...], int]:
        """The columns with the types their values have, and about how many rows."""
        kinds: dict[str, dict[str, None]] = {}
        rows = read = 0
        for size, row in self._glance():
            rows, read = rows + 1, read + size
            for name, value in row.items():
                found = kinds.setdefault(name, {})
                if value is not None:
                    found[TYPES[type(value)]] = None
        self._check_names(kinds)
        columns = tuple(
            ColumnInfo(name, place, " or ".join(found) or "null", _kind(found))
            for place, (name, found) in enumerate(kinds.items(), start=1)
        )
        return columns, round(self.place.size() * rows / max(read, 1))

    def count(self) -> int:
        return sum(len(batch) for batch in self.batches([], batch_rows=CHUNK_ROWS))

    def batches(
        self, columns: Sequence[str], *, batch_rows: int, seed: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """All rows, also for a sample: where a line begins is only known from those before it."""
        with self.place.open() as file:
            for _, batch in self._chunks(file, columns, batch_rows):
                if len(batch):
                    yield batch

    def replaced(
        self, batch: pa.RecordBatch, mask: pa.BooleanArray, replacements: Mapping[str, Replacement]
    ) -> pa.RecordBatch:
        """`batch` as it would read after `rewrite`; a line can hold any value, but see `field_names`."""
        require_named(replacements, data_set=self.name)
        for name, replacement in replacements.items():
            place = batch.schema.get_field_index(name)
            if place >= 0:
                rows = zip(batch.column(place).to_pylist(), mask.to_pylist(), strict=True)
                values = [as_text(_value(replacement)) if hit else old for old, hit in rows]
                batch = batch.set_column(place, name, pa.array(values, pa.string()))
        return batch

    def rewrite(self, rows: Rows, replacements: Mapping[str, Replacement]) -> int:
        """Drop the matching lines, or write `replacements` into them; every other byte stays. How many."""
        matched = 0
        require_named(replacements, data_set=self.name)
        schema = self.schema(compared(rows))

        def write(new: BinaryIO) -> bool:
            nonlocal matched
            matched, changed = 0, False
            matcher = matcher_of(rows, schema)
            with self.place.open() as old:
                for chunk, batch in self._chunks(old, matcher.columns, CHUNK_ROWS):
                    hits = iter(matcher.mask(batch).to_pylist())
                    for line in chunk:
                        raw = line.raw
                        if line.value is not None and next(hits):
                            matched += 1
                            changes = {name: _value(each) for name, each in replacements.items()}
                            raw = replace_values(line, changes) if changes else b""
                            changed = changed or raw != line.raw
                        new.write(raw)
            return changed

        self.place.rewrite(write)
        return matched

    def _check_names(self, names: Iterable[str]) -> None:
        if any(name != as_text(name) or not name for name in names):
            raise Malformed(
                f"{self.name} has a field without a name that can be written.", "Name it in letters."
            )

    def _glance(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Rows with their sizes: from the head of the file, and of pieces spread evenly over the rest."""
        size = self.place.size()
        with self.place.open() as file:
            for line in lines(file, self.name):
                if line.value is not None:
                    yield len(line.raw), fold(line.value)
                if file.tell() >= HEAD_BYTES:
                    break
            start = file.tell()
            if size - start <= PIECES * PIECE_BYTES:
                pieces = [(start, size)]
            else:
                step = (size - start) // PIECES
                pieces = [(start + step * i, start + step * i + PIECE_BYTES) for i in range(PIECES)]
            for begin, end in pieces:
                file.seek(begin)
                if begin > start and not file.readline(PIECE_BYTES).endswith(b"\n"):
                    continue  # the rest of a line that began before is longer than the piece
                while file.tell() < end and (raw := file.readline(PIECE_BYTES)).endswith(b"\n"):
                    yield from self._counted(raw)

    def _counted(self, raw: bytes) -> Iterator[tuple[int, Mapping[str, Any]]]:
        try:
            value = parse(raw, name=self.name, number=0)
        except Malformed:
            self.count()  # reads from the beginning, and so knows the number of the line
            raise
        if value is not None:
            yield len(raw), fold(value)

    def _chunks(
        self, file: BinaryIO, columns: Sequence[str], batch_rows: int
    ) -> Iterator[tuple[list[Line], pa.RecordBatch]]:
        """Lines, blank ones among them, and `columns` of those that are not."""
        chunk: list[Line] = []
        size = rows = 0
        for line in lines(file, self.name):
            chunk.append(line)
            size += len(line.raw)
            rows += line.value is not None
            if rows == batch_rows or size >= CHUNK_BYTES:
                yield chunk, _batch(chunk, columns)
                chunk, size, rows = [], 0, 0
        yield chunk, _batch(chunk, columns)


def _batch(chunk: Sequence[Line], columns: Sequence[str]) -> pa.RecordBatch:
    rows: list[Mapping[str, Any]] = [line.value for line in chunk if line.value is not None]
    if FOLDED in columns:
        rows = [fold(row) for row in rows]
    arrays = [pa.array([as_text(row.get(name)) for row in rows], pa.string()) for name in columns]
    if not columns:  # a batch that only counts
        return pa.RecordBatch.from_struct_array(pa.array([{}] * len(rows), pa.struct([])))
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))


def _value(replacement: Replacement) -> Any:
    if replacement.unique and replacement.value is not None:
        return f"{replacement.value}-{secrets.token_hex(8)}"
    return plain(replacement.value)


def _kind(types: Mapping[str, None]) -> Kind:
    """Any mixture is text: only what is always nested can be read as JSON."""
    if types and types.keys() <= {"object", "array"}:
        return Kind.JSON
    return Kind.TEXT
