"""The classification of every column, and how much of it a person has decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db.models import Q

from audit.reports.base import Fact, Report, ReportContent, Section, Value, many
from audit.reports.parameters import OfSystem, choice, limits
from catalog.classification.vocabulary import CATEGORIES, Sensitivity
from catalog.models import Column, DataSet, System
from governance.console.models import User

UNCLASSIFIED = "not classified"
FETCH = 5_000
COLUMNS = (
    "System",
    "Data set",
    "Column",
    "Type",
    "Category",
    "Sensitivity",
    "Personal",
    "State",
    "Confidence %",
    "Reviewed by",
    "Reviewed at",
)
PERSONAL = COLUMNS.index("Personal")


class Which(OfSystem):
    sensitivity = choice("Sensitivity", [(each.value, each.title) for each in Sensitivity])
    state = choice("State", Column.State.choices)


class Classification(Report):
    kind = "classification"
    title = "Classification of all columns"
    purpose = "Every column of every system: what it holds, how sensitive that is, and who decided so when."
    Parameters = Which

    def build(self, **parameters: Any) -> ReportContent:
        counted: Counter[tuple[str, bool]] = Counter()
        rows = list(_rows(counted, **parameters))
        unreviewed = sum(count for (_, confirmed), count in counted.items() if not confirmed)
        unread = _unread(parameters.get("system", ""))
        systems, data_sets = len({row[0] for row in rows}), len({row[:2] for row in rows})
        return ReportContent(
            title=self.title,
            subtitle=f"{many(systems, 'system')}, {many(data_sets, 'data set')}{limits(**parameters)}",
            conclusion=_conclusion(len(rows), unreviewed, len(unread)),
            conclusive=not unreviewed and not unread,
            sections=[
                Section(
                    "By sensitivity",
                    facts=[
                        Fact("Columns in all", len(rows)),
                        Fact("Counting as personal", sum(row[PERSONAL] is True for row in rows)),
                        Fact("Not reviewed yet", unreviewed),
                    ],
                    columns=("Sensitivity", "Columns", "Confirmed", "Unreviewed"),
                    rows=_by_sensitivity(counted),
                ),
                Section(
                    "Not read",
                    "Nobody can say what these hold."
                    if unread
                    else "Every system and data set could be read.",
                    columns=("System", "Data set", "Why"),
                    rows=unread,
                ),
                Section(
                    "All columns",
                    "Without the columns that are gone from their store.",
                    columns=COLUMNS,
                    rows=rows,
                    empty="The catalog has no columns yet.",
                ),
            ],
        )


def _conclusion(columns: int, unreviewed: int, unread: int) -> str:
    said = [f"Reviewed: {columns - unreviewed} of {many(columns, 'column')}."]
    if unreviewed:
        said.append(f"Unreviewed, and therefore counted as personal: {unreviewed}.")
    if unread:
        said.append(f"Systems or data sets that could not be read: {unread}.")
    return " ".join(said)


def _by_sensitivity(counted: Counter[tuple[str, bool]]) -> list[tuple[Value, ...]]:
    titles = {sensitivity.value: sensitivity.title for sensitivity in Sensitivity} | {"": UNCLASSIFIED}
    return [
        (title, counted[key, True] + counted[key, False], counted[key, True], counted[key, False])
        for key, title in titles.items()
    ]


def _unread(system: str) -> list[tuple[Value, ...]]:
    systems = System.objects.filter(~Q(problem="") | Q(scanned_at=None)).order_by("name")
    data_sets = DataSet.objects.filter(gone_at=None).exclude(problem="").select_related("system")
    if system:
        systems, data_sets = systems.filter(name=system), data_sets.filter(system__name=system)
    rows = [(system.name, "", system.problem or "never scanned") for system in systems]
    rows += [
        (found.system.name, found.name, found.problem) for found in data_sets.order_by("system__name", "name")
    ]
    return sorted(rows)


def _rows(
    counted: Counter[tuple[str, bool]], *, system: str = "", sensitivity: str = "", state: str = ""
) -> Iterator[tuple[Value, ...]]:
    """One after the other, counted by sensitivity and whether they are confirmed; no column stays in memory."""
    names = {user.pk: user.display_name for user in User.objects.all()}
    places = {found.pk: (found.system.name, found.name) for found in DataSet.objects.select_related("system")}
    columns = Column.objects.filter(gone_at=None, data_set__gone_at=None).order_by(
        "data_set__system__name", "data_set__name", "position", "pk"
    )
    asked = {"data_set__system__name": system, "sensitivity": sensitivity, "state": state}
    columns = columns.filter(**{name: value for name, value in asked.items() if value})
    for column in columns.iterator(chunk_size=FETCH):
        counted[column.sensitivity, column.state == Column.State.CONFIRMED] += 1
        yield (
            *places[column.data_set_id],
            column.name,
            column.data_type,
            CATEGORIES[column.category].title if column.category in CATEGORIES else column.category,
            Sensitivity(column.sensitivity).title if column.sensitivity else UNCLASSIFIED,
            column.personal,
            column.review_state,
            round(column.confidence * 100) if column.category else None,
            names.get(column.reviewed_by_id or 0, ""),
            column.reviewed_at,
        )
