"""When a search stops and asks: an identifier that seems to be many persons', or two persons'.

An identifier that stands in a large share of a data set is a placeholder, or the address of an office. One whose rows
carry several values of what numbers persons is shared by several. Neither may be erased, or disclosed, unasked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings

from catalog.classification.vocabulary import within
from catalog.connectors.base import Connector
from catalog.connectors.joining import one_array
from catalog.connectors.matching import as_text
from catalog.models import DataSet, Link
from erasure.estate import Estate
from erasure.seeds import Seed
from erasure.troves import Claims

FROM_ROWS = 100  # below which a share says nothing
NUMBERS = ("id.national", "id.passport", "id.license", "id.tax", "id.customer", "id.employee", "id.account")

Accepted = frozenset[tuple[int, str]]  # (data set, category) that an officer has said are the person's


@dataclass(frozen=True)
class Doubt:
    """Why one person's search stopped: `rows` of `of_rows` hold the identifier, with `values` in `numbering`."""

    person: int
    data_set: DataSet
    category: str
    column: str
    rows: int
    of_rows: int = 0
    numbering: str = ""
    values: int = 0


@dataclass
class Doubts:
    """The doubts of one search. `accepted` is what each person's officer has answered already."""

    accepted: Sequence[Accepted]
    share: float = field(
        default_factory=lambda: settings.SEARCH_ASKS_ABOVE / 100
    )  # of the rows of a data set
    from_rows: int = FROM_ROWS
    raised: list[Doubt] = field(default_factory=list)

    def sift(
        self,
        estate: Estate,
        connector: Connector,
        data_set: DataSet,
        rows: pa.Table,
        claims: Claims,
        seeds: list[Seed],
    ) -> Claims:
        """The claims without those in doubt, which are raised. Raises ConnectorError."""
        sure = np.ones(len(claims.rows), bool)
        total = -1
        numbering = numbering_columns(estate, data_set.pk)
        for number, seed in enumerate(seeds):
            mine = np.flatnonzero(claims.seeds == number)
            if not seed.category or not len(mine):
                continue
            keys = claims.keys[mine]
            counts = np.bincount(keys, minlength=len(seed.owners))
            if (counts >= self.from_rows).any() and total < 0:
                total = connector.count(data_set.name)
            facts: dict[int, dict] = {}
            for key in np.flatnonzero(counts >= self.from_rows):
                if counts[key] > self.share * total:
                    facts[int(key)] = {"of_rows": total}
            for name in numbering:
                if name not in seed.match.columns:
                    for key, values in _several(rows, name, claims.rows[mine], keys).items():
                        facts.setdefault(key, {}).update(numbering=name, values=values)
            for key, fact in facts.items():
                person = int(seed.owners[key])
                if (data_set.pk, seed.category) in self.accepted[person]:
                    continue
                sure[mine[keys == key]] = False
                column = ", ".join(seed.match.columns)
                self._raise(Doubt(person, data_set, seed.category, column, int(counts[key]), **fact))
        return claims if sure.all() else claims.where(sure)

    def of(self, person: int) -> list[Doubt]:
        return [doubt for doubt in self.raised if doubt.person == person]

    def _raise(self, doubt: Doubt) -> None:
        """Once for each data set and kind of identifier: the answer is for all columns."""
        if not any(
            (d.person, d.data_set.pk, d.category) == (doubt.person, doubt.data_set.pk, doubt.category)
            for d in self.raised
        ):
            self.raised.append(doubt)


def numbering_columns(estate: Estate, data_set_id: int) -> list[str]:
    """Columns of which a row of one person has one value: numbers of persons that are the row's own.

    A number that refers to somebody else (who handled the order) is none.
    """
    follows = {name: link.follow for link in estate.links_out[data_set_id] for name in link.source_columns}
    return [
        column.name
        for column in estate.columns[data_set_id]
        if any(within(column.category, number) for number in NUMBERS)
        and (
            column.unique
            or follows.get(column.name) == Link.Follow.OWNED
            or (column.name not in follows and column.category != "id.employee")
        )
    ]


def _several(rows: pa.Table, name: str, which: np.ndarray, keys: np.ndarray) -> dict[int, int]:
    """Of each key whose rows hold more than one value in the column: how many."""
    texts = as_text(one_array(rows[name].take(pa.array(which))))
    codes = one_array(
        pa.chunked_array([pc.fill_null(pc.index_in(texts, value_set=pc.unique(texts).drop_null()), -1)])
    )
    codes = codes.to_numpy(zero_copy_only=False).astype(np.int64)
    pairs = np.unique(np.stack([keys[codes >= 0], codes[codes >= 0]]), axis=1)
    found, counts = np.unique(pairs[0], return_counts=True)
    return {int(key): int(count) for key, count in zip(found, counts, strict=True) if count > 1}
