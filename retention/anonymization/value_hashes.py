"""Keyed hashes of values, sorted on disk: which values are in two places, in memory that does not grow with them.

SipHash-2-4 (Aumasson, Bernstein 2012), as pandas computes it, with a key of its own: 64 bits tell the values of a
column apart well enough to compare them, and mean nothing without the key. Values are compared trimmed and in small
letters.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pandas.util import hash_array

MOST_WAITING = 1_000_000  # hashes of one column in memory before they go to disk
BUCKETS = 256  # by the first byte: what is in memory when files are compared is a 256th of them


def hash_values(values: pa.Array | pa.ChunkedArray, *, key: str) -> np.ndarray:
    """The sorted distinct hashes (uint64) of the values that are not null and have a letter or digit in them.

    `key` are 16 ASCII characters.
    """
    distinct = pc.unique(as_compared(values)).drop_null()
    distinct = distinct.filter(pc.match_substring_regex(distinct, r"[\pL\pN]"))
    if not len(distinct):
        return np.empty(0, np.uint64)
    texts = distinct.to_numpy(zero_copy_only=False).astype(object)
    return _distinct(hash_array(texts, hash_key=key, categorize=False))


def as_compared(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The values as text, trimmed and in small letters; values of nested types as nulls."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    try:
        texts = array.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.nulls(len(array), pa.string())
    return pc.utf8_lower(pc.utf8_trim_whitespace(texts))


class HashWriter:
    """The hashes of one column of one part, in sorted files of at most `MOST_WAITING`: `<prefix>-<n>.u64`."""

    def __init__(self, folder: Path, prefix: str, *, key: str) -> None:
        self.folder, self.prefix, self.key = folder, prefix, key
        self._waiting: list[np.ndarray] = []
        self._many = self._files = 0
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, values: pa.Array) -> None:
        self._waiting.append(hash_values(values, key=self.key))
        self._many += len(self._waiting[-1])
        if self._many >= MOST_WAITING:
            self._condense()
            if self._many >= MOST_WAITING // 2:
                self._flush()

    def close(self) -> None:
        self._condense()
        if self._many:
            self._flush()

    def _condense(self) -> None:
        if self._waiting:
            self._waiting = [_distinct(np.concatenate(self._waiting))]
            self._many = len(self._waiting[0])

    def _flush(self) -> None:
        hashes = self._waiting[0].astype("<u8")
        starts = np.searchsorted(hashes, np.arange(BUCKETS, dtype=np.uint64) << np.uint64(56))
        ends = np.append(starts, len(hashes)).astype("<u8")
        place = self.folder / f"{self.prefix}-{self._files}.u64"
        draft = place.with_suffix(f".{uuid.uuid4().hex}.draft")
        with draft.open("wb") as file:
            file.write(ends.tobytes())
            file.write(hashes.tobytes())
        os.replace(draft, place)
        self._files += 1
        self._waiting, self._many = [], 0


def merged(files: Sequence[Path]) -> Iterator[np.ndarray]:
    """The distinct hashes of all files together, in order, bucket by bucket."""
    for bucket in range(BUCKETS):
        pieces = [piece for file in files if len(piece := _bucket(file, bucket))]
        if pieces:
            yield _distinct(np.concatenate(pieces))


def count_common(one: Sequence[Path], other: Sequence[Path]) -> tuple[int, int]:
    """How many distinct hashes are in both, and how many in `other`."""
    common = many = 0
    for bucket in range(BUCKETS):
        mine, others = (_union([_bucket(file, bucket) for file in files]) for files in (one, other))
        common += len(np.intersect1d(mine, others, assume_unique=True))
        many += len(others)
    return common, many


def files_of(folder: Path, column: int) -> list[Path]:
    """The files of a column, told by its number, in `folder`."""
    return sorted(folder.glob(f"{column}-*.u64"))


def _union(pieces: Sequence[np.ndarray]) -> np.ndarray:
    return _distinct(np.concatenate(pieces)) if pieces else np.empty(0, np.uint64)


def _distinct(hashes: np.ndarray) -> np.ndarray:
    """Sorted, each once. For numbers that are nearly all different quicker than `numpy.unique`."""
    hashes = np.sort(hashes)
    return hashes[np.append(hashes[:-1] != hashes[1:], True)] if len(hashes) else hashes


def _bucket(file: Path, bucket: int) -> np.ndarray:
    with file.open("rb") as opened:
        start, end = np.fromfile(opened, "<u8", 2, offset=8 * bucket)
        opened.seek(8 * (BUCKETS + 1 + int(start)))
        return np.fromfile(opened, "<u8", int(end - start))
