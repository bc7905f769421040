"""Risk assessments: what was measured, what it means, and what would be safe."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.models import EXTERNAL, DataSet
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow
from retention.risk import assessing
from retention.risk.charting import class_chart, gauges
from retention.risk.filters import AssessmentFilter
from retention.risk.forms import AssessmentForm, ChooseDataSetForm
from retention.risk.models import Assessment
from retention.tabs import anonymization_tabs

WORST = 15  # combinations of columns on a page
COLUMNS = [
    ListColumn(
        "data_set",
        "Data set",
        sort=("data_set__system__name", "data_set__name"),
        link=Assessment.get_absolute_url,
        wraps=True,
    ),
    ListColumn("verdict", "Verdict", template="risk/_verdict.html"),
    ListColumn("found_k", "k", sort=True, numeric=True),
    ListColumn(
        "uniques",
        "Unique rows",
        value=lambda made: "" if made.uniques is None else f"{made.uniques:.2%}",
        sort=True,
        numeric=True,
    ),
    ListColumn("rows", "Rows", sort=True, numeric=True),
    ListColumn("quasi", "Quasi-identifiers", wraps=True),
    ListColumn("made_at", "Asked", sort=True),
]


@allow("anonymization.view")
def list_assessments(request: StaffRequest) -> HttpResponseBase:
    add = reverse("risk:assessment_add") if request.user.may("risk.measure") else ""
    return listing(
        request,
        Assessment.objects.select_related("data_set__system").defer("measures", "suggestion"),
        filterset=AssessmentFilter,
        columns=COLUMNS,
        title="Risk",
        template="risk/assessments.html",
        context={
            "add_url": add,
            "tabs": anonymization_tabs("risk:assessments"),
            "hierarchies_url": reverse("risk:hierarchies"),
        },
        empty=Empty(
            "No risk assessments",
            "How easily people can be found again in a data set stands here: k, l, t and what an attack would reach.",
            "Measure a data set" if add else "",
            add,
            icon="spy",
        ),
    )


@allow("risk.measure")
@require_safe
def assessment_add(request: StaffRequest) -> HttpResponse:
    """First the data set, as a GET: what can be measured depends on it."""
    form = ChooseDataSetForm(request.GET or None)
    if form.is_valid():
        return redirect("risk:assessment_define", form.cleaned_data["data_set"].pk)
    context = {"title": "Measure a data set", "form": form}
    return page(request, "risk/assessment_add.html", context, status=422 if form.errors else 200)


@allow("risk.measure")
def assessment_define(request: StaffRequest, pk: int) -> HttpResponse:
    known = DataSet.objects.filter(gone_at=None).exclude(system__kind=EXTERNAL).select_related("system")
    data_set = get_object_or_404(known, pk=pk)
    form = AssessmentForm(request.POST or None, data_set=data_set)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(assessing.assess(data_set, **form.cleaned_data, made_by=request.user))
        except ValidationError as refusal:
            for field, problems in refusal.message_dict.items():
                form.add_error(field if field in form.fields else None, problems)
    context = {"title": f"Measure {data_set}", "form": form, "data_set": data_set}
    return page(request, "risk/assessment_define.html", context, status=422 if form.errors else 200)


@allow("anonymization.view")
def assessment(request: StaffRequest, pk: int) -> HttpResponse:
    made = get_object_or_404(Assessment.objects.select_related("data_set__system", "job", "made_by"), pk=pk)
    context: dict[str, Any] = {"title": str(made), "assessment": made, "facts": _facts(made)}
    if made.measures:
        context |= {
            "gauges": gauges(made.measures, k=made.k, l=made.l, t=made.t, distance=made.distance),
            "chart": class_chart(made.measures["histogram"], k=made.k),
            "attacks": made.measures["attacks"],
            "risk": made.measures["risk"],
            "subsets": made.measures["subsets"][:WORST],
        }
    if made.suggestion and "search" in made.suggestion:
        levels = made.suggestion["search"]["levels"]
        context["levels"] = [
            (column, levels[column], made.suggestion["heights"][column], made.hierarchies.get(column, "hide"))
            for column in made.quasi
            if column in levels
        ]
    return page(request, "risk/assessment.html", context)


def _facts(made: Assessment) -> list[tuple[str, Any]]:
    asked = ", ".join(f"{name} {value:g}" for name, value in made.asked().items())
    found: list[tuple[str, Any]] = [
        ("Quasi-identifiers", made.quasi),
        ("Sensitive column", made.sensitive),
        ("Targets", asked),
        ("Rows", made.rows),
    ]
    if made.measures:
        found += [
            ("Classes", made.measures["classes"]),
            ("Average class", f"{made.measures['average']:,.1f} rows"),
            ("Discernibility", made.measures["discernibility"]),
        ]
    return [
        *found,
        ("Asked", made.made_at),
        ("Asked by", made.made_by and made.made_by.display_name),
        ("Ended", made.finished_at),
    ]
