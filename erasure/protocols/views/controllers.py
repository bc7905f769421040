"""The controllers that send by OpenDSR, their tokens, and the certificate that we sign with."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from erasure.forms import spread
from erasure.protocols import registering
from erasure.protocols.filters import ControllerFilter
from erasure.protocols.forms import CertificateForm, ControllerForm
from erasure.protocols.models import Controller
from erasure.protocols.opendsr import signing
from erasure.protocols.views.senders import MANAGE, VIEW
from erasure.requests.states import NotNow
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow

COLUMNS = [
    ListColumn("name", "Controller", sort=True, link=Controller.get_absolute_url, wraps=True),
    ListColumn("controller_id", "Controller id", sort=True),
    ListColumn("state", "State", template="ui/state.html"),
    ListColumn("token_issued_at", "Token since", sort=True),
]


@allow(VIEW)
def controllers(request: StaffRequest) -> HttpResponseBase:
    add = reverse("protocols:controller_add") if request.user.may(MANAGE) else ""
    return listing(
        request,
        Controller.objects.all(),
        filterset=ControllerFilter,
        columns=COLUMNS,
        title="Controllers",
        template="protocols/controllers.html",
        context={"add_url": add},
        empty=Empty(
            "No controllers",
            "A controller for whom you process data can send its requests by OpenDSR.",
            "Register a controller" if add else "",
            add,
            icon="building",
        ),
    )


@allow(VIEW)
def controller(request: StaffRequest, pk: int) -> HttpResponse:
    return _shown(request, get_object_or_404(Controller, pk=pk))


@allow(MANAGE)
@never_cache
def controller_add(request: StaffRequest) -> HttpResponse:
    form = ControllerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            registered, token = registering.register_controller(**form.cleaned_data)
        except ValidationError as refusal:
            spread(refusal, form)
        else:
            return _shown(request, registered, token=token)
    back = reverse("protocols:controllers")
    context = {
        "form": form,
        "title": "Register a controller",
        "cancel_url": back,
        "submit": "Register",
        "crumb": ("Controllers", back),
    }
    return page(request, "protocols/form.html", context, status=422 if form.errors else 200)


@allow(MANAGE)
@never_cache
@require_POST
def controller_renew(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Controller, pk=pk)
    try:
        token = registering.renew_token(found)
    except NotNow as refusal:
        messages.warning(request, str(refusal))
        return redirect(found)
    found.refresh_from_db()
    return _shown(request, found, token=token)


@allow(MANAGE)
@require_POST
def controller_end(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Controller, pk=pk)
    try:
        registering.end_controller(found)
    except NotNow as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"Nothing more is taken from {found}; what it sent goes its way.")
    return redirect(found)


@allow(VIEW, POST=MANAGE)
def certificate(request: StaffRequest) -> HttpResponse:
    form = CertificateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            signing.set_certificate(form.cleaned_data["certificate"])
        except ValidationError as refusal:
            spread(refusal, form)
        else:
            messages.success(request, "Answers are verified with this certificate from now on.")
            return redirect("protocols:certificate")
    context = {
        "title": "Certificate",
        "key": signing.signing_key(),
        "certificate_request": signing.certificate_request(),
        "domain": signing.domain(),
        "form": form,
        "may_manage": request.user.may(MANAGE),
    }
    return page(request, "protocols/certificate.html", context, status=422 if form.errors else 200)


def _shown(request: StaffRequest, found: Controller, *, token: str = "") -> HttpResponse:
    here = settings.PUBLIC_URL.rstrip("/")
    context = {
        "title": found.name,
        "controller": found,
        "token": token,  # on this page, this once
        "may_manage": request.user.may(MANAGE) and not found.ended_at,
        "facts": [
            ("Controller id", found.controller_id),
            ("Contact", found.contact_email),
            ("Where it sends to", here + reverse("protocols:opendsr_requests")),
            ("Registered", found.registered_at),
            ("Token since", found.token_issued_at),
            ("Ended", found.ended_at),
        ],
    }
    return page(request, "protocols/controller.html", context)
