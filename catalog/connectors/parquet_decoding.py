"""Row groups of a Parquet file as batches that stay small when they are decoded, whatever they say of their size.

A value that a dictionary holds once may stand in every row: 700 bytes of file can mean 200 GB of text. So texts are
read as dictionaries, what a row unpacks to is reckoned from the lengths of its values, and only pieces of at most
`BATCH_BYTES` are unpacked at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from catalog.connectors.base import Unsupported

BATCH_BYTES = 16 * 1024 * 1024
LARGEST_ROW = 512 * 1024 * 1024
FEWEST_ROWS = 4  # read at a time where a dictionary cannot tell how long values are
WORD = 8  # bytes at most of a number, or of the place of a text


class RowGroups:
    """The row groups of `file`, which `source` holds; `name` is what messages call it."""

    def __init__(self, source: Any, file: pq.ParquetFile, *, name: str, remote: bool = False) -> None:
        self.name, self.schema, self.metadata = name, file.schema_arrow, file.metadata
        leaves = [file.schema.column(place) for place in range(len(file.schema))]
        self._lengths = [leaf.length if leaf.physical_type.startswith("FIXED") else WORD for leaf in leaves]
        self._texts = {leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"}
        self._plain = file
        self._encoded = pq.ParquetFile(
            source,
            metadata=file.metadata,
            read_dictionary=sorted(self._texts),
            pre_buffer=remote,
            arrow_extensions_enabled=False,  # a dictionary has none
        )

    def read(
        self, group: int, *, columns: Sequence[str] | None = None, batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """Its rows with the types of `schema`, at most `batch_rows` and `BATCH_BYTES` at a time.

        A single row may be larger; Unsupported beyond `LARGEST_ROW`.
        """
        names = self.schema.names if columns is None else list(columns)
        chunks = self._chunks(group, names)
        rows = self._fitting_rows(group, chunks, batch_rows)
        texts = [chunk for chunk, _ in chunks if chunk.path_in_schema in self._texts]
        if not any("DELTA" in encoding for chunk in texts for encoding in chunk.encodings):
            for batch in self._encoded.iter_batches(rows, row_groups=[group], columns=names):
                yield from (piece for piece, _ in self._pieces(batch))
            return
        # Each value repeats some of the one before it, which no dictionary can show; none is longer than its column.
        few = max(FEWEST_ROWS, BATCH_BYTES // max(chunk.total_uncompressed_size for chunk in texts))
        batches = self._plain.iter_batches(min(rows, few), row_groups=[group], columns=names)
        pieces = (piece for batch in batches for piece in self._pieces(batch))
        for some in gather(pieces, most_bytes=BATCH_BYTES, most_rows=rows):
            yield pa.concat_batches(some)

    def _chunks(self, group: int, names: Sequence[str]) -> list[tuple[pq.ColumnChunkMetaData, int]]:
        """Those of the columns, each with the length of its values where that is fixed."""
        found, wanted = self.metadata.row_group(group), tuple(f"{name}." for name in names)
        chunks = [(found.column(place), length) for place, length in enumerate(self._lengths)]
        return [(chunk, length) for chunk, length in chunks if f"{chunk.path_in_schema}.".startswith(wanted)]

    def _fitting_rows(self, group: int, chunks: Sequence[tuple[Any, int]], batch_rows: int) -> int:
        found = self.metadata.row_group(group)
        rows = max(found.num_rows, 1)
        unpacked = sum(length * max(chunk.num_values, rows) for chunk, length in chunks)
        return max(1, min(batch_rows, BATCH_BYTES * rows // max(found.total_byte_size, unpacked, 1)))

    def _pieces(self, batch: pa.RecordBatch) -> Iterator[tuple[pa.RecordBatch, int]]:
        """`batch` in pieces that fit, decoded, each with about how many bytes it has."""
        if not batch.num_columns:
            yield batch, 0
            return
        sizes = sum((_row_bytes(column) for column in batch.columns), np.zeros(len(batch)))
        if len(batch) and sizes.max() > LARGEST_ROW:
            raise Unsupported(
                f"{self.name} has a row that unpacks to more than {LARGEST_ROW // 1024**2} MB.",
                "Write the file again with the list in several rows.",
            )
        ends, start = np.cumsum(sizes), 0
        while start < len(batch):
            before = ends[start - 1] if start else 0
            end = max(int(np.searchsorted(ends, before + BATCH_BYTES, side="right")), start + 1)
            yield self._decoded(batch, start, end), int(ends[end - 1] - before)
            start = end

    def _decoded(self, batch: pa.RecordBatch, start: int, end: int) -> pa.RecordBatch:
        fields = [self.schema.field(name) for name in batch.schema.names]
        part = batch.slice(start, end - start)
        arrays = [_cast(column, field.type) for column, field in zip(part.columns, fields, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields, self.schema.metadata))


def gather(
    pieces: Iterable[tuple[pa.RecordBatch, int]], *, most_bytes: int, most_rows: int | None = None
) -> Iterator[list[pa.RecordBatch]]:
    """Batches that come with their sizes, in lists of at most so many bytes and rows, or of one that has more."""
    some: list[pa.RecordBatch] = []
    rows = size = 0
    for piece, piece_bytes in pieces:
        full = size + piece_bytes > most_bytes or (most_rows and rows + len(piece) > most_rows)
        if some and full:
            yield some
            some, rows, size = [], 0, 0
        some.append(piece)
        rows, size = rows + len(piece), size + piece_bytes
    if some:
        yield some


def _row_bytes(array: pa.Array) -> np.ndarray:
    """About how many bytes each of its rows has once no dictionary is left."""
    kind, types = array.type, pa.types
    if types.is_dictionary(kind) and not types.is_primitive(kind.value_type):
        lengths = pc.binary_length(array.dictionary).fill_null(0)
        return WORD + pc.take(lengths, array.indices).fill_null(0).to_numpy(zero_copy_only=False)
    if types.is_struct(kind):
        return sum((_row_bytes(inner) for inner in array.flatten()), np.zeros(len(array)))
    if types.is_list(kind) or types.is_large_list(kind) or types.is_map(kind):
        inner = _row_bytes(array.keys) + _row_bytes(array.items) if types.is_map(kind) else None
        return _within(_row_bytes(array.values) if inner is None else inner, array.offsets.to_numpy())
    if types.is_fixed_size_list(kind):
        places = np.arange(array.offset, array.offset + len(array) + 1) * kind.list_size
        return _within(_row_bytes(array.values), places)
    return np.full(len(array), array.nbytes / max(len(array), 1))


def _within(sizes: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The sum of `sizes` between each two of `places`."""
    return WORD + np.diff(np.concatenate([[0], np.cumsum(sizes)])[places])


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if array.type == kind:
        return array
    if pa.types.is_nested(array.type):  # a slice of lists holds what is in all of them
        array = array.take(pa.array(np.arange(len(array))))
    try:
        return array.cast(kind)
    except pa.ArrowNotImplementedError:  # not at once into views
        return array.cast(_without_dictionaries(array.type)).cast(kind)


def _without_dictionaries(kind: pa.DataType) -> pa.DataType:
    types = pa.types
    if types.is_dictionary(kind):
        return kind.value_type
    if types.is_struct(kind):
        return pa.struct([field.with_type(_without_dictionaries(field.type)) for field in kind])
    if types.is_map(kind):
        return pa.map_(_without_dictionaries(kind.key_type), _without_dictionaries(kind.item_type))
    if types.is_fixed_size_list(kind):
        return pa.list_(_without_dictionaries(kind.value_type), kind.list_size)
    if types.is_list(kind):
        return pa.list_(_without_dictionaries(kind.value_type))
    return pa.large_list(_without_dictionaries(kind.value_type)) if types.is_large_list(kind) else kind
