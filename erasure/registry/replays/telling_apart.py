"""Rows from before an erasure, which came back, and rows from after it, which are a customer's who came again.

A row tells its age by the column that its retention terms name. One that does not is old where the backup itself is
older than the erasure. Whatever is left is asked: a new customer's rows are never erased silently.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.connectors.ageing import is_older
from catalog.connectors.base import Connector, Match, Older
from catalog.connectors.joining import one_array
from catalog.models import DataSet
from erasure.doubting import Doubts
from erasure.estate import Estate
from erasure.finding import Search
from erasure.keysets import KeySet, distinct
from erasure.registry.replays.recognizing import Person
from erasure.seeds import PERSON, Seed
from erasure.troves import Claims, Trove
from retention.policies.models import Terms

OLD, NEWER, UNDATED = 0, 1, 2
NUMBER = "\x00number"
AGE = "\x00age"


@dataclass(frozen=True)
class Ages:
    """What tells the age of rows: per data set its column, and when the copy was made, where that is known."""

    columns: Mapping[int, str]
    made_at: datetime | None
    persons: Sequence[Person]

    @classmethod
    def of(cls, estate: Estate, persons: Sequence[Person], made_at: datetime | None) -> "Ages":
        said = Terms.objects.filter(data_set__in=estate.data_sets).exclude(age_column="")
        columns = {
            pk: column
            for pk, column in said.values_list("data_set_id", "age_column")
            if column in {each.name for each in estate.columns[pk]}
        }
        return cls(columns, made_at, persons)

    def surely_old(self) -> np.ndarray:
        """Of each person: whether the whole copy is from before their erasure."""
        made_at = self.made_at
        return np.array([made_at is not None and made_at < person.since for person in self.persons], bool)


@dataclass
class Apart:
    """The rows in which an identifier stands: what is old, by person and data set, and the others by their counts.

    `others` are the keys of rows that are not to be erased, `undated` the rows and persons of those in question.
    """

    old: list[dict[int, KeySet]]
    newer: dict[int, int] = field(default_factory=dict)
    undated: dict[int, tuple[int, int]] = field(default_factory=dict)
    others: dict[int, list[pa.Table]] = field(default_factory=dict)


@dataclass
class DoubtsAmongOld(Doubts):
    """Doubts about rows from before the erasure: who came again has another number, and that is no doubt."""

    ages: Ages | None = None

    def sift(
        self,
        estate: Estate,
        connector: Connector,
        data_set: DataSet,
        rows: pa.Table,
        claims: Claims,
        seeds: list[Seed],
    ) -> Claims:
        if not (self.ages and data_set.primary_key and data_set.pk in self.ages.columns):
            return super().sift(estate, connector, data_set, rows, claims, seeds)
        keys = rows.select(list(data_set.primary_key)).take(pa.array(claims.rows))
        keys = keys.append_column(PERSON, pa.array(claims.persons, pa.int32()))
        newer = _standing(estate, data_set, self.ages, keys) == NEWER
        old = super().sift(estate, connector, data_set, rows, claims.where(~newer), seeds)
        both = zip(vars(old).values(), vars(claims.where(newer)).values(), strict=True)
        return Claims(*map(np.concatenate, both))


def tell_apart(estate: Estate, found: Search, ages: Ages, *, erase: set[int], leave: set[int]) -> Apart:
    """Divide what a search for the persons' identifiers found.

    `erase` and `leave` are data sets for which an officer has answered. Raises ConnectorError.
    """
    apart = Apart([{} for _ in ages.persons])
    for trove in found.troves.values():
        if trove.by_key:
            _by_key(estate, trove, ages, apart, erase=erase, leave=leave)
        else:
            _by_value(found, trove, ages, apart, erase=erase, leave=leave)
    return apart


def newer_rows(estate: Estate, trove: Trove, ages: Ages) -> pa.Table | None:
    """The rows found from after the erasure of their person, keys with PERSON; None where none can be told."""
    if not trove.by_key or trove.keys is None or trove.data_set.pk not in ages.columns:
        return None
    keys = trove.keys.select([*trove.data_set.primary_key, PERSON])
    return keys.filter(pa.array(_standing(estate, trove.data_set, ages, keys) == NEWER))


def _by_key(
    estate: Estate, trove: Trove, ages: Ages, apart: Apart, *, erase: set[int], leave: set[int]
) -> None:
    assert trove.keys is not None
    pk, names = trove.data_set.pk, list(trove.data_set.primary_key)
    keys = trove.keys.select([*names, PERSON])
    standing = _standing(estate, trove.data_set, ages, keys)
    if pk in erase:
        standing[standing == UNDATED] = OLD
    undated = keys.filter(pa.array(standing == UNDATED))
    newer = keys.filter(pa.array(standing == NEWER))
    if newer.num_rows:
        apart.newer[pk] = distinct(newer.select(names)).num_rows
    if undated.num_rows:
        rows = distinct(undated.select(names)).num_rows
        if pk in leave:
            apart.newer[pk] = apart.newer.get(pk, 0) + rows
        else:
            apart.undated[pk] = (rows, len(pc.unique(undated[PERSON])))
    left = distinct(pa.concat_tables([newer, undated]).select(names))
    if left.num_rows:
        apart.others.setdefault(pk, []).append(left)
    old = keys.filter(pa.array(standing == OLD))
    for person in pc.unique(old[PERSON]).to_pylist():
        mine = old.filter(pc.equal(old[PERSON], person)).select(names)
        apart.old[person][pk] = KeySet([Match(distinct(mine))])


def _by_value(
    found: Search, trove: Trove, ages: Ages, apart: Apart, *, erase: set[int], leave: set[int]
) -> None:
    """Without a primary key rows are not told apart: they are old as wholes, or in question as wholes."""
    pk, sure = trove.data_set.pk, ages.surely_old()
    rows = persons = 0
    for person in trove.persons:
        mine = found.of(person).found[pk]
        if not mine.rows:
            continue
        if sure[person] or pk in erase:
            apart.old[person][pk] = KeySet(mine.keys.matches)
        else:
            rows, persons = rows + mine.rows, persons + 1
    if rows and pk in leave:
        apart.newer[pk] = rows
    elif rows:
        apart.undated[pk] = (rows, persons)


def _standing(estate: Estate, data_set: DataSet, ages: Ages, keys: pa.Table) -> np.ndarray:
    """OLD, NEWER or UNDATED of each row of `keys` for its person."""
    persons = one_array(keys[PERSON]).to_numpy(zero_copy_only=False)
    sure = ages.surely_old()[persons]
    standing = np.where(sure, OLD, UNDATED)
    column = ages.columns.get(data_set.pk)
    if not column or not keys.num_rows:
        return standing
    names = list(data_set.primary_key)
    connector = estate.connections.to(data_set.system)
    asked = [name for name in names if name != column]
    rows = connector.find(data_set.name, [Match(distinct(keys.select(names)))], [*asked, column])
    aged = rows.append_column(AGE, rows[column]).select([*names, AGE])
    numbered = keys.append_column(NUMBER, pa.array(np.arange(keys.num_rows)))
    joined = numbered.join(aged, keys=names, join_type="inner", use_threads=False)
    joined = joined.filter(joined[AGE].is_valid())
    cutoffs, by_person = np.unique(np.array(_cutoffs(ages, rows[column].type), object), return_inverse=True)
    for place, cutoff in enumerate(cutoffs):
        mine = joined.filter(pa.array(by_person[_array(joined[PERSON])] == place))
        if mine.num_rows:
            older = is_older(one_array(mine[AGE]), Older(column, cutoff))
            standing[_array(mine[NUMBER])] = np.where(_array(pc.fill_null(older, False)), OLD, NEWER)
    return standing


def _cutoffs(ages: Ages, kind: pa.DataType) -> list[datetime]:
    """Of each person, from when on a row is newer than their erasure.

    A day, or a time without a zone, leaves the day of the erasure open: then the age of the whole copy decides.
    """
    exact = pa.types.is_timestamp(kind) and kind.tz is not None
    return [
        person.since + (timedelta(days=1) if sure and not exact else timedelta(0))
        for person, sure in zip(ages.persons, ages.surely_old(), strict=True)
    ]


def _array(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    whole = one_array(values) if isinstance(values, pa.ChunkedArray) else values
    return whole.to_numpy(zero_copy_only=False)
