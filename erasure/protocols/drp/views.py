"""The doors of authorized agents: Data Rights Protocol 1.0. Who they are is in the token and the signature."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from audit.ledger.context import Actor, acting
from erasure.protocols.bodies import body_of
from erasure.protocols.drp import directory, pairing, standing, taking
from erasure.protocols.drp.opening import open_signed
from erasure.protocols.models import Agent, Received
from erasure.protocols.refusing import Refused
from erasure.protocols.tokens import agent_of
from erasure.protocols.withdrawing import withdraw
from erasure.requests.states import NotNow
from governance.console.clients import client_network, seconds_to_wait
from governance.console.permissions import public

AGENT = Actor("system", "authorized agent")
RATE = "1200/h"  # of one network address
View = Callable[..., HttpResponseBase]


def door(view: View) -> View:
    """Open to the world and to programs: a refusal is the error object of 3.06, and nothing else is told."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if wait := seconds_to_wait(request, client_network(request), rate=RATE, group="protocols.drp"):
            refused = error(429, f"Too many requests: wait {wait} seconds.")
            refused["Retry-After"] = str(wait)
            return refused
        try:
            with acting(AGENT):
                return view(request, *args, **kwargs)
        except Refused as refusal:
            return error(refusal.status, str(refusal), fatal=refusal.status not in (409, 413))
        except NotNow as reason:
            return error(409, str(reason))

    return public(csrf_exempt(answer))


@public
@require_safe
def business(request: HttpRequest) -> HttpResponse:
    found = directory.entry()
    return JsonResponse(found) if found else error(404, "This business takes no part in the network.")


@door
def exercise(request: HttpRequest) -> HttpResponse:
    agent = agent_of(request.headers.get("Authorization", ""))
    if request.method != "POST":
        return _not_allowed("POST")
    received = taking.take(agent, body_of(request))
    return JsonResponse(standing.status_object(received, standing.acknowledged(received)))


@door
def status(request: HttpRequest, request_id: UUID) -> HttpResponse:
    agent = agent_of(request.headers.get("Authorization", ""))
    received = _own(agent, request_id)
    if request.method == "DELETE":
        reason = open_signed(agent, body_of(request)).claims.get("reason", "")
        if not isinstance(reason, str):
            raise Refused(400, "The reason is a text.")
        return JsonResponse(standing.status_object(withdraw(received)))
    if request.method not in ("GET", "HEAD"):
        return _not_allowed("GET, DELETE")
    return JsonResponse(standing.status_object(received))


@door
def agent(request: HttpRequest, agent_id: str) -> HttpResponse:
    """A token for a signed message; without one, whether the token is still good. 403 has no body (2.05.1)."""
    try:
        if request.method == "POST":
            return JsonResponse({"agent-id": agent_id, "token": pairing.pair(agent_id, body_of(request))})
        if agent_of(request.headers.get("Authorization", "")).agent_id != agent_id:
            return HttpResponse(status=403)
    except Refused:
        return HttpResponse(status=403)
    return JsonResponse({}) if request.method in ("GET", "HEAD") else _not_allowed("GET, POST")


def error(status_code: int, message: str, *, fatal: bool = False) -> JsonResponse:
    body: dict[str, Any] = {"code": str(status_code), "message": message}
    if fatal:
        body["fatal"] = True
    return JsonResponse(body, status=status_code)


def _own(agent: Agent, request_id: UUID) -> Received:
    """Another agent's request and none at all are the same refusal (2.02.1)."""
    found = Received.objects.select_related("request", "agent").filter(public_id=request_id, agent=agent)
    if received := found.first():
        return received
    raise Refused(403, "This is not a request of this agent.")


def _not_allowed(methods: str) -> HttpResponse:
    refused = error(405, f"Allowed here: {methods}.")
    refused["Allow"] = methods
    return refused
