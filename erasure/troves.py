"""What a search has found in one data set so far, of all persons: which row is whose, and what points there.

A row may be several persons'. Where the data set has a primary key, rows are known by it. Where it has none they are
known by the values that match them, so each visit asks for all of these again.
"""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.connectors.base import Match
from catalog.connectors.joining import one_array, pairs
from catalog.models import DataSet
from erasure.keysets import UNTOLD, KeySet, distinct
from erasure.seeds import PERSON, Seed

OWNED = "\x00owned"
KEPT = "\x00kept "


@dataclass
class Found:
    """One person's rows in one data set: `rows` are theirs alone, `shared` others' too, `accessed` only others'."""

    data_set: DataSet
    depth: int
    keys: KeySet
    rows: int
    routes: list[str]
    accessed: int = 0
    shared: int = 0


@dataclass
class Claims:
    """Which rows of an answer are whose: parallel arrays, a row once for each person and each seed that met it."""

    rows: np.ndarray
    persons: np.ndarray
    seeds: np.ndarray
    keys: np.ndarray  # of the seed's match
    owned: np.ndarray

    @classmethod
    def of(cls, rows: pa.Table, seeds: list[Seed]) -> "Claims":
        parts = []
        for number, seed in enumerate(seeds):
            met, keys = pairs(rows, seed.match)
            parts.append(
                (met, seed.owners[keys], np.full(len(met), number), keys, np.full(len(met), seed.owned))
            )
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        return cls(*columns)

    def where(self, chosen: np.ndarray) -> "Claims":
        return Claims(*(column[chosen] for column in vars(self).values()))

    def unclaimed(self, rows: int) -> bool:
        """Whether some of so many rows are nobody's."""
        claimed = np.zeros(rows, bool)
        claimed[self.rows] = True
        return not claimed.all()


