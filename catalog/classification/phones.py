"""Telephone numbers, told by the numbering plans of the world (phonenumbers)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import phonenumbers

from catalog.classification.sample import Sample
from catalog.classification.verdict import Evidence
from catalog.classification.witness import prevailing

# The library is slow (some 10,000 numbers a second), so it sees few values and one plan once it is known.
MOST = 200
_PROBE = 16
AT_LEAST = 0.6
# Without a hint, North American numbers and those that start with a trunk zero are recognized.
DEFAULT_REGIONS = ("US", "GB", "DE", "FR", "IT", "NL", "AU")

_SPELLINGS = {"UK": "GB", "EL": "GR"}  # as the European Union writes them

SHAPE = re.compile(
    r"(?:tel:|ph:?|phone:?)?\s?\+?(?:\d|\(\+?\d)[\d\s().\-/–]{5,22}\d(?:\s?[,;]?\s?(?:ext|x|extn|#|p\.?)\.?:?\s?\d{1,6})?",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?:19|20)\d\d[-/. ]?[01]\d[-/. ]?[0-3]\d|[0-3]?\d[-/.][0-3]?\d[-/.](?:19|20)?\d\d")
_DECIMAL = re.compile(r"-?\d+[.,]\d+")
_OTHER_CODE = re.compile(
    r"\d{5}-\d{4}|\d{3}-\d\d-\d{4}|\d{2}-\d{7}|\d{4}\s?[-/–]\s?\d{4}"
)  # postal code, SSN, EIN, span of years
_DIGITS = re.compile(r"\d")
_NORTH_AMERICAN = re.compile(r"1?[2-9]\d{2}[2-9]\d{6}")


def judge_phones(sample: Sample, *, regions: Sequence[str] = ()) -> list[Evidence]:
    """Whether the column is of telephone numbers; `regions` are ISO codes whose national notation may occur."""
    if sample.with_digits < AT_LEAST:
        return []
    cells = sample.cells[:MOST]
    shaped = [value for value in cells if _has_shape(value)]
    if len(shaped) < AT_LEAST * len(cells):
        return []
    bare = sum(value.isdecimal() for value in shaped)
    # Bare digits may be any number: nearly all must be right, and even then the name should agree.
    mostly_bare = bare > len(shaped) / 2
    if mostly_bare and _counts_up(shaped):
        return []
    stated = tuple(_SPELLINGS.get(region.upper(), region.upper()) for region in regions)
    plans = _likely_plans(shaped[:_PROBE], stated or DEFAULT_REGIONS, hinted=bool(regions))
    valid = [value for value in shaped if is_phone(value, plans, hinted=bool(regions))]
    return prevailing(
        "contact.phone",
        "telephone numbers",
        sampled=len(cells),
        hits=valid,
        weight=0.72 if mostly_bare else 0.9,
        valid=len(valid),
        at_least=0.85 if mostly_bare else AT_LEAST,
    )


def is_phone(value: str, regions: Sequence[str], *, hinted: bool = False) -> bool:
    """Whether `value` is a number that the plan of one of `regions` gives out, or any plan for `+…` numbers.

    Unless the regions are `hinted` at by someone who knows, national notation must be North American or start with
    the trunk zero: otherwise some plan allows almost any digits.
    """
    if value.startswith("+"):
        return _in_plan(value, None)
    trunk = value.lstrip("(").startswith("0")
    for region in regions:
        if not hinted and region != "US" and not trunk:
            continue
        if region == "US" and value.isdecimal() and not _NORTH_AMERICAN.fullmatch(value):
            continue
        if _in_plan(value, region):
            return True
    return False


def _in_plan(value: str, region: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(value, region))
    except phonenumbers.NumberParseException:
        return False


def _has_shape(value: str) -> bool:
    if len(value) > 40 or not SHAPE.fullmatch(value):
        return False
    if any(other.fullmatch(value) for other in (_DATE, _DECIMAL, _OTHER_CODE)):
        return False
    return 7 <= len(_DIGITS.findall(value)) <= 20


def _counts_up(values: Sequence[str]) -> bool:
    """Whether numbers share their beginnings as serial numbers do; those of a town differ in the exchange."""
    beginnings = {value[:6] for value in values}
    return len(values) >= 8 and len(beginnings) < len(values) / 6


def _likely_plans(values: Sequence[str], regions: Sequence[str], *, hinted: bool) -> tuple[str, ...]:
    hits: Counter[str] = Counter()
    for value in values:
        for region in regions:
            if is_phone(value, (region,), hinted=hinted):
                hits[region] += 1
    return tuple(region for region, _ in hits.most_common(2)) or tuple(regions[:1])
