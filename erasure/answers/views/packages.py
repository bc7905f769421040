"""What goes into a package: looked at, decided, released; and its links afterwards."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from audit.ledger.recording import record
from erasure.answers import events
from erasure.answers.forms import NoticeForm, SelectionForm, TransmitForm
from erasure.answers.models import Notice, Selection
from erasure.answers.noting import change_notice
from erasure.forms import spread
from erasure.models import Package, SubjectRequest
from erasure.packages import fetching, previewing
from erasure.views.handling import ask, refusals_shown
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow


@allow("requests.handle")
@never_cache
@refusals_shown
def preview(request: StaffRequest, pk: int) -> HttpResponse:
    """Every data set, and what is withheld from it. That an officer looked is in the ledger."""
    found = get_object_or_404(SubjectRequest, pk=pk)
    shown = previewing.preview_of(found)
    selections = list(shown.selections.select_related("data_set__system"))
    context = {
        "title": "What goes into the package",
        "asked": found,
        "preview": shown,
        "selections": selections,
        "rows": sum(each.rows for each in selections if each.included),
    }
    return page(request, "answers/preview.html", context)


@allow("requests.handle")
@never_cache
@refusals_shown
def selection(request: StaffRequest, pk: int, selection: int) -> HttpResponse:
    """One data set: its first rows in clear, and what is decided about its columns and rows."""
    chosen = get_object_or_404(
        Selection.objects.select_related("preview__request", "data_set__system"),
        pk=selection,
        preview__request=pk,
    )
    asked = chosen.preview.request
    form = SelectionForm(request.POST or None, selection=chosen)
    if request.method == "POST" and form.is_valid():
        try:
            previewing.decide(chosen, **form.decision(), by=request.user)
        except ValidationError as refusal:
            spread(refusal, form)
        else:
            return redirect("answers:preview", pk)
    if request.method != "POST":
        with transaction.atomic():
            record(events.PREVIEW_READ, asked, subject=asked.subject)
    context = {
        "title": chosen.data_set.name,
        "asked": asked,
        "selection": chosen,
        "columns": chosen.names,
        "rows": [[row["cells"].get(name, "") for name in chosen.names] for row in chosen.sample],
        "form": form,
        "cancel_url": reverse("answers:preview", args=[pk]),
    }
    return page(request, "answers/selection.html", context, status=422 if form.errors else 200)


@allow("requests.handle")
@require_POST
@refusals_shown
def release(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    previewing.release(found, by=request.user)
    messages.success(request, "Released. The package is being made; then the person gets a link.")
    return redirect(found)


@allow("requests.handle")
@require_POST
@refusals_shown
def link(request: StaffRequest, pk: int) -> HttpResponse:
    package = get_object_or_404(Package.objects.select_related("request"), request=pk)
    fetching.issue_again(package, by=request.user)
    messages.success(request, "A new link is on its way to the person. Earlier links no longer work.")
    return redirect(package.request)


@allow("requests.handle")
@refusals_shown
def transmit(request: StaffRequest, pk: int) -> HttpResponse:
    package = get_object_or_404(Package.objects.select_related("request"), request=pk)
    return ask(
        request,
        package.request,
        TransmitForm(request.POST or None),
        lambda controller, email: fetching.transmit(
            package, controller=controller, email=email, by=request.user
        ),
        title="Transmit to another controller",
        lead="Because the person asked for it, Art. 20(2). The other controller gets a link of its own.",
        submit="Send the link",
    )


@allow("requests.configure")
def notice(request: StaffRequest) -> HttpResponse:
    """What every package says of the controller."""
    stored = Notice.objects.first() or Notice()
    initial = {name: getattr(stored, name) for name in NoticeForm.base_fields}
    form = NoticeForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        change_notice(**form.cleaned_data)
        messages.success(request, "Packages made from now on say this.")
        return redirect("answers:notice")
    context = {"title": "What packages say", "form": form, "cancel_url": reverse("erasure:requests")}
    return page(request, "answers/notice.html", context, status=422 if form.errors else 200)
