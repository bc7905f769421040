"""Requests from a file: chosen, looked at, and then taken over by a button."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect

from erasure.requests import importing
from erasure.requests.models import Import
from erasure.requests.reading_files import LARGEST, MOST, NEEDED, OPTIONAL, Line
from erasure.requests.states import NotNow
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow
from governance.console.templatetags.ui import masked

SHOWN = 50


class ImportForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        widget=forms.FileInput({"accept": ".csv,text/csv"}),
        help_text=f"UTF-8, at most {MOST:,} lines and {LARGEST // 1024**2} MB. The first line names the columns.",
    )


@allow("requests.handle")
def choose(request: StaffRequest) -> HttpResponse:
    form = ImportForm(request.POST or None, request.FILES or None)
    problems: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            kept = importing.keep(_read(form.cleaned_data["file"]), by=request.user)
        except ValidationError as refusal:
            problems = list(refusal.messages)
        else:
            return redirect("erasure:import_look", kept.public_id)
    context = {
        "title": "Import requests",
        "form": form,
        "problems": problems,
        "needed": NEEDED,
        "optional": OPTIONAL,
    }
    failed = bool(form.errors or problems)
    return page(request, "erasure/import.html", context, status=422 if failed else 200)


@allow("requests.handle")
def look(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """What the file would bring, identifiers masked; its button takes all of it over."""
    kept = get_object_or_404(Import, public_id=public_id, made_by=request.user)
    try:
        if request.method == "POST":
            taken = importing.take(kept)
            messages.success(
                request, f"{taken.received} received; {taken.repeated} were here already and were left alone."
            )
            return redirect("erasure:requests")
        looked = importing.look_again(kept)
    except (NotNow, ValidationError) as refusal:
        messages.warning(
            request, " ".join(refusal.messages) if isinstance(refusal, ValidationError) else str(refusal)
        )
        return redirect("erasure:import")
    known = importing.known(looked.lines)
    context = {
        "title": "Import requests",
        "lines": [_shown(line, known) for line in looked.lines[:SHOWN]],
        "number": len(looked.lines),
        "fresh": len(looked.lines) - len(known),
        "shown": SHOWN,
    }
    return page(request, "erasure/import_look.html", context)


def _read(upload: UploadedFile) -> bytes:
    """No more than is needed to see that it is too large."""
    return upload.read(LARGEST + 1)


def _shown(line: Line, known: set[str]) -> dict[str, object]:
    return {
        "number": line.number,
        "external": line.external,
        "kind": line.kind,
        "regime": line.regime,
        "received": line.received_at,
        "identifiers": ", ".join(str(masked(value)) for _, value in line.identifiers),
        "identity": bool(line.identity),
        "known": line.external in known,
    }
