"""Find a person: from what identifies them, along the links that belong to them, in every system.

Breadth first: one query per data set and hop, however many keys. A row is found because an identifier stands in it
(depth 0) or because it points, by an owned link, to a row that was found. Columns are searched if they are
classified as that kind of identifier, and also if nobody has said yet what they hold.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from catalog.classification.vocabulary import Sensitivity, within
from catalog.connectors import registry
from catalog.connectors.base import Capability, Connector, ConnectorError, Kind, Match
from catalog.models import EXTERNAL, VIEW, Column, DataSet, Link, System
from erasure.keysets import KeySet, distinct

SEARCHABLE_UNREVIEWED = (Kind.TEXT, Kind.UNKNOWN, Kind.JSON, Kind.ARRAY)


@dataclass
class Found:
    """The person's rows in one data set."""

    data_set: DataSet
    depth: int
    keys: KeySet
    rows: int
    routes: list[str]


@dataclass
class Search:
    """What a search found, where it looked and where it could not look."""

    found: dict[int, Found] = field(default_factory=dict)  # by data set
    searched: set[int] = field(default_factory=set)
    unsearched: list[dict[str, str]] = field(default_factory=list)  # {data_set, problem}

    @property
    def rows(self) -> int:
        return sum(found.rows for found in self.found.values())


@dataclass
class Estate:
    """The catalog as the search needs it, read once: data sets with columns, links, and open connectors.

    Without views, whose rows are those of tables, and without stores that nothing connects to or that find no rows.
    """

    data_sets: dict[int, DataSet]
    columns: dict[int, list[Column]]
    links_into: dict[int, list[Link]]
    connections: "Connections"

    @classmethod
    def load(cls, connections: "Connections") -> "Estate":
        known = (
            DataSet.objects.filter(gone_at=None).exclude(kind=VIEW).exclude(system__kind__in=_unsearchable())
        )
        data_sets = {d.pk: d for d in known.select_related("system")}
        columns: dict[int, list[Column]] = {pk: [] for pk in data_sets}
        for column in Column.objects.filter(gone_at=None, nested_in=None, data_set__in=data_sets).order_by(
            "position"
        ):
            columns[column.data_set_id].append(column)
        links_into: dict[int, list[Link]] = {pk: [] for pk in data_sets}
        for link in Link.objects.filter(gone_at=None):
            if link.source_id in data_sets and link.target_id in data_sets:
                links_into[link.target_id].append(link)
        return cls(data_sets, columns, links_into, connections)


class Connections:
    """One read-only connector per system, opened when first needed and closed together."""

    def __init__(self) -> None:
        self.stack = ExitStack()
        self.open: dict[int, Connector] = {}

    def __enter__(self) -> "Connections":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stack.close()

    def to(self, system: System) -> Connector:
        if system.pk not in self.open:
            self.open[system.pk] = self.stack.enter_context(system.connect())
        return self.open[system.pk]


Seeds = dict[int, list[tuple[Match, str]]]


def search(estate: Estate, seeds: Seeds, *, follow: bool = True) -> Iterator[Search]:
    """Search from `seeds` (per data set: what to match there, and why); yields the growing result after each query.

    With `follow`, rows that belong to a found row are found too. A data set that cannot be read is listed in
    `unsearched`; a system that does not answer at all raises its ConnectorError, since nothing can be said about
    the person before it does.
    """
    result = Search()
    frontier, depth = seeds, 0
    while frontier:
        following: Seeds = {}
        for data_set_id, wanted in frontier.items():
            fresh = _look(estate, result, data_set_id, wanted, depth)
            if fresh is not None and follow:
                for link in estate.links_into[data_set_id]:
                    values = fresh.anchors[link.pk]
                    if link.follow == Link.Follow.OWNED and values.num_rows:
                        following.setdefault(link.source_id, []).append(
                            (pointing(link, values), _route(estate, link))
                        )
            yield result
        frontier, depth = following, depth + 1


def complete(progress: Iterator[Search]) -> Search:
    """Run a search to its end."""
    result = Search()
    for result in progress:  # noqa: B007
        pass
    return result


def seeds_from(estate: Estate, identifiers: Mapping[str, Iterable[str]]) -> Seeds:
    """Where identifiers ({category: values}) may stand: in columns of their category, and in unreviewed text.

    Data sets that nobody could read so far are seeds too: the search will try again, and say if it fails.
    """
    seeds: Seeds = {}
    for data_set_id, columns in estate.columns.items():
        wanted = []
        for category, values in identifiers.items():
            keys = pa.array(sorted({value.strip().lower() for value in values}), pa.string())
            wanted += [
                (Match(pa.table({column.name: keys}), fold=True), f"{column.name} = {category}")
                for column in columns
                if _may_hold(column, category)
            ]
        if wanted or (estate.data_sets[data_set_id].problem and not _ruled_out(columns)):
            seeds[data_set_id] = wanted
    return seeds


def seeds_from_matches(estate: Estate, known: Mapping[int, KeySet]) -> Seeds:
    """Rows found earlier, by their keys."""
    return {
        data_set_id: [(match, "rows known from an earlier search") for match in keys.matches]
        for data_set_id, keys in known.items()
        if data_set_id in estate.data_sets
    }


