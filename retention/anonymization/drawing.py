"""What tokens are made of: characters drawn from the operating system's randomness, each equally likely."""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import prod

import numpy as np

_WORDS = 2**32


def draw_below(limit: int, count: int) -> np.ndarray:
    """`count` whole numbers of 0 to limit - 1 (limit at most 2^32), int64."""
    fair = _WORDS - _WORDS % limit  # beyond it the first numbers would be likelier
    drawn = np.empty(0, np.uint32)
    while len(drawn) < count:
        more = np.frombuffer(os.urandom(4 * (count - len(drawn)) + 64), np.uint32)
        drawn = np.concatenate([drawn, more[more < fair]])
    return drawn[:count].astype(np.int64) % limit


def draw_texts(pattern: Sequence[str], count: int) -> list[str]:
    """`count` texts whose characters are drawn from the choices at their place."""
    columns = [
        np.array(list(choices))[draw_below(len(choices), count)]
        if len(choices) > 1
        else np.full(count, choices)
        for choices in pattern
    ]
    if not columns:
        return [""] * count
    characters = np.stack(columns, axis=1)
    return characters.view(f"<U{len(columns)}").ravel().tolist() if count else []


def capacity_of(pattern: Sequence[str]) -> int:
    """How many texts a pattern can make."""
    return prod(len(choices) for choices in pattern)
