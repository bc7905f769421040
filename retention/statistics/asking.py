"""Asking: the stored answer if there is one, else a charge and a job; and what a batch of questions would cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.connectors.base import Kind
from governance.console.jobs import enqueue
from governance.console.models import User
from retention.statistics import budgets, events, units
from retention.statistics.models import Budget, Charge, Release
from retention.statistics.pricing import Plan, plan
from retention.statistics.queries import SYMBOLS, Query
from retention.statistics.reading_queries import ColumnKind, read_query

KIND = "statistics.release"


class NotNow(Exception):
    """The state of a release does not allow this."""


@dataclass(frozen=True, slots=True)
class Priced:
    """One question of a batch: what it would cost now, and the answer that it has already, if any."""

    planned: Plan
    amount: int
    delta: int
    stored: Release | None

    @property
    def amount_words(self) -> str:
        return units.of_nano(self.amount)


@dataclass(frozen=True, slots=True)
class Bill:
    """A batch of questions: what it costs together, and whether the budget suffices for all of it."""

    questions: list[Priced]
    amount: int
    delta: int
    standing: budgets.Standing

    @property
    def amount_words(self) -> str:
        delta = f", δ {units.of_pico(self.delta)}" if self.delta else ""
        return f"{self.standing.symbol} {units.of_nano(self.amount)}{delta}"

    @property
    def suffices(self) -> bool:
        return self.amount <= self.standing.left and self.delta <= self.standing.delta_left


def understand(budget: Budget, given: Mapping[str, Any]) -> Query:
    """The query that a form or a program describes. Raises ValidationError by field."""
    if budget.person and not given.get("person") and given.get("each_row") is not True:
        given = {**given, "person": budget.person}
    query = read_query(given, columns=columns_of(budget), unit=budget.unit)
    _require_person(budget, query)
    return query


def columns_of(budget: Budget) -> list[ColumnKind]:
    """The columns of the data set as the catalog knows them. A text in a file without types may be a number."""
    if budget.data_set is None:
        raise ValidationError(f"{budget} has left the catalog: nothing can be read from it.")
    loose = budget.data_set.kind == "file"
    return [
        ColumnKind(
            column.name, column.kind, loose and column.kind == Kind.TEXT and column.data_type == "text"
        )
        for column in budget.data_set.columns.filter(gone_at=None, nested_in=None)
    ]


def stored(budget: Budget, query: Query) -> Release | None:
    """The release of the same question in this period."""
    return (
        Release.objects.filter(
            budget=budget,
            fingerprint=query.fingerprint,
            period_start=budget.period_start(timezone.localdate()),
        )
        .exclude(state=Release.State.RETURNED)
        .first()
    )


def price(budget: Budget, questions: Sequence[Query]) -> Bill:
    """What they cost together; a question that is answered already, or twice in the batch, is paid once.

    By basic composition: with privacy loss distributions the batch takes less.
    """
    priced, seen = [], set()
    for query in questions:
        planned, found = plan(query), stored(budget, query)
        free = found is not None or query.fingerprint in seen
        seen.add(query.fingerprint)
        priced.append(Priced(planned, 0 if free else query.amount, 0 if free else query.delta, found))
    return Bill(
        priced,
        sum(each.amount for each in priced),
        sum(each.delta for each in priced),
        budgets.standing(budget),
    )


def ask(budget: Budget, query: Query, *, by: User | None = None) -> tuple[Release, bool]:
    """The release of this question, and whether it is new: charged and on its way.

    The same question in the same period is answered by what is stored, without a charge. Raises ValidationError
    where the noise would leave nothing, and budgets.Refused, which the ledger keeps.
    """
    plan(query)
    try:
        with transaction.atomic():
            locked = Budget.objects.select_for_update().get(pk=budget.pk)
            _require_person(locked, query)
            found = stored(locked, query)
            if found:
                return found, False
            return _paid(locked, query, by), True
    except budgets.Refused as refused:
        with transaction.atomic():
            record(
                events.STATISTIC_REFUSED,
                budget,
                amount=_words(query),
                left=refused.standing.left_words,
                fingerprint=query.fingerprint,
            )
        raise


@transaction.atomic
def again(release: Release) -> Release:
    """Take up a paid release that stopped without an answer; it costs nothing more. Raises NotNow."""
    locked = Release.objects.select_for_update().get(pk=release.pk)
    if not locked.stopped:
        raise NotNow("This is answered, or being worked on.")
    locked.state, locked.problem = Release.State.WAITING, ""
    locked.job = enqueue(KIND, title=_job_title(locked), release=locked.pk)
    locked.save(update_fields=["state", "problem", "job"])
    return locked


@transaction.atomic
def give_back(release: Release, *, reason: str) -> Release:
    """Undo the charge of a release that stopped before any noise was drawn for it. Raises NotNow."""
    locked = Release.objects.select_for_update().get(pk=release.pk)
    if not locked.stopped:
        raise NotNow("This is answered, or being worked on.")
    if budgets.give_back(locked, what=locked.title, reason=reason) is None:
        raise NotNow(
            "Noise was drawn for this, or may have been: its charge stays. Asking again costs nothing."
        )
    locked.state = Release.State.RETURNED
    locked.save(update_fields=["state"])
    record(events.CHARGE_RETURNED, locked, amount=locked.cost, reason=reason)
    return locked


def drew(release: Release) -> bool:
    return release.charges.filter(kind=Charge.Kind.DRAW).exists()


def _require_person(budget: Budget, query: Query) -> None:
    """Whoever asks may not choose another unit of protection than the budget's, such as orders instead of customers."""
    if budget.person and query.person != budget.person:
        raise ValidationError(
            {"person": f"This budget protects each {budget.person}: that column tells persons apart."}
        )


def _paid(budget: Budget, query: Query, by: User | None) -> Release:
    release = Release.objects.create(
        budget=budget,
        title=query.title[:300],
        query=query.as_json(),
        fingerprint=query.fingerprint,
        period_start=budget.period_start(timezone.localdate()),
        asked_by=by,
    )
    budgets.reserve(budget, release, amount=query.amount, delta=query.delta, what=release.title)
    release.job = enqueue(KIND, title=_job_title(release), release=release.pk)
    release.save(update_fields=["job"])
    record(
        events.STATISTIC_ASKED,
        release,
        kind=query.kind,
        amount=_words(query),
        columns=query.columns,
        person=query.person,
        fingerprint=query.fingerprint,
    )
    return release


def _job_title(release: Release) -> str:
    return f"{release.title}: {release.budget}"[:200]


def _words(query: Query) -> str:
    delta = f", δ {units.of_pico(query.delta)}" if query.delta else ""
    return f"{SYMBOLS[query.unit]} {units.of_nano(query.amount)}{delta}"
