"""Column names as plain English words: `agentMailingZIPCode2` → `agent mailing postal code 2`."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from catalog.classification.lexicon import KNOWN, SYNONYMS, WHOLE
from catalog.classification.wordlists import fold

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\W\d_A-Z]+|[A-Z]+|\d+", re.UNICODE)
_SHORTEST = 3  # letters of a word inside a run-together name
_HEAD = 5  # letters a known word needs for the unknown rest of a name to be passed over
_KEYS = ("id", "number", "code")  # too short and common to be looked for inside an unknown word
_ENDINGS = ("id", "nr", "no")  # shorter than a part may be, but common at the end: `customerid`
_PHRASE = 5  # parts looked up together
_SURE = 6  # letters from which a run of parts is no accident
LONGEST = 256


@lru_cache(maxsize=50_000)
def plain_words(identifier: str) -> tuple[str, ...]:
    """The words of a column or table name, lower case, compounds split, translated to plain English."""
    parts = [fold(part) for part in _PARTS.findall(unicodedata.normalize("NFC", identifier[:LONGEST]))]
    whole = "".join(parts)
    if whole in WHOLE:
        return tuple(WHOLE[whole].split())
    words: list[str] = []
    start = 0
    while start < len(parts):
        end, plain = _phrase(parts, start)
        words += plain.split() if plain else _translated(parts[start])
        start = end
    return tuple(words)


def _phrase(parts: list[str], start: int) -> tuple[int, str]:
    """The longest run of parts that the lexicon has as one: `date_naissance`, `dateNaissance`, `d_o_b`."""
    for end in range(min(len(parts), start + _PHRASE), start + 1, -1):
        joined = "".join(parts[start:end])
        if joined in SYNONYMS and (len(joined) >= _SURE or end - start == len(parts)):
            return end, SYNONYMS[joined]
    return start + 1, ""


def _translated(part: str) -> list[str]:
    return [plain for word in _split(part) for plain in SYNONYMS.get(word, word).split()]


def _split(word: str) -> list[str]:
    if word in KNOWN or word in SYNONYMS or len(word) < 2 * _SHORTEST or not word.isalpha():
        return [word]
    parts = _compound(word)
    if parts:
        return parts
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and (stem in KNOWN or _compound(stem)):
            return [*_split(stem), ending]
    for start in range(1, len(word) - _HEAD + 1):
        if SYNONYMS.get(word[start:], _KEYS[0]) not in _KEYS:
            return [word[:start], word[start:]]
    for end in range(len(word) - 1, _HEAD - 1, -1):  # `emailoficina`: many languages put the noun first
        if word[:end] in SYNONYMS or word[:end] == "email":
            return [word[:end], word[end:]]
    return [word]


def _compound(word: str) -> list[str]:
    """The fewest known words that make up `word`; empty if none do."""
    best: list[list[str] | None] = [None] * (len(word) + 1)
    best[0] = []
    for end in range(_SHORTEST, len(word) + 1):
        for start in range(end - _SHORTEST + 1):
            before = best[start]
            if before is not None and word[start:end] in KNOWN:
                found = best[end]
                if found is None or len(before) + 1 < len(found):
                    best[end] = [*before, word[start:end]]
    return best[-1] or []
