"""From the strength of evidence to a confidence that means what it says: of findings at 0.9, nine in ten are right.

The raw score of `scoring` orders findings well, but how often one is right depends on who spoke: a name alone, values
alone where no name was asked, values whose name speaks of something else, or both. `CURVES` has one non-decreasing
curve for each, as corner points (raw score, confidence), with straight lines between.

Provenance: fitted by `benchmarks/calibration.py` (isotonic regression of right and wrong on the raw score, a prior of
one column at the raw score itself) on the development half of 6,153 labelled open-government columns
(tsegall/semantic-types @782d912, labels Apache-2.0), names shown and hidden, split by file.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from enum import StrEnum

from catalog.classification.verdict import Evidence
from catalog.classification.vocabulary import within


class Voice(StrEnum):
    """Who speaks for a finding."""

    NAME = "name"
    VALUES = "values"  # and nobody asked the name, or it tells nothing: `column_7`
    VALUES_AGAINST_NAME = "values against name"  # the name speaks of something else
    PEOPLE_AGAINST_NAME = (
        "people against name"  # the same, for names of people: ships and brands bear them too
    )
    BOTH = "both"
    TEXT = "text"  # that a column is free text is told by length, whoever speaks
    NOTHING_PERSONAL = "nothing personal"


CURVES: dict[Voice, tuple[tuple[float, float], ...]] = {
    Voice.NAME: (
        (0.225, 0.113),
        (0.3, 0.192),
        (0.4, 0.192),
        (0.45, 0.362),
        (0.475, 0.605),
        (0.55, 0.605),
        (0.575, 0.788),
        (0.8, 0.857),
        (0.85, 0.857),
        (0.875, 0.938),
        (0.95, 0.938),
    ),
    Voice.VALUES: (
        (0.25, 0.125),
        (0.325, 0.163),
        (0.35, 0.734),
        (0.55, 0.734),
        (0.575, 0.739),
        (0.6, 0.739),
        (0.625, 0.855),
        (0.65, 0.92),
        (0.875, 0.92),
        (0.9, 0.936),
        (0.925, 0.968),
        (0.95, 0.968),
        (0.975, 0.979),
    ),
    Voice.VALUES_AGAINST_NAME: (
        (0.4, 0.029),
        (0.5, 0.047),
        (0.525, 0.047),
        (0.6, 0.15),
        (0.625, 0.312),
        (0.65, 0.64),
        (0.9, 0.64),
        (0.925, 0.808),
        (0.975, 0.979),
    ),
    Voice.PEOPLE_AGAINST_NAME: (
        (0.5, 0.25),
        (0.55, 0.254),
        (0.625, 0.254),
        (0.65, 0.3),
        (0.825, 0.3),
        (0.85, 0.545),
        (0.9, 0.545),
    ),
    Voice.BOTH: (
        (0.55, 0.454),
        (0.6, 0.454),
        (0.675, 0.49),
        (0.775, 0.49),
        (0.8, 0.633),
        (0.9, 0.633),
        (0.925, 0.966),
        (0.975, 0.966),
        (0.99, 0.984),
    ),
    Voice.TEXT: (
        (0.3, 0.182),
        (0.6, 0.216),
        (0.8, 0.216),
        (0.825, 0.255),
        (0.85, 0.41),
        (0.875, 0.722),
        (0.9, 0.722),
        (0.925, 0.741),
        (0.95, 0.879),
    ),
    Voice.NOTHING_PERSONAL: ((0.5, 0.852), (0.7, 0.852), (0.75, 0.979), (0.95, 0.979)),
}


def voice_of(category: str, evidence: Sequence[Evidence], *, telling_name: bool) -> Voice:
    """Who speaks for `category` in `evidence`; `telling_name`: the column has a name that means something.

    Neighbours only raise or lower the score: they are no voice of their own.
    """
    if within(category, "none"):
        return Voice.NOTHING_PERSONAL
    if within(category, "content"):
        return Voice.TEXT
    speaking = {item.origin for item in evidence if item.weight > 0} - {"neighbours"}
    by_name = "name" in speaking
    if by_name and len(speaking) > 1:
        return Voice.BOTH
    if by_name:
        return Voice.NAME
    if not telling_name:
        return Voice.VALUES
    return Voice.PEOPLE_AGAINST_NAME if within(category, "name") else Voice.VALUES_AGAINST_NAME


def calibrate(score: float, voice: Voice) -> float:
    """The confidence for a raw `score` (0 to 1): never lower for a higher score of the same voice."""
    corners = ((0.0, 0.0), *CURVES.get(voice, ((1.0, 1.0),)))
    at = bisect_right([corner[0] for corner in corners], score)
    if at == len(corners):
        return corners[-1][1]
    (left, low), (right, high) = corners[at - 1], corners[at]
    return round(low + (high - low) * (score - left) / (right - left), 3)
