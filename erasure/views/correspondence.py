"""What was written about a request, and to whom: notes, letters, files, and what the ledger says, by time."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from erasure.forms import FileForm, MessageForm, NoteForm, spread
from erasure.models import SubjectRequest
from erasure.requests import filing, noting
from erasure.requests.letters import sending
from erasure.requests.models import Letter, RequestFile
from erasure.requests.telling import timeline
from erasure.views.handling import refusals_shown
from erasure.views.request import tabs
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow


@allow("requests.view")
@never_cache
def show(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, get_object_or_404(SubjectRequest, pk=pk))


@allow("requests.handle")
@require_POST
def note(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            noting.note(found, **form.cleaned_data, by=request.user)
        except ValidationError as refusal:
            spread(refusal, form)
        else:
            return redirect("erasure:correspondence", pk)
    return _page(request, found, note=form)


@allow("requests.handle")
@require_POST
@refusals_shown
def write(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    form = MessageForm(request.POST)
    if form.is_valid():
        try:
            noting.write_to_person(found, **form.cleaned_data)
        except ValidationError as refusal:
            spread(refusal, form)
        else:
            messages.success(request, "The letter is on its way.")
            return redirect("erasure:correspondence", pk)
    return _page(request, found, message=form)


@allow("requests.handle")
@require_POST
def file_add(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    form = FileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            filing.attach(found, form.cleaned_data["file"], by=request.user)
        except ValidationError as refusal:
            spread(refusal, form)
        else:
            return redirect("erasure:correspondence", pk)
    return _page(request, found, file=form)


@allow("requests.handle")
@require_POST
@never_cache
def file_download(request: StaffRequest, pk: int, file: int) -> HttpResponse:
    """By POST: the ledger says who read it."""
    return filing.hand_out(get_object_or_404(RequestFile, request=pk, pk=file, sealed__isnull=False))


@allow("requests.handle")
@require_POST
def file_remove(request: StaffRequest, pk: int, file: int) -> HttpResponse:
    filing.remove(get_object_or_404(RequestFile, request=pk, pk=file))
    return redirect("erasure:correspondence", pk)


@allow("requests.handle")
@require_POST
@refusals_shown
def letter_again(request: StaffRequest, pk: int, letter: int) -> HttpResponse:
    sending.send_again(get_object_or_404(Letter, request=pk, pk=letter))
    return redirect("erasure:correspondence", pk)


def _page(request: StaffRequest, found: SubjectRequest, **filled: Form) -> HttpResponse:
    may_handle = request.user.may("requests.handle")
    context = {
        "title": found.reference,
        "asked": found,
        "tabs": tabs(found, "correspondence"),
        "told": timeline(found, texts=may_handle),
        "may_handle": may_handle,
        "note": filled.get("note") or NoteForm(auto_id="note_%s"),
        "message": filled.get("message") or MessageForm(auto_id="message_%s"),
        "file": filled.get("file") or FileForm(auto_id="file_%s"),
    }
    return page(request, "erasure/correspondence.html", context, status=422 if filled else 200)
