"""Where a search begins, and what each hop looks for: values to match, each with the number of the person it is of.

Persons are numbered by their place in the list that is searched for; one person is number 0.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from catalog.classification.vocabulary import Sensitivity, within
from catalog.connectors.base import Kind, Match
from catalog.models import Column, Link
from catalog.nesting import path_of
from erasure.estate import Estate
from erasure.keysets import KeySet

SEARCHABLE_UNREVIEWED = (Kind.TEXT, Kind.UNKNOWN, Kind.JSON, Kind.ARRAY)
TREES = (Kind.JSON, Kind.ARRAY)  # what a path is looked for in
OUTWARD = (Link.Follow.OWNED, Link.Follow.ACCESSED)  # from the row pointed to, to the rows that point
INWARD = (Link.Follow.OWNS, Link.Follow.ACCESSES)  # from the row that points, to the row pointed to
OWNING = (Link.Follow.OWNED, Link.Follow.OWNS)  # what is found is the person's own
NOT_THEIRS = (Link.Follow.ACCESSED, Link.Follow.REFERENCE)
PERSON = "\x00person"  # beside the columns of a store, which are never called so

Identifiers = Mapping[str, Iterable[str]]
Known = Mapping[int, KeySet]


@dataclass(frozen=True)
class Seed:
    """What to match in one data set, and why; `owners` has the person of each row of `match.keys`.

    `owned`: the rows are the person's. Otherwise they are somebody else's, and only shown to the person.
    `telling`: the matched columns say who the person is, and not which row of somebody's it is.
    """

    match: Match
    owners: np.ndarray  # int32, as long as match.keys
    route: str
    owned: bool = True
    telling: bool = True
    category: str = ""  # of the identifier that is matched

    def of(self, person: int) -> Match | None:
        """The match with this person's keys alone; None where there is none."""
        mine = self.owners == person
        if mine.all():
            return self.match if len(mine) else None
        if not mine.any():
            return None
        return replace(self.match, keys=self.match.keys.filter(pa.array(mine)))

    @property
    def way(self) -> tuple[bool, str, bool]:
        """How the match compares."""
        return self.match.fold, self.match.path, self.match.inside

    def only(self, persons: np.ndarray) -> "Seed":
        """The same for some of the persons."""
        mine = np.isin(self.owners, persons)
        keys = self.match.keys.filter(pa.array(mine))
        return replace(self, match=replace(self.match, keys=keys), owners=self.owners[mine])


Seeds = dict[int, list[Seed]]


def seeds_from(
    estate: Estate,
    identifiers: Identifiers | Sequence[Identifiers],
    excluded: Sequence[Collection[tuple[int, str]]] = (),
) -> Seeds:
    """Where identifiers ({category: values}, of one person or of each of many) may stand.

    In columns of their category, and in unreviewed text; for each person without the (data set, category) that are
    `excluded`. Data sets that nobody could read so far are seeds too: the
    search will try again, and say if it fails.
    """
    by_category = _by_category([identifiers] if isinstance(identifiers, Mapping) else identifiers)
    seeds: Seeds = {}
    for data_set_id, columns in estate.columns.items():
        refers = _referring(estate, data_set_id)
        wanted = [
            Seed(
                Match(pa.table({column.name: values}), fold=True, path=path, inside=inside),
                owners,
                f"{where} = {category}",
                category=category,
            )
            for category, (values, owners) in _included(by_category, data_set_id, excluded)
            for column in columns
            if column.name not in refers
            for where, path, inside in places(estate, column, category)
        ]
        if wanted or (estate.data_sets[data_set_id].problem and not _ruled_out(columns)):
            seeds[data_set_id] = wanted
    return seeds


def seeds_from_matches(estate: Estate, known: Known | Sequence[Known]) -> Seeds:
    """Rows found earlier, of one person or of each of many, by their keys."""
    seeds: Seeds = {}
    for person, of_person in enumerate(_each(known)):
        for data_set_id, keys in of_person.items():
            if data_set_id in estate.data_sets:
                seeds.setdefault(data_set_id, []).extend(
                    Seed(
                        match,
                        _all_of(person, match),
                        "rows known from an earlier search",
                        owned,
                        telling=False,
                    )
                    for matches, owned in (([*keys.matches, *keys.all_shared], True), (keys.accessed, False))
                    for match in matches
                )
    return together(seeds)


def seeds_from_anchors(estate: Estate, known: Known | Sequence[Known]) -> Seeds:
    """Rows that point to rows found earlier, whether or not those are still there."""
    seeds: Seeds = {}
    for person, of_person in enumerate(_each(known)):
        for data_set_id, keys in of_person.items():
            for link in estate.links_into.get(data_set_id, []):
                values = keys.anchors.get(link.pk)
                if link.follow in OUTWARD and values is not None and values.num_rows:
                    seed = seed_along(estate, link, values, np.full(values.num_rows, person, np.int32))
                    seeds.setdefault(link.source_id, []).append(seed)
    return together(seeds)


