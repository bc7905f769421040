"""Transfers of personal data out of where they may lie: Chapter V GDPR, and Art. 30(1)(e)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from audit.reports.base import Fact, Report, ReportContent, Section, many
from audit.reports.parameters import OfSystem, choice, limits
from catalog.localization.transfers import Transfer, misplaced, transfers
from catalog.models import LocalizationRule, Safeguard, System

COLUMNS = ("State", "From", "From region", "To", "To region", "Data", "May lie in", "Safeguard", "Edges")


STATES = ("no safeguard", "region unknown", "safeguarded")


class Which(OfSystem):
    """A flow from or to the system."""

    state = choice("State", [(state, state.capitalize()) for state in STATES])


class Transfers(Report):
    kind = "transfers"
    title = "Transfers"
    purpose = "Every flow that takes personal data out of where they may lie, and the safeguard it has (Art. 44 to 49)."

    Parameters = Which

    def build(self, **parameters: Any) -> ReportContent:
        today = timezone.localdate()
        system, state = parameters.get("system"), parameters.get("state")
        found = [
            each
            for each in transfers(today)
            if (not system or system in (each.source.system.name, each.target.system.name))
            and (not state or state == each.state)
        ]
        elsewhere = [each for each in misplaced(today) if not system or system == each.data_set.system.name]
        counted = {
            state: sum(each.state == state for each in found) for state in ("no safeguard", "region unknown")
        }
        nowhere = System.objects.filter(region="").count()
        return ReportContent(
            title=self.title,
            subtitle=f"{many(len(found), 'transfer')} between data sets, by category of data{limits(**parameters)}",
            conclusion=f"Without a safeguard: {counted['no safeguard']}. Not to be judged, as a region is unknown: "
            f"{counted['region unknown']}. Lying where no rule allows it: {len(elsewhere)}.",
            conclusive=not any(counted.values()) and not elsewhere,
            sections=[
                Section(
                    "Transfers",
                    "As far as lineage tells: events of producers, parsed SQL, views, and what was declared.",
                    facts=[Fact("Judged on", today), Fact("Systems without a region", nowhere)],
                    columns=COLUMNS,
                    rows=[_row(each) for each in found],
                    empty="No flow takes personal data out of where they may lie.",
                ),
                Section(
                    "Lying where no rule allows it",
                    columns=("Data set", "Region", "Data", "Columns", "May lie in"),
                    rows=[
                        (
                            str(each.data_set),
                            each.data_set.system.region,
                            each.category_title,
                            each.columns,
                            ", ".join(each.allowed),
                        )
                        for each in elsewhere
                    ],
                    empty="Nothing.",
                ),
                Section(
                    "Rules",
                    columns=("Data", "May lie in", "Note"),
                    rows=[
                        (str(rule), ", ".join(rule.regions), rule.note)
                        for rule in LocalizationRule.objects.all()
                    ],
                    empty="There is none: what is in the European Economic Area stays there or needs a safeguard.",
                ),
                Section(
                    "Safeguards",
                    columns=("Kind", "Into", "Reference", "From", "Until", "Withdrawn"),
                    rows=[
                        (
                            each.get_kind_display(),
                            each.system.name if each.system else each.region,
                            each.reference,
                            each.valid_from,
                            each.valid_until,
                            each.withdrawn_at,
                        )
                        for each in Safeguard.objects.select_related("system")
                    ],
                    empty="None is recorded.",
                ),
            ],
        )


def _row(transfer: Transfer) -> tuple[Any, ...]:
    return (
        transfer.state,
        str(transfer.source),
        transfer.source.system.region,
        str(transfer.target),
        transfer.target.system.region,
        transfer.category_title,
        ", ".join(transfer.allowed),
        str(transfer.safeguard or ""),
        len(transfer.edges),
    )
