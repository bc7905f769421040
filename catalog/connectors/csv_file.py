"""A CSV file as a data set: every column is text, an empty field is null."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO

import pyarrow as pa

from catalog.connectors.ageing import Rows, matcher_of
from catalog.connectors.base import ColumnInfo, ConstraintInTheWay, Kind, Malformed, Replacement
from catalog.connectors.csv_records import BOM, Dialect, Record, records, replace_fields, sniff_delimiter
from catalog.connectors.file_places import Place
from catalog.connectors.matching import as_text

HEAD_BYTES = 64 * 1024
CHUNK_BYTES = 16 * 1024 * 1024
CHUNK_ROWS = 100_000  # the keys are prepared anew for each chunk
DESCRIBED = 100  # records looked at to describe a file


@dataclass(frozen=True)
class Opened:
    """A file being read: its column names, the bytes up to the first record, and the records after them."""

    header: list[str]
    lead: bytes
    records: Iterator[Record]
    dialect: Dialect


class CsvFile:
    """`name` is what messages call it. The delimiter is found out; a UTF-8 mark outweighs `encoding`."""

    def __init__(self, place: Place, *, name: str, encoding: str) -> None:
        self.place = place
        self.name = name
        self.encoding = encoding

    def schema(self, wanted: Sequence[str] = ()) -> pa.Schema:
        """Malformed where the file is empty or its header is none."""
        with self.opened() as opened:
            return pa.schema([(name, pa.string()) for name in opened.header])

    def describe(self) -> tuple[tuple[ColumnInfo, ...], int]:
        """The columns, and about how many rows. Malformed also where one of the first records is broken."""
        size = self.place.size()
        with self.opened() as opened:
            names = opened.header
            first = replace(opened, records=islice(opened.records, DESCRIBED))
            chunk, _ = next(_chunks(first, [], DESCRIBED))
        rows = sum(bool(record.fields) for record in chunk)
        read, rest = sum(len(record.raw) for record in chunk), size - len(opened.lead)
        estimate = rows if read == rest else round(rest * rows / max(read, 1))
        columns = tuple(
            ColumnInfo(name, place, "text", Kind.TEXT) for place, name in enumerate(names, start=1)
        )
        return columns, estimate

    def count(self) -> int:
        return sum(len(batch) for batch in self.batches(self.schema().names[:1], batch_rows=CHUNK_ROWS))

    def batches(
        self, columns: Sequence[str], *, batch_rows: int, seed: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """All rows, also for a sample: a line can only be found by reading those before it."""
        with self.opened() as opened:
            for _, batch in _chunks(opened, columns, batch_rows):
                if len(batch):
                    yield batch

    def replaced(
        self, batch: pa.RecordBatch, mask: pa.BooleanArray, replacements: Mapping[str, Replacement]
    ) -> pa.RecordBatch:
        """`batch` as it would read after `rewrite`; ConstraintInTheWay where the file cannot hold it."""
        for name, text in self._texts(replacements, self._encoding()).items():
            place = batch.schema.get_field_index(name)
            if place < 0:
                continue
            vary = replacements[name].unique
            rows = zip(batch.column(place).to_pylist(), mask.to_pylist(), strict=True)
            values = [(_vary(text, vary) or None) if hit else old for old, hit in rows]
            batch = batch.set_column(place, name, pa.array(values, pa.string()))
        return batch

    def rewrite(self, rows: Rows, replacements: Mapping[str, Replacement]) -> int:
        """Drop the matching records, or write `replacements` into them; every other byte stays. How many."""
        matched = 0

        def write(new: BinaryIO) -> bool:
            nonlocal matched
            with self.opened() as opened:
                matched, changed = self._copy(opened, new, rows, replacements)
            return changed

        self.place.rewrite(write)
        return matched

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        with self.place.open() as file:
            dialect = self._dialect(file.read(HEAD_BYTES))
            file.seek(0)
            found = records(file, dialect)
            lead = b""
            for record in found:
                lead += record.raw
                if record.fields:
                    self._check_header(record.fields)
                    yield Opened(record.fields, lead, found, dialect)
                    return
        raise Malformed(f"{self.name} is empty: it has no header.", "Put column names in its first line.")

    def _copy(
        self,
        opened: Opened,
        new: BinaryIO,
        rows: Rows,
        replacements: Mapping[str, Replacement],
    ) -> tuple[int, bool]:
        """How many records matched, and whether `new` differs from the file."""
        texts = self._texts(replacements, opened.dialect.encoding)
        matcher = matcher_of(rows, pa.schema([(name, pa.string()) for name in opened.header]))
        matched, changed = 0, False
        new.write(opened.lead)
        for chunk, batch in _chunks(opened, matcher.columns, CHUNK_ROWS):
            hits = iter(matcher.mask(batch).to_pylist())
            for record in chunk:
                if not record.fields or not next(hits):
                    new.write(record.raw)
                    continue
                matched += 1
                raw = b""
                if texts:
                    fields = {
                        opened.header.index(name): _vary(text, replacements[name].unique)
                        for name, text in texts.items()
                    }
                    raw = _with_fields(record, fields, opened.dialect)
                changed = changed or raw != record.raw
                new.write(raw)
        return matched, changed

    def _dialect(self, head: bytes) -> Dialect:
        if b"\0" in head:
            raise Malformed(
                f"{self.name} has zero bytes: it is UTF-16 or no text.", "Export it again in UTF-8."
            )
        encoding = "utf-8" if head.startswith(BOM) else self.encoding
        complete = (head.rpartition(b"\n")[0] if len(head) == HEAD_BYTES else b"") or head
        lines = complete.decode(encoding, errors="replace").split("\n")
        delimiter = "\t" if self.place.suffix == ".tsv" else sniff_delimiter(lines)
        return Dialect(self.name, encoding, delimiter)

    def _encoding(self) -> str:
        with self.opened() as opened:
            return opened.dialect.encoding

    def _check_header(self, header: Sequence[str]) -> None:
        for name, times in Counter(header).items():
            if not name.strip():
                raise Malformed(f"{self.name} has a column without a name.", "Name it in the first line.")
            if times > 1:
                raise Malformed(f"{self.name} has {times} columns named {name!r}.", "Give each its own name.")

    def _texts(self, replacements: Mapping[str, Replacement], encoding: str) -> dict[str, str]:
        """Each replacement as it stands in the file."""
        texts = {}
        for name, replacement in replacements.items():
            value = replacement.value
            texts[name] = "" if value is None else as_text(pa.array([value]))[0].as_py()
            try:
                texts[name].encode(encoding)
            except UnicodeEncodeError:
                raise ConstraintInTheWay(
                    f"The replacement of {self.name}.{name} cannot be written in {encoding}.",
                    "Choose one in plain letters.",
                ) from None
        return texts


def _chunks(
    opened: Opened, columns: Sequence[str], batch_rows: int
) -> Iterator[tuple[list[Record], pa.RecordBatch]]:
    """Records, empty lines among them, and `columns` of those that are no empty line."""
    chunk: list[Record] = []
    size = rows = 0
    for record in opened.records:
        if record.fields and len(record.fields) != len(opened.header):
            raise Malformed(
                f"{opened.dialect.name}, line {record.line}: {len(record.fields)} fields where the header "
                f"has {len(opened.header)}.",
                "Correct the line, or export the file again.",
            )
        chunk.append(record)
        size += len(record.raw)
        rows += bool(record.fields)
        if rows == batch_rows or size >= CHUNK_BYTES:
            yield chunk, _batch(chunk, opened.header, columns)
            chunk, size, rows = [], 0, 0
    yield chunk, _batch(chunk, opened.header, columns)


def _batch(chunk: Sequence[Record], header: Sequence[str], columns: Sequence[str]) -> pa.RecordBatch:
    place_of = {name: place for place, name in enumerate(header)}
    places = [place_of[name] for name in columns]
    rows = [record.fields for record in chunk if record.fields]
    arrays = [pa.array([fields[place] or None for fields in rows], pa.string()) for place in places]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))


def _with_fields(record: Record, fields: Mapping[int, str], dialect: Dialect) -> bytes:
    changes = {place: value for place, value in fields.items() if record.fields[place] != value}
    return replace_fields(record, changes, dialect) if changes else record.raw


def _vary(text: str, vary: bool) -> str:
    return f"{text}-{secrets.token_hex(8)}" if vary and text else text
