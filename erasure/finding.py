"""Find persons: from what identifies them, along the links that belong to them, in every system, many at once.

Breadth first: one query per data set and hop, however many keys and persons. A row is found because an identifier
stands in it (depth 0) or because a link joins it to a row that was found. Columns are searched if they are classified
as that kind of identifier, and also if nobody has said yet what they hold. Ownership is that of K9db (OSDI 2023): a
row may be several persons' own, and a row that is merely shown to a person leads no farther.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from catalog.connectors.base import Connector, ConnectorError, Match
from catalog.models import DataSet, Link
from erasure.doubting import Doubts, numbering_columns
from erasure.estate import Connections, Estate, beyond_reach
from erasure.seeds import (
    INWARD,
    OUTWARD,
    OWNING,
    PERSON,
    Seed,
    Seeds,
    pointing,
    seed_along,
    seeds_from,
    seeds_from_anchors,
    seeds_from_matches,
    together,
)
from erasure.troves import Claims, Found, Trove, subtract, values_of

__all__ = [
    "Connections",
    "Estate",
    "Found",
    "Search",
    "Seed",
    "Seeds",
    "beyond_reach",
    "complete",
    "pointing",
    "search",
    "seeds_from",
    "seeds_from_anchors",
    "seeds_from_matches",
    "subtract",
]


@dataclass
class Search:
    """What a search found, where it looked and where it could not look.

    `found` and `rows` are those of `person`; `of` gives the same search as another person sees it.
    """

    troves: dict[int, Trove] = field(default_factory=dict)  # by data set
    searched: set[int] = field(default_factory=set)
    unsearched: list[dict[str, str]] = field(default_factory=list)  # {data_set, problem}
    person: int = 0

    def of(self, person: int) -> "Search":
        return Search(self.troves, self.searched, self.unsearched, person)

    @cached_property
    def found(self) -> dict[int, Found]:
        """By data set, once the search is complete."""
        views = {pk: trove.of(self.person) for pk, trove in self.troves.items()}
        return {pk: found for pk, found in views.items() if found is not None}

    @property
    def rows(self) -> int:
        return sum(found.rows + found.shared + found.accessed for found in self.found.values())

    @property
    def all_rows(self) -> int:
        """Of all persons; a row that is two persons' counts twice."""
        return sum(trove.rows for trove in self.troves.values())


def search(
    estate: Estate, seeds: Seeds, *, follow: bool = True, doubts: Doubts | None = None
) -> Iterator[Search]:
    """Search from `seeds` (per data set: what to match there, whose it is, and why); yields the growing result.

    With `follow`, rows that links join to a found row are found too. A data set that cannot be read is listed in
    `unsearched`; a system that does not answer at all raises its ConnectorError, since nothing can be said about
    anybody before it does. With `doubts`, what is found by an identifier in doubt is left out, and the doubt raised.
    """
    result = Search()
    frontier, depth = seeds, 0
    while frontier:
        following: Seeds = {}
        for data_set_id, wanted in frontier.items():
            for there, seed in _look(estate, result, data_set_id, wanted, depth, doubts):
                if follow:
                    following.setdefault(there, []).append(seed)
            yield result
        frontier, depth = together(following), depth + 1


def complete(progress: Iterator[Search]) -> Search:
    """Run a search to its end."""
    result = Search()
    for result in progress:  # noqa: B007
        pass
    return result


def _look(
    estate: Estate, result: Search, data_set_id: int, wanted: list[Seed], depth: int, doubts: Doubts | None
) -> Iterator[tuple[int, Seed]]:
    """Query one data set once and add what is new to the result; where links lead from there, and to what."""
    data_set = estate.data_sets[data_set_id]
    if not wanted:
        _unsearched(result, data_set, data_set.problem)
        return
    trove = result.troves.get(data_set_id) or Trove(data_set, _kept(estate, data_set_id))
    if not trove.by_key:
        wanted = _unasked(trove.seeds, wanted)
        if not wanted:
            return
    seeds = wanted if trove.by_key else [*trove.seeds, *wanted]
    connector = estate.connections.to(data_set.system)
    try:
        rows, claims = _ask(connector, data_set, seeds, _columns(estate, data_set, seeds))
        if doubts:
            claims = doubts.sift(estate, connector, data_set, rows, claims, seeds)
    except ConnectorError as problem:
        connector.check()  # raises if it is the whole system that does not answer
        _unsearched(result, data_set, str(problem))
        return
    result.searched.add(data_set_id)
    if not len(claims.rows):
        return
    result.troves[data_set_id] = trove
    trove.seeds = [*trove.seeds, *wanted]
    fresh = trove.note(rows, claims, seeds, depth)
    owned = fresh & claims.owned
    for link in estate.links_into[data_set_id]:
        values = trove.remember(trove.anchors, link.pk, values_of(rows, link.target_columns, claims, owned))
        if link.follow in OUTWARD and values.num_rows:
            yield link.source_id, _along(estate, link, values)
    for link in estate.links_out[data_set_id]:
        if link.follow in INWARD:
            values = values_of(rows, link.source_columns, claims, owned)
            values = trove.remember(trove.inward, link.pk, values)
            if values.num_rows:
                yield link.target_id, _along(estate, link, values)


