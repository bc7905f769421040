"""The second search: an erasure is complete when nobody can find the person any more, not when a store said yes."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from erasure.asking import excluded
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
from erasure.models import Step, SubjectRequest
from erasure.rights import right_of
from erasure.searching import known_keys, verified_identifiers
from erasure.sharing import nobodys


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


def search_again(request: SubjectRequest, steps: Iterable[Step]) -> Verification:
    """Look for the person as if for the first time, for rows that point to where they were, and at every row changed.

    Raises ConnectorError if a system does not answer: then nothing can be said.
    """
    verification = Verification()
    known = known_keys(request)
    steps = list(steps)
    with Connections() as connections:
        read_structure(connections)
        estate = Estate.load(connections)
        right = right_of(request.kind)
        if right.erases:
            _look_for_identifiers(verification, estate, request, known, steps)
            _look_for_strays(verification, estate, known, steps, waiting=set())
        for data_set, rows, how in right.residue(request, estate, known):
            verification.searched.add(data_set.pk)
            verification.add(str(data_set), rows, how)
        for step in steps:
            keys = known[step.data_set_id].part(step.part)
            method = registry.get(step.method)()
            left = method.remaining(connections.to(step.data_set.system), step, keys.matches)
            verification.searched.add(step.data_set_id)
            if left:
                verification.add(str(step.data_set), left, "rows of the plan that still hold the person")
        for data_set, rows in nobodys(estate, [known])[0].items():
            verification.add(data_set, rows, "rows that were others' too, of whom none is left")
    return verification


def _look_for_identifiers(
    verification: Verification,
    estate: Estate,
    request: SubjectRequest,
    known: dict[int, KeySet],
    steps: list[Step],
) -> None:
    """Any row in which an identifier still stands; in a column that the plan keeps, any row but the person's own.

    A customer number that tax law wants on the invoice still stands there when everything else is gone.
    """
    kept: dict[int | None, set[str]] = {}
    for step in steps:
        kept.setdefault(step.data_set_id, set()).update(entry["column"] for entry in step.kept)
    kept_seeds: Seeds = {}
    other_seeds: Seeds = {}
    seeds = seeds_from(estate, verified_identifiers(request), excluded(request))
    for data_set_id, wanted in seeds.items():
        for seed in wanted:
            stays = set(seed.match.columns) <= kept.get(data_set_id, set())
            (kept_seeds if stays else other_seeds).setdefault(data_set_id, []).append(seed)
        if not wanted:
            other_seeds[data_set_id] = []
    for seeds, own in ((other_seeds, {}), (kept_seeds, known)):
        standing = complete(search(estate, seeds, follow=False))
        verification.searched |= standing.searched
        for data_set_id, found in standing.found.items():
            rows = _others(found, own.get(data_set_id))
            if rows:
                verification.add(str(found.data_set), rows, f"found by {', '.join(found.routes)}")
        _unsearched(verification, standing)


def strays(request: SubjectRequest, done: Iterable[Step], waiting: Iterable[Step]) -> Verification:
    """Rows that came to the person while the plan was carried out; asked before the identity itself goes."""
    verification = Verification()
    with Connections() as connections:
        estate = Estate.load(connections)
        turn_to_come = {step.data_set_id for step in waiting}
        _look_for_strays(verification, estate, known_keys(request), list(done), waiting=turn_to_come)
    return verification


def _look_for_strays(
    verification: Verification,
    estate: Estate,
    known: dict[int, KeySet],
    steps: list[Step],
    *,
    waiting: set[int],
) -> None:
    anonymized = {step.data_set_id for step in steps if step.method != "delete" or step.part}
    around = complete(search(estate, seeds_from_anchors(estate, known)))
    verification.searched |= around.searched
    for data_set_id, found in around.found.items():
        if data_set_id in waiting:
            continue
        own = known[data_set_id] if data_set_id in anonymized else None
        rows = _others(found, own)
        if rows:
            verification.add(str(found.data_set), rows, f"found by {', '.join(found.routes)}")
    _unsearched(verification, around)


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


def _unsearched(verification: Verification, result: Search) -> None:
    for entry in result.unsearched:
        verification.add(entry["data_set"], 0, f"could not be searched: {entry['problem']}")
