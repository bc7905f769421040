"""The classification of every column, and how much of it a person has decided."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import Q

from audit.reports.base import Fact, Report, ReportContent, Section, Value, many
from catalog.classification.vocabulary import CATEGORIES, Sensitivity
from catalog.models import Column, DataSet, System
from governance.console.models import User

UNCLASSIFIED = "not classified"
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


class Classification(Report):
    kind = "classification"
    title = "Classification of all columns"
    purpose = "Every column of every system: what it holds, how sensitive that is, and who decided so when."

    def build(self, **parameters: Any) -> ReportContent:
        columns = list(
            Column.objects.filter(gone_at=None, data_set__gone_at=None)
            .select_related("data_set__system")
            .order_by("data_set__system__name", "data_set__name", "position", "pk")
        )
        unreviewed = sum(column.state != Column.State.CONFIRMED for column in columns)
        unread = _unread()
        return ReportContent(
            title=self.title,
            subtitle=f"{many(len({column.data_set.system_id for column in columns}), 'system')}, "
            f"{many(len({column.data_set_id for column in columns}), 'data set')}",
            conclusion=_conclusion(len(columns), unreviewed, len(unread)),
            conclusive=not unreviewed and not unread,
            sections=[
                _by_sensitivity(columns, unreviewed),
                Section(
                    "Not read",
                    "Nobody can say what these hold.",
                    columns=("System", "Data set", "Why"),
                    rows=unread,
                )
                if unread
                else Section("Not read", "Every system and data set could be read."),
                Section(
                    "All columns",
                    "Without the columns that are gone from their store.",
                    columns=COLUMNS,
                    rows=_rows(columns),
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


def _by_sensitivity(columns: list[Column], unreviewed: int) -> Section:
    counted = Counter(
        (column.sensitivity or UNCLASSIFIED, column.state == Column.State.CONFIRMED) for column in columns
    )
    titles = {
        **{sensitivity.value: sensitivity.title for sensitivity in Sensitivity},
        UNCLASSIFIED: UNCLASSIFIED,
    }
    return Section(
        "By sensitivity",
        facts=[
            Fact("Columns in all", len(columns)),
            Fact("Counting as personal", sum(column.personal for column in columns)),
            Fact("Not reviewed yet", unreviewed),
        ],
        columns=("Sensitivity", "Columns", "Confirmed", "Unreviewed"),
        rows=[
            (title, counted[key, True] + counted[key, False], counted[key, True], counted[key, False])
            for key, title in titles.items()
        ],
    )


def _unread() -> list[tuple[Value, ...]]:
    systems = System.objects.filter(~Q(problem="") | Q(scanned_at=None)).order_by("name")
    data_sets = DataSet.objects.filter(gone_at=None).exclude(problem="").select_related("system")
    rows = [(system.name, "", system.problem or "never scanned") for system in systems]
    rows += [
        (found.system.name, found.name, found.problem) for found in data_sets.order_by("system__name", "name")
    ]
    return sorted(rows)


def _rows(columns: list[Column]) -> list[tuple[Value, ...]]:
    names = {user.pk: user.display_name for user in User.objects.all()}
    return [
        (
            column.data_set.system.name,
            column.data_set.name,
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
        for column in columns
    ]
