"""The persons of a version as sorted hashes in pieces: who is in it is a binary search, not a table of persons."""

from collections.abc import Collection, Iterator
from typing import TypeVar

import numpy as np
from django.db import connection

from erasure.training.models import Persons, Version

Whole = TypeVar("Whole", np.ndarray, list[int])

PIECE = 65_536  # hashes in one row: half a megabyte
READ_TOGETHER = 16  # such rows
_SIGN = np.uint64(1) << np.uint64(63)
# Of each version the piece that a hash would be in: the last one that does not begin behind it.
_CANDIDATES = """
    SELECT version.id, wanted.hash, piece.id
    FROM training_version version
    JOIN training_set ON training_set.id = version.training_set_id
    JOIN unnest(%s::text[], %s::bigint[]) AS wanted (category, hash) ON wanted.category = training_set.category
    CROSS JOIN LATERAL (
        SELECT id FROM training_persons
        WHERE version_id = version.id AND first <= wanted.hash ORDER BY first DESC LIMIT 1
    ) piece
"""


def keep(version: Version, hashes: np.ndarray) -> None:
    """Store the distinct sorted hashes (uint64) of a version's persons."""
    Persons.objects.bulk_create(
        (
            Persons(version=version, first=signed(piece[0]), hashes=piece.astype(">u8").tobytes())
            for piece in _by(PIECE, hashes)
        ),
        batch_size=100,
    )


def versions_with(persons: Collection[tuple[str, int]]) -> list[tuple[int, int]]:
    """(version, signed hash) of every version that one of these (category, signed hash) is in.

    Each piece is read once, and no more than a few at a time.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, [[each for each, _ in persons], [number for _, number in persons]])
        wanted: dict[int, list[tuple[int, int]]] = {}
        for version, number, piece in cursor.fetchall():
            wanted.setdefault(piece, []).append((version, number))
    found = []
    for pieces in _by(READ_TOGETHER, sorted(wanted)):
        for piece in Persons.objects.filter(pk__in=pieces):
            found += [
                (version, number)
                for version, number in wanted[piece.pk]
                if _holds(bytes(piece.hashes), unsigned(number))
            ]
    return found


def signed(value: np.uint64) -> int:
    """The signed number of 64 bits that sorts as the unsigned one does."""
    return int(np.uint64(value ^ _SIGN).astype(np.int64))


def unsigned(value: int) -> np.uint64:
    return np.int64(value).astype(np.uint64) ^ _SIGN


def _holds(piece: bytes, wanted: np.uint64) -> bool:
    hashes = np.frombuffer(piece, ">u8")
    place = int(np.searchsorted(hashes, wanted))
    return place < len(hashes) and hashes[place] == wanted


def _by(many: int, whole: Whole) -> Iterator[Whole]:
    for start in range(0, len(whole), many):
        yield whole[start : start + many]
