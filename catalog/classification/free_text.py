"""Text written by people: whether a column is of it, and which strong identifiers stand in it.

One e-mail address, one identifier with right check digits, or two distinct strong ones are enough to say
"contains", whatever the number of rows: a share would average the one national number among a thousand notes away.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from stdnum import iban
from stdnum.us import ssn

from catalog.classification.masking import mask
from catalog.classification.patterns import EMAIL, is_card
from catalog.classification.phones import DEFAULT_REGIONS, is_phone
from catalog.classification.sample import Sample, share
from catalog.classification.verdict import Evidence
from catalog.classification.witness import EXAMPLES

MOST = 2_000  # values searched
_LONG = 40  # characters from which a cell may be a sentence
_WORDS = 6
_LETTERS = re.compile(r"[^\W\d_]{2}", re.UNICODE)
_STREET = re.compile(
    r"\b\d{1,5}\s+(?:[A-Z][\w.'-]*\s+){1,4}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Way|Court|Ct|Place|Pl)\b\.?"
)
# Grouped as people write them: other groupings of digits are measures, dates or lists.
_PHONE = re.compile(
    r"(?<![\w.+])(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d[\d .-]{5,14}\d|\(\d{2,4}\)[ .-]?\d{2,4}[ .-]?\d{2,5}"
    r"|\d{3}[ .-]\d{3}[ .-]\d{4}|0\d{2,4}[ /-]\d{4,9})(?!\w)"
)
_CARD = re.compile(r"(?<!\d)(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}[ -]\d{6}[ -]\d{5})(?!\d)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}\b")
# A per cent sign before digits is an encoded space in a link: "%207-25-2016" is a date.
_SSN = re.compile(r"(?<![\w%-])\d{3}-\d{2}-\d{4}(?![\w-])")
_BORN = re.compile(
    r"\b(?:born|dob|date of birth|geboren|né|née|nacid[oa])\b[^\n]{0,12}?\d{1,4}[-/. ]\w{1,9}[-/. ]\d{1,4}",
    re.IGNORECASE,
)


def _phone_in_text(found: str) -> bool:
    return is_phone(found, DEFAULT_REGIONS)


# category, title, pattern, check of a hit, characters of which one must occur
_INSIDE: tuple[tuple[str, str, re.Pattern[str], Callable[[str], bool] | None, str], ...] = (
    ("contact.email", "e-mail addresses", EMAIL, None, "@"),
    ("finance.iban", "IBANs", _IBAN, iban.is_valid, "0123456789"),
    ("finance.card", "payment card numbers", _CARD, is_card, "0123456789"),
    ("id.national", "US social security numbers", _SSN, ssn.is_valid, "-"),
    ("contact.phone", "telephone numbers", _PHONE, _phone_in_text, "0123456789"),
    ("contact.address.street", "street addresses", _STREET, None, "0123456789"),
    ("demographic.birth_date", "dates of birth", _BORN, None, "0123456789"),
)
# A right numbering plan is not a check digit: such hits need company.
_CHECKED = frozenset({"finance.iban", "finance.card", "id.national"})
_ONE_IS_ENOUGH = _CHECKED | {"contact.email"}


def is_free_text(sample: Sample) -> float:
    """The share of values that read as sentences rather than as cells."""
    return share(len(value) >= _LONG and value.count(" ") >= _WORDS - 1 for value in sample.values)


def judge_free_text(sample: Sample) -> list[Evidence]:
    """Whether the column is of free text."""
    portion = is_free_text(sample)
    if portion < 0.3:
        return []
    matched = round(portion * len(sample))
    detail = f"{matched} of {len(sample)} distinct values read as free text."
    weight = round(min(0.85, 0.45 + 0.5 * portion), 3)
    return [Evidence("values", "content.free_text", detail, weight, sampled=len(sample), matched=matched)]


def judge_contained(sample: Sample) -> list[Evidence]:
    """Identifiers inside longer text, each kind with how many texts hold one and how many were valid."""
    # A time stamp or a list of numbers is no text, and its digits would pass for telephone numbers.
    texts = [value for value in sample.values[:MOST] if " " in value and _LETTERS.search(value)]
    if not texts:
        return []
    characters = set().union(*map(set, texts))
    found: list[Evidence] = []
    for category, title, pattern, check, needs in _INSIDE:
        if characters.isdisjoint(needs):
            continue
        hits: dict[str, None] = {}
        holding = 0
        for text in texts:
            inside = [hit for hit in _all(pattern, text) if check is None or check(hit)]
            holding += bool(inside)
            hits.update(dict.fromkeys(inside))
        if len(hits) < (1 if category in _ONE_IS_ENOUGH else 2):
            continue
        valid = len(hits) if category in _CHECKED else 0
        found.append(
            Evidence(
                origin="pattern",
                category=category,
                detail=f"{holding} of {len(texts)} texts hold {title}"
                + (f", {valid} of them valid." if valid else "."),
                weight=0.9 if valid else 0.7,
                sampled=len(texts),
                matched=holding,
                valid=valid,
                examples=tuple(mask(hit, category) for hit in list(hits)[:EXAMPLES]),
                contained=True,
            )
        )
    return found


def _all(pattern: re.Pattern[str], text: str) -> list[str]:
    return [found.group() for found in pattern.finditer(text)]
