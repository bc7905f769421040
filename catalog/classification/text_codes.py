"""Postal codes in text: after their name, after a place, or by a form that nothing else has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog.classification.text_spans import Rule, Span

_ANY = (
    r"(?:\d{3,5}(?:[- ]\d{2,4})?(?: [A-Z]{2})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d"
    r"|[A-Z]{1,2}-\d{4,5})(?![\w-])"
)
_WORDS = r"(?i:zip|zip ?code|post(?:al)? ?code|postcode|plz|postleitzahl|code postal|c[oó]digo postal|cap|cep|eircode)"
_PLACE = r"(?:[^\W\d_a-z][\w'’-]+ (?:de |do |da |of |am |an der |la )?){1,4}"


def _rule(score: float, pattern: str) -> Rule:
    return Rule("ZIP_CODE", score, re.compile(pattern))


_RULES = (
    _rule(0.9, rf"\b{_WORDS}\b\.?(?:\s(?:is|are|of))?\s?[:#=]?\s*({_ANY})"),
    _rule(0.8, r"\b([A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2})\b"),
    _rule(0.8, r"\b([ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] \d[ABCEGHJ-NPRSTV-Z]\d)\b"),
    _rule(0.7, r",? [A-Z]{2},? (\d{5}(?:-\d{4})?)(?![\w-])"),
    _rule(
        0.6,
        rf"\b(?:in|at|near|from|to) {_PLACE}"
        r"(\d{3,5}(?:-\d{3,4})?|\d{3} \d{2}|\d{4} [A-Z]{2})(?![\w-])",
    ),
)


def find_codes(text: str) -> Iterator[Span]:
    """The postal codes in `text` that stand by themselves rather than inside an address."""
    for rule in _RULES:
        yield from rule.find(text)
