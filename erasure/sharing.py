"""Which rows of a person are other persons' too: those stay when the person goes, without them.

A row has another owner if an owned link leads from it to a row that is not the person's alone, or if a row that is not
the person's alone owns it. It is deleted with the last of its owners (shared ownership of K9db, OSDI 2023).
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from catalog.connectors.base import Match
from catalog.connectors.joining import one_array, pairs
from catalog.following import is_about_persons
from catalog.models import Link
from erasure.estate import Estate
from erasure.finding import Search, complete, search
from erasure.keysets import UNSAID, KeySet, distinct
from erasure.seeds import PERSON, seeds_from_matches
from erasure.troves import Claims, Trove, keeping, subtract

NUMBER = "\x00n"


def divide(estate: Estate, result: Search) -> None:
    """Set apart, in a search that is complete, the rows that are others' too. Raises ConnectorError."""
    about = _about_persons(estate)
    waiting = list(_joints(estate, result, about))
    for trove, link in waiting:
        _other_ends(estate, result, trove, link)
    changed = True
    while changed:
        changed = any(_pass_on(result, trove, link) for trove, link in waiting)
    for trove in result.troves.values():
        _tell_apart(estate, trove)


def nobodys(estate: Estate, known: Sequence[dict[int, KeySet]]) -> list[dict[str, int]]:
    """Of each person, {data set: rows} that were others' too when they were found, and are nobody else's any more."""
    shared = [{pk: keys for pk, keys in of_person.items() if keys.shared} for of_person in known]
    if not any(shared):
        return [{} for _ in known]
    result = complete(search(estate, seeds_from_matches(estate, known), follow=False))
    divide(estate, result)
    left: list[dict[str, int]] = []
    for person, of_person in enumerate(shared):
        view = result.of(person)
        rows: dict[str, int] = {}
        for pk, keys in of_person.items():
            found = view.found.get(pk)
            if found and found.keys.matches:
                alone, names = found.keys.matches[0].keys, list(found.data_set.primary_key)
                before = pa.concat_tables([match.keys for match in keys.all_shared])
                mine = alone.join(before.select(names), keys=names, join_type="left semi", use_threads=False)
                if mine.num_rows:
                    rows[str(found.data_set)] = mine.num_rows
        left.append(rows)
    return left


def _about_persons(estate: Estate) -> set[int]:
    """Data sets whose rows can be some person's: by an identifier, or by an owned link to such a row."""
    about = {pk for pk, columns in estate.columns.items() if is_about_persons(columns)}
    links = [link for links in estate.links_out.values() for link in links]
    grown = True
    while grown:
        before = len(about)
        for link in links:
            if link.follow == Link.Follow.OWNED and link.target_id in about:
                about.add(link.source_id)
            if link.follow == Link.Follow.OWNS and link.source_id in about:
                about.add(link.target_id)
        grown = len(about) > before
    return about


def _joints(estate: Estate, result: Search, about: set[int]) -> Iterator[tuple[Trove, Link]]:
    """Each found data set with each link by which its rows may have other owners."""
    for pk, trove in result.troves.items():
        for link in estate.links_out[pk]:
            if link.follow == Link.Follow.OWNED and link.target_id in about:
                yield trove, link
        for link in estate.links_into[pk]:
            if link.follow == Link.Follow.OWNS and link.source_id in about:
                yield trove, link


def _other_ends(estate: Estate, result: Search, trove: Trove, link: Link) -> None:
    """Set apart the rows that a link joins to a row that is not the person's at all."""
    rows = trove.owned()
    if link.follow == Link.Follow.OWNED:
        here, there, far = link.source_columns, link.target_columns, link.target_id
    else:
        here, there, far = link.target_columns, link.source_columns, link.source_id
    values = distinct(rows.select([keeping(name) for name in here])).rename_columns(there)
    if not values.num_rows:
        return
    end = result.troves.get(far)
    if link.follow == Link.Follow.OWNED and end is not None and not _strangers(trove, end, link, rows):
        return  # the usual case, told without a question: all rows point to rows of their own person
    data_set = estate.data_sets[far]
    seeds = end.seeds if end is not None else []
    asked = list(dict.fromkeys([*there, *(name for seed in seeds for name in seed.match.columns)]))
    found = estate.connections.to(data_set.system).find(data_set.name, [Match(values)], asked)
    met, which = pairs(
        found.select(there), Match(rows.select([keeping(n) for n in here]).rename_columns(there))
    )
    persons = one_array(rows[PERSON]).to_numpy(zero_copy_only=False)[which]
    if seeds:
        claims = Claims.of(found, [seed for seed in seeds if seed.owned])
        own = np.isin(_coded(met, persons), _coded(claims.rows, claims.persons))
        which = which[~own]
    trove.share(rows.take(pa.array(np.unique(which))))