def _along(estate: Estate, link: Link, values: pa.Table) -> Seed:
    owners = values[PERSON].combine_chunks().to_numpy(zero_copy_only=False)
    return seed_along(estate, link, values.drop_columns([PERSON]), owners)


def _kept(estate: Estate, data_set_id: int) -> list[str]:
    """The columns that owned links join at this end: by them a row may be several persons'."""
    out = (link.source_columns for link in estate.links_out[data_set_id] if link.follow in OWNING)
    into = (link.target_columns for link in estate.links_into[data_set_id] if link.follow in OWNING)
    return list(dict.fromkeys(name for columns in (*out, *into) for name in columns))


def _columns(estate: Estate, data_set: DataSet, seeds: list[Seed]) -> list[str]:
    """What is read of a found row: its key, what was matched, and both ends of links."""
    return list(
        dict.fromkeys(
            [
                *data_set.primary_key,
                *_kept(estate, data_set.pk),
                *(name for link in estate.links_into[data_set.pk] for name in link.target_columns),
                *(
                    name
                    for link in estate.links_out[data_set.pk]
                    if link.follow in INWARD
                    for name in link.source_columns
                ),
                *(name for seed in seeds for name in seed.match.columns),
                *(numbering_columns(estate, data_set.pk) if any(seed.category for seed in seeds) else ()),
            ]
        )
    )


def _ask(
    connector: Connector, data_set: DataSet, seeds: list[Seed], columns: list[str]
) -> tuple[pa.Table, Claims]:
    """The rows and whose they are. Rows the store alone holds equal are told apart by asking for fewer persons."""
    rows = connector.find(data_set.name, [_distinct(seed.match) for seed in seeds], columns)
    claims = Claims.of(rows, seeds)
    if not claims.unclaimed(rows.num_rows):
        return rows, claims
    persons = np.unique(np.concatenate([seed.owners for seed in seeds]))
    if len(persons) == 1:
        return rows, _with_the_rest(claims, rows.num_rows, seeds, persons[0])
    half = len(persons) // 2
    answers = [
        _ask(connector, data_set, some, columns)
        for some in (_only(seeds, persons[:half]), _only(seeds, persons[half:]))
    ]
    (first, mine), (second, others) = answers
    pairs = zip(vars(mine).items(), vars(others).values(), strict=True)
    joined = {name: np.concatenate([one, other]) for (name, one), other in pairs}
    joined["rows"] = np.concatenate([mine.rows, others.rows + first.num_rows])
    return pa.concat_tables([first, second]), Claims(**joined)


def _only(seeds: list[Seed], persons: np.ndarray) -> list[Seed]:
    """One seed for each, in their order, so that they keep their numbers."""
    return [seed.only(persons) for seed in seeds]


def _with_the_rest(claims: Claims, rows: int, seeds: list[Seed], person: int) -> Claims:
    """Rows that only the store holds equal are the one person's: by the first seed, and owned if any seed owns."""
    rest = np.setdiff1d(np.arange(rows), claims.rows)
    owning = next((n for n, seed in enumerate(seeds) if seed.owned and len(seed.owners)), None)
    number = owning if owning is not None else next(n for n, seed in enumerate(seeds) if len(seed.owners))
    first = np.zeros(len(rest), np.int64)
    return Claims(
        np.concatenate([claims.rows, rest]),
        np.concatenate([claims.persons, np.full(len(rest), person, claims.persons.dtype)]),
        np.concatenate([claims.seeds, np.full(len(rest), number)]),
        np.concatenate([claims.keys, first]),
        np.concatenate([claims.owned, np.full(len(rest), seeds[number].owned)]),
    )


def _distinct(match: Match) -> Match:
    keys = match.keys
    if keys.num_rows < 2:
        return match
    return replace(match, keys=keys.group_by(keys.column_names, use_threads=False).aggregate([]))


def _unasked(known: list[Seed], wanted: list[Seed]) -> list[Seed]:
    """The seeds without the keys that were asked for already, in the same way and for the same person."""
    left = []
    for seed in wanted:
        keys = _with_owners(seed)
        for other in known:
            alike = (other.owned or not seed.owned) and other.way == seed.way
            if alike and other.match.keys.schema.equals(seed.match.keys.schema):
                keys = subtract(keys, _with_owners(other), keys.column_names)
        if keys.num_rows:
            owners = keys[PERSON].combine_chunks().to_numpy(zero_copy_only=False)
            match = replace(seed.match, keys=keys.drop_columns([PERSON]))
            left.append(replace(seed, match=match, owners=owners))
    return left


def _with_owners(seed: Seed) -> pa.Table:
    return seed.match.keys.append_column(PERSON, pa.array(seed.owners, pa.int32()))


def _unsearched(result: Search, data_set: DataSet, problem: str) -> None:
    entry = {"data_set": str(data_set), "problem": problem}
    if entry not in result.unsearched:
        result.unsearched.append(entry)
