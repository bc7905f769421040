"""Another key for the ledger: proposed by one person, approved by another on a page that says what follows."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from audit.ledger import rotating_together
from audit.ledger.checkpoints import Diverged
from audit.ledger.models import KeyProposal
from audit.ledger.rotating_together import NotNow
from audit.ledger.signing import signing_key
from audit.reports.key_forms import ApproveKeyForm, ProposeKeyForm, RejectKeyForm
from governance.console.http import StaffRequest
from governance.console.models import User
from governance.console.pages import page
from governance.console.permissions import allow

View = Callable[..., HttpResponseBase]


def refusals_shown(view: View) -> View:
    """What keeps a proposal from being decided becomes a page that says why, 409; nothing was changed."""

    @wraps(view)
    def answer(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except (NotNow, Diverged, ImproperlyConfigured, ValidationError) as refusal:
            said = refusal.messages if isinstance(refusal, ValidationError) else [str(refusal)]
            context = {"title": "Not possible now", "reason": " ".join(said), "back": _found(kwargs["pk"])}
            return page(request, "ledger/key_conflict.html", context, status=409)

    return answer


@allow("ledger.keys")
def key_propose(request: StaffRequest) -> HttpResponse:
    form = ProposeKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            proposal = rotating_together.propose(**form.cleaned_data)
            return redirect("ledger:key", proposal.pk)
        except ValidationError as refusal:
            form.add_error(None, refusal.messages)
    context = {
        "title": "Change the key",
        "form": form,
        "key": str(signing_key().verifier),
        "cancel_url": reverse("ledger:integrity"),
    }
    return page(request, "ledger/key_propose.html", context, status=422 if form.errors else 200)


@allow("ledger.view")
def key(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _found(pk), None)


@allow("ledger.keys")
@require_POST
@refusals_shown
def key_approve(request: StaffRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    form = ApproveKeyForm(request.POST, word=found.reference)
    if not form.is_valid():
        return _page(request, found, form)
    rotating_together.approve(found, seen=form.cleaned_data["fingerprint"])
    messages.success(request, "The ledger is signed with a new key: give it to your auditors and witnesses.")
    return redirect("ledger:key", found.pk)


@allow("ledger.keys")
@refusals_shown
def key_reject(request: StaffRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    form = RejectKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        rotating_together.reject(found, reason=form.cleaned_data["reason"])
        return redirect("ledger:key", found.pk)
    context = {"title": f"Reject {found}", "form": form, "cancel_url": reverse("ledger:key", args=[found.pk])}
    return page(request, "ledger/key_reject.html", context, status=422 if form.errors else 200)


def _found(pk: int) -> KeyProposal:
    return get_object_or_404(KeyProposal.objects.select_related("change"), pk=pk)


def _page(request: StaffRequest, found: KeyProposal, form: ApproveKeyForm | None) -> HttpResponse:
    """With the decision below it for whoever may take it; for the one who proposed, why they may not."""
    proposed = found.state == KeyProposal.State.PROPOSED
    own = found.asked_by == str(request.user.public_id)
    may = proposed and request.user.may("ledger.keys")
    names = {
        str(user.public_id): user.display_name
        for user in User.objects.filter(
            public_id__in=[each for each in (found.asked_by, found.decided_by) if each]
        )
    }
    context = {
        "title": found.reference,
        "asked": found,
        "asked_by": names.get(found.asked_by, "a former member of staff"),
        "decided_by": names.get(found.decided_by, "a former member of staff"),
        "own": proposed and own,
        "may_reject": may,
        "form": form
        or ApproveKeyForm(
            word=found.reference, initial={"fingerprint": rotating_together.fingerprint(found)}
        ),
        "action": reverse("ledger:key_approve", args=[found.pk]),
        "submit": "Approve and change the key",
        "cancel_url": reverse("ledger:integrity"),
    }
    name = "ledger/key_decide.html" if may and not own else "ledger/key.html"
    return page(request, name, context, status=422 if form is not None and form.errors else 200)
