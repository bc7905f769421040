"""Steps for many requests at once: decided and rehearsed for all their rows together, where that is the same for each.

Where it is not (rows that stay for one of them, rows in common, a change meanwhile), the requests are halved until each
half is alike, or a single request is drafted by itself: what is approved for a person is what would be alone.
"""

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from catalog.connectors.base import ConnectorError, Unreachable
from catalog.models import Link
from erasure.custodians.models import RowExemption
from erasure.deciding import Decision
from erasure.drafting import Asked, Drafted, Ground, draft, rehearsed, step_for, unsearched
from erasure.finding import pointing
from erasure.keysets import KeySet
from erasure.models import Hit
from erasure.ordering import in_order
from erasure.rights import right_of

WHO, WHOSE = "\x00who", "\x00whose"
SMALLEST = 4  # fewer than so many cost no less together


class NotAlike(Exception):
    """What would be decided for all together is not what would be decided for each."""


def draft_many(ground: Ground, asked: Sequence[Asked]) -> list[Drafted]:
    """The steps for each of the requests. Raises Unreachable."""
    excepted = set(
        RowExemption.objects.filter(
            request__in=[each.request for each in asked], withdrawn_at=None
        ).values_list("request_id", flat=True)
    )
    together: list[Asked] = []
    alone: list[Asked] = []
    for each in asked:
        own = right_of(each.request.kind).together and each.request.pk not in excepted
        plain = own and each.hits and not any(keys.shared for keys in each.keys.values())
        (together if plain else alone).append(each)
    return [*_halved(ground, together), *(draft(ground, each) for each in alone)]


def _halved(ground: Ground, asked: list[Asked]) -> list[Drafted]:
    if len(asked) < SMALLEST:
        return [draft(ground, each) for each in asked]
    try:
        return _as_one(ground, asked)
    except Unreachable:
        raise
    except (NotAlike, ConnectorError):
        half = len(asked) // 2
        return [*_halved(ground, asked[:half]), *_halved(ground, asked[half:])]


def _as_one(ground: Ground, asked: list[Asked]) -> list[Drafted]:
    hits, keys = _union(asked)
    _require_apart(ground, asked, hits, keys)
    ordered = in_order(hits, ground.links)
    decisions = right_of(asked[0].request.kind).decide(
        asked[0].request, ground.estate, ordered, keys, ground.holds(hits)
    )
    for decision in decisions.values():
        _require_alike(decision)
    ordered.sort(key=lambda hit: decisions[hit.data_set_id].method == "ask")
    steps = [step_for(ground, hit, decisions[hit.data_set_id], keys) for hit in ordered]
    if rehearsed(steps, keys):
        raise NotAlike
    places = {hit.data_set_id: place for place, hit in enumerate(ordered)}
    return [_of_one(ground, each, decisions, places) for each in asked]


def _of_one(ground: Ground, asked: Asked, decisions: dict[int, Decision], places: dict[int, int]) -> Drafted:
    hits = sorted(asked.hits, key=lambda hit: places[hit.data_set_id])
    if not any(decisions[hit.data_set_id].method == "delete" for hit in hits):
        return draft(ground, asked)  # whether anything is left to do must be asked for this person
    rows = [step_for(ground, hit, decisions[hit.data_set_id], asked.keys) for hit in hits]
    return Drafted(asked, rows, unsearched(asked.request))


def _union(asked: list[Asked]) -> tuple[list[Hit], dict[int, KeySet]]:
    """All hits and keys, by data set, as if they were one person's."""
    by_data_set: dict[int, list[tuple[Hit, KeySet]]] = {}
    for each in asked:
        for hit in each.hits:
            by_data_set.setdefault(hit.data_set_id, []).append((hit, each.keys[hit.data_set_id]))
    hits, keys = [], {}
    for data_set_id, these in by_data_set.items():
        keys[data_set_id] = KeySet.together(own for _, own in these)
        hits.append(
            Hit(
                data_set=these[0][0].data_set,
                depth=min(hit.depth for hit, _ in these),
                rows=sum(hit.rows for hit, _ in these),
            )
        )
    return hits, keys


def _require_alike(decision: Decision) -> None:
    """Raises NotAlike for what may be otherwise for some of them: rows that stay, a store's own time, problems."""
    plain = decision.method in ("delete", "ask") and not (decision.reason and decision.method == "delete")
    if decision.problems or decision.beside or decision.facts or not (plain or decision.hold):
        raise NotAlike


def _require_apart(ground: Ground, asked: list[Asked], hits: list[Hit], keys: dict[int, KeySet]) -> None:
    """Raises NotAlike if rows of one person refer to rows of another: those may only go when the former do.

    Rows that are several persons' own are counted once by the stores and twice here, so the rehearsal finds them.
    """
    for hit in hits:
        for link in ground.estate.links_into[hit.data_set_id]:
            if link.origin != Link.Origin.FOREIGN_KEY or link.follow == Link.Follow.OWNED:
                continue
            values = keys[hit.data_set_id].anchors.get(link.pk)
            if values is None or not values.num_rows or link.source_id not in keys:
                continue
            _require_own(ground, asked, link, values)


def _require_own(ground: Ground, asked: list[Asked], link: Link, values: pa.Table) -> None:
    source = ground.estate.data_sets[link.source_id]
    connector = ground.connections.to(source.system)
    names = list(source.primary_key)
    if not names:
        if connector.count(source.name, [pointing(link, values)]):
            raise NotAlike
        return
    found = connector.find(
        source.name, [pointing(link, values)], list(dict.fromkeys([*names, *link.source_columns]))
    )
    if not found.num_rows:
        return
    whose = _owned(asked, WHOSE, lambda each: _anchors(each, link))
    who = _owned(asked, WHO, lambda each: _rows(each, link.source_id))
    joined = found.join(whose, keys=link.source_columns, join_type="inner", use_threads=False).join(
        who, keys=names, join_type="inner", use_threads=False
    )
    if pc.any(pc.not_equal(joined[WHO], joined[WHOSE])).as_py():
        raise NotAlike


def _anchors(asked: Asked, link: Link) -> pa.Table | None:
    known = asked.keys.get(link.target_id)
    values = known.anchors.get(link.pk) if known else None
    return values.rename_columns(link.source_columns) if values is not None else None


def _rows(asked: Asked, data_set_id: int) -> pa.Table | None:
    known = asked.keys.get(data_set_id)
    return known.matches[0].keys if known and known.matches else None


def _owned(asked: list[Asked], name: str, table_of: Callable[[Asked], pa.Table | None]) -> pa.Table:
    """The tables of all, with the number of who each row is of."""
    parts = []
    for number, each in enumerate(asked):
        table = table_of(each)
        if table is not None:
            parts.append(table.append_column(name, pa.array([number] * table.num_rows, pa.int32())))
    return pa.concat_tables(parts, promote_options="permissive")
