"""Dates: which may be dates of birth, and what only times and years say against everything else."""

from __future__ import annotations

import datetime as dt
import re
from statistics import median

from catalog.classification.sample import Sample
from catalog.classification.verdict import Evidence

_ISO = re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?P<t>[T ].*)?")
_OTHER = re.compile(r"(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<y>\d{4})(?P<t>[T ].*)?")
_MIDNIGHT = re.compile(r"[T ]?(?:12:00:00 AM|0{1,2}:00(?::00(?:\.0+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")
_TIME = re.compile(r"[T ]?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:[AaPp]\.?[Mm]\.?)?(?:Z|[+-]\d\d:?\d\d)?")
_YEAR = re.compile(r"(?:1[89]|20)\d\d(?:\.0)?")
AT_LEAST = 0.9
OLDEST = 125


def are_times(sample: Sample) -> bool:
    """Whether the column holds times of day only."""
    return _mostly(sample, _TIME)


def are_years(sample: Sample) -> bool:
    return _mostly(sample, _YEAR)


def are_dates(sample: Sample) -> bool:
    return _mostly(sample, _ISO) or _mostly(sample, _OTHER)


def judge_dates(sample: Sample) -> list[Evidence]:
    """Whether dates are spread as births are: over decades, in the past, without a time of day.

    Order dates, hire dates and time stamps are recent and close together; they count as operational.
    """
    years, timed = [], 0
    for value in sample.cells:
        found = _ISO.fullmatch(value) or _OTHER.fullmatch(value)
        if found and _real(found):
            years.append(int(found["y"]))
            timed += not _MIDNIGHT.fullmatch(found["t"] or "")
    if not years or len(years) < AT_LEAST * len(sample):
        return []
    today = dt.date.today().year
    ages = [today - year for year in years]
    lived = min(ages) >= 0 and max(ages) <= OLDEST
    if lived and timed == 0 and max(ages) - min(ages) >= 30 and 18 <= median(ages) <= 90:
        detail = (
            f"{len(years)} of {len(sample)} distinct values are dates spread over the decades of a lifetime."
        )
        return [
            Evidence(
                "values", "demographic.birth_date", detail, 0.45, sampled=len(sample), matched=len(years)
            )
        ]
    if lived and timed == 0 and median(ages) >= 16:
        detail = f"{len(years)} of {len(sample)} distinct values are dates that could be births."
        return [
            Evidence(
                "values", "demographic.birth_date", detail, 0.25, sampled=len(sample), matched=len(years)
            )
        ]
    detail = f"{len(years)} of {len(sample)} distinct values are dates of recent events."
    return [Evidence("values", "none.operational", detail, 0.5, sampled=len(sample), matched=len(years))]


def _real(found: re.Match[str]) -> bool:
    parts = found.groupdict()
    if "m" in parts:
        return 1 <= int(parts["m"]) <= 12 and 1 <= int(parts["d"]) <= 31
    first, second = int(parts["a"]), int(parts["b"])
    return 1 <= min(first, second) <= 12 and max(first, second) <= 31


def _mostly(sample: Sample, pattern: re.Pattern[str]) -> bool:
    hits = sum(1 for value in sample.cells if pattern.fullmatch(value))
    return bool(sample.cells) and hits >= AT_LEAST * len(sample.cells)