def seed_along(estate: Estate, link: Link, values: pa.Table, owners: np.ndarray) -> Seed:
    """What a link leads to: from rows pointed to, the rows that point there; from rows that point, what they point to.

    `values` are those of the columns at the end that was found.
    """
    source, target = estate.data_sets[link.source_id], estate.data_sets[link.target_id]
    there = f"{source.name}.{', '.join(link.source_columns)}"
    back = f"{target.name}.{', '.join(link.target_columns)}"
    owned = link.follow in OWNING
    if link.follow in INWARD:
        match = Match(values.rename_columns(link.target_columns))
        return Seed(match, owners, f"{there} → {back}", owned=owned, telling=False)
    return Seed(pointing(link, values), owners, f"{back} → {there}", owned=owned)


def pointing(link: Link, values: pa.Table) -> Match:
    """The rows of the link's source that point to rows of its target with these values."""
    return Match(values.rename_columns(link.source_columns))


def together(seeds: Seeds) -> Seeds:
    """The same with fewer seeds: those of different persons that match alike become one."""
    return {data_set_id: _together(wanted) for data_set_id, wanted in seeds.items()}


def places(estate: Estate, column: Column, category: str) -> Iterator[tuple[str, str, bool]]:
    """Where in a column identifiers of the category are looked for: (what it is called, path in it, inside a text).

    What no store can look into is said by `erasure.reaching`.
    """
    nested = estate.nested.get(column.pk, [])
    if may_hold(column, category) and not (nested and column.kind == Kind.JSON):
        yield column.name, "", False
    if not estate.searches_inside(column.data_set_id):
        return
    at_path = [inner for inner in nested if inner.category and within(inner.category, category)]
    if column.kind in TREES:
        for inner in at_path:
            yield inner.name, path_of(inner), False
    if holds_inside(column, nested, category) and not (at_path and column.kind in TREES):
        yield f"{column.name} (in the text)", "", True


def holds_inside(column: Column, nested: list[Column], category: str) -> bool:
    """Whether identifiers of the category may stand inside longer values of the column."""
    if any(within(contained, category) for contained in column.contains):
        return True
    return any(may_hold(inner, category) for inner in nested)


def may_hold(column: Column, category: str) -> bool:
    """Whether identifiers of the category may stand in the column."""
    if column.category and within(column.category, category):
        return True
    return column.state == Column.State.UNREVIEWED and column.kind in SEARCHABLE_UNREVIEWED


def _referring(estate: Estate, data_set_id: int) -> set[str]:
    """Columns whose number names the person of another row, of which a steward said that these rows are not theirs.

    What is shown to the person is found from that other row. A direct identifier (an e-mail address) is the person's
    whatever a link says.
    """
    direct = {
        column.name for column in estate.columns[data_set_id] if column.sensitivity == Sensitivity.DIRECT
    }
    return {
        link.source_columns[0]
        for link in estate.links_out[data_set_id]
        if link.decided_at and link.follow in NOT_THEIRS and len(link.source_columns) == 1
    } - direct


def _together(wanted: list[Seed]) -> list[Seed]:
    groups: dict[tuple, list[Seed]] = {}
    for seed in wanted:
        kinds = tuple((field.name, str(field.type)) for field in seed.match.keys.schema)
        alike = (kinds, seed.way, seed.route, seed.owned, seed.telling, seed.category)
        groups.setdefault(alike, []).append(seed)
    merged = []
    for these in groups.values():
        first = these[0]
        keys = pa.concat_tables([seed.match.keys.replace_schema_metadata() for seed in these])
        owners = np.concatenate([seed.owners for seed in these])
        merged.append(replace(first, match=replace(first.match, keys=keys), owners=owners))
    return merged


def _included(
    by_category: Mapping[str, tuple[pa.Array, np.ndarray]],
    data_set_id: int,
    excluded: Sequence[Collection[tuple[int, str]]],
) -> Iterator[tuple[str, tuple[pa.Array, np.ndarray]]]:
    for category, (values, owners) in by_category.items():
        without = [person for person, these in enumerate(excluded) if (data_set_id, category) in these]
        if without:
            mine = ~np.isin(owners, without)
            values, owners = values.filter(pa.array(mine)), owners[mine]
        if len(owners):
            yield category, (values, owners)


def _by_category(persons: Sequence[Identifiers]) -> dict[str, tuple[pa.Array, np.ndarray]]:
    collected: dict[str, tuple[list[str], list[int]]] = {}
    for person, identifiers in enumerate(persons):
        for category, values in identifiers.items():
            keys, owners = collected.setdefault(category, ([], []))
            for key in sorted(
                {value.strip() for value in values}
            ):  # the store folds letters by its own rules
                keys.append(key)
                owners.append(person)
    return {
        category: (pa.array(keys, pa.string()), np.array(owners, np.int32))
        for category, (keys, owners) in collected.items()
    }


def _each(known: Known | Sequence[Known]) -> Sequence[Known]:
    return [known] if isinstance(known, Mapping) else known


def _all_of(person: int, match: Match) -> np.ndarray:
    return np.full(match.keys.num_rows, person, np.int32)


def _ruled_out(columns: list[Column]) -> bool:
    return bool(columns) and not any(column.personal for column in columns)
