"""The shape of random tokens: `#` is a digit, `?` a small letter, `*` either; all else stands for itself."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from retention.anonymization.techniques.base import TechniqueError

SETS = {"#": string.digits, "?": string.ascii_lowercase, "*": string.digits + string.ascii_lowercase}
DEFAULT = "*" * 22  # 113 bits: as good as never drawn twice
MOST = 100


@dataclass(frozen=True, slots=True)
class Pattern:
    """`fresh` and `capacity` are what `Tokens.issue` takes."""

    fresh: Callable[[int], Sequence[str]]
    capacity: int


def read(pattern: str) -> Pattern:
    """Raises TechniqueError for a pattern without anything random in it, or one that is too long."""
    choices = [SETS.get(sign, sign) for sign in pattern]
    capacity = 1
    for each in choices:
        capacity *= len(each)
    if capacity == 1 or len(pattern) > MOST:
        raise TechniqueError(
            f"The pattern of tokens must have 1 to {MOST} signs, and at least one of # ? *.",
            "For example TOK-########.",
        )
    return Pattern(lambda count: ["".join(map(secrets.choice, choices)) for _ in range(count)], capacity)
