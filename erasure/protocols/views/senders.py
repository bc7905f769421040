"""What came in by protocol, the agents of the Data Rights Protocol, and how we are known to them."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from erasure.forms import spread
from erasure.protocols import registering, withdrawing
from erasure.protocols.drp.directory import entry
from erasure.protocols.filters import AgentFilter, ReceivedFilter
from erasure.protocols.forms import AgentChangeForm, AgentForm, BusinessForm, DenyForm
from erasure.protocols.models import Agent, Business, Received
from erasure.requests.states import NotNow
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow

VIEW, MANAGE = "protocols.view", "protocols.manage"


def _request_url(received: Received) -> str | None:
    return received.request.get_absolute_url() if received.request else None


def _deny_url(received: Received) -> str | None:
    closed = received.settled or received.request is None or received.request.ended
    return None if closed else reverse("protocols:deny", args=[received.public_id])


RECEIVED = [
    ListColumn("reference", "Request", value="request.reference", link=_request_url),
    ListColumn("protocol", "Protocol"),
    ListColumn("sender", "From", value="sender.name", wraps=True),
    ListColumn("asked", "Asks for", sort=True),
    ListColumn("regime", "Law", sort=True),
    ListColumn("told", "Status told", sort=True),
    ListColumn("received_at", "Received", sort=True),
    ListColumn("deny", "", value=lambda row: "Deny" if _deny_url(row) else "", link=_deny_url),
]
AGENTS = [
    ListColumn("name", "Agent", sort=True, link=Agent.get_absolute_url, wraps=True),
    ListColumn("agent_id", "Agent id", sort=True),
    ListColumn("state", "State", template="ui/state.html"),
    ListColumn("vouches", "Verification counts", sort=True),
    ListColumn("token_issued_at", "Token since", sort=True),
]


@allow("requests.view")
def received(request: StaffRequest) -> HttpResponseBase:
    return listing(
        request,
        Received.objects.select_related("request", "agent", "controller"),
        filterset=ReceivedFilter,
        columns=RECEIVED,
        title="Received by protocol",
        template="protocols/received.html",
        empty=Empty(
            "Nothing received by protocol",
            "Requests that authorized agents and controllers send by themselves stand here.",
            "Agents",
            reverse("protocols:agents"),
            icon="plug-connected",
        ),
    )


@allow("requests.handle")
def deny(request: StaffRequest, received: UUID) -> HttpResponse:
    found = get_object_or_404(Received.objects.select_related("request"), public_id=received)
    form = DenyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            withdrawing.deny(found, **form.cleaned_data, by=request.user)
        except (ValidationError, NotNow) as refusal:
            spread(refusal if isinstance(refusal, ValidationError) else ValidationError(str(refusal)), form)
        else:
            messages.success(request, "The request is rejected; the person and the sender are told.")
            return redirect("protocols:received")
    back = reverse("protocols:received")
    return _form(
        request, form, f"Deny {found.request or found}", back, "Deny", ("Received by protocol", back)
    )


@allow(VIEW)
def agents(request: StaffRequest) -> HttpResponseBase:
    add = reverse("protocols:agent_add") if request.user.may(MANAGE) else ""
    return listing(
        request,
        Agent.objects.all(),
        filterset=AgentFilter,
        columns=AGENTS,
        title="Authorized agents",
        template="protocols/agents.html",
        context={"add_url": add, "business": Business.objects.first()},
        empty=Empty(
            "No agents",
            "An authorized agent sends requests for people by the Data Rights Protocol, signed with its key.",
            "Register an agent" if add else "",
            add,
            icon="user-shield",
        ),
    )


@allow(VIEW)
def agent(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Agent, pk=pk)
    context = {
        "title": found.name,
        "agent": found,
        "may_manage": request.user.may(MANAGE) and not found.ended_at,
        "facts": [
            ("Agent id", found.agent_id),
            ("Verify key", found.verify_key),
            ("Its verification counts", found.vouches),
            ("How it verifies", found.assurance_url),
            ("Contact", found.contact_email),
            ("Registered", found.registered_at),
            ("Token since", found.token_issued_at),
            ("Ended", found.ended_at),
        ],
    }
    return page(request, "protocols/agent.html", context)


@allow(MANAGE)
def agent_add(request: StaffRequest) -> HttpResponse:
    form = AgentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(registering.register_agent(**form.cleaned_data))
        except ValidationError as refusal:
            spread(refusal, form)
    back = reverse("protocols:agents")
    return _form(request, form, "Register an agent", back, "Register", ("Agents", back))


@allow(MANAGE)
def agent_change(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Agent, pk=pk)
    form = AgentChangeForm(request.POST or None, instance=Agent.objects.get(pk=pk))
    if request.method == "POST" and form.is_valid():
        try:
            changed = registering.change_agent(found, **form.cleaned_data)
        except ValidationError as refusal:
            spread(refusal, form)
        else:
            messages.success(request, "Saved." if changed else "Nothing was changed.")
            return redirect(found)
    back = found.get_absolute_url()
    return _form(request, form, "Change an agent", back, "Save", (found.name, back))


@allow(MANAGE)
@require_POST
def agent_end(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Agent, pk=pk)
    try:
        registering.end_agent(found)
    except NotNow as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"Nothing more is taken from {found}; what it sent goes its way.")
    return redirect(found)


@allow(VIEW, POST=MANAGE)
def business(request: StaffRequest) -> HttpResponse:
    known = Business.objects.first()
    form = BusinessForm(request.POST or None, instance=known)
    if request.method == "POST" and form.is_valid():
        try:
            registering.set_business(**form.cleaned_data)
        except ValidationError as refusal:
            spread(refusal, form)
        else:
            messages.success(request, "Saved.")
            return redirect("protocols:business")
    context = {
        "title": "In the network of agents",
        "form": form,
        "entry": entry(),
        "entry_url": settings.PUBLIC_URL.rstrip("/") + reverse("protocols:drp_business"),
        "may_manage": request.user.may(MANAGE),
    }
    return page(request, "protocols/business.html", context, status=422 if form.errors else 200)


def _form(
    request: StaffRequest, form: object, title: str, back: str, submit: str, crumb: tuple[str, str]
) -> HttpResponse:
    context = {"form": form, "title": title, "cancel_url": back, "submit": submit, "crumb": crumb}
    return page(request, "protocols/form.html", context, status=422 if getattr(form, "errors", None) else 200)
