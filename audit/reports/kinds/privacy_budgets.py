"""The ledger of privacy budgets: what may be told of the people of each data set, what was charged, for what."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from audit.reports.base import Fact, Report, ReportContent, Section, many
from audit.reports.parameters import Period, limits, within
from retention.statistics import units
from retention.statistics.models import Allotment, Budget, Charge

BUDGETS = ("Data set", "Limit", "Period", "Accounting", "Charged in all", "Charges", "Set")
CHARGES = ("Number", "Made", "Data set", "Line", "Amount", "Delta", "For", "Reason", "Actor")
SHARES = ("Data set", "Training run", "Amount", "Delta", "Made", "Closed")
FETCH = 2_000


class Which(Period):
    """Which lines and shares are listed; what is charged of a budget is always all of it."""

    data_set = forms.CharField(
        required=False, max_length=300, label="Data set", help_text="Part of its name."
    )


class PrivacyBudgets(Report):
    kind = "privacy_budgets"
    title = "Privacy budget ledger"
    purpose = "The budget of every data set, each charge to it, and the shares that were given to training."

    Parameters = Which

    def build(self, **parameters: Any) -> ReportContent:
        named = Budget.objects.filter(name__icontains=parameters.get("data_set") or "")
        budgets = {budget.pk: budget for budget in named.order_by("name", "pk")}
        days = {"since": parameters.get("since"), "until": parameters.get("until")}
        lines = Charge.objects.filter(budget__in=budgets)
        listed = (
            set(within(lines, "made_at", **days).values_list("pk", flat=True)) if any(days.values()) else None
        )
        spent = dict.fromkeys(budgets, 0)
        counted = dict.fromkeys(budgets, 0)
        charges = []
        for charge in lines.order_by("pk").iterator(chunk_size=FETCH):
            budget = budgets[charge.budget_id]
            spent[budget.pk] += charge.amount
            counted[budget.pk] += 1
            if listed is None or charge.pk in listed:
                charges.append(_charge(charge, budget))
        return ReportContent(
            title=self.title,
            subtitle=f"{many(len(budgets), 'budget')}, {many(len(charges), 'line')}{limits(**parameters)}",
            conclusion="What is spent of a budget is the sum of its lines, which the database refuses to change.",
            conclusive=True,
            sections=[
                Section(
                    "Budgets",
                    facts=[Fact("Data sets with a budget", len(budgets))],
                    columns=BUDGETS,
                    rows=[
                        (
                            budget.name,
                            budget.limit_words,
                            budget.get_period_display(),
                            budget.get_accounting_display(),
                            f"{budget.symbol} {units.of_nano(spent[budget.pk])}",
                            counted[budget.pk],
                            budget.set_at,
                        )
                        for budget in budgets.values()
                    ],
                    empty="No data set has a budget.",
                ),
                Section("Lines", columns=CHARGES, rows=charges, empty="Nothing was charged."),
                Section("Shares for training", columns=SHARES, rows=_shares(budgets, **days), empty="None."),
            ],
        )


def _charge(charge: Charge, budget: Budget) -> tuple[Any, ...]:
    return (
        charge.pk,
        charge.made_at,
        budget.name,
        charge.get_kind_display(),
        f"{budget.symbol} {units.of_nano(charge.amount)}",
        units.of_pico(charge.delta),
        charge.what,
        charge.reason,
        charge.actor,
    )


def _shares(budgets: dict[int, Budget], *, since: date | None, until: date | None) -> list[tuple[Any, ...]]:
    return [
        (
            budgets[share.budget_id].name,
            share.name,
            f"{budgets[share.budget_id].symbol} {units.of_nano(share.amount)}",
            units.of_pico(share.delta),
            share.made_at,
            share.closed_at,
        )
        for share in within(
            Allotment.objects.filter(budget__in=budgets), "made_at", since=since, until=until
        ).order_by("made_at", "pk")
    ]
