"""A column's sample reduced to its distinct values, so that every detector looks at each value once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from catalog.classification.wordlists import words

LONGEST = 4_096  # characters kept of one value
MOST = 10_000  # distinct values looked at
# Longer than any e-mail address, name or postal address: beyond it a value is text, not a value of a form.
LONGEST_CELL = 320

_PLACEHOLDERS = words(
    """- -- --- . ? n/a na n.a. none null nil nan unknown undisclosed undefined tbd tba n/d
    s/d nd ninguno unbekannt keine inconnu desconocido sconosciuto onbekend desconhecido anonymous
    redacted #n/a xxx xxxx"""
) | {"not applicable", "not available", "no aplica", "sin dato", "no data"}
_WORD = re.compile(r"[^\W\d_]+", re.UNICODE)


@dataclass(frozen=True)
class Sample:
    """`values` are distinct, trimmed, cut and free of placeholders such as `n/a`; `rows` counts non-null cells."""

    values: tuple[str, ...]
    rows: int

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def cells(self) -> tuple[str, ...]:
        """The values short enough to have a form."""
        return tuple(value for value in self.values if len(value) <= LONGEST_CELL)

    @cached_property
    def characters(self) -> frozenset[str]:
        """Every character that occurs in a cell: lets a detector say no without looking at the values."""
        return frozenset("".join(self.cells))

    @cached_property
    def words(self) -> tuple[tuple[str, ...], ...]:
        """The letter-only words of each cell."""
        return tuple(tuple(_WORD.findall(value)) for value in self.cells)

    @cached_property
    def with_letters(self) -> float:
        """The share of cells in which a letter occurs."""
        return share(map(bool, self.words))

    @cached_property
    def with_digits(self) -> float:
        return share(any(map(str.isdecimal, value)) for value in self.cells)


def share(hits: Iterable[bool]) -> float:
    """The share of true ones; 0 for nothing."""
    marks = list(hits)
    return sum(marks) / len(marks) if marks else 0.0


def take(values: pa.Array | pa.ChunkedArray) -> Sample:
    """Reduce a column to its distinct values, in order of first appearance.

    Takes any Arrow type; binary cells that are not UTF-8 are read with replacement characters.
    """
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if isinstance(array, pa.ChunkedArray):  # combine_chunks of some types still gives chunks
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], pa.string())
    array = _as_text(array.drop_null())
    array = pc.utf8_trim_whitespace(pc.utf8_slice_codeunits(array, 0, LONGEST))
    distinct = pc.unique(array)
    if len(distinct) > MOST:
        distinct = distinct.take(pa.array(range(0, len(distinct), -(-len(distinct) // MOST))))
    kept = tuple(value for value in distinct.to_pylist() if value and value.casefold() not in _PLACEHOLDERS)
    return Sample(values=kept, rows=len(array))


def _as_text(array: pa.Array) -> pa.Array:
    if pa.types.is_string(array.type):
        return array
    if pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
        cut = pc.binary_slice(array, 0, LONGEST * 4).to_pylist() if len(array) else []
        return pa.array([cell.decode(errors="replace") for cell in cut], pa.string())
    try:
        return array.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # nested types and over-long columns
        return pa.array([str(cell)[:LONGEST] for cell in array.to_pylist()], pa.string())
