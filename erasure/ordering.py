"""In which order data sets are changed: what points before what it points to, and who the person is last of all."""

from collections.abc import Iterable

from catalog.models import Link
from erasure.models import Hit
from erasure.seeds import INWARD


def in_order(hits: Iterable[Hit], links: Iterable[Link]) -> list[Hit]:
    """Sources of links before their targets; among those free to go, identity rows (depth 0) last.

    What an identity row owns and no foreign key binds goes before it. A circle of links is broken at the row farthest
    from the identity; the rehearsal tells whether the store agrees.
    """
    waiting = {hit.data_set_id: hit for hit in hits}
    pointed_at_by: dict[int, set[int]] = {pk: set() for pk in waiting}
    for link in links:
        if link.source_id in waiting and link.target_id in waiting and link.source_id != link.target_id:
            first, then = link.source_id, link.target_id
            if link.follow in INWARD and link.origin == Link.Origin.DECLARED and waiting[first].depth == 0:
                first, then = then, first
            pointed_at_by[then].add(first)
    ordered: list[Hit] = []
    while waiting:
        free = [hit for pk, hit in waiting.items() if not pointed_at_by[pk] & waiting.keys()]
        following = min(free or waiting.values(), key=_rank)
        ordered.append(waiting.pop(following.data_set_id))
    return ordered


def _rank(hit: Hit) -> tuple[bool, int, int]:
    return (hit.depth == 0, -hit.depth, hit.data_set_id)
