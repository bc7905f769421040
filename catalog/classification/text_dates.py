"""Points in time in text: dates, time stamps, days of the week, years where the words around say that they are years.

Durations and vague periods ("three years", "the 70s") tell nothing about a person and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog.classification.text_spans import Rule, Span

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEAR = r"(?:1[89]\d\d|20\d\d)"
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:\s?[ap]\.?m\b\.?)?(?:\s?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"


def _rule(score: float, pattern: str) -> Rule:
    return Rule("DATE_TIME", score, re.compile(pattern, re.IGNORECASE))


_RULES = (
    _rule(
        0.9,
        rf"(?<![\w./-])((?:{_YEAR}[-/.](?:0?[1-9]|1[0-2])[-/.]{_DAY}|{_DAY}[-/.]{_DAY}[-/.](?:{_YEAR}|\d\d))"
        rf"(?:(?:T|,?\s+){_CLOCK})?)(?![\w/-]|\.\d)",
    ),
    _rule(
        0.9,
        rf"\b({_DAY}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?:,?\s+{_YEAR})?"
        rf"|{_MONTH}\s+{_DAY}(?:st|nd|rd|th)?\b(?:,?\s+{_YEAR})?|{_MONTH},?\s+{_YEAR})(?!\w)",
    ),
    _rule(0.7, r"\b((?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"),
    _rule(
        0.6,
        rf"\b(?:in|since|during|until|till|by|of|before|after|from|around|circa|year|to|for|[(]|an?)\s+({_YEAR})\b(?![-/.,]?\d)",
    ),
    _rule(0.6, rf"\(({_YEAR})\)"),
    _rule(0.6, rf"(?<![\w:.])({_CLOCK})(?![\w:])"),
)


def find_dates(text: str) -> Iterator[Span]:
    """The points in time that `text` names."""
    for rule in _RULES:
        yield from rule.find(text)
