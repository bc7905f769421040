"""Shares of a budget for training runs: made by the officer, drawn by the run before each epoch or job.

A run says what it is about to do, as DP-SGD (Abadi et al. 2016) with Poisson sampling, and may do it only when the
answer is yes. The accountant composes all its draws; whatever that leaves unused stays spent.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.context import current_actor
from audit.ledger.recording import record
from catalog.connectors.base import ConnectorError
from governance.console.models import User
from retention.statistics import accounting, budgets, events, units
from retention.statistics.models import Allotment, Budget, Draw

MOST_STEPS = 10_000_000


class Overdrawn(Exception):
    """A draw would take a training run past its share; it says how far it is."""


class Closed(Exception):
    """An allotment that was closed gives nothing more."""


@transaction.atomic
def allot(
    budget: Budget,
    *,
    name: str,
    amount: Any,
    delta: Any,
    accountant: str = Allotment.Accountant.RDP,
    by: User | None = None,
) -> Allotment:
    """A share for the training run `name`, charged at once. Raises ValidationError by field, or budgets.Refused."""
    problems: dict[str, str] = {}
    share, share_delta = 0, 0
    try:
        share = units.nano(amount, name="ε")
    except units.NoAmount as problem:
        problems["amount"] = str(problem)
    try:
        share_delta = units.pico(delta, name="δ")
        if not share_delta:
            problems["delta"] = "DP-SGD has a δ above 0, such as 0.000001."
    except units.NoAmount as problem:
        problems["delta"] = str(problem)
    if accountant not in Allotment.Accountant.values:
        problems["accountant"] = f"Choose one of {', '.join(Allotment.Accountant.values)}."
    if not name.strip():
        problems["name"] = "Name the training run."
    elif budget.allotments.filter(name=name.strip()).exists():
        problems["name"] = "This training run has a share already."
    if budget.unit != Budget.Unit.EPSILON:
        problems["amount"] = "Only a budget in ε can be shared out: sampled training has no ρ."
    try:
        accounting.require()
    except ConnectorError as missing:
        problems["accountant"] = str(missing)
    if problems:
        raise ValidationError(problems)
    allotment = Allotment.objects.create(
        budget=budget, name=name.strip(), amount=share, delta=share_delta, accountant=accountant, made_by=by
    )
    budgets.reserve(
        budget, allotment, amount=share, delta=share_delta, what=f"Training run {allotment.name}"[:300]
    )
    record(
        events.ALLOTMENT_MADE,
        allotment,
        amount=f"ε {units.of_nano(share)}",
        delta=units.of_pico(share_delta),
        accountant=accountant,
    )
    return allotment


def draw(allotment: Allotment, *, noise_multiplier: float, sampling_rate: float, steps: int) -> Draw:
    """Permission for `steps` more steps, written down. Raises ValidationError, Closed, or Overdrawn: then do not train.

    `noise_multiplier` is the noise's standard deviation over the clipping norm, `sampling_rate` the chance of each
    person to be in a batch.
    """
    _check(noise_multiplier, sampling_rate, steps)
    facts: dict[str, Any] = {
        "steps": steps,
        "noise_multiplier": f"{noise_multiplier:g}",
        "sampling_rate": f"{sampling_rate:g}",
    }
    with transaction.atomic():
        locked = Allotment.objects.select_for_update().get(pk=allotment.pk)
        if locked.closed_at:
            raise Closed(f"The share of {locked} is closed; ask for another one.")
        total = epsilon_after(locked, noise_multiplier, sampling_rate, steps)
        if total is not None and total <= locked.amount:
            made = Draw.objects.create(
                allotment=locked,
                noise_multiplier=noise_multiplier,
                sampling_rate=sampling_rate,
                steps=steps,
                total=total,
                actor=current_actor().id,
            )
            record(events.ALLOTMENT_DRAWN, locked, total=f"ε {units.of_nano(total)}", **facts)
            return made
        reached = "no finite ε" if total is None else f"ε {units.of_nano(total)}"
        record(events.ALLOTMENT_REFUSED, locked, total=reached, **facts)
    raise Overdrawn(
        f"With these steps {locked} would be at {reached} of {locked.amount_words}; it stands at "
        f"ε {units.of_nano(spent(locked))}. Take fewer steps, or more noise."
    )


@transaction.atomic
def close(allotment: Allotment) -> bool:
    """No more draws. Whether its charge was given back: only if it never drew."""
    locked = Allotment.objects.select_for_update().get(pk=allotment.pk)
    if locked.closed_at:
        raise Closed(f"The share of {locked} is closed already.")
    back = budgets.give_back(locked, what=f"Training run {locked.name}"[:300], reason="It never drew.")
    locked.closed_at = timezone.now()
    locked.save(update_fields=["closed_at"])
    record(events.ALLOTMENT_CLOSED, locked, given_back=back is not None)
    return back is not None


def spent(allotment: Allotment) -> int:
    """The nano-ε of all its draws together."""
    drawn = list(allotment.draws.all())
    return drawn[-1].total if drawn else 0


def epsilon_after(
    allotment: Allotment, noise_multiplier: float, sampling_rate: float, steps: int
) -> int | None:
    """Where all draws so far and these steps would be, in nano-ε."""
    times = Counter({(noise_multiplier, sampling_rate): steps})
    for made in allotment.draws.all():
        times[made.noise_multiplier, made.sampling_rate] += made.steps
    together = [accounting.training(noise, rate, count) for (noise, rate), count in times.items()]
    by = (
        accounting.rdp_epsilon
        if allotment.accountant == Allotment.Accountant.RDP
        else accounting.composed_epsilon
    )
    return by(together, delta=allotment.delta)


def _check(noise_multiplier: float, sampling_rate: float, steps: int) -> None:
    problems = {}
    if not (math.isfinite(noise_multiplier) and 0.1 <= noise_multiplier <= 1_000):
        problems["noise_multiplier"] = "The noise multiplier lies between 0.1 and 1,000."
    if not 0 < sampling_rate <= 1:
        problems["sampling_rate"] = "The sampling rate lies above 0, and is 1 at most."
    if not 1 <= steps <= MOST_STEPS:
        problems["steps"] = f"Between 1 and {MOST_STEPS:,} steps can be drawn at once."
    if problems:
        raise ValidationError(problems)
