"""Which technique? Suggestions for each column of a data set and a use, and ten rows before and after."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST, require_safe

from catalog.connectors.base import ConnectorError
from catalog.models import DataSet
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow
from retention.anonymization import requesting
from retention.anonymization.advising import suggest
from retention.anonymization.forms import AdvisorDataSetForm, anonymizable
from retention.anonymization.previewing import preview
from retention.anonymization.techniques.base import TechniqueError
from retention.anonymization.uses import USES
from retention.tabs import anonymization_tabs


@allow("anonymization.view")
@require_safe
def advisor(request: StaffRequest) -> HttpResponse:
    form = AdvisorDataSetForm(request.GET or None)
    context: dict[str, Any] = {
        "title": "Which technique?",
        "tabs": anonymization_tabs("anonymization:advisor"),
        "form": form,
        "may_look": request.user.may("values.view"),
    }
    status = 200
    if form.is_valid():
        status = _advise(context, form.cleaned_data["data_set"], form.cleaned_data["use"])
    elif form.errors:
        status = 422
    return page(request, "anonymization/advisor.html", context, status=status)


@allow("values.view")
@require_POST
def look(request: StaffRequest, pk: int) -> HttpResponse:
    """Ten rows of a data set before and after, masked for who may not see values. The look is recorded."""
    data_set = get_object_or_404(anonymizable(), pk=pk)
    use = request.POST.get("use", "")
    form = AdvisorDataSetForm({"data_set": pk, "use": use})
    context: dict[str, Any] = {
        "title": "Which technique?",
        "tabs": anonymization_tabs("anonymization:advisor"),
        "form": form,
        "may_look": True,
    }
    if not form.is_valid():
        return page(request, "anonymization/advisor.html", context, status=422)
    status = _advise(context, data_set, use)
    if made := context.get("made"):
        try:
            kept = requesting.only_decided(made)
            context["preview"] = preview(kept, plain=request.user.may("values.plain"))
        except (TechniqueError, ConnectorError) as problem:
            context["problem"], status = str(problem), 422
    return page(request, "anonymization/advisor.html", context, status=status)


def _advise(context: dict[str, Any], data_set: DataSet, use: str) -> int:
    """Fill the page's context; the status it answers with."""
    spec = {"system": data_set.system_id, "data_set": data_set.name}
    context |= {"data_set": data_set, "use": use, "use_title": USES[use]}
    try:
        made = requesting.draft(spec, use=use, look=False)
    except (TechniqueError, ConnectorError) as problem:
        context["problem"] = str(problem)
        return 422
    whys = {each.column: each.why for each in made.resolution.undecided}
    person = made.resolution.rules.person
    context |= {
        "made": made,
        "rows": [
            {
                "column": column,
                "rule": made.resolution.rules.of(column.name),
                "suggestions": suggest(column, use=use, person=person),
                "why_not": whys.get(column.name, ""),
            }
            for column in made.columns
        ],
    }
    return 200