@dataclass
class Trove:
    """All persons' rows in one data set. `keys` are of the primary key, with PERSON and OWNED; or None without one.

    `kept` are the columns that owned links join at this end: their values stay beside the keys, as `keeping` says.
    """

    data_set: DataSet
    kept: list[str] = field(default_factory=list)
    depth: dict[int, int] = field(default_factory=dict)  # by person
    routes: dict[int, list[str]] = field(default_factory=dict)
    keys: pa.Table | None = None
    seeds: list[Seed] = field(default_factory=list)  # all that were asked for
    loose: pa.Table | None = None  # without a primary key: the kept columns of owned rows, with PERSON
    counts: dict[tuple[int, bool], int] = field(
        default_factory=dict
    )  # the same: rows by person and ownership
    anchors: dict[int, pa.Table] = field(default_factory=dict)  # by link, with PERSON
    inward: dict[int, pa.Table] = field(default_factory=dict)
    shared: pa.Table | None = (
        None  # of `keys`: the rows that are others' too, with PERSON and the kept columns
    )
    parts: dict[str, pa.Table] = field(
        default_factory=dict
    )  # of these, by the columns that say whose they are
    _sorted: dict[int | str, tuple[pa.Table, np.ndarray]] = field(default_factory=dict)

    @property
    def by_key(self) -> bool:
        return bool(self.data_set.primary_key)

    @property
    def rows(self) -> int:
        return (self.keys.num_rows if self.keys is not None else 0) + sum(self.counts.values())

    @property
    def persons(self) -> list[int]:
        return sorted(self.depth)

    def note(self, rows: pa.Table, claims: Claims, seeds: list[Seed], depth: int) -> np.ndarray:
        """Add the claims; which of them, by place, are new: not known to be the person's, or not known as owned."""
        self._sorted.clear()
        if self.by_key:
            fresh = self._note_keys(rows, claims)
        else:
            fresh = np.ones(len(claims.rows), bool)
            self._note_counts(claims)
            self._note_loose(rows, claims)
        asked = np.unique(claims.persons[fresh] * len(seeds) + claims.seeds[fresh])
        for person, seed in zip((asked // len(seeds)).tolist(), (asked % len(seeds)).tolist(), strict=True):
            self.depth.setdefault(person, depth)
            routes = self.routes.setdefault(person, [])
            if seeds[seed].route not in routes:
                routes.append(seeds[seed].route)
        return fresh

    def remember(self, into: dict[int, pa.Table], link: int, values: pa.Table) -> pa.Table:
        """Add the values (with PERSON) that a link leads from; those that were not known yet."""
        known = into.get(link)
        fresh = values if known is None else subtract(values, known, values.column_names)
        if known is None or fresh.num_rows:
            into[link] = fresh if known is None else pa.concat_tables([known, fresh])
        return fresh

    def of(self, person: int) -> Found | None:
        """The part of one person."""
        if person not in self.depth:
            return None
        keys = KeySet(self._matches(person, owned=True), accessed=self._matches(person, owned=False))
        for link in self.anchors:
            keys.anchors[link] = self._slice(link, self.anchors[link], person).drop_columns([PERSON])
        shared = self._shared(person, keys)
        if self.by_key:
            rows, accessed = keys.size, sum(match.keys.num_rows for match in keys.accessed)
        else:
            rows, accessed = self.counts.get((person, True), 0) - shared, self.counts.get((person, False), 0)
        return Found(self.data_set, self.depth[person], keys, rows, self.routes[person], accessed, shared)

    def owned(self) -> pa.Table:
        """The owned rows of all persons: their keys and kept columns, with PERSON."""
        if self.keys is not None:
            return self.keys.filter(self.keys[OWNED])
        if self.loose is None:
            raise ValueError(f"Nobody owns a row of {self.data_set}.")
        return self.loose

    def share(self, rows: pa.Table) -> bool:
        """Set these of the owned rows apart as others' too; whether any was not yet."""
        same = [*self.data_set.primary_key, PERSON] if self.by_key else rows.column_names
        fresh = rows if self.shared is None else subtract(rows, self.shared, same)
        self.shared = fresh if self.shared is None else pa.concat_tables([self.shared, fresh])
        self._sorted.clear()
        return fresh.num_rows > 0

    def add_part(self, columns: str, rows: pa.Table) -> None:
        known = self.parts.get(columns)
        self.parts[columns] = rows if known is None else distinct(pa.concat_tables([known, rows]))

    def _shared(self, person: int, keys: KeySet) -> int:
        """Move the rows that are others' too out of `keys.matches`; how many they are."""
        if self.shared is None or not self.shared.num_rows:
            return 0
        shared = self._slice("shared", self.shared, person)
        if not shared.num_rows:
            return 0
        if not self.by_key:
            # Not told apart by any key: nothing of it may be deleted before somebody says how.
            keys.shared, keys.matches = {UNTOLD: keys.matches}, []
            return self.counts.get((person, True), 0)
        names = list(self.data_set.primary_key)
        alone = subtract(keys.matches[0].keys, shared, names)
        keys.matches = [Match(alone)] if alone.num_rows else []
        for columns, table in self.parts.items():
            mine = self._slice(f"part {columns}", table, person)
            if mine.num_rows:
                keys.shared[columns] = [Match(mine.select(names))]
        return shared.num_rows

    def _matches(self, person: int, *, owned: bool) -> list[Match]:
        if self.keys is None:
            matches = (seed.of(person) for seed in self.seeds if seed.owned == owned)
            return [match for match in matches if match is not None]
        mine = self._slice("keys", self.keys, person)
        mine = mine.filter(mine[OWNED] if owned else pc.invert(mine[OWNED]))
        return [Match(mine.select(list(self.data_set.primary_key)))] if mine.num_rows else []

    def _slice(self, name: int | str, table: pa.Table, person: int) -> pa.Table:
        """The rows of one person; sorted once for all of them."""
        if name not in self._sorted:
            owners = one_array(table[PERSON]).to_numpy(zero_copy_only=False)
            if len(owners) and (owners != owners[0]).any():
                order = np.argsort(owners, kind="stable")
                table, owners = table.take(pa.array(order)), owners[order]
            self._sorted[name] = (table, owners)
        table, owners = self._sorted[name]
        start, end = np.searchsorted(owners, [person, person + 1])
        return table.slice(start, end - start)

    def _note_keys(self, rows: pa.Table, claims: Claims) -> np.ndarray:
        names = list(self.data_set.primary_key)
        claimed = rows.select(names).take(pa.array(claims.rows))
        claimed = claimed.append_column(PERSON, pa.array(claims.persons, pa.int32()))
        claimed = claimed.append_column(OWNED, pa.array(claims.owned))
        whole = np.ones(claimed.num_rows, bool)
        for name in names:
            whole &= one_array(claimed[name].is_valid()).to_numpy(zero_copy_only=False)
        kept = [keeping(name) for name in self.kept]
        for name in self.kept:
            claimed = claimed.append_column(keeping(name), rows[name].take(pa.array(claims.rows)))
        grouped = (
            claimed.filter(pa.array(whole))
            .group_by([*names, PERSON], use_threads=False)
            .aggregate([(OWNED, "max"), *((name, "first") for name in kept)])
        )
        grouped = grouped.rename_columns([*names, PERSON, OWNED, *kept])
        if self.keys is None:
            self.keys = grouped
            return np.ones(len(claims.rows), bool)
        numbered = claimed.append_column("\x00n", pa.array(np.arange(claimed.num_rows)))
        same = [*names, PERSON]
        better = subtract(grouped, self.keys, [*same, OWNED])  # not known, or known otherwise
        owned = self.keys.filter(self.keys[OWNED])
        better = subtract(better, owned, same)  # owned is never taken back
        kept = subtract(self.keys, better, same)
        self.keys = pa.concat_tables([kept, better])
        met = numbered.join(better.select(same), keys=same, join_type="left semi", use_threads=False)
        fresh = np.zeros(len(claims.rows), bool)
        fresh[one_array(met["\x00n"]).to_numpy(zero_copy_only=False)] = True
        return fresh

    def _note_loose(self, rows: pa.Table, claims: Claims) -> None:
        chosen = pa.array(claims.rows[claims.owned])
        values = pa.table({PERSON: pa.array(claims.persons[claims.owned], pa.int32())})
        for name in self.kept:
            values = values.append_column(keeping(name), rows[name].take(chosen))
        self.loose = values.group_by(values.column_names, use_threads=False).aggregate([])

    def _note_counts(self, claims: Claims) -> None:
        """All rows were asked for again, so the counts are new; a row that is also owned is not counted as accessed."""
        owned: dict[bool, np.ndarray] = {}
        width = int(claims.persons.max()) + 1 if len(claims.persons) else 1
        for kind in (True, False):
            mine = claims.owned == kind
            owned[kind] = np.unique(claims.rows[mine] * width + claims.persons[mine])
        owned[False] = np.setdiff1d(owned[False], owned[True], assume_unique=True)
        self.counts = {}
        for kind, codes in owned.items():
            persons, counts = np.unique(codes % width, return_counts=True)
            for person, count in zip(persons.tolist(), counts.tolist(), strict=True):
                self.counts[person, kind] = count


def keeping(name: str) -> str:
    """What a kept column is called beside the key, of which it may be part."""
    return f"{KEPT}{name}"


def values_of(rows: pa.Table, columns: list[str], claims: Claims, which: np.ndarray) -> pa.Table:
    """The values in these columns of the claimed rows, each with its person, once."""
    values = rows.select(list(dict.fromkeys(columns))).select(columns).take(pa.array(claims.rows[which]))
    return distinct(values.append_column(PERSON, pa.array(claims.persons[which], pa.int32())))


def subtract(rows: pa.Table, known: pa.Table, columns: list[str]) -> pa.Table:
    """The rows whose `columns` are not among `known`."""
    return rows.join(known.select(columns), keys=columns, join_type="left anti", use_threads=False)
