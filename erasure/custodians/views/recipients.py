"""The register of recipients, and naming them to a person who asks."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from erasure.custodians import registering
from erasure.custodians.filters import RecipientFilter
from erasure.custodians.forms import RecipientForm
from erasure.custodians.models import Recipient
from erasure.custodians.views.asking import refusals_shown
from erasure.forms import spread
from erasure.models import SubjectRequest
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow

COLUMNS = [
    ListColumn("name", "Recipient", sort=True, link=Recipient.get_absolute_url, wraps=True),
    ListColumn("state", "State", template="ui/state.html"),
    ListColumn("kind", "Kind", value="get_kind_display", sort=True),
    ListColumn("region", "Region", sort=True),
    ListColumn("activity_count", "Activities", sort=True, numeric=True),
    ListColumn("contact_email", "Contact", sort=True),
]


@allow("activities.view")
def list_recipients(request: StaffRequest) -> HttpResponseBase:
    add = reverse("custodians:recipient_add") if request.user.may("requests.configure") else ""
    return listing(
        request,
        Recipient.objects.annotate(activity_count=Count("activities")),
        filterset=RecipientFilter,
        columns=COLUMNS,
        title="Recipients",
        template="custodians/recipients.html",
        context={"add_url": add, "unregistered": registering.not_in_register()},
        empty=Empty(
            "No recipients",
            "Whoever receives personal data is told when they are erased, corrected or restricted: Article 19 GDPR.",
            "Add a recipient" if add else "",
            add,
            icon="send",
        ),
    )


@allow("activities.view")
def recipient(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Recipient, pk=pk)
    context = {
        "title": found.name,
        "recipient": found,
        "may_manage": request.user.may("requests.configure"),
        "activities": found.activities.all(),
        "data_sets": found.data_sets.select_related("system"),
        "has_webhook": hasattr(found, "webhook"),
        "facts": [
            ("Kind", found.get_kind_display()),
            ("Contact", found.contact_email),
            ("Region", found.region),
            ("Added", found.added_at),
            ("Out of the register since", found.ended_at),
        ],
    }
    return page(request, "custodians/recipient.html", context)


@allow("requests.configure")
def recipient_add(request: StaffRequest) -> HttpResponse:
    form = RecipientForm(request.POST or None, initial={"name": request.GET.get("name", "")[:160]})
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(registering.add(**form.cleaned_data))
        except ValidationError as refusal:
            spread(refusal, form)
    return _form(request, form, "Add a recipient", reverse("custodians:recipients"))


@allow("requests.configure")
def recipient_change(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Recipient, pk=pk)
    form = RecipientForm(request.POST or None, instance=Recipient.objects.get(pk=pk))
    if request.method == "POST" and form.is_valid():
        try:
            changed = registering.change(found, **form.cleaned_data)
        except ValidationError as refusal:
            spread(refusal, form)
        else:
            messages.success(request, "Saved." if changed else "Nothing was changed.")
            return redirect(found)
    return _form(request, form, "Change a recipient", found.get_absolute_url())


@allow("requests.configure")
@require_POST
def recipient_end(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Recipient, pk=pk)
    try:
        registering.end(found)
    except ValidationError as refusal:
        messages.warning(request, " ".join(refusal.messages))
    else:
        messages.success(request, f"{found} is told nothing any more; what was told stays on record.")
    return redirect(found)


@allow("requests.handle")
@require_POST
@refusals_shown(lambda request, pk: get_object_or_404(SubjectRequest, pk=pk))
def name_recipients(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    named = registering.name_recipients(found)
    messages.success(request, f"A letter names {len(named)} recipients to the person.")
    return redirect(found)


def _form(request: StaffRequest, form: RecipientForm, title: str, back: str) -> HttpResponse:
    context = {"form": form, "title": title, "cancel_url": back}
    return page(request, "custodians/recipient_form.html", context, status=422 if form.errors else 200)
