"""What a column's name says about it, before any value is seen."""

from __future__ import annotations

import re

from catalog.classification.name_rules import PERSONS, PLACEHOLDERS, RULES, THINGS
from catalog.classification.tokens import plain_words
from catalog.classification.verdict import Evidence
from catalog.classification.vocabulary import CATEGORIES

MOST = 3  # categories one name may speak for

_KEY = re.compile(r"\b(id|code|number|uuid|guid)$")
_PLACE_CODE = re.compile(r"\b(country|region|nationality) (code|id)$")
_PARTICLES = ("de", "di", "do", "da", "du", "del", "van")
_PERSON_KEYS = {
    "customer": "id.customer",
    "patient": "health.record",
    "employee": "id.employee",
    "manager": "id.employee",
    "supervisor": "id.employee",
    "user": "id.account",
    "account": "id.account",
}


def judge_name(column: str, *, table: str = "") -> list[Evidence]:
    """What the name of a column (in a table of that name) speaks for, strongest first; empty if it says nothing.

    Understands snake_case, camelCase, kebab-case, run-together and abbreviated names in several languages.
    """
    words = _turned(plain_words(column))
    about = plain_words(table.rpartition(".")[2] or table)
    text = " ".join(words)
    found: list[Evidence] = []
    key = _judge_key(words, about)
    if key:
        found.append(_evidence(*key, column, table))
    for rule in RULES:
        if rule.pattern.search(text) and not (rule.unless and rule.unless.search(text)):
            weight = rule.weight
            if rule.ambiguous:
                weight = _in_context(weight, words, about)
            if weight and all(not _same(rule.category, other.category) for other in found):
                found.append(_evidence(rule.category, weight, column, table))
    if not found and words[-1:] == ("id",):  # a key of who knows what
        found.append(_evidence("none.operational", 0.5, column, table))
    if _is_thing_name(words, about):
        found.append(_evidence("none.operational", 0.7, column, table))
    found.sort(key=lambda evidence: -evidence.weight)
    return found[:MOST]


def is_telling(column: str) -> bool:
    """Whether a name means something at all: `author` does, `column_7` and `c1` do not."""
    return any(len(word) > 2 and word not in PLACEHOLDERS for word in plain_words(column))


def _turned(words: tuple[str, ...]) -> tuple[str, ...]:
    """`name customer`, `id of employee`: many languages put the noun first."""
    rest = tuple(word for word in words[1:] if word not in _PARTICLES)
    if words and words[0] in ("id", "number", "code", "name") and len(rest) == 1 and about_person(rest):
        return (*rest, words[0])
    return words


def about_person(words: tuple[str, ...]) -> bool:
    """Whether a table or column name speaks of people."""
    return any(_singular(word) in PERSONS for word in words)


def _judge_key(words: tuple[str, ...], about: tuple[str, ...]) -> tuple[str, float] | None:
    """`customer_id`, `id` of a customer table, `reports_to`; or a key of something that is not a person."""
    text = " ".join(words)
    if _PLACE_CODE.search(text):
        return None
    if re.search(
        r"\b(reports to|managed by|assigned to|supervisor|created by|updated by|modified by)( id)?$", text
    ):
        return "id.employee", 0.7
    if not _KEY.search(text) or len(words) > 5:
        return None
    owners = [_singular(word) for word in words if word not in ("id", "number", "code", "uuid", "guid")]
    if not owners and text in ("id", "uuid", "guid"):
        owners = [_singular(word) for word in about]
    if words[-1] in ("number", "code"):  # `customer number`, but not `customer phone number`
        owners = owners[-1:]
    for owner in reversed(owners):
        if owner in _PERSON_KEYS:
            return _PERSON_KEYS[owner], 0.85
        if owner in PERSONS:
            return "id", 0.75
        if owner in THINGS:
            return "none.operational", 0.85
    return None


def _in_context(weight: float, words: tuple[str, ...], about: tuple[str, ...]) -> float:
    """Words such as `name` and `title` mean a person's only near a word for people."""
    if about_person(words) or (about_person(about) and not _things(words)):
        return max(weight, 0.85)
    if _things(words) or (len(words) == 1 and _things(about)):
        return 0.0
    return weight


def _is_thing_name(words: tuple[str, ...], about: tuple[str, ...]) -> bool:
    labelled = words[-1:] in (("name",), ("title",))
    return labelled and not about_person(words) and (_things(words) or (len(words) == 1 and _things(about)))


def _things(words: tuple[str, ...]) -> bool:
    return any(_singular(word) in THINGS for word in words)


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word.removesuffix("s") if len(word) > 3 and not word.endswith("ss") else word


def _same(one: str, other: str) -> bool:
    return one == other or "none.operational" in (one, other)


def _evidence(category: str, weight: float, column: str, table: str) -> Evidence:
    where = f" in {table}" if table else ""
    title = CATEGORIES[category].title.lower()
    meaning = "operational data" if category == "none.operational" else f"“{title}”"
    return Evidence("name", category, f"The name {column}{where} means {meaning}.", weight)
