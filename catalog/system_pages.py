"""The page of one system and its tabs."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpResponseBase

from catalog import scanning
from catalog.connectors import registry
from catalog.filters import OwnDataSetFilter
from catalog.models import Change, Column, DataSet, System
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page

TABS = (("", "Data sets"), ("settings", "Settings"), ("drift", "Drift"), ("jobs", "Jobs"))
SHOWN = 50
DATA_SETS = [
    ListColumn("name", "Name", sort=True, link=DataSet.get_absolute_url, wraps=True),
    ListColumn("columns", "Columns", value="column_count", sort="column_count", numeric=True),
    ListColumn("unreviewed", "To review", value="unreviewed_count", sort="unreviewed_count", numeric=True),
    ListColumn("row_estimate", "Rows, about", sort=True, numeric=True),
    ListColumn("problem", "Problem", wraps=True),
    ListColumn("scanned_at", "Scanned", sort=True),
]


def counted(data_sets: QuerySet[DataSet]) -> QuerySet[DataSet]:
    """With how many columns each has, and how many of them nobody has reviewed: counted for the rows shown only."""
    of_row = Column.objects.filter(data_set=OuterRef("pk"), gone_at=None)
    return data_sets.select_related("system").annotate(
        column_count=how_many(of_row),
        unreviewed_count=how_many(of_row.filter(state=Column.State.UNREVIEWED)),
    )


def how_many(rows: QuerySet) -> Coalesce:
    """The number of `rows` (which refer to an outer row) as an annotation."""
    counts = rows.order_by().annotate(one=Value(1)).values("one").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counts), 0)


def system_page(
    request: StaffRequest, system: System, *, tab: str = "", status: int = 200
) -> HttpResponseBase:
    """One system: its data sets as a list, or one of the other tabs."""
    context: dict[str, Any] = {
        "system": system,
        "title": system.name,
        "tabs": _tabs(system, tab),
        "active_jobs": list(scanning.active_jobs(system)),
        "may_manage": request.user.may("systems.manage"),
        "may_scan": request.user.may("catalog.scan") and system.connectable,
    }
    if tab == "settings":
        context["facts"] = setting_facts(system)
    elif tab == "drift":
        changes = Change.objects.filter(data_set__system=system).select_related("data_set")
        context["changes"] = changes[:SHOWN]
    elif tab == "jobs":
        context["jobs"] = scanning.jobs_of(system).select_related("started_by")[:SHOWN]
    else:
        return listing(
            request,
            counted(system.data_sets.all()),
            filterset=OwnDataSetFilter,
            columns=DATA_SETS,
            title=system.name,
            template="catalog/system.html",
            context={**context, "parent": "ui/list_page.html"},
            empty=Empty("Nothing read yet", "A scan lists the data sets of the system here.", icon="table"),
        )
    return page(request, f"catalog/system_{tab}.html", context, status=status)


def setting_facts(system: System) -> list[tuple[str, Any]]:
    """What may be shown of its settings; of a secret, that it is set."""
    facts: list[tuple[str, Any]] = [("Kind", system.get_kind_display()), ("Region", system.region)]
    facts.append(("Custodian", system.custodian.display_name if system.custodian else ""))
    facts.append(("Scanned every night", system.nightly))
    known = registry.classes.get(system.kind)
    fields = known.Form.base_fields if known else {}
    for name, value in system.settings.items():
        label = str((name in fields and fields[name].label) or name.replace("_", " ").capitalize())
        facts.append((label, str(value) if type(value) is int else value))  # a port is a name, not an amount
    secret_fields = sorted(known.secret_fields) if known and system.secrets else []
    return facts + [(name.capitalize(), "Stored encrypted") for name in secret_fields]


def _tabs(system: System, current: str) -> list[dict[str, Any]]:
    home = system.get_absolute_url()
    return [
        {"label": label, "url": f"{home}?tab={key}" if key else home, "current": key == current}
        for key, label in TABS
    ]
