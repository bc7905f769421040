"""Column names as plain English words: `agentMailingZIPCode2` → `agent mailing postal code 2`."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from catalog.classification.lexicon import KNOWN, SYNONYMS, WHOLE

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\W\d_A-Z]+|[A-Z]+|\d+", re.UNICODE)
_SHORTEST = 3  # letters of a word inside a run-together name
_HEAD = 5  # letters a known word needs for the unknown rest of a name to be passed over
_ENDINGS = ("id", "nr", "no")  # shorter than a part may be, but common at the end: `customerid`
LONGEST = 256


@lru_cache(maxsize=50_000)
def plain_words(identifier: str) -> tuple[str, ...]:
    """The words of a column or table name, lower case, compounds split, translated to plain English."""
    words: list[str] = []
    text = unicodedata.normalize("NFC", identifier[:LONGEST])
    whole = re.sub(r"[\W_]+", "", text).casefold()
    if whole in WHOLE:
        return tuple(WHOLE[whole].split())
    if whole in SYNONYMS:  # `date_naissance` and `dateNaissance` are one word in the lexicon
        return tuple(SYNONYMS[whole].split())
    for part in _PARTS.findall(text):
        for word in _split(part.casefold()):
            words.extend(SYNONYMS.get(word, word).split())
    return tuple(words)


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
        if word[start:] in SYNONYMS:
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
