"""The record of processing activities: the controller, and what it does with data."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from governance.activities import keeping
from governance.activities.filters import ActivityFilter
from governance.activities.forms import ActivityForm, OrganisationForm
from governance.activities.models import ProcessingActivity
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.overview import reachable
from governance.console.pages import TypedWordForm, page
from governance.console.permissions import allow

COLUMNS = [
    ListColumn("name", "Activity", sort=True, link=ProcessingActivity.get_absolute_url, wraps=True),
    ListColumn("lawful_basis", "Lawful basis", value="get_lawful_basis_display", sort="lawful_basis"),
    ListColumn(
        "subject_categories",
        "Data subjects",
        value=lambda row: ", ".join(row.subject_categories),
        wraps=True,
    ),
    ListColumn("recipients", "Recipients", value=lambda row: ", ".join(row.recipients), wraps=True),
    ListColumn("changed_at", "Changed", sort=True),
]


@allow("activities.view")
def activities(request: StaffRequest) -> HttpResponseBase:
    add = reverse("activities:activity_add") if request.user.may("activities.manage") else ""
    return listing(
        request,
        ProcessingActivity.objects.all(),
        filterset=ActivityFilter,
        columns=COLUMNS,
        title="Activities",
        template="activities/activities.html",
        context={"add_url": add},
        empty=Empty(
            "No activities yet",
            "What the organisation does with personal data, and why, is written down here: Article 30 GDPR.",
            "Record the first" if add else "",
            add,
            icon="briefcase",
        ),
    )


@allow("activities.view")
def activity(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(ProcessingActivity, pk=pk)
    context = {
        "activity": found,
        "title": found.name,
        "facts": _facts(found),
        "data_url": reachable(request.user, "reports:activity_data", pk),
        "may_manage": request.user.may("activities.manage"),
    }
    return page(request, "activities/activity.html", context)


@allow("activities.manage")
def activity_add(request: StaffRequest) -> HttpResponse:
    form = ActivityForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect(keeping.add(form.save(commit=False)))
    return _form_page(request, form, title="Record an activity", back=reverse("activities:activities"))


@allow("activities.manage")
def activity_change(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(ProcessingActivity, pk=pk)
    form = ActivityForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        _say_saved(request, keeping.change(form.save(commit=False)))
        return redirect(found)
    return _form_page(request, form, title="Change an activity", back=found.get_absolute_url())


@allow("activities.manage")
def activity_remove(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(ProcessingActivity, pk=pk)
    form = TypedWordForm(request.POST or None, word="remove")
    if request.method == "POST" and form.is_valid():
        keeping.remove(found)
        messages.success(request, f"{found.name} is no longer in the record.")
        return redirect("activities:activities")
    context = {
        "activity": found,
        "form": form,
        "title": f"Remove {found.name}",
        "submit": "Remove from the record",
        "cancel_url": found.get_absolute_url(),
    }
    return page(request, "activities/activity_remove.html", context, status=422 if form.errors else 200)


@allow("activities.view", POST="activities.manage")
def organisation(request: StaffRequest) -> HttpResponse:
    form = OrganisationForm(request.POST or None, instance=keeping.organisation())
    if request.method == "POST" and form.is_valid():
        _say_saved(request, keeping.save_organisation(form.save(commit=False)))
        return redirect("activities:organisation")
    context = {
        "title": "Organisation",
        "form": form,
        "facts": [(field.label, field.value()) for field in form],
        "may_manage": request.user.may("activities.manage"),
    }
    return page(request, "activities/organisation.html", context, status=422 if form.errors else 200)


@allow("activities.view")
def card(request: StaffRequest) -> HttpResponse:
    context = {
        "title": "Activities",
        "url": reverse("activities:activities"),
        "figure": ProcessingActivity.objects.count(),
        "figure_label": "on record",
        "organisation": keeping.organisation(),
        "latest": ProcessingActivity.objects.order_by("-changed_at", "pk")[:3],
    }
    return page(request, "activities/card.html", context)


def _facts(activity: ProcessingActivity) -> list[tuple[str, object]]:
    form = ActivityForm(instance=activity)
    values = {name: getattr(activity, name) for name in form.fields}
    values["lawful_basis"] = activity.get_lawful_basis_display()
    return [(str(form[name].label), value) for name, value in values.items() if name != "name"]


def _form_page(request: StaffRequest, form: ActivityForm, *, title: str, back: str) -> HttpResponse:
    context = {"form": form, "title": title, "cancel_url": back}
    return page(request, "activities/activity_form.html", context, status=422 if form.errors else 200)


def _say_saved(request: StaffRequest, changed: list[str]) -> None:
    messages.success(request, "Saved." if changed else "Nothing was changed.")
