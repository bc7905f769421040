"""Shredding a person: proposed by one officer, approved by another on a page with exact counts."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow
from retention.tabs import anonymization_tabs
from retention.vault import shred_requests
from retention.vault.filters import ShredFilter
from retention.vault.forms import ApproveForm, ReasonForm, ShredForm, show
from retention.vault.models import ShredRequest
from retention.vault.shred_requests import NotNow

View = Callable[..., HttpResponseBase]
COLUMNS = [
    ListColumn("reference", "Request", sort="pk", link=ShredRequest.get_absolute_url),
    ListColumn("state", "State", template="ui/state.html"),
    ListColumn("subject", "Person, as in the ledger"),
    ListColumn("reason", "Reason", wraps=True),
    ListColumn("asked_by", "Proposed by", value="asked_by.display_name"),
    ListColumn("asked_at", "Proposed", sort=True),
    ListColumn("finished_at", "Shredded", sort=True),
]


def refusals_shown(view: View) -> View:
    """NotNow becomes a page that says why, 409; nothing was changed."""

    @wraps(view)
    def answer(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NotNow as reason:
            back = get_object_or_404(ShredRequest, pk=kwargs["pk"])
            context = {"title": "Not possible now", "reason": str(reason), "back": back}
            return page(request, "vault/conflict.html", context, status=409)

    return answer


@allow("vault.shred")
def list_shreds(request: StaffRequest) -> HttpResponseBase:
    add = reverse("vault:shred_add")
    return listing(
        request,
        ShredRequest.objects.select_related("asked_by"),
        filterset=ShredFilter,
        columns=COLUMNS,
        title="Persons to shred",
        template="vault/shreds.html",
        context={"tabs": anonymization_tabs("vault:tokens"), "add_url": add},
        empty=Empty(
            "Nobody was shredded",
            "A person's tokens and keys are destroyed here, by two officers together.",
            "Shred a person",
            add,
            icon="trash-x",
        ),
    )


@allow("vault.shred")
def shred_add(request: StaffRequest) -> HttpResponse:
    form = ShredForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(shred_requests.propose(**form.cleaned_data, by=request.user))
        except ValidationError as refusal:
            show(refusal, form)
    context = {
        "title": "Shred a person",
        "form": form,
        "tabs": anonymization_tabs("vault:tokens"),
        "cancel_url": reverse("vault:shreds"),
    }
    return page(request, "vault/shred_add.html", context, status=422 if form.errors else 200)


@allow("vault.shred")
def shred(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _found(pk), None)


@allow("vault.shred")
@require_POST
@refusals_shown
def shred_approve(request: StaffRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    form = ApproveForm(request.POST, word=found.reference)
    if not form.is_valid():
        return _page(request, found, form)
    shred_requests.approve(found, seen=form.cleaned_data["fingerprint"], by=request.user)
    messages.success(request, f"{found} is approved and will be carried out now.")
    return redirect(found)


@allow("vault.shred")
@refusals_shown
def shred_reject(request: StaffRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        shred_requests.reject(found, reason=form.cleaned_data["reason"], by=request.user)
        return redirect(found)
    context = {
        "title": f"Reject {found}",
        "form": form,
        "tabs": anonymization_tabs("vault:tokens"),
        "cancel_url": found.get_absolute_url(),
    }
    return page(request, "vault/shred_reject.html", context, status=422 if form.errors else 200)


@allow("vault.shred")
@require_POST
@refusals_shown
def shred_resume(request: StaffRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    shred_requests.resume(found)
    return redirect(found)


def _found(pk: int) -> ShredRequest:
    return get_object_or_404(ShredRequest.objects.select_related("asked_by", "decided_by", "job"), pk=pk)


def _page(request: StaffRequest, found: ShredRequest, form: ApproveForm | None) -> HttpResponse:
    """With the decision below it for whoever may take it; for the one who proposed, why they may not."""
    proposed = found.state == ShredRequest.State.PROPOSED
    own = found.asked_by_id == request.user.pk
    holdings = shred_requests.holdings(found)
    fingerprint = shred_requests.fingerprint(found, holdings)
    context = {
        "title": found.reference,
        "asked": found,
        "tabs": anonymization_tabs("vault:tokens"),
        "holdings": holdings,
        "own": proposed and own,
        "open": found.state in (ShredRequest.State.PROPOSED, ShredRequest.State.APPROVED),
        "may_reject": proposed,
        "may_resume": found.state == ShredRequest.State.APPROVED and bool(found.job and found.job.finished),
        "form": form or ApproveForm(word=found.reference, initial={"fingerprint": fingerprint}),
        "action": reverse("vault:shred_approve", args=[found.pk]),
        "submit": "Approve and shred",
        "cancel_url": reverse("vault:shreds"),
    }
    name = "vault/shred_decide.html" if proposed and not own else "vault/shred.html"
    return page(request, name, context, status=422 if form is not None and form.errors else 200)
