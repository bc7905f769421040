"""Parquet files of one schema joined into one: their row groups are copied as they are, only the footer is new.

A footer says where in the file each column of each row group begins; in the joined file that is later by as much as
stands before. Nothing is decoded, so it goes at the speed of the disk. Source: Apache Parquet, parquet.thrift.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from retention.anonymization.thrift_compact import Items, Reader, Struct, write_struct

MAGIC = b"PAR1"
COPIED = 8 * 1024 * 1024
MOST_ORDINAL = 32_767
# The ids of fields in parquet.thrift. All offsets are counted from the beginning of the file.
SCHEMA, NUM_ROWS, ROW_GROUPS = 2, 3, 4
COLUMNS, FILE_OFFSET, ORDINAL = 1, 5, 7  # of a RowGroup
CHUNK_OFFSETS, META_DATA = (2, 4, 6), 3  # of a ColumnChunk: itself, its offset index, its column index
PAGE_OFFSETS = (9, 10, 11, 14)  # of its ColumnMetaData: data, index and dictionary pages, bloom filter


def join(parts: Sequence[Path], out: BinaryIO) -> None:
    """Write the rows of all `parts`, in order, as one Parquet file. ValueError where their schemas differ."""
    out.write(MAGIC)
    at, whole = len(MAGIC), Struct()
    for path in parts:
        with path.open("rb") as file:
            footer, end = _footer(file)
            _shift(footer, at - len(MAGIC))
            file.seek(len(MAGIC))
            _copy(file, out, end - len(MAGIC))
            at += end - len(MAGIC)
        whole = _added(whole, footer) if whole.fields else footer
    _number(whole.get(ROW_GROUPS))
    data = write_struct(whole)
    out.write(data + len(data).to_bytes(4, "little") + MAGIC)


def _footer(file: BinaryIO) -> tuple[Struct, int]:
    """The footer, and where it begins."""
    size = file.seek(0, os.SEEK_END)
    file.seek(size - 8)
    tail = file.read(8)
    if tail[4:] != MAGIC:
        raise ValueError("A staged part is no whole Parquet file.")
    end = size - 8 - int.from_bytes(tail[:4], "little")
    file.seek(end)
    return Reader(file.read(size - 8 - end)).struct(), end


def _shift(footer: Struct, by: int) -> None:
    for group in footer.get(ROW_GROUPS).values:
        _add(group, FILE_OFFSET, by)
        for chunk in group.get(COLUMNS).values:
            for place in CHUNK_OFFSETS:
                _add(chunk, place, by)
            for place in PAGE_OFFSETS:
                _add(chunk.get(META_DATA), place, by)


def _add(struct: Struct, place: int, by: int) -> None:
    if struct.get(place):  # 0 says that there is none
        struct.put(place, struct.get(place) + by)


def _added(whole: Struct, footer: Struct) -> Struct:
    if whole.get(SCHEMA) != footer.get(SCHEMA):
        raise ValueError("Staged parts have different schemas.")
    whole.put(NUM_ROWS, whole.get(NUM_ROWS) + footer.get(NUM_ROWS))
    first, more = whole.get(ROW_GROUPS), footer.get(ROW_GROUPS)
    # The list of a file without row groups does not say what it is a list of.
    whole.put(ROW_GROUPS, Items(more.kind if not first.values else first.kind, first.values + more.values))
    return whole


def _number(groups: Items) -> None:
    for number, group in enumerate(groups.values):
        if ORDINAL in group.fields and number <= MOST_ORDINAL:
            group.put(ORDINAL, number)
        else:
            group.fields.pop(ORDINAL, None)


def _copy(file: BinaryIO, out: BinaryIO, many: int) -> None:
    while many > 0:
        piece = file.read(min(COPIED, many))
        if not piece:
            raise ValueError("A staged part is cut short.")
        out.write(piece)
        many -= len(piece)
