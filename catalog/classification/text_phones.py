"""Telephone numbers in text: by their form where that is enough, otherwise by the words around them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers

from catalog.classification.text_spans import Span

_CANDIDATE = re.compile(
    r"(?<![\w.+#/-])(?:\+\s?\d{1,3}[ .-]?)?(?:\(\d{1,5}\)[ .-]?)?\d{1,12}"
    r"(?:[ ./-]{1,2}(?:\(\d{1,4}\)[ .-]?)?\d{1,8}){0,6}"
    r"(?:\s?(?:x|ext\.?|extension)\s?\d{1,6})?(?![\w/]|[.,]\d)",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"\s?(?:x|ext\.?|extension)\s?\d{1,6}$", re.IGNORECASE)
_DATE = re.compile(r"(?:19|20)\d\d[-/. ][01]?\d[-/. ][0-3]?\d.*|[0-3]?\d([-/.])[0-3]?\d\1(?:19|20)?\d\d")
_OTHER_CODE = re.compile(
    r"\d{3}-\d\d-\d{4}|\d{5}-\d{3,4}|\d{1,3}(?:\.\d{1,3}){3}|\d+\.\d+|(?:\d{4}[ -]){3}\d{1,7}"
)
_SPOKEN = re.compile(
    r"(?:\b(?:phones?|telephone|tel|fax|mobile|mob|cell(?:ular|phone)?|land ?line|call(?:ed|ing)?|dial(?:ed|ing)?"
    r"|reach(?:ed)?|ring|text(?:ed)?|sms|whatsapp|pager|hotline|answer(?:ed|ing)?|registered|desk|messages?|contact(?:ed)?|telefon|handy"
    r"|t[eé]l[eé]fono?|t[eé]l[eé]phone|m[oó]vil|celular|cellulare?|portable)\b|[☎📞])",
    re.IGNORECASE,
)
_AFTER = re.compile(r"\W{0,3}(?:office|fax|mobile|cell|home|work|tel|phone|\(?[hmwo]\)?\b)", re.IGNORECASE)
_OTHER_NUMBER = re.compile(
    r"\b(?:card|cc|account|acct|iban|ssn|social security|order|invoice|ticket|case|reference|ref|passport|licen[cs]e"
    r"|zip|postal|code|serial|tracking|policy|box|id|isbn|room|apt|suite)\b\W*(?:\w+\W+){0,2}$",
    re.IGNORECASE,
)
_NORTH_AMERICAN = re.compile(r"(?:\+?1[ .-]?|001[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}")
_TRUNK = re.compile(r"\(?0\d{1,4}\)?(?:[ ./-]+\d{2,8}){1,5}")
_REACH = 48  # characters before a number in which a word about telephones counts


def find_phones(text: str) -> Iterator[Span]:
    """The telephone numbers in `text`; bare or oddly grouped digits count only after a word about telephones."""
    for found in _CANDIDATE.finditer(text):
        value = found.group()
        number = _EXTENSION.sub("", value)
        digits = sum(map(str.isdigit, number))
        if not 7 <= digits <= 15 or _DATE.fullmatch(number) or _OTHER_CODE.fullmatch(number):
            continue
        before = text[max(0, found.start() - _REACH) : found.start()]
        score = _judge(number, digits, before, text[found.end() : found.end() + 12])
        if score:
            yield Span("PHONE_NUMBER", found.start(), found.end(), score)


def _judge(number: str, digits: int, before: str, after: str) -> float:
    if _OTHER_NUMBER.search(before):
        return 0.0
    spoken = bool(_SPOKEN.search(before) or _AFTER.match(after))
    if number.startswith("+"):
        return 0.95 if spoken or _is_possible(number) else 0.0
    if _NORTH_AMERICAN.fullmatch(number):
        return 0.9 if spoken else 0.8
    if _TRUNK.fullmatch(number) and 9 <= digits <= 13:
        return 0.9 if spoken else 0.65
    return 0.85 if spoken else 0.0


def _is_possible(number: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number.replace("(0)", ""), None))
    except phonenumbers.NumberParseException:
        return False
