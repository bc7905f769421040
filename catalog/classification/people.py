"""Whether cells are names of persons: by dictionaries of given and family names, over the whole column.

One cell proves nothing (Washington is a name, a city and a state); the shares over all distinct values tell given
names from family names, and both from towns, counties and colours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from catalog.classification.dictionaries import family_names, given_names
from catalog.classification.sample import Sample, share
from catalog.classification.verdict import Evidence
from catalog.classification.witness import ENOUGH, prevailing
from catalog.classification.wordlists import fold, words

MOST = 1_000
_TITLES = words(
    """mr mrs ms miss dr prof sir dame jr sr ii iii iv v herr frau mme mlle sra srta don dona ing md phd
    esq"""
)
_NOISE = re.compile(r"\(.*?\)|[%*#\"]")
# Words of organizations, places and things: a cell with one of them names no person.
_NOT_PEOPLE = words(
    """inc llc ltd corp co company gmbh ag sa sas srl bv nv plc lp llp city county of the and for town
    state university school college church hospital center centre park street road avenue drive
    department dept office service services association foundation club group bank trust board district
    north south east west fort saint san santa lake mount new port beach springs hills house hotel
    restaurant cafe bar market store clinica fundacion centro hogar institucion ips"""
)


# Words that only organizations have in their names.
ORGANIZATIONS = words(
    """inc llc ltd corp corporation company co gmbh sas srl bv nv plc lp llp ltda limited lda sarl eurl kg ug pty
    incorporated sa school university college church hospital clinic center centre restaurant cafe grill
    market store services service associates association society group bank trust foundation club
    consulting partners properties enterprises holdings industries international systems solutions
    management clinica fundacion colegio escuela universidad hotel pharmacy department office agency
    authority committee council board program partnership apartments villa schule verein stiftung ecole
    universite societe asociacion cooperativa empresa"""
)


def organizations(sample: Sample) -> float:
    """The share of cells that name an organization."""
    return share(not ORGANIZATIONS.isdisjoint(_parts(value)) for value in sample.cells[:MOST])


def judge_people(sample: Sample) -> list[Evidence]:
    """Given names, family names or full names, where the shares over the distinct values say so."""
    if not sample.cells or sample.with_letters < 0.7 or sample.with_digits > 0.25:
        return []
    cells = [(value, parts) for value in sample.cells[:MOST] if "@" not in value and (parts := _parts(value))]
    total = len(sample.cells[:MOST])
    if not cells:
        return []
    full = [value for value, parts in cells if is_full_name(parts)]
    single = [(value, _core(parts)) for value, parts in cells if 1 <= len(_core(parts)) <= 2]
    given = [value for value, core in single if core[0] in given_names()]
    family = [value for value, core in single if len(core) == 1 and core[0] in family_names()]
    initials = [value for value, parts in cells if len(parts) == 1 and len(parts[0]) == 1]
    one_word = share(len(_core(parts)) == 1 for _, parts in cells)
    if len(full) >= 0.5 * total and len(full) > 1:
        if sum(map(_is_joined, full)) > len(full) / 2:
            return prevailing(
                "id.username", "user names", sampled=total, hits=full, weight=0.75, origin="values"
            )
        return prevailing("name.full", "full names", sampled=total, hits=full, weight=0.9, origin="values")
    enough = total >= ENOUGH
    if len(initials) >= 0.3 * total:
        others = total - len(initials)
        if enough and len(given) >= 0.5 * others:
            hits = [*initials, *given]
            return prevailing(
                "name.middle",
                "middle names and initials",
                sampled=total,
                hits=hits,
                weight=0.75,
                origin="values",
            )
        return []
    if (
        (enough or (total >= 5 and len(given) >= 0.8 * total))
        and len(given) >= 0.55 * total
        and one_word > 0.5
        and not _is_place_like(given, family, total)
    ):
        return prevailing(
            "name.given", "given names", sampled=total, hits=given, weight=0.85, origin="values"
        )
    if enough and one_word > 0.85 and len(family) >= 0.5 * total and len(family) - len(given) >= 0.25 * total:
        return prevailing(
            "name.family", "family names", sampled=total, hits=family, weight=0.72, origin="values"
        )
    return []


def is_full_name(parts: tuple[str, ...]) -> bool:
    """Whether folded words read as one person's name: two to five, a given name, the others known or initials."""
    core = [part for part in parts if part not in _TITLES]
    if not 2 <= len(core) <= 5 or not any(len(part) > 1 for part in core) or _NOT_PEOPLE.intersection(core):
        return False
    known = [part for part in core if part in given_names() or part in family_names()]
    initials = [part for part in core if len(part) == 1]
    strange = len(core) - len(known) - len(initials)
    given = any(part in given_names() for part in core)
    return given and len(known) >= 1 and strange <= 1 and len(known) + len(initials) >= 2


def lean_to_people(sample: Sample) -> list[Evidence]:
    """Weak evidence of given or family names, for a table in which another column holds the counterpart."""
    if (
        not sample.cells
        or sample.with_letters < 0.7
        or sample.with_digits > 0.25
        or organizations(sample) > 0.1
    ):
        return []
    cores = [(value, core) for value in sample.cells[:MOST] if (core := _core(_parts(value)))]
    if share(len(core) <= 2 for _, core in cores) < 0.85:
        return []
    given = [value for value, core in cores if core[0] in given_names()]
    family = [value for value, core in cores if any(part in family_names() for part in core)]
    category, title, hits = (
        ("name.given", "given names", given)
        if len(given) >= len(family)
        else ("name.family", "family names", family)
    )
    return prevailing(
        category, title, sampled=len(cores), hits=hits, weight=0.4, at_least=0.35, origin="values"
    )


def supports_name(sample: Sample) -> float:
    """The share of cells in which a known given or family name occurs: a second opinion on a column called so."""
    names: Iterable[bool] = (
        ORGANIZATIONS.isdisjoint(parts)
        and any(part in given_names() or part in family_names() for part in parts)
        for parts in map(_parts, sample.cells[:MOST])
    )
    return share(names)


def _is_joined(value: str) -> bool:
    """`anna.smith`, `anna_smith`: the name somebody signs in with."""
    return " " not in value and ("." in value or "_" in value)


def _is_place_like(given: list[str], family: list[str], total: int) -> bool:
    """Counties and towns are family names more often than given ones."""
    return len(family) > len(given) + 0.1 * total


def _parts(value: str) -> tuple[str, ...]:
    if len(value) > 80:
        return ()
    text = fold(_NOISE.sub(" ", value)).replace("'", "").replace("’", "")
    return tuple(re.findall(r"[^\W\d_]+", text))


def _core(parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part for part in parts if part not in _TITLES and len(part) > 1) or parts
