"""A report that somebody holds: whether the log knows it, who made it when, and the proof to take along."""

from __future__ import annotations

import json

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect

from audit.reports.base import reports
from audit.reports.checking import check_file, makings, proof_of_making
from audit.reports.digesting import LARGEST
from governance.console import people
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow
from governance.console.templatetags.people import named


class FileForm(forms.Form):
    file = forms.FileField(
        label="The report",
        help_text="As you hold it, in any form: HTML, PDF, XLSX, CSV or JSON. It is read, hashed, and not kept.",
        allow_empty_file=False,
    )

    def clean_file(self) -> object:
        given = self.cleaned_data["file"]
        if given.size > LARGEST:
            raise forms.ValidationError(
                f"The file has more than {LARGEST // 1_000_000} MB: check it with manage.py check_report."
            )
        return given


@allow("reports.view")
def check(request: StaffRequest) -> HttpResponse:
    """The form for a file; after it was posted, what the log knows of it."""
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    context = {"title": "Check a report", "form": form, "submit": "Check"}
    if form.is_valid():
        file = form.cleaned_data["file"]
        found, names = check_file(file.chunks()), people.names()
        context |= {
            "found": found,
            "makings": [
                (making, named(making.actor, names), _title(making.kind))
                for making in found.makings or found.same
            ],
            "file_name": file.name,
            "may_open": request.user.may("ledger.view"),
        }
    return page(request, "reports/check.html", context, status=422 if form.errors else 200)


def _title(kind: str) -> str:
    return reports.classes[kind].title if kind in reports.classes else kind


@allow("reports.view")
def making_proof(request: StaffRequest, number: int) -> HttpResponseBase:
    """The proof that the making of a report is in the log, for whoever checks it without this console."""
    made = proof_of_making(get_object_or_404(makings(), number=number))
    if made is None:
        messages.error(request, "The ledger and its last checkpoint part ways: nothing is proven.")
        return redirect("reports:check")
    name = f'attachment; filename="report-in-entry-{number}.proof.json"'
    return HttpResponse(
        json.dumps(made, indent=2) + "\n",
        content_type="application/json",
        headers={"Content-Disposition": name, "Cache-Control": "no-store"},
    )
