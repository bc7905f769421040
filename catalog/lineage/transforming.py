"""What becomes of a label along one edge: it goes on weaker, turns into another one, or stops. Pure.

Kinds and subtypes are those of OpenLineage's column lineage. A masked value cannot be told from the result, so its
category stops there: what comes out is a pseudonym (a hash, a token), or a figure over many rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from catalog.classification.vocabulary import CATEGORIES
from catalog.models import Edge

INDIRECT = 0.3  # nothing above it ever comes through an indirect edge
FLOOR = 0.2  # a label weaker than this is not carried on
_DIRECT = {"IDENTITY": 0.95, "TRANSFORMATION": 0.8, "AGGREGATION": 0.6}
_OTHER = 0.8  # a direct edge whose producer did not say more
PSEUDONYM, FIGURE = "id.pseudonym", "none.operational"


class Effect(IntEnum):
    """What an edge does to what passes."""

    KEEP = 0
    HINT = 1  # indirect: the value decides about rows, but is not among them
    PSEUDONYM = 2
    FIGURE = 3


@dataclass(frozen=True, slots=True)
class Claim:
    """What a label says of a column; `contained`: only inside longer text."""

    category: str
    sensitivity: str
    contained: bool = False


def passage(kind: str, subtype: str, masking: bool) -> tuple[float, Effect] | None:
    """By how much a label weakens along such an edge, and what it becomes; None where nothing passes."""
    word = subtype.upper()
    if kind == Edge.Kind.INDIRECT:
        return None if masking else (INDIRECT, Effect.HINT)
    factor = _DIRECT.get(word, _OTHER)
    if not masking:
        return factor, Effect.KEEP
    return (factor, Effect.FIGURE) if word == "AGGREGATION" else (min(factor, _OTHER), Effect.PSEUDONYM)


def become(claim: Claim, effect: Effect) -> Claim | None:
    """The claim after an edge of this effect; None where nothing of it is left."""
    if effect in (Effect.KEEP, Effect.HINT):
        return claim
    if claim.contained:
        return None  # the text around it is masked with it, and says so by a claim of its own
    category = PSEUDONYM if effect is Effect.PSEUDONYM else FIGURE
    return Claim(category, str(CATEGORIES[category].sensitivity))


def goes_on(claim: Claim) -> bool:
    """Whether the claim says anything about what is made of the column. Not personal says nothing."""
    return claim.sensitivity != "none"
