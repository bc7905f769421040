"""Budgets: setting them, what is left, and the one way to charge them.

A charge locks the row of its budget, adds up what its ledger says, and is written in the same transaction or not at
all; so however many ask at once, the sum never passes the limit. It is committed before any data are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from audit.ledger.context import current_actor
from audit.ledger.recording import record
from catalog.connectors.base import ConnectorError
from catalog.models import EXTERNAL, DataSet
from governance.console.models import User
from retention.statistics import accounting, events, units
from retention.statistics.models import Allotment, Budget, Charge, Period, Release


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget in its period: amounts in nano, deltas in pico."""

    limit: int
    spent: int
    delta: int
    delta_spent: int
    renews: date | None
    symbol: str

    @property
    def left(self) -> int:
        return max(0, self.limit - self.spent)

    @property
    def delta_left(self) -> int:
        return max(0, self.delta - self.delta_spent)

    @property
    def left_words(self) -> str:
        delta = f", δ {units.of_pico(self.delta_left)}" if self.delta else ""
        return f"{self.symbol} {units.of_nano(self.left)}{delta}"

    @property
    def spent_words(self) -> str:
        return f"{self.symbol} {units.of_nano(self.spent)}"


class Refused(Exception):
    """A budget does not suffice; it says what is left and when it renews."""

    def __init__(self, budget: Budget, standing: Standing, *, amount: int, delta: int) -> None:
        self.standing = standing
        asked = f"{budget.symbol} {units.of_nano(amount)}" + (f", δ {units.of_pico(delta)}" if delta else "")
        when = f"It renews on {standing.renews:%-d %B %Y}." if standing.renews else "It does not renew."
        super().__init__(
            f"This takes {asked}; {standing.left_words} is left of the budget of {budget}. {when}"
        )


@transaction.atomic
def set_budget(
    data_set: DataSet,
    *,
    limit: Any,
    delta: Any = 0,
    unit: str = Budget.Unit.EPSILON,
    accounting_by: str = Budget.Accounting.BASIC,
    period: str = Period.MONTH,
    person: str = "",
    reason: str = "",
    by: User | None = None,
) -> Budget:
    """Make the budget of a data set, or change it; what was charged stays charged.

    `limit` and `delta` as somebody writes them; `person` is the column that tells persons apart, whom every question
    must protect then. Raises ValidationError by field: nothing, not a number, another unit than what was already
    charged in, no such column.
    """
    terms = _terms(limit, delta, unit, accounting_by)
    if period not in Period.values:
        raise ValidationError({"period": f"Choose one of {', '.join(Period.values)}."})
    if data_set.system.kind == EXTERNAL:
        raise ValidationError(
            {"data_set": f"{data_set} is known from lineage only: nothing can be read from it."}
        )
    if person and not data_set.columns.filter(gone_at=None, nested_in=None, name=person).exists():
        raise ValidationError({"person": f"{data_set} has no column {person}; choose among its columns."})
    budget = Budget.objects.select_for_update().filter(data_set=data_set).first()
    if budget and budget.unit != unit and budget.charges.exists():
        raise ValidationError({"unit": "Charges were made in the other unit, and they cannot be converted."})
    budget = budget or Budget(data_set=data_set)
    budget.name = str(data_set)[:500]
    budget.limit, budget.delta, budget.unit = terms["limit"], terms["delta"], unit
    budget.accounting, budget.period, budget.person = accounting_by, period, person
    budget.set_by, budget.set_at = by, timezone.now()
    budget.save()
    record(
        events.BUDGET_SET,
        budget,
        limit=f"{budget.symbol} {units.of_nano(budget.limit)}",
        delta=units.of_pico(budget.delta),
        period=period,
        accounting=accounting_by,
        person=person,
        reason=reason,
    )
    return budget


def _terms(limit: Any, delta: Any, unit: str, accounting_by: str) -> dict[str, int]:
    if unit not in Budget.Unit.values:
        raise ValidationError({"unit": f"Choose one of {', '.join(Budget.Unit.values)}."})
    if accounting_by not in Budget.Accounting.values:
        raise ValidationError({"accounting": f"Choose one of {', '.join(Budget.Accounting.values)}."})
    found, problems = {}, {}
    for field, read, value in (("limit", units.nano, limit), ("delta", units.pico, delta)):
        try:
            found[field] = read(value, name="A budget" if field == "limit" else "δ")
        except units.NoAmount as problem:
            problems[field] = str(problem)
    if accounting_by == Budget.Accounting.PLD:
        if unit == Budget.Unit.RHO:
            problems["accounting"] = (
                "A budget in ρ adds up exactly: it needs no other accounting than the basic one."
            )
        elif found.get("delta") == 0:
            problems["delta"] = "Privacy loss distributions give an ε at a δ above 0, such as 0.000001."
        try:
            accounting.require()
        except ConnectorError as missing:
            problems["accounting"] = str(missing)
    if problems:
        raise ValidationError(problems)
    return found


