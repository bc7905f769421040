"""Processing on behalf of other controllers: the record of a processor, Art. 30(2) GDPR."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from governance.activities import keeping
from governance.activities.filters import ProcessorFilter
from governance.activities.forms import ProcessorForm
from governance.activities.models import ProcessorActivity
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import TypedWordForm, page
from governance.console.permissions import allow

COLUMNS = [
    ListColumn("controller", "Controller", sort=True, link=ProcessorActivity.get_absolute_url, wraps=True),
    ListColumn("categories", "Processing", value=lambda row: ", ".join(row.categories), wraps=True),
    ListColumn("sub_processors", "Engaged", value=lambda row: ", ".join(row.sub_processors), wraps=True),
    ListColumn("changed_at", "Changed", sort=True),
]


@allow("activities.view")
def on_behalf_list(request: StaffRequest) -> HttpResponseBase:
    add = reverse("activities:on_behalf_add") if request.user.may("activities.manage") else ""
    return listing(
        request,
        ProcessorActivity.objects.all(),
        filterset=ProcessorFilter,
        columns=COLUMNS,
        title="On behalf of others",
        template="activities/on_behalf_list.html",
        context={"add_url": add},
        empty=Empty(
            "Nothing on behalf of others",
            "Whoever processes personal data for other controllers keeps a record of that too: Article 30(2) GDPR.",
            "Record the first" if add else "",
            add,
            icon="briefcase",
        ),
    )


@allow("activities.view")
def on_behalf(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(ProcessorActivity, pk=pk)
    form = ProcessorForm(instance=found)
    context = {
        "processing": found,
        "title": str(found),
        "facts": [(str(form[name].label), getattr(found, name)) for name in form.fields],
        "may_manage": request.user.may("activities.manage"),
    }
    return page(request, "activities/on_behalf.html", context)


@allow("activities.manage")
def on_behalf_add(request: StaffRequest) -> HttpResponse:
    form = ProcessorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect(keeping.add_on_behalf(form.save(commit=False)))
    return _form_page(request, form, "Record processing on behalf", reverse("activities:on_behalf_list"))


@allow("activities.manage")
def on_behalf_change(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(ProcessorActivity, pk=pk)
    form = ProcessorForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        changed = keeping.change_on_behalf(form.save(commit=False))
        messages.success(request, "Saved." if changed else "Nothing was changed.")
        return redirect(found)
    return _form_page(request, form, "Change processing on behalf", found.get_absolute_url())


@allow("activities.manage")
def on_behalf_remove(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(ProcessorActivity, pk=pk)
    form = TypedWordForm(request.POST or None, word="remove")
    if request.method == "POST" and form.is_valid():
        keeping.remove_on_behalf(found)
        messages.success(request, f"“{found}” is no longer in the record.")
        return redirect("activities:on_behalf_list")
    context = {
        "processing": found,
        "form": form,
        "title": f"Remove: {found}",
        "submit": "Remove from the record",
        "cancel_url": found.get_absolute_url(),
    }
    return page(request, "activities/on_behalf_remove.html", context, status=422 if form.errors else 200)


def _form_page(request: StaffRequest, form: ProcessorForm, title: str, back: str) -> HttpResponse:
    context = {"form": form, "title": title, "cancel_url": back}
    return page(request, "activities/on_behalf_form.html", context, status=422 if form.errors else 200)
