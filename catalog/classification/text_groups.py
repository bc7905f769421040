"""Peoples, beliefs and political groups in text: nationality, religion, politics (NRP)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog.classification.dictionaries import fold
from catalog.classification.text_lexicon import AMBIGUOUS_GROUPS, GROUPS
from catalog.classification.text_spans import Span

_WORD = re.compile(r"[^\W\d_]{3,}")
_LANGUAGE = re.compile(
    r"\b(?:stud(?:y|ying|ied)|speaks?|spoken?|speaking|fluent in|learn(?:s|ed|ing)?|in(?:to)?|languages?:?)\s$",
    re.IGNORECASE,
)


def find_groups(text: str) -> Iterator[Span]:
    """The groups of people that `text` names, in the singular or plural."""
    for found in _WORD.finditer(text):
        word = fold(found.group())
        known = next(
            (form for form in (word, word.removesuffix("s"), word.removesuffix("es")) if form in GROUPS), ""
        )
        if not known or _LANGUAGE.search(text, max(0, found.start() - 16), found.start()):
            continue
        if found.group()[0].isupper() or known not in AMBIGUOUS_GROUPS:
            yield Span("NRP", found.start(), found.end(), 0.85 if found.group()[0].isupper() else 0.75)
