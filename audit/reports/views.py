"""Reports to read on the page, and as files; each file that leaves is recorded."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from audit.reports.base import Report
from audit.reports.base import reports as kinds
from audit.reports.making import Export, cleaned, export, make
from audit.reports.renderers import renderers
from audit.reports.schedules.delivering import stuck
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow

SHOWN_ON_PAGE = 200  # rows per table; the files have all


@allow("reports.view")
@require_GET
def reports(request: StaffRequest) -> HttpResponse:
    open_to_them = [cls for cls in kinds.classes.values() if request.user.may(cls.permission)]
    context = {"reports": open_to_them, "title": "Reports", "stuck": stuck()}
    return page(request, "reports/reports.html", context)


@allow("reports.view")
@require_GET
def report(request: StaffRequest, kind: str) -> HttpResponse:
    """The report on a page; with `?format=`, as a file; without the parameters it needs, the form for them."""
    found = report_of(kind, may=request.user.may)
    form = found.Parameters(request.GET)
    if not form.is_valid():
        return _ask(request, found)
    form_of_file = request.GET.get("format", "")
    if form_of_file and form_of_file not in renderers.classes:
        return _refuse(
            f"There is no format “{form_of_file[:40]}”; there are: {', '.join(renderers.classes)}."
        )
    document = make(found, parameters=form.cleaned_data)
    if form_of_file:
        return download(export(document, renderers.get(form_of_file)()))
    context = {
        "title": document.content.title,
        "document": document,
        "limit": SHOWN_ON_PAGE,
        "formats": renderers.classes.values(),
    }
    return page(request, "reports/report.html", context)


def report_of(kind: str, *, may: Callable[[str], bool]) -> Report:
    """The report of that kind, to be made for somebody who `may` read it. Raises Http404."""
    if kind not in kinds.classes or not may(kinds.get(kind).permission):
        raise Http404
    return kinds.get(kind)()


def download(made: Export) -> HttpResponse:
    return HttpResponse(
        made.body,
        content_type=made.content_type,
        headers={"Content-Disposition": f'attachment; filename="{made.name}"', "Cache-Control": "no-store"},
    )


def _ask(request: HttpRequest, found: Report) -> HttpResponse:
    """The form for the parameters; with what is wrong about those that were given."""
    given = any(name in request.GET for name in found.Parameters.base_fields)
    if "format" in request.GET:
        try:
            cleaned(found, request.GET)
        except ValidationError as refusal:
            return _refuse("\n".join(refusal.messages))
    form = found.Parameters(request.GET if given else None)
    context = {"title": found.title, "report": found, "form": form, "suggestions": found.suggestions()}
    return page(request, "reports/ask.html", context, status=400 if given else 200)


def _refuse(reason: str) -> HttpResponse:
    return HttpResponse(reason, status=400, content_type="text/plain; charset=utf-8")