def seeds_from_anchors(estate: Estate, known: Mapping[int, KeySet]) -> Seeds:
    """Rows that point to rows found earlier, whether or not those are still there."""
    seeds: Seeds = {}
    for data_set_id, keys in known.items():
        for link in estate.links_into.get(data_set_id, []):
            values = keys.anchors.get(link.pk)
            if link.follow == Link.Follow.OWNED and values is not None and values.num_rows:
                seeds.setdefault(link.source_id, []).append((pointing(link, values), _route(estate, link)))
    return seeds


def pointing(link: Link, values: pa.Table) -> Match:
    """The rows of the link's source that point to rows of its target with these values."""
    return Match(values.rename_columns(link.source_columns))


def beyond_reach() -> list[System]:
    """Systems that hold personal data as far as lineage tells, and that nothing connects to: no search looks there."""
    columns = Column.objects.filter(gone_at=None, data_set__gone_at=None, data_set__system__kind=EXTERNAL)
    personal = columns.exclude(state=Column.State.CONFIRMED, sensitivity=Sensitivity.NONE.value)
    return list(System.objects.filter(pk__in=personal.values("data_set__system")).order_by("name"))


def _unsearchable() -> list[str]:
    return [
        EXTERNAL,
        *(
            kind
            for kind, connector in registry.classes.items()
            if Capability.FIND not in connector.capabilities
        ),
    ]


def _ruled_out(columns: list[Column]) -> bool:
    return bool(columns) and not any(column.personal for column in columns)


def _may_hold(column: Column, category: str) -> bool:
    if column.category and within(column.category, category):
        return True
    return column.state == Column.State.UNREVIEWED and column.kind in SEARCHABLE_UNREVIEWED


def _look(
    estate: Estate, result: Search, data_set_id: int, wanted: list[tuple[Match, str]], depth: int
) -> KeySet | None:
    """Query one data set once; add what is new to the result and return it, or None if nothing is new."""
    data_set = estate.data_sets[data_set_id]
    if not wanted:
        _unsearched(result, data_set, data_set.problem)
        return None
    matches = [match for match, _ in wanted]
    links = estate.links_into[data_set_id]
    by_key = bool(data_set.primary_key)
    key_columns = list(data_set.primary_key) if by_key else sorted({c for m in matches for c in m.columns})
    asked = list(
        dict.fromkeys(
            [
                *key_columns,
                *(name for link in links for name in link.target_columns),
                *(name for match in matches for name in match.columns),
            ]
        )
    )
    connector = estate.connections.to(data_set.system)
    try:
        rows = connector.find(data_set.name, matches, asked)
    except ConnectorError as problem:
        connector.check()  # raises if it is the whole system that does not answer
        _unsearched(result, data_set, str(problem))
        return None
    result.searched.add(data_set_id)
    known = result.found.get(data_set_id)
    if not by_key:
        matches = [match for match in matches if not known or not _contains(known.keys.matches, match)]
    elif known:
        rows = subtract(rows, known.keys.matches[0].keys, key_columns)
    if not rows.num_rows or not matches:
        return None
    fresh = KeySet(
        matches=[Match(distinct(rows.select(key_columns)))] if by_key else matches,
        anchors={link.pk: distinct(rows.select(link.target_columns)) for link in links},
    )
    routes = list(dict.fromkeys(route for match, route in wanted if _led_to(match, rows)))
    if known is None:
        result.found[data_set_id] = Found(data_set, depth, fresh, rows.num_rows, routes)
    else:
        _merge(known, fresh, rows.num_rows, routes, by_key=by_key)
        if not by_key:
            known.rows = connector.count(data_set.name, known.keys.matches)
    return fresh


def _led_to(match: Match, rows: pa.Table) -> bool:
    """Whether any of the rows was found by this match; with several columns, they are not told apart."""
    if len(match.columns) > 1:
        return True
    values, keys = rows.column(match.columns[0]), match.keys.column(0)
    if match.fold:
        values = pc.utf8_lower(pc.utf8_trim_whitespace(values.cast(pa.string())))
    return bool(pc.any(pc.is_in(values, value_set=keys.cast(values.type).combine_chunks())).as_py())


def _merge(known: Found, fresh: KeySet, rows: int, routes: list[str], *, by_key: bool) -> None:
    if by_key:
        known.keys.matches = [Match(pa.concat_tables([known.keys.matches[0].keys, fresh.matches[0].keys]))]
    else:
        known.keys.matches += fresh.matches
    for link, values in fresh.anchors.items():
        known.keys.anchors[link] = distinct(pa.concat_tables([known.keys.anchors[link], values]))
    known.rows += rows
    known.routes = list(dict.fromkeys([*known.routes, *routes]))


def _unsearched(result: Search, data_set: DataSet, problem: str) -> None:
    entry = {"data_set": str(data_set), "problem": problem}
    if entry not in result.unsearched:
        result.unsearched.append(entry)


def _route(estate: Estate, link: Link) -> str:
    target, source = estate.data_sets[link.target_id], estate.data_sets[link.source_id]
    return f"{target.name}.{', '.join(link.target_columns)} → {source.name}.{', '.join(link.source_columns)}"


def _contains(matches: list[Match], match: Match) -> bool:
    return any(known.fold == match.fold and known.keys.equals(match.keys) for known in matches)


def subtract(rows: pa.Table, known: pa.Table, columns: list[str]) -> pa.Table:
    """The rows whose `columns` are not among `known`."""
    return rows.join(known.select(columns), keys=columns, join_type="left anti", use_threads=False)
