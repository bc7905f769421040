"""The tree's hashes in tiles of 256, so that any proof takes a handful of rows whatever the size of the log.

A tile of level 0 holds the hashes of 256 leaves, one of level n the roots of 256 tiles of the level below (the layout
of C2SP tlog-tiles, height 8). Only full tiles are stored. They are derived from the entries: `chain.verify` does
without.
"""

from collections.abc import Iterator

from django.db import transaction

from audit.ledger.merkle import Range, node_hash
from audit.ledger.models import Entry, Tile
from audit.ledger.statements import run

WIDTH = 256
HEIGHT = 8
AT_ONCE = 200  # tiles stored in one statement
# Of each wanted tile its hashes; at the edge, where it is not full, those from `first` to before `last`, read from what
# is below it. All at once: a proof is asked for while somebody waits.
HASHES = """
    SELECT wanted.level, wanted.index, wanted.first, tile.hashes,
        CASE
            WHEN tile.hashes IS NOT NULL THEN NULL
            WHEN wanted.level = 0 THEN (
                SELECT string_agg(entry.leaf, ''::bytea ORDER BY entry.number) FROM ledger_entry entry
                WHERE entry.number >= wanted.first AND entry.number < wanted.last
            )
            ELSE (
                SELECT string_agg(below.root, ''::bytea ORDER BY below.index) FROM ledger_tile below
                WHERE below.level = wanted.level - 1
                    AND below.index >= wanted.first AND below.index < wanted.last
            )
        END
    FROM unnest(%b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[])
        AS wanted (level, index, first, last)
    LEFT JOIN ledger_tile tile ON tile.level = wanted.level AND tile.index = wanted.index
"""


@transaction.atomic
def extend(size: int) -> None:
    """Store every full tile of a tree of `size` entries that is not stored yet."""
    level, wide = 0, size
    while wide // WIDTH:
        last = Tile.objects.filter(level=level).order_by("-index").first()
        begin = last.index + 1 if last else 0
        fresh = []
        for index, hashes in _full(level, begin, wide // WIDTH):
            fresh.append(Tile(level=level, index=index, hashes=b"".join(hashes), root=_root(hashes)))
            if len(fresh) == AT_ONCE:
                Tile.objects.bulk_create(fresh, ignore_conflicts=True)
                fresh = []
        Tile.objects.bulk_create(fresh, ignore_conflicts=True)
        level, wide = level + 1, wide // WIDTH


def hashes_at(level: int, start: int, end: int) -> list[bytes]:
    """The hashes at positions [start, end) of a level of tiles: of leaves at level 0, else roots of tiles below."""
    if level == 0:
        rows = Entry.objects.filter(number__gte=start, number__lt=end).order_by("number")
        return [bytes(leaf) for leaf in rows.values_list("leaf", flat=True)]
    below = Tile.objects.filter(level=level - 1, index__gte=start, index__lt=end).order_by("index")
    return [bytes(root) for root in below.values_list("root", flat=True)]


def roots_of(asked: list[Range]) -> dict[Range, bytes]:
    """The roots of whole subtrees, for `merkle.compute`: from full tiles, and at the edge from what is below them."""
    wanted: dict[tuple[int, int], list[Range]] = {}
    for start, end in asked:
        height = (end - start).bit_length() - 1
        level = height // HEIGHT
        wanted.setdefault((level, start >> (level * HEIGHT + HEIGHT)), []).append((start, end))
    if not wanted:
        return {}
    asked_of = [
        (
            level,
            index,
            min(start for start, _ in ranges) >> level * HEIGHT,
            max(end for _, end in ranges) >> level * HEIGHT,
        )
        for (level, index), ranges in wanted.items()
    ]
    found: dict[Range, bytes] = {}
    for level, index, first, tile, edge in run(HASHES, [list(each) for each in zip(*asked_of, strict=True)]):
        step = level * HEIGHT
        hashes, offset = (edge or b"", first) if tile is None else (tile, index * WIDTH)
        for start, end in wanted[level, index]:
            low, high = (start >> step) - offset, (end >> step) - offset
            if len(hashes) < 32 * high:
                raise LookupError(f"The entries from {start} to {end} are not all there.")
            found[start, end] = _root([hashes[32 * n : 32 * (n + 1)] for n in range(low, high)])
    return found


def _full(level: int, begin: int, end: int) -> Iterator[tuple[int, list[bytes]]]:
    for first in range(begin, end, 16):
        many = min(16, end - first)
        hashes = hashes_at(level, first * WIDTH, (first + many) * WIDTH)
        if len(hashes) != many * WIDTH:
            raise LookupError(f"Hashes of level {level} are missing from position {first * WIDTH} on.")
        for number in range(many):
            yield first + number, hashes[number * WIDTH : (number + 1) * WIDTH]


def _root(hashes: list[bytes]) -> bytes:
    """Of a power of two of hashes."""
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [node_hash(left, right) for left, right in pairs]
    return hashes[0]
