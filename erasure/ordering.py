"""In which order things are done: what points before what it points to, the EU first, who the person is last of all."""

from collections.abc import Iterable

from catalog.localization.regions import lies_in
from catalog.models import Link
from erasure.measures.base import Turn
from erasure.models import Hit, Step
from erasure.seeds import INWARD


def in_order(hits: Iterable[Hit], links: Iterable[Link]) -> list[Hit]:
    """Sources of links before their targets; among those free to go, systems in the EU first, identity rows last.

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


def with_measures(rows: list[Step], measures: Iterable[tuple[str, Step]]) -> list[Step]:
    """The steps on rows with those of measures (by their turn) between them, numbered from 1.

    What has its turn after the rows comes behind the last row that neither identifies the person nor is left to a
    custodian, who may take long.
    """
    by_turn: dict[str, list[Step]] = {turn: [] for turn in Turn}
    for turn, step in measures:
        by_turn[turn].append(step)
    end = max((n for n, step in enumerate(rows, 1) if not (step.identity or step.method == "ask")), default=0)
    steps = [
        *by_turn[Turn.FIRST],
        *rows[:end],
        *by_turn[Turn.AFTER_ROWS],
        *rows[end:],
        *by_turn[Turn.LAST],
    ]
    for position, step in enumerate(steps, 1):
        step.position = position
    return steps


def _rank(hit: Hit) -> tuple[bool, bool, int, int]:
    return (hit.depth == 0, not lies_in(hit.data_set.system.region, ["EU"]), -hit.depth, hit.data_set_id)
