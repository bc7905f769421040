"""Forms of address and occupations in text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog.classification.text_lexicon import HONORIFICS, job_heads, plain_words
from catalog.classification.text_spans import Rule, Span

_HONORIFIC = Rule("TITLE", 0.9, re.compile(rf"\b({HONORIFICS}\b\.?)(?=\s+[^\W\d_a-zß-öø-ÿ])"))
_HONORIFIC_LOWER = Rule("TITLE", 0.8, re.compile(r"\b((?:mr|mrs|ms|dr|prof)\.)(?=\s+[^\W\d_])"))
_PHRASE = r"((?:[A-Za-z][a-z'/-]+(?: and| of the| of| in|,(?= [a-z]))? ){0,5}?[A-Za-z][a-z-]+)"
_END = r"(?=[,;.!?\n]| at\b| for\b| in\b| who\b| and\b| but\b| since\b|$)"
# Where an occupation is said: on a line of its own below a name, after "as" or "the", after "job:".
_PLACES = (
    re.compile(rf"(?:^|\n)[ \t>]*{_PHRASE}[ \t]*(?=\n|$)"),
    re.compile(rf"[^\W\d_] as (?:an? |the )?{_PHRASE}{_END}"),
    re.compile(
        rf"\b(?i:job title|job|occupation|profession|position|role|title)\s?(?:is|:|=)\s*(?:an? )?{_PHRASE}{_END}"
    ),
    re.compile(rf"[^\W\d_], (?:an?|the) {_PHRASE}(?=[,;:.]| at\b| for\b| of\b| in\b)"),
    re.compile(rf"\b(?:am|I'm|[Hh]e's|is|was|became) an? {_PHRASE}{_END}"),
)


_ALONE, *_WITHIN = _PLACES
_AGENT = re.compile(r"(?:ographer|ologist|tician|eer|ist|[st]or|er)$")


def _is_occupation(phrase: str) -> bool:
    return phrase.rpartition(" ")[2].lower().rstrip("s") in job_heads()


def _is_occupation_alone(phrase: str) -> bool:
    """On a line of its own also "power distributor" will do, but not "order" or "error"."""
    if _is_occupation(phrase):
        return True
    last = phrase.rpartition(" ")[2].lower()
    long_enough = " " in phrase or len(last) > 9
    return (
        long_enough
        and phrase[1:] == phrase[1:].lower()
        and bool(_AGENT.search(last))
        and last not in plain_words()
    )


_RULES = (
    _HONORIFIC,
    _HONORIFIC_LOWER,
    Rule("OCCUPATION", 0.7, _ALONE, _is_occupation_alone),
    *(Rule("OCCUPATION", 0.7, place, _is_occupation) for place in _WITHIN),
)


def find_titles(text: str) -> Iterator[Span]:
    """Forms of address before a name, and occupations where a sentence has a place for one."""
    for rule in _RULES:
        yield from rule.find(text)
