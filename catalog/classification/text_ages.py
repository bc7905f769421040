"""Ages of persons in text: only the number is the entity."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog.classification.text_spans import Rule, Span

_NUMBER = r"(\d{1,2}|1[01]\d)"
_BEING = (
    r"(?:(?:s?he|i|who)(?:'s| is| was)|i'?m|i am|(?:they|you)(?:'re| are| were)"
    r"|(?:is|was) (?:only|just|now|already))"
)


def _rule(score: float, pattern: str) -> Rule:
    return Rule("AGE", score, re.compile(pattern, re.IGNORECASE))


_RULES = (
    _rule(0.9, rf"\b{_NUMBER}(?=[ -]?(?:years?|yrs?|months?)?[ -]?(?:old|of age)\b)"),
    _rule(
        0.9,
        rf"\b{_NUMBER}(?=[ -]?(?:y\.?/?o\.?|yo|[- ]?years?[- ]?old|jahre alt|ans\b(?= [mf])|años de edad)(?!\w))",
    ),
    _rule(0.9, rf"\baged?:?\s(?:of\s|is\s)?{_NUMBER}\b(?![-/.,]\d|\s?%)"),
    _rule(0.85, rf"\b(?:turn(?:s|ed|ing)?|turning)\s{_NUMBER}\b(?!\s?(?:%|percent|degrees|pages))"),
    _rule(
        0.75,
        rf"\b{_BEING}\s{_NUMBER}(?=\s*(?:[.,;!?)]|$|and\b|but\b|when\b|years?\b)(?!\d))(?!\s?years? (?!old))",
    ),
    _rule(0.75, rf"\b{_NUMBER}(?=[ -](?:year|yr)s?[ -](?:male|female|man|woman|boy|girl)\b)"),
)


def find_ages(text: str) -> Iterator[Span]:
    """The ages that `text` states."""
    for rule in _RULES:
        yield from rule.find(text)
