"""The record of processing activities, Art. 30(1) GDPR.

What somebody has to say is in the activities; what data there are, and where, comes from the catalog.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from audit.reports.base import (
    ALWAYS,
    WHERE_APPLICABLE,
    WHERE_POSSIBLE,
    Fact,
    Gap,
    Report,
    ReportContent,
    Section,
    many,
)
from audit.reports.holdings import Holding, holdings, sorted_titles
from audit.reports.parameters import choice, limits
from governance.activities.models import Organisation, ProcessingActivity

DATA_SETS = ("System", "Region", "Data set", "Categories of data", "Personal columns", "Unreviewed columns")


class Which(forms.Form):
    """One activity, to hand over its part of the record; the record itself is all of them."""

    activity = choice("Activity", lambda: [(each, each) for each in _activities()])


class Article30(Report):
    kind = "article_30"
    title = "Record of processing activities"
    purpose = "What Art. 30(1) GDPR asks a controller to write down, with what the catalog knows, and what is missing."

    Parameters = Which

    def build(self, **parameters: Any) -> ReportContent:
        organisation = Organisation.objects.order_by("pk").first()
        known = holdings()
        one = parameters.get("activity") or ""
        activities = list(ProcessingActivity.objects.order_by("name", "pk").prefetch_related("data_sets"))
        used: dict[int, list[Holding]] = {activity.pk: _used(activity, known) for activity in activities}
        unused = [] if one else _unused(known, used)
        activities = [activity for activity in activities if one in ("", activity.name)]
        gaps = _gaps_of_controller(organisation)
        if not activities:
            gaps.append(Gap("Processing activities: none is recorded", "The record", "Art. 30(1)"))
        for activity in activities:
            gaps += _gaps_of_activity(activity, used[activity.pk])
        gaps += [
            Gap("A processing activity that uses this data set", str(holding.data_set), "Art. 30(1)")
            for holding in unused
        ]
        missing = sum(gap.duty == ALWAYS for gap in gaps)
        return ReportContent(
            title=self.title,
            subtitle=f"{organisation.name if organisation else 'No controller named'}, Art. 30(1) GDPR"
            f"{limits(**parameters)}",
            conclusion=_conclusion(missing, len(gaps) - missing),
            conclusive=not missing,
            sections=[
                _controller(organisation),
                *(_activity(activity, used[activity.pk]) for activity in activities),
                *([] if one else [_without_activity(unused)]),
            ],
            gaps=gaps,
        )


def _without_activity(unused: list[Holding]) -> Section:
    return Section(
        "Personal data that no activity uses",
        columns=DATA_SETS,
        rows=[_row(holding) for holding in unused],
        empty="None: every data set with personal data belongs to an activity.",
    )


def _conclusion(missing: int, open_details: int) -> str:
    said = (
        f"Incomplete: {many(missing, 'thing')} that Art. 30(1) always asks for "
        f"{'are' if missing > 1 else 'is'} missing."
        if missing
        else "Complete: everything that Art. 30(1) always asks for is stated."
    )
    if open_details:
        said += f" {open_details} more that it asks for where possible or applicable: see below."
    return said


def _used(activity: ProcessingActivity, known: dict[int, Holding]) -> list[Holding]:
    ids = {data_set.pk for data_set in activity.data_sets.all()}
    return [holding for pk, holding in known.items() if pk in ids]


def _unused(known: dict[int, Holding], used: dict[int, list[Holding]]) -> list[Holding]:
    assigned = {holding.data_set.pk for of_activity in used.values() for holding in of_activity}
    return [
        holding
        for pk, holding in known.items()
        if pk not in assigned and (holding.personal or holding.unreviewed)
    ]


def _controller(organisation: Organisation | None) -> Section:
    one = organisation or Organisation(name="", contact="", country="")
    return Section(
        "Controller",
        facts=[
            Fact("Name", one.name, "Art. 30(1)(a)"),
            Fact("Contact", one.contact, "Art. 30(1)(a)"),
            Fact("Joint controllers", one.joint_controllers, "Art. 30(1)(a)"),
            Fact("Representative", one.representative, "Art. 30(1)(a)"),
            Fact("Data protection officer", one.officer_name, "Art. 30(1)(a)"),
            Fact("Contact of the officer", one.officer_contact, "Art. 30(1)(a)"),
            Fact("Country", one.country),
        ],
    )


def _gaps_of_controller(organisation: Organisation | None) -> list[Gap]:
    named = {"Name": organisation and organisation.name, "Contact": organisation and organisation.contact}
    return [
        Gap(f"{title} of the controller", "Controller", "Art. 30(1)(a)")
        for title, value in named.items()
        if not (value or "").strip()
    ]


def _activity(activity: ProcessingActivity, used: list[Holding]) -> Section:
    titles: set[str] = set().union(*(holding.titles for holding in used))
    unreviewed = sum(holding.unreviewed for holding in used)
    systems = {holding.data_set.system for holding in used}
    return Section(
        activity.name,
        facts=[
            Fact("Purpose", activity.purpose, "Art. 30(1)(b)"),
            Fact("Lawful basis", activity.get_lawful_basis_display(), "Art. 6(1)"),
            Fact("Condition for special categories", activity.special_condition, "Art. 9(2)"),
            Fact("Categories of data subjects", activity.subject_categories, "Art. 30(1)(c)"),
            Fact("Categories of personal data", sorted_titles(titles), "Art. 30(1)(c)"),
            Fact("Not reviewed", _unreviewed(unreviewed)),
            Fact("Recipients", activity.recipients, "Art. 30(1)(d)"),
            Fact("Transfers to third countries", activity.transfers, "Art. 30(1)(e)"),
            Fact("Safeguards for them", activity.safeguards, "Art. 30(1)(e)"),
            Fact("Time limits for erasure", activity.time_limits, "Art. 30(1)(f)"),
            Fact("Security measures", activity.security_measures, "Art. 30(1)(g)"),
            Fact(
                "Systems",
                sorted(
                    f"{system.name} ({system.region})" if system.region else system.name for system in systems
                ),
            ),
        ],
        columns=DATA_SETS,
        rows=[_row(holding) for holding in used],
        empty="No data set of the catalog is assigned to this activity.",
    )


def _unreviewed(columns: int) -> str:
    if not columns:
        return "none"
    return f"unreviewed: {columns} column{'s count' if columns > 1 else ' counts'} as personal"


def _row(holding: Holding) -> Sequence[Any]:
    system = holding.data_set.system
    return (
        system.name,
        system.region,
        holding.data_set.name,
        holding.categories,
        holding.personal,
        holding.unreviewed,
    )


def _gaps_of_activity(activity: ProcessingActivity, used: list[Holding]) -> list[Gap]:
    stated = [
        ("Purpose", activity.purpose, "Art. 30(1)(b)", ALWAYS),
        ("Categories of data subjects", activity.subject_categories, "Art. 30(1)(c)", ALWAYS),
        ("Recipients", activity.recipients, "Art. 30(1)(d)", ALWAYS),
        ("Time limits for erasure", activity.time_limits, "Art. 30(1)(f)", WHERE_POSSIBLE),
        ("Security measures", activity.security_measures, "Art. 30(1)(g)", WHERE_POSSIBLE),
    ]
    gaps = [
        Gap(what, activity.name, reference, duty)
        for what, value, reference, duty in stated
        if not (value.strip() if isinstance(value, str) else value)
    ]
    data = _missing_data(used)
    if data:
        gaps.append(Gap(f"Categories of personal data: {data}", activity.name, "Art. 30(1)(c)"))
    if activity.transfers.strip() and not activity.safeguards.strip():
        gaps.append(Gap("Safeguards for the transfers", activity.name, "Art. 30(1)(e)", WHERE_APPLICABLE))
    if any(holding.sensitive for holding in used) and not activity.special_condition.strip():
        gaps.append(Gap("Condition for special categories", activity.name, "Art. 9(2)", WHERE_APPLICABLE))
    return gaps


def _missing_data(used: list[Holding]) -> str:
    """Why the catalog cannot say which data the activity uses; empty if it can."""
    if not used:
        return "no data set is assigned"
    if any(holding.personal for holding in used):
        return ""
    if any(holding.unreviewed for holding in used):
        return "no column of its data sets has been reviewed"
    return "none of its data sets holds any"


def _activities() -> list[str]:
    return list(ProcessingActivity.objects.order_by("name").values_list("name", flat=True))
