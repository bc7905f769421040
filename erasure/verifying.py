"""The second search: an erasure is complete when nobody can find the person any more, not when a store said yes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from erasure.asking import answers_to
from erasure.finding import (
    Connections,
    Estate,
    Found,
    Search,
    Seeds,
    complete,
    search,
    seeds_from,
    seeds_from_anchors,
    subtract,
)
from erasure.freshness import read_structure
from erasure.keysets import KeySet
from erasure.methods import registry
from erasure.models import Question, Step, SubjectRequest
from erasure.rights import right_of
from erasure.searching import UNVERIFIED, identifiers_of, known_keys
from erasure.sharing import nobodys
from erasure.working import likeness
from governance.console.jobs import JobFailed


@dataclass
class Verification:
    """How many data sets were searched, and what was still there: [{data_set, rows, how}]."""

    searched: set[int] = field(default_factory=set)
    residue: dict[str, dict] = field(default_factory=dict)

    def add(self, data_set: str, rows: int, how: str) -> None:
        known = self.residue.get(data_set)
        if known is None or known["rows"] < rows:
            self.residue[data_set] = {"data_set": data_set, "rows": rows, "how": how}

    @property
    def rows_left(self) -> int:
        return sum(entry["rows"] for entry in self.residue.values())


@dataclass(eq=False)
class Sought:
    """Whom to search for again: what was planned for their rows, and where those were."""

    request: SubjectRequest
    steps: list[Step]
    known: dict[int, KeySet]


def search_again(request: SubjectRequest, steps: Iterable[Step]) -> Verification:
    """Look for the person as if for the first time, for rows that point to where they were, and at every row changed.

    Raises ConnectorError if a system does not answer: then nothing can be said.
    """
    return search_all_again([Sought(request, list(steps), known_keys(request))])[0]


def search_all_again(sought: Sequence[Sought]) -> list[Verification]:
    """The same for the persons of many requests at once: as many queries in each store as for one."""
    found = [Verification() for _ in sought]
    with Connections() as connections:
        read_structure(connections)
        estate = Estate.load(connections)
        erased = [n for n, each in enumerate(sought) if right_of(each.request.kind).erases]
        if erased:
            some, about = [sought[n] for n in erased], [found[n] for n in erased]
            _look_for_identifiers(about, estate, some)
            _look_for_strays(about, estate, some, [set() for _ in some])
        for each, verification in zip(sought, found, strict=True):
            for data_set, rows, how in right_of(each.request.kind).residue(each.request, estate, each.known):
                verification.searched.add(data_set.pk)
                verification.add(str(data_set), rows, how)
        _read_back(found, connections, sought)
        for verification, left in zip(found, nobodys(estate, [each.known for each in sought]), strict=True):
            for name, rows in left.items():
                verification.add(name, rows, "rows that were others' too, of whom none is left")
    return found


def _read_back(found: Sequence[Verification], connections: Connections, sought: Sequence[Sought]) -> None:
    """Ask for the rows of the steps themselves: of all persons at once, and of each if any are left."""
    together: dict[tuple, list[tuple[Verification, Step, KeySet]]] = {}
    for verification, each in zip(found, sought, strict=True):
        for step in each.steps:
            assert step.data_set_id is not None
            verification.searched.add(step.data_set_id)
            keys = each.known[step.data_set_id].part(step.part)
            together.setdefault(likeness(step), []).append((verification, step, keys))
    for these in together.values():
        first = these[0][1]
        assert first.data_set is not None
        connector = connections.to(first.data_set.system)
        method = registry.get(first.method)()
        if len(these) > 1:
            every = KeySet.together(keys for _, _, keys in these)
            if not method.remaining(connector, first, every.matches):
                continue
        for verification, step, keys in these:
            left = method.remaining(connector, step, keys.matches)
            if left:
                verification.add(str(step.data_set), left, "rows of the plan that still hold the person")


def _look_for_identifiers(about: Sequence[Verification], estate: Estate, sought: Sequence[Sought]) -> None:
    """Any row in which an identifier still stands; in a column that the plan keeps, any row but the person's own.

    A customer number that tax law wants on the invoice still stands there when everything else is gone.
    """
    requests = [each.request for each in sought]
    identifiers = identifiers_of(requests)
    excluded = answers_to(requests, Question.Answer.EXCLUDED)
    seeds = seeds_from(
        estate,
        [_verified(identifiers, request) for request in requests],
        [excluded[request.pk] for request in requests],
    )
    kept = [_kept_columns(each) for each in sought]
    kept_seeds: Seeds = {}
    other_seeds: Seeds = {}
    for data_set_id, wanted in seeds.items():
        for seed in wanted:
            columns = set(seed.match.columns)
            staying = [n for n, these in enumerate(kept) if columns <= these.get(data_set_id, set())]
            if not staying:
                other_seeds.setdefault(data_set_id, []).append(seed)
                continue
            leaving = np.setdiff1d(np.unique(seed.owners), staying)
            kept_seeds.setdefault(data_set_id, []).append(seed.only(np.array(staying)))
            if len(leaving):
                other_seeds.setdefault(data_set_id, []).append(seed.only(leaving))
        if not wanted:
            other_seeds[data_set_id] = []
    for these, own in ((other_seeds, False), (kept_seeds, True)):
        standing = complete(search(estate, these, follow=False))
        _searched(about, standing, these)
        for person, verification in enumerate(about):
            for data_set_id, found in standing.of(person).found.items():
                rows = _others(found, sought[person].known.get(data_set_id) if own else None)
                if rows:
                    verification.add(str(found.data_set), rows, f"found by {', '.join(found.routes)}")


def _verified(identifiers: dict[int, dict[str, list[str]]], request: SubjectRequest) -> dict[str, list[str]]:
    if request.pk not in identifiers:
        raise JobFailed(UNVERIFIED)
    return identifiers[request.pk]


def _kept_columns(sought: Sought) -> dict[int | None, set[str]]:
    kept: dict[int | None, set[str]] = {}
    for step in sought.steps:
        if step.kept:
            kept.setdefault(step.data_set_id, set()).update(entry["column"] for entry in step.kept)
    return kept


def strays(asked: Sequence[tuple[Sought, Iterable[Step]]]) -> list[Verification]:
    """Rows that came to persons while their plans were carried out; asked before the identity itself goes.

    Each with the steps whose turn is to come: what they will change is no stray.
    """
    about = [Verification() for _ in asked]
    with Connections() as connections:
        estate = Estate.load(connections)
        to_come = [{step.data_set_id for step in steps} for _, steps in asked]
        _look_for_strays(about, estate, [sought for sought, _ in asked], to_come)
    return about


def _look_for_strays(
    about: Sequence[Verification],
    estate: Estate,
    sought: Sequence[Sought],
    to_come: Sequence[set[int | None]],
) -> None:
    seeds = seeds_from_anchors(estate, [each.known for each in sought])
    around = complete(search(estate, seeds))
    _searched(about, around, seeds)
    for person, (verification, each) in enumerate(zip(about, sought, strict=True)):
        anonymized = {step.data_set_id for step in each.steps if step.method != "delete" or step.part}
        for data_set_id, found in around.of(person).found.items():
            verification.searched.add(data_set_id)
            if data_set_id in to_come[person]:
                continue
            rows = _others(found, each.known[data_set_id] if data_set_id in anonymized else None)
            if rows:
                verification.add(str(found.data_set), rows, f"found by {', '.join(found.routes)}")


def _searched(about: Sequence[Verification], result: Search, seeds: Seeds) -> None:
    """Say of each person where was looked for them, and where could not be looked."""
    for data_set_id, wanted in seeds.items():
        if data_set_id in result.searched:
            for person in np.unique(np.concatenate([seed.owners for seed in wanted])).tolist():
                about[person].searched.add(data_set_id)
    for entry in result.unsearched:
        for verification in about:
            verification.add(entry["data_set"], 0, f"could not be searched: {entry['problem']}")


def _others(found: Found, own: KeySet | None) -> int:
    """The found rows that are not the person's own anonymized rows."""
    if own is None:
        return found.rows
    key = list(found.data_set.primary_key)
    if not key:
        return 0  # found by the very values that select the rows of the step, whose rows are read back one by one
    rows = found.keys.matches[0].keys if found.keys.matches else None
    for match in [*own.matches, *own.all_shared] if rows is not None else []:
        rows = subtract(rows, match.keys, key)
    return rows.num_rows if rows is not None else 0
