"""What several releases cost together, by the accountants of Google's `dp-accounting` (extra [accounting]).

A release of ours enters as its (ε, δ) alone, by the pair of distributions that is the worst among all mechanisms with
that guarantee (Kairouz, Oh and Viswanath 2015): discrete noise is not as kind as the continuous noise that the
library knows by name.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import orjson

from catalog.connectors import extras
from retention.statistics.units import NANO, PICO

INTERVAL = 1e-4  # of privacy loss values; rounding goes to the safe side
EXTRA = "accounting"


def pure(amount: int, delta: int) -> dict[str, Any]:
    """The event of a release or an allotment as it is stored with its charge."""
    return {"mechanism": "any", "epsilon": amount, "delta": delta}


def training(noise_multiplier: float, sampling_rate: float, steps: int) -> dict[str, Any]:
    """The event of `steps` steps of DP-SGD with Poisson sampling."""
    return {"mechanism": "dp-sgd", "noise": noise_multiplier, "rate": sampling_rate, "steps": steps}


def composed_epsilon(events: Iterable[Mapping[str, Any]], *, delta: int) -> int | None:
    """The nano-ε at `delta` (pico) of all events together, rounded up; None if there is no finite one."""
    whole = None
    for stored, times in Counter(
        orjson.dumps(event, option=orjson.OPT_SORT_KEYS) for event in events
    ).items():
        distribution = _distribution(stored)
        times *= orjson.loads(stored).get("steps", 1)
        part = distribution.self_compose(times) if times > 1 else distribution
        whole = part if whole is None else whole.compose(part)
    if whole is None:
        return 0
    epsilon = whole.get_epsilon_for_delta(delta / PICO)
    return math.ceil(epsilon * NANO) if math.isfinite(epsilon) else None


def rdp_epsilon(events: Iterable[Mapping[str, Any]], *, delta: int) -> int | None:
    """The same for training alone by Rényi divergences (Mironov 2017): looser, and good for steps chosen on the way."""
    dp_event = extras.load("dp_accounting", extra=EXTRA)
    accountant = extras.load("dp_accounting.rdp", extra=EXTRA).RdpAccountant()
    for event in events:
        step = dp_event.PoissonSampledDpEvent(event["rate"], dp_event.GaussianDpEvent(event["noise"]))
        accountant.compose(step, event["steps"])
    epsilon = accountant.get_epsilon(delta / PICO)
    return math.ceil(epsilon * NANO) if math.isfinite(epsilon) else None


def require() -> None:
    """Raises ConnectorError with what to install, where the accountants are missing."""
    extras.load("dp_accounting", extra=EXTRA)


@lru_cache(maxsize=256)
def _distribution(stored: bytes) -> Any:
    event = orjson.loads(stored)
    library = extras.load("dp_accounting.pld.privacy_loss_distribution", extra=EXTRA)
    if event["mechanism"] == "dp-sgd":
        return library.from_gaussian_mechanism(
            event["noise"], sampling_prob=event["rate"], value_discretization_interval=INTERVAL
        )
    common = extras.load("dp_accounting.pld.common", extra=EXTRA)
    return library.from_privacy_parameters(
        common.DifferentialPrivacyParameters(event["epsilon"] / NANO, event["delta"] / PICO),
        value_discretization_interval=INTERVAL,
    )
