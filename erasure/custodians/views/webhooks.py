"""Where tasks of a system and notices to a recipient are sent by themselves."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from catalog.models import System
from erasure.custodians import connecting
from erasure.custodians.forms import WebhookForm
from erasure.custodians.models import Recipient, Webhook
from erasure.forms import spread
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow

SYSTEM, RECIPIENT = "custodians:system_webhook", "custodians:recipient_webhook"


@allow("systems.view", POST="systems.manage")
@never_cache
def of_system(request: StaffRequest, pk: int) -> HttpResponse:
    return _set(request, get_object_or_404(System, pk=pk), "systems.manage")


@allow("activities.view", POST="requests.configure")
@never_cache
def of_recipient(request: StaffRequest, pk: int) -> HttpResponse:
    return _set(request, get_object_or_404(Recipient, pk=pk), "requests.configure")


@allow("systems.manage")
@require_POST
def test_system(request: StaffRequest, pk: int) -> HttpResponse:
    return _test(request, get_object_or_404(Webhook, system=pk))


@allow("requests.configure")
@require_POST
def test_recipient(request: StaffRequest, pk: int) -> HttpResponse:
    return _test(request, get_object_or_404(Webhook, recipient=pk))


@allow("systems.manage")
@require_POST
def remove_of_system(request: StaffRequest, pk: int) -> HttpResponse:
    return _remove(request, get_object_or_404(Webhook, system=pk))


@allow("requests.configure")
@require_POST
def remove_of_recipient(request: StaffRequest, pk: int) -> HttpResponse:
    return _remove(request, get_object_or_404(Webhook, recipient=pk))


def _set(request: StaffRequest, owner: System | Recipient, permission: str) -> HttpResponse:
    form = WebhookForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        try:
            _, secret = connecting.set_webhook(owner, form.cleaned_data["url"])
        except ValidationError as refusal:
            spread(refusal, form)
        else:
            form = WebhookForm()
    kind = "system" if isinstance(owner, System) else "recipient"
    webhook = Webhook.objects.filter(**{kind: owner}).first()
    context = {
        "title": "Webhook",
        "owner": owner,
        "webhook": webhook,
        "secret": secret,  # on this page, this once
        "form": form,
        "may_manage": request.user.may(permission),
        "submit": "Replace the webhook" if webhook else "Set the webhook",
        "test_url": reverse(f"custodians:{kind}_webhook_test", args=[owner.pk]),
        "remove_url": reverse(f"custodians:{kind}_webhook_remove", args=[owner.pk]),
    }
    return page(request, "custodians/webhook.html", context, status=422 if form.errors else 200)


def _test(request: StaffRequest, webhook: Webhook) -> HttpResponse:
    problem = connecting.test(webhook)
    if problem:
        messages.warning(request, problem)
    else:
        messages.success(request, "The receiver took the test message.")
    return _back(webhook)


def _remove(request: StaffRequest, webhook: Webhook) -> HttpResponse:
    back = _back(webhook)
    connecting.remove_webhook(webhook)
    messages.success(request, "The webhook is gone: tasks go to a person.")
    return back


def _back(webhook: Webhook) -> HttpResponse:
    return redirect(SYSTEM if webhook.system_id else RECIPIENT, webhook.owner.pk)
