"""Reports to read on the page, and as files; each file that leaves is recorded."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.views.decorators.http import require_GET, require_http_methods

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
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: StaffRequest, kind: str) -> HttpResponse:
    """The report on a page; with `format`, as a file; without the parameters it needs, the form for them.

    Of a report about a person the parameters are posted, so that they stand in no address.
    """
    found = report_of(kind, may=request.user.may)
    if request.method == "POST" and not found.about_a_person:
        return HttpResponseNotAllowed(["GET"])
    given = asked_with(request, found)
    form = found.Parameters(given)
    if not form.is_valid():
        return _ask(request, found, given)
    form_of_file = given.get("format", "")
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
        "form": form,
        "limit": SHOWN_ON_PAGE,
        "formats": renderers.classes.values(),
    }
    shown = page(request, "reports/report.html", context)
    if found.about_a_person:
        shown["Cache-Control"] = "no-store"
    return shown


def asked_with(request: HttpRequest, found: Report) -> QueryDict:
    """The parameters, from where they may stand: none of a person's come from an address."""
    return request.POST if found.about_a_person else request.GET


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


def _ask(request: HttpRequest, found: Report, said: QueryDict) -> HttpResponse:
    """The form for the parameters; with what is wrong about those that were given."""
    given = any(name in said for name in found.Parameters.base_fields)
    if "format" in said:
        try:
            cleaned(found, said)
        except ValidationError as refusal:
            return _refuse("\n".join(refusal.messages))
    form = found.Parameters(said if given else None)
    context = {"title": found.title, "report": found, "form": form, "suggestions": found.suggestions()}
    return page(request, "reports/ask.html", context, status=400 if given else 200)


def _refuse(reason: str) -> HttpResponse:
    return HttpResponse(reason, status=400, content_type="text/plain; charset=utf-8")
