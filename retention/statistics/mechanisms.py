"""The noise: OpenDP's mechanisms over bounded whole-number totals, each held to what its own privacy map says.

Laplace and Gaussian noise are OpenDP's discrete ones, sampled exactly. Calibration is by formula and then checked
against the measurement's map, which rounds up: a scale that would cost more than allowed is never used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import NormalDist
from typing import Any

import opendp.prelude as dp

from retention.statistics.queries import EPSILON
from retention.statistics.units import NANO, PICO

dp.enable_features("contrib")

FURTHEST = 2**62  # totals saturate here, which moves two of them no farther apart
LARGEST_SCALE = 2.0**52
WHOLE = "i64"


class Drowned(ValueError):
    """The noise would be so large that no answer is left."""


def add_noise(totals: Sequence[int], *, unit: str, amount: int, l1: int, l2_squared: int) -> list[int]:
    """The totals with noise for `amount` (nano-ε: Laplace by `l1`; nano-ρ: Gaussian by the root of `l2_squared`).

    `l1` and `l2_squared` say by how much one person can change all totals together.
    """
    if not totals:
        return []
    measurement, _ = _noise(unit, amount, l1, l2_squared)
    return list(measurement([max(-FURTHEST, min(FURTHEST, int(total))) for total in totals]))


def noise_error(*, unit: str, amount: int, l1: int, l2_squared: int, alpha: float = 0.05) -> int:
    """How far one noisy total is off at most, but for a share `alpha` of cases. Raises Drowned."""
    _, scale = _noise(unit, amount, l1, l2_squared)
    if unit == EPSILON:
        # P(|X| ≥ k) = 2 t^k / (1 + t) with t = e^(−1/scale).
        reach = scale * math.log(2 / (alpha * (1 + math.exp(-1 / scale))))
        return max(0, math.ceil(reach) - 1)
    # P(X ≥ k) ≤ P(N(0, scale²) ≥ k − 1): Canonne, Kamath and Steinke (2020), Proposition 25.
    return math.ceil(scale * NormalDist().inv_cdf(1 - alpha / 2))


def choose(tables: Iterable[Sequence[int]], *, unit: str, amount: int, sensitivity: int) -> list[int]:
    """For each table of scores the place of a low one, by the exponential mechanism (OpenDP's noisy max).

    `sensitivity` is by how much one person can change each score, over all tables together.
    """
    measurement, _ = _choice(unit, amount, sensitivity)
    return [int(measurement([min(FURTHEST, int(score)) for score in scores])) for scores in tables]


def choice_error(*, unit: str, amount: int, sensitivity: int, candidates: int, alpha: float = 0.05) -> int:
    """How far the chosen score is above the lowest at most, but for a share `alpha` of cases. Raises Drowned.

    McSherry and Talwar (2007), Theorem 6; what OpenDP draws is no worse (permute-and-flip, McKenna and Sheldon 2020).
    """
    _, scale = _choice(unit, amount, sensitivity)
    return math.ceil(scale * math.log(candidates / alpha))


def select_groups(
    people: Mapping[str, int], *, unit: str, amount: int, delta: int, groups: int
) -> tuple[dict[str, int], int]:
    """The groups whose noisy number of people reaches a threshold, with that number; and the threshold.

    One person is in at most `groups` of them, once in each. A group of one person is let through with a probability
    that `delta` (pico) bounds over all their groups. Stability-based selection: Korolova et al. (2009).
    """
    measurement, threshold = _selection(unit, amount, delta, groups)
    return dict(measurement(dict(people))) if people else {}, threshold


def selection_threshold(*, unit: str, amount: int, delta: int, groups: int) -> int:
    return _selection(unit, amount, delta, groups)[1]


def _noise(unit: str, amount: int, l1: int, l2_squared: int) -> tuple[Any, float]:
    domain = dp.vector_domain(dp.atom_domain(T=WHOLE))
    if unit == EPSILON:
        space, distance = (domain, dp.l1_distance(T=WHOLE)), l1
        return _calibrated(
            lambda scale: space >> dp.m.then_laplace(scale), distance, _wanted(amount), l1 * NANO / amount
        )
    far = math.nextafter(math.sqrt(l2_squared), math.inf)
    gaussian = (domain, dp.l2_distance(T=float))
    scale = far / math.sqrt(2 * amount / NANO)
    return _calibrated(lambda scale: gaussian >> dp.m.then_gaussian(scale), far, _wanted(amount), scale)


def _choice(unit: str, amount: int, sensitivity: int) -> tuple[Any, float]:
    space = dp.vector_domain(dp.atom_domain(T=WHOLE)), dp.linf_distance(T=WHOLE)
    if unit == EPSILON:
        measure, scale = dp.max_divergence(), 2 * sensitivity * NANO / amount
    else:
        measure, scale = dp.zero_concentrated_divergence(), sensitivity / math.sqrt(2 * amount / NANO)
    return _calibrated(
        lambda scale: space >> dp.m.then_noisy_max(measure, scale, negate=True),
        sensitivity,
        _wanted(amount),
        scale,
    )


def _selection(unit: str, amount: int, delta: int, groups: int) -> tuple[Any, int]:
    domain = dp.map_domain(dp.atom_domain(T=str), dp.atom_domain(T=WHOLE))
    wanted, most = _wanted(amount), delta / PICO
    distance: tuple[Any, ...]
    if unit == EPSILON:
        space = domain, dp.l01inf_distance(dp.absolute_distance(T=WHOLE))
        then, scale, distance = dp.m.then_laplace_threshold, groups * NANO / amount, (groups, groups, 1)
    else:
        space = domain, dp.l02inf_distance(dp.absolute_distance(T="f64"))
        far = math.nextafter(math.sqrt(groups), math.inf)
        then, scale = dp.m.then_gaussian_threshold, far / math.sqrt(2 * amount / NANO)
        distance = (groups, far, 1.0)
    scale = _checked(scale)
    while (space >> then(scale, FURTHEST)).map(distance)[0] > wanted:
        scale = math.nextafter(scale, math.inf)
    low, high = 1, 2
    while (space >> then(scale, high)).map(distance)[1] > most:
        low, high = high, 2 * high
        _checked(float(high))
    while low < high:
        middle = (low + high) // 2
        if (space >> then(scale, middle)).map(distance)[1] > most:
            low = middle + 1
        else:
            high = middle
    return space >> then(scale, high), high


def _calibrated(
    make: Callable[[float], Any], distance: float, wanted: float, scale: float
) -> tuple[Any, float]:
    """The measurement with the lowest scale whose map stays within what is wanted: the formula's, or just above."""
    scale = _checked(scale)
    while not (measurement := make(scale)).map(distance) <= wanted:
        scale = math.nextafter(scale * (1 + 2**-50), math.inf)
    return measurement, scale


def _wanted(amount: int) -> float:
    """Nano-units as a float that is not above them."""
    wanted = amount / NANO
    return wanted if wanted * NANO <= amount else math.nextafter(wanted, 0)


def _checked(scale: float) -> float:
    if not 0 < scale <= LARGEST_SCALE:
        raise Drowned("The noise would be larger than any answer: spend more, or narrow the bounds.")
    return scale
