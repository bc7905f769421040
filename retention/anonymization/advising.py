"""The technique advisor: for one column and a use the techniques that fit, best first, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from catalog.classification.vocabulary import within
from retention.anonymization.advice import ADVICE, CONTRACT_WORDS, OF_ONE_IDENTITY, SUBSTITUTES, Advised
from retention.anonymization.techniques import registry
from retention.anonymization.techniques.base import Technique, TechniqueError
from retention.anonymization.uses import EVERY, USES, key_of

FEW = 0.02  # distinct values among all: below, how often each occurs tells which it is


@dataclass(frozen=True)
class Described:
    """What is known of one column. `known_by` is "contract", "review", "scan", or empty where nothing is known;
    `distinct_share` the share of different values among those sampled; `masking` what a contract says for each use.
    """

    name: str
    type: pa.DataType
    category: str = ""
    sensitivity: str = ""
    known_by: str = ""
    contains: tuple[str, ...] = ()
    distinct_share: float | None = None
    masking: Mapping[str, Any] = field(default_factory=dict)

    @property
    def harmless(self) -> bool:
        """Whether somebody said that it is not personal: what only a scan says is not enough."""
        return self.sensitivity == "none" and self.known_by in ("contract", "review")


@dataclass(frozen=True)
class Suggestion:
    technique: str
    parameters: Mapping[str, Any]
    why: str
    warning: str = ""

    @property
    def label(self) -> str:
        return registry.get(self.technique).label


def suggest(column: Described, *, use: str, person: str = "") -> list[Suggestion]:
    """The techniques that fit content, type and use, best first; none where nothing is known of the column.

    A use that the advisor does not know is treated as handing on to a third party. `person` is the column that tells
    persons apart, if any does: techniques that need it are left out without.
    """
    category = category_of(column)
    if not category:
        return []
    advised = _advised(category, key_of(use))
    if column.contains and not within(category, "content") and pa.types.is_string(column.type):
        advised = [*_advised("content", key_of(use)), *advised]
    found = [each for one in advised for each in _fitting(one, column, category, person)]
    return sorted(found, key=lambda suggestion: bool(suggestion.warning))


def category_of(column: Described) -> str:
    """The category that advice is sought for: text with personal data inside counts as free text, and so does text of
    which only a scan says that it is not personal."""
    if column.category and column.sensitivity != "none":
        return column.category
    if column.harmless:
        return "none"
    return "content" if column.contains and pa.types.is_string(column.type) else ""


def of_contract(word: str, column: Described, *, person: str = "") -> Advised | None:
    """What one of the words of contracts means for the column; None where no technique can do it."""
    for category, advised in CONTRACT_WORDS.get(word, ()):
        filled = replace(advised, parameters=_filled(advised, column.category, person))
        technique = technique_for(filled, column.type)
        if (
            technique
            and (person or not technique.needs_person)
            and (not category or within(column.category, category))
        ):
            return filled
    return None


def technique_for(advised: Advised, kind: pa.DataType) -> Technique | None:
    """The technique with its parameters; None where it is not installed or cannot treat the type."""
    try:
        technique = registry.get(advised.technique)(advised.parameters)
        if not technique.drops:
            technique.output_type(kind)
    except (KeyError, TechniqueError):
        return None
    return technique


def _advised(category: str, use: str) -> list[Advised]:
    """Of the lines that are about the category the nearest one; before those for every use those for this one."""
    use = use if use in USES else "third_party"
    for wanted in _upward(category):
        for for_use in (use, EVERY):
            for line_category, line_use, advised in ADVICE:
                if (line_category, line_use) == (wanted, for_use):
                    return list(advised)
    return []


def _upward(category: str) -> Iterator[str]:
    while category:
        yield category
        category = category.rpartition(".")[0]


def _fitting(advised: Advised, column: Described, category: str, person: str) -> Iterator[Suggestion]:
    filled = _filled(advised, category, person)
    technique = technique_for(replace(advised, parameters=filled), column.type)
    if technique is None or (technique.needs_person and not person):
        return
    stands_for = technique.consistent and technique.distinct and advised.technique != "keep"
    few = column.distinct_share is not None and column.distinct_share < FEW
    warning = (
        "Few different values: how often each occurs tells which it stands for." if stands_for and few else ""
    )
    yield Suggestion(advised.technique, filled, advised.why, warning)


def _filled(advised: Advised, category: str, person: str) -> dict[str, Any]:
    """The parameters with what depends on the content, and on whether persons can be told apart."""
    found = {
        name: value.format(category=category) if isinstance(value, str) else value
        for name, value in advised.parameters.items()
    }
    if advised.technique == "token" and person:
        found["per_person"] = True  # who is shredded takes their tokens along
    if advised.technique == "substitute":
        what = next((SUBSTITUTES[each] for each in _upward(category) if each in SUBSTITUTES), "")
        found |= {"what": what} | ({"identity": True} if person and what in OF_ONE_IDENTITY else {})
    return found
