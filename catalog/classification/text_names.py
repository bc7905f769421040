"""Names of persons, places and organizations in text.

Three witnesses are heard on each phrase that may be a name: the language model, the dictionaries, and the words
around. A phrase comes from the model or is a run of capitalized words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from catalog.classification.dictionaries import countries, family_names, fold, given_names
from catalog.classification.text_cues import weigh_line, weigh_words
from catalog.classification.text_lexicon import (
    COMPANY_ENDINGS,
    GROUPS,
    HONORIFICS,
    nouns,
    places,
    plain_words,
)
from catalog.classification.text_spans import Span

KINDS = ("PERSON", "LOCATION", "ORGANIZATION")
MODEL_KIND = {
    "PERSON": "PERSON",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "ORG": "ORGANIZATION",
}
LEAST = 1.0
_MODEL_WEIGHT = {"PERSON": 0.9, "LOCATION": 0.9, "ORGANIZATION": 0.75}
_LINK = (
    r"(?:de|da|do|dos|das|del|della|di|du|des|la|le|les|van|von|der|den|ter|ten|zu|zum|nad|pod|am|an|im|of|the|&"
    r"|al|el|bin|ibn|sur|en)"
)
_CAPITAL = r"(?:[^\W\d_a-zß-öø-ÿ][\w.'’-]*(?<![.'’-])|[A-Z]\.)"
_RUN = re.compile(rf"(?<!\w){_CAPITAL}(?:(?:[ ]{_LINK}){{0,2}}[ ]{_CAPITAL})*", re.UNICODE)
_HONORIFIC = re.compile(rf"{HONORIFICS}\.?\s+")
_SPACE = re.compile(r"\s+")
_CAMEL = re.compile(r"[a-z][A-Z]|^[A-Z][a-z]+[A-Z]")
_FIRM = re.compile(r"(?<![\w,:] )(?<!\w)([A-Z][\w'’]+), ([A-Z][\w'’]+),? (?:and|&) ([A-Z][\w'’]+)\b")
_AROUND = 48  # characters on each side that are looked at


def find_names(text: str, entities: Iterable[tuple[int, int, str]]) -> Iterator[Span]:
    """Persons, places and organizations in `text`; `entities` are the model's (start, end, label)."""
    said: dict[tuple[int, int], str] = {}
    for start, end, label in entities:
        bounds = _trim(text, start, end)
        if bounds:
            said[bounds] = label
    phrases = {**dict.fromkeys(_runs(text), ""), **said}
    for (start, end), label in phrases.items():
        span = judge_phrase(text, start, end, label or _covering(said, start, end))
        if span:
            yield span
    yield from find_firms(text)


def judge_phrase(text: str, start: int, end: int, label: str = "") -> Span | None:
    """The likeliest kind of the phrase `text[start:end]`, which the model may have given a `label`."""
    phrase = text[start:end]
    known = _known(phrase)
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    best, kind = max((_weigh(kind, known, label, before, after), kind) for kind in KINDS)
    if best < LEAST:
        return None
    return Span(kind, start, end, round(min(0.95, 0.35 + 0.25 * best), 2))


def _weigh(kind: str, known: dict[str, float], label: str, before: str, after: str) -> float:
    model = _MODEL_WEIGHT[kind] if MODEL_KIND.get(label) == kind else 0.0
    return model + known[kind] + weigh_words(kind, before, after) + weigh_line(kind, before, after)


@lru_cache(maxsize=20_000)
def _known(phrase: str) -> dict[str, float]:
    """What the dictionaries say of a phrase, by kind; negative where it is rather something else."""
    words = [word for word in re.split(r"[\s-]+", fold(phrase).replace("’", "'")) if word]
    plain_form = " ".join(words)
    core = [word.strip(".'") for word in words if len(word.strip(".'")) > 1 and not re.fullmatch(_LINK, word)]
    if not core:
        return dict.fromkeys(KINDS, -2.0)
    plain = sum(word in plain_words() for word in core) / len(core)
    given, family = core[0] in given_names(), core[-1] in family_names()
    ends_company = core[-1] in COMPANY_ENDINGS and len(core) > 1
    person = 0.75 * given + (
        0.35 * (family or core[-1] in given_names()) if len(core) > 1 else 0.3 * (family and not given)
    )
    person += 0.35 * any(len(word.strip(".")) == 1 for word in words[1:-1]) + 0.15 * (2 <= len(core) <= 3)
    place = 0.9 * (plain_form in countries()) or (0.3 if given and len(core) == 1 else 0.65) * (
        plain_form in places()
    )
    strange = 0.25 * (not plain and not any(_is_noun(word) for word in core))
    company = (
        0.9 * ends_company
        + 0.3 * bool(_CAMEL.search(phrase))
        + 0.3 * ("&" in phrase or " and " in phrase.lower())
    )
    noun = all(_is_noun(word) for word in core)
    return {
        "PERSON": person
        + strange
        - 1.2 * plain
        - 0.8 * ends_company
        - 0.4 * noun
        - 0.5 * any(map(str.isdigit, phrase))
        - 0.5 * (len(core) > 4),
        "LOCATION": place
        + strange
        - 1.2 * plain * (not place)
        - 0.3 * noun
        - 0.5 * plain * bool(place)
        - 0.6 * ends_company
        - 0.5 * any(map(str.isdigit, phrase)),
        "ORGANIZATION": company
        + strange
        - 0.9 * plain * (not ends_company)
        - 0.4 * (plain_form in GROUPS)
        - 0.15 * noun,
    }


def _runs(text: str) -> Iterator[tuple[int, int]]:
    for found in _RUN.finditer(text):
        start, end = found.span()
        yield from filter(None, [_trim(text, start, end)])


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Without a form of address, a possessive ending, and plain words in front."""
    line = text[start:end].split("\n", 1)[0]
    end = start + len(line.rstrip(" ,;:.-"))
    phrase = text[start:end]
    titled = _HONORIFIC.match(phrase)
    if titled:
        start += titled.end()
    while fold(text[start:end]) not in places():
        word = _SPACE.split(text[start:end], maxsplit=1)[0]
        if (
            word
            and len(word) < end - start
            and fold(word).strip(".,'") in plain_words()
            and fold(word) not in given_names()
        ):
            start += len(word)
            while start < end and text[start].isspace():
                start += 1
        else:
            break
    for ending in ("'s", "’s"):
        if text[start:end].endswith(ending):
            end -= 2
    return (start, end) if end - start > 1 and text[start].isupper() else None


def _covering(said: dict[tuple[int, int], str], start: int, end: int) -> str:
    """The model's label for what overlaps the phrase by half or more."""
    for (low, high), label in said.items():
        if 2 * (min(high, end) - max(low, start)) >= end - start:
            return label
    return ""


def _is_noun(word: str) -> bool:
    listed = word in nouns() or word.removesuffix("s") in nouns()
    return listed and word not in given_names() and word not in places()


def find_firms(text: str) -> Iterator[Span]:
    """Companies called by the family names of their partners: "Clark, Romero and Hall"."""
    for found in _FIRM.finditer(text):
        partners = [fold(name) for name in found.groups()]
        if (
            all(name in family_names() for name in partners)
            and sum(name in given_names() for name in partners) < 2
        ):
            yield Span("ORGANIZATION", found.start(), found.end(), 0.8)