def _strangers(trove: Trove, end: Trove, link: Link, rows: pa.Table) -> bool:
    """Whether any row points to something that is not known to be its own person's."""
    anchors = end.anchors.get(link.pk)
    if anchors is None:
        return True
    pointing = rows.select([keeping(name) for name in link.source_columns]).rename_columns(
        link.target_columns
    )
    whole = np.flatnonzero(_whole(pointing))
    met, keys = pairs(pointing, Match(anchors.drop_columns([PERSON])))
    mine = one_array(rows[PERSON]).to_numpy(zero_copy_only=False)[met]
    theirs = one_array(anchors[PERSON]).to_numpy(zero_copy_only=False)[keys]
    return bool(np.setdiff1d(whole, met[mine == theirs]).size)


def _pass_on(result: Search, trove: Trove, link: Link) -> bool:
    """Set apart the rows that a link joins to a row that is set apart itself; whether there were any more."""
    if link.follow == Link.Follow.OWNED:
        here, there, far = link.source_columns, link.target_columns, link.target_id
    else:
        here, there, far = link.target_columns, link.source_columns, link.source_id
    end = result.troves.get(far)
    if end is None or end.shared is None or not end.shared.num_rows:
        return False
    names = [keeping(name) for name in there]
    if not set(names) <= set(end.shared.column_names):
        return False
    rows = trove.owned()
    keys = distinct(end.shared.select([*names, PERSON]))
    renamed = rows.select([*(keeping(name) for name in here), PERSON]).rename_columns([*names, PERSON])
    met, _ = pairs(renamed, Match(keys))
    return trove.share(rows.take(pa.array(np.unique(met))))


def _tell_apart(estate: Estate, trove: Trove) -> None:
    """For the rows set apart: which of their columns say that they are this person's too."""
    if trove.shared is None or not trove.shared.num_rows or not trove.by_key:
        return
    names = list(trove.data_set.primary_key)
    telling = [seed for seed in trove.seeds if seed.telling and seed.owned]
    asked = list(dict.fromkeys([*names, *(name for seed in telling for name in seed.match.columns)]))
    connector = estate.connections.to(trove.data_set.system)
    keys = distinct(trove.shared.select(names))
    rows = connector.find(trove.data_set.name, [Match(keys)], asked)
    claimed = Claims.of(rows, telling) if telling else None
    rest = trove.shared.select([*names, PERSON])
    if claimed is not None:
        told = rows.select(names).take(pa.array(claimed.rows))
        told = told.append_column(PERSON, pa.array(claimed.persons, pa.int32()))
        told = told.append_column(NUMBER, pa.array(claimed.seeds))
        told = told.join(rest, keys=[*names, PERSON], join_type="left semi", use_threads=False)
        numbers = one_array(told[NUMBER]).to_numpy(zero_copy_only=False)
        for number, seed in enumerate(telling):
            part = distinct(told.filter(pa.array(numbers == number)).select([*names, PERSON]))
            if part.num_rows:
                trove.add_part(", ".join(seed.match.columns), part)
        rest = subtract(rest, told, [*names, PERSON])
    if rest.num_rows:
        trove.add_part(UNSAID, rest)


def _whole(values: pa.Table) -> np.ndarray:
    whole = np.ones(values.num_rows, bool)
    for column in values.columns:
        whole &= one_array(column.is_valid()).to_numpy(zero_copy_only=False)
    return whole


def _coded(rows: np.ndarray, persons: np.ndarray) -> np.ndarray:
    return rows.astype(np.int64) << 32 | persons.astype(np.int64)