def standing(budget: Budget) -> Standing:
    """What is spent and left in the period of today."""
    sums = in_period(budget).aggregate(amount=Sum("amount"), delta=Sum("delta"))
    return _standing(budget, sums["amount"] or 0, sums["delta"] or 0)


def standings() -> dict[int, Standing]:
    """The standing of every budget, by primary key, in a handful of queries."""
    found: dict[int, Standing] = {}
    for period in Period:
        of_period = list(Budget.objects.filter(period=period))
        if not of_period:
            continue
        charges = Charge.objects.filter(
            budget__period=period, made_at__gte=of_period[0].period_began(timezone.localdate())
        )
        sums = charges.order_by().values("budget").annotate(amount=Sum("amount"), delta=Sum("delta"))
        spent = {each["budget"]: (each["amount"], each["delta"]) for each in sums}
        found |= {budget.pk: _standing(budget, *spent.get(budget.pk, (0, 0))) for budget in of_period}
    return found


def _standing(budget: Budget, spent: int, delta_spent: int) -> Standing:
    if budget.accounting == Budget.Accounting.PLD and spent:
        composed = accounting.composed_epsilon(_events(in_period(budget)), delta=budget.delta)
        # What composes to no finite ε has spent everything.
        spent = max(budget.limit, spent) if composed is None else composed
    return Standing(
        limit=budget.limit,
        spent=spent,
        delta=budget.delta,
        delta_spent=delta_spent,
        renews=budget.renews(timezone.localdate()),
        symbol=budget.symbol,
    )


def in_period(budget: Budget) -> QuerySet[Charge]:
    return Charge.objects.filter(budget=budget, made_at__gte=budget.period_began(timezone.localdate()))


@transaction.atomic
def reserve(budget: Budget, subject: Release | Allotment, *, amount: int, delta: int, what: str) -> Charge:
    """Charge `amount` (nano) and `delta` (pico) before anything is read. Raises Refused: then nothing is charged."""
    locked = Budget.objects.select_for_update().get(pk=budget.pk)
    now = standing(locked)
    event = accounting.pure(amount, delta)
    if not _suffices(locked, now, event):
        raise Refused(locked, now, amount=amount, delta=delta)
    return _write(locked, subject, Charge.Kind.RESERVE, amount=amount, delta=delta, event=event, what=what)


@transaction.atomic
def mark(release: Release, kind: Charge.Kind) -> Charge:
    """Write that noise is about to be drawn for a paid release, or that it is answered.

    Raises RuntimeError where nothing was charged, or the charge was given back: then no noise may be drawn.
    """
    locked = Budget.objects.select_for_update().get(pk=release.budget_id)
    kinds = set(release.charges.values_list("kind", flat=True))
    if Charge.Kind.RESERVE not in kinds or Charge.Kind.RETURN in kinds:
        raise RuntimeError(f"Release {release.pk} is not paid for.")
    return _write(locked, release, kind, what=release.title)


@transaction.atomic
def give_back(subject: Release | Allotment, *, what: str, reason: str) -> Charge | None:
    """Undo the charge of something that drew nothing; None where noise was, or may have been, drawn.

    The caller says what becomes of the subject, in the same transaction.
    """
    locked = Budget.objects.select_for_update().get(pk=subject.budget_id)
    charges = {charge.kind: charge for charge in subject.charges.all()}
    paid = charges.get(Charge.Kind.RESERVE)
    drawn = isinstance(subject, Allotment) and subject.draws.exists()
    if paid is None or drawn or charges.keys() - {Charge.Kind.RESERVE}:
        return None
    if paid.made_at < locked.period_began(timezone.localdate()):
        # It counted in a period that is over: given back now it would raise this one above its limit.
        return _write(locked, subject, Charge.Kind.RETURN, what=what, reason=reason)
    return _write(
        locked,
        subject,
        Charge.Kind.RETURN,
        amount=-paid.amount,
        delta=-paid.delta,
        what=what,
        reason=reason,
    )


def _suffices(budget: Budget, now: Standing, event: Mapping[str, Any]) -> bool:
    if event["delta"] > now.delta_left:
        return False
    if budget.accounting == Budget.Accounting.BASIC:
        return event["epsilon"] <= now.left
    composed = accounting.composed_epsilon([*_events(in_period(budget)), event], delta=budget.delta)
    return composed is not None and composed <= budget.limit


def _events(charges: QuerySet[Charge]) -> list[dict[str, Any]]:
    """The events that count: what was charged and not given back."""
    lines = list(charges.exclude(event={}, amount=0).values("kind", "release", "allotment", "event"))
    back = {(line["release"], line["allotment"]) for line in lines if line["kind"] == Charge.Kind.RETURN}
    return [
        line["event"]
        for line in lines
        if line["kind"] == Charge.Kind.RESERVE and (line["release"], line["allotment"]) not in back
    ]


def _write(budget: Budget, subject: Release | Allotment, kind: Charge.Kind, **fields: Any) -> Charge:
    return Charge.objects.create(
        budget=budget, kind=kind, actor=current_actor().id, **Charge.of(subject), **fields
    )
