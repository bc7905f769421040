"""An attack on a mechanism: draw often from two neighbouring data sets and see how well they can be told apart.

ε-DP promises ln(P[A]/Q[A]) ≤ ε for every event A. What is drawn is looked at through events of the forms "at most t"
and "above t"; those too rare to be measured well are left out.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence

RARE = 0.25  # share of draws that an event needs on both sides
SLACK = 0.05
DRAWS = 40_000  # five standard errors of the ln ratio of such events


def events(first: Sequence[float], second: Sequence[float]) -> Iterator[tuple[float, float]]:
    """How often each event happens on either side."""
    p, q = sorted(first), sorted(second)
    for threshold in sorted({*p[::400], *q[::400]}):
        shares = bisect_right(p, threshold) / len(p), bisect_right(q, threshold) / len(q)
        yield shares
        yield 1 - shares[0], 1 - shares[1]


def loss(first: Sequence[float], second: Sequence[float], *, rare: float = RARE) -> float:
    """The largest ln ratio of an event's frequencies, either way round."""
    assert min(len(first), len(second)) >= 20_000
    return max(abs(math.log(p / q)) for p, q in events(first, second) if min(p, q) >= rare)


def advantage(first: Sequence[float], second: Sequence[float]) -> float:
    """The largest difference of an event's frequencies."""
    return max(abs(p - q) for p, q in events(first, second))


def leaks(first: Sequence[float], second: Sequence[float], *, epsilon: float, rare: float = RARE) -> bool:
    """Whether the draws show more than `epsilon` allows."""
    return loss(first, second, rare=rare) > epsilon + SLACK
