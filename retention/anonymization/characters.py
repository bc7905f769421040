"""Texts as one array of code points, so that all characters of a column are looked at together."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def explode(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The code points (uint32) of all texts one after the other, and the length of each text. No nulls."""
    texts = texts.cast(pa.large_string())
    _, offset_buffer, character_buffer = texts.buffers()
    if not len(texts) or character_buffer is None:
        return np.empty(0, np.uint32), np.zeros(len(texts), np.int64)
    offsets = np.frombuffer(offset_buffer, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    encoded = np.frombuffer(character_buffer, np.uint8)[offsets[0] : offsets[-1]]
    if not len(encoded) or encoded.max() < 128:
        return encoded.astype(np.uint32), np.diff(offsets)
    codes = np.frombuffer(encoded.tobytes().decode().encode("utf-32-le"), np.uint32)
    return codes, pc.utf8_length(texts).to_numpy()


def implode(codes: np.ndarray, lengths: np.ndarray) -> pa.Array:
    """The way back."""
    ends = np.cumsum(lengths)
    if not len(codes) or codes.max() < 128:
        offsets = np.concatenate([[0], ends]).astype(np.int64)
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(codes.astype(np.uint8))]
        return pa.LargeStringArray.from_buffers(len(lengths), buffers[1], buffers[2]).cast(pa.string())
    text = codes.astype("<u4").tobytes().decode("utf-32-le")
    starts = (ends - lengths).tolist()
    return pa.array([text[start:end] for start, end in zip(starts, ends.tolist(), strict=True)], pa.string())


def fixed_width(characters: np.ndarray) -> pa.Array:
    """A text of each row of ASCII characters (uint8)."""
    rows, width = characters.shape
    kind, place = (pa.string(), np.int32) if characters.size < 2**31 else (pa.large_string(), np.int64)
    offsets = pa.py_buffer(np.arange(rows + 1, dtype=place) * place(width))
    return pa.Array.from_buffers(kind, rows, [None, offsets, pa.py_buffer(np.ascontiguousarray(characters))])


def translated(code_points: np.ndarray, classes: Callable[[str], str]) -> np.ndarray:
    """Each code point replaced by the one that `classes` gives for its character, asked once for each character."""
    table = np.zeros(int(code_points.max(initial=0)) + 1, np.uint32)
    table[code_points] = 1
    for code in np.flatnonzero(table).tolist():
        table[code] = ord(classes(chr(code)))
    return table[code_points]


def kind_of(character: str) -> str:
    """`9` for a digit, `A` for a capital, `a` for what else says something; punctuation and spaces are themselves."""
    category = unicodedata.category(character)
    if category[0] == "N":
        return "9"
    if category in ("Lu", "Lt"):
        return "A"
    separates = category[0] in "PZ" or character in "\t\n\r$+<=>^`|~"
    return character if separates else "a"
