"""What the console does of itself as a control, with figures from the live system and the entries behind them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import Count, Max, Min

from audit.ledger.events import EVENTS
from audit.ledger.models import Entry
from audit.reports.base import Fact, Gap, Report, ReportContent, Section, many
from audit.reports.control_figures import Evidence
from audit.reports.controls import CONTROLS, ISO, NIST, TITLES, Control
from audit.reports.parameters import Period, limits, within

CONTROL = ("Control", "Holds", "NIST Privacy Framework", "ISO/IEC 27701", "Entries")
FRAMEWORK = ("Framework", "Identifier", "About", "Controls")
ENTRIES = ("Action", "What", "Entries", "First entry", "Last entry", "Latest")
SCOPE = (
    "These are the controls that the console carries out, mapped by identifier. Whether they are enough for an "
    "organisation, and what else it does, is for its auditor to say. Figures are of this moment, "
    "entries of the days asked for."
)


class Which(Period):
    """Which entries are counted; the figures are always of the moment."""

    framework = forms.ChoiceField(
        required=False, choices=[("", "Both"), ("nist", NIST), ("iso", ISO)], label="Framework"
    )


class ControlEvidence(Report):
    kind = "control_evidence"
    title = "Control evidence"
    purpose = (
        "The controls that run here, by NIST Privacy Framework and ISO/IEC 27701, with figures and entries."
    )
    Parameters = Which

    def build(self, **parameters: Any) -> ReportContent:
        found = [(control, control.read(), _entries(control, **parameters)) for control in CONTROLS]
        broken = [control.title for control, evidence, _ in found if evidence.holds is False]
        unused = sum(evidence.holds is None for _, evidence, _ in found)
        return ReportContent(
            title=self.title,
            subtitle=f"{many(len(found), 'control')}, {NIST} and {ISO}{limits(**parameters)}",
            conclusion=f"Of {many(len(found), 'control')}, {len(found) - len(broken) - unused} hold, "
            f"{len(broken)} do not, and {unused} are not in use.",
            conclusive=not broken,
            sections=[
                Section("Controls", SCOPE, columns=CONTROL, rows=[_row(*each) for each in found]),
                Section(
                    "By framework",
                    columns=FRAMEWORK,
                    rows=list(_by_framework(parameters.get("framework") or "")),
                ),
                *(_section(*each) for each in found),
            ],
            gaps=[Gap(title, "Controls", _references(title)) for title in broken],
        )


def _row(control: Control, evidence: Evidence, entries: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    return (
        control.title,
        {True: "yes", False: "no", None: "not in use"}[evidence.holds],
        list(control.nist),
        list(control.iso),
        sum(each[2] for each in entries),
    )


def _section(control: Control, evidence: Evidence, entries: list[tuple[Any, ...]]) -> Section:
    identifiers = ", ".join([*control.nist, *control.iso])
    return Section(
        control.title,
        identifiers,
        facts=[
            Fact("Holds", {True: "yes", False: "no", None: "not in use"}[evidence.holds]),
            *evidence.facts,
        ],
        columns=ENTRIES,
        rows=entries,
        empty="No entry.",
    )


def _entries(control: Control, **parameters: Any) -> list[tuple[Any, ...]]:
    asked = Entry.objects.filter(action__in=control.actions).order_by()
    days = {"since": parameters.get("since"), "until": parameters.get("until")}
    counted = (
        within(asked, "at", **days)
        .values("action")
        .annotate(many=Count("pk"), first=Min("pk"), last=Max("pk"), latest=Max("at"))
        .order_by("action")
    )
    return [
        (
            each["action"],
            EVENTS[each["action"]].title if each["action"] in EVENTS else "",
            each["many"],
            each["first"],
            each["last"],
            each["latest"],
        )
        for each in counted
    ]


def _by_framework(framework: str) -> Iterator[tuple[Any, ...]]:
    for key, name in (("nist", NIST), ("iso", ISO)):
        for identifier, title in TITLES[name].items() if framework in ("", key) else ():
            titles = [each.title for each in CONTROLS if identifier in (*each.nist, *each.iso)]
            yield name, identifier, title, titles


def _references(title: str) -> str:
    (control,) = [each for each in CONTROLS if each.title == title]
    return ", ".join([*control.nist, *control.iso])
