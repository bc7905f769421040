"""The doors of controllers for whom we are the processor: OpenDSR 2.0. Every answer to them is signed."""

import base64
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from audit.ledger.context import Actor, acting
from audit.ledger.recording import record
from erasure.delivering import as_download
from erasure.protocols import events
from erasure.protocols.bodies import body_of
from erasure.protocols.models import Controller, Received
from erasure.protocols.opendsr import signing, standing, taking
from erasure.protocols.refusing import Refused
from erasure.protocols.tokens import controller_of
from erasure.protocols.withdrawing import withdraw
from erasure.requests.states import NotNow
from governance.console.clients import client_network, seconds_to_wait
from governance.console.permissions import public

CONTROLLER = Actor("system", "controller")
RATE = "6000/h"  # all parties try not to throttle (10)
View = Callable[..., HttpResponseBase]


def door(view: View) -> View:
    """Open to the world and to programs: a refusal is the error object of 7.6."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if wait := seconds_to_wait(request, client_network(request), rate=RATE, group="protocols.opendsr"):
            refused = error(429, f"Too many requests: wait {wait} seconds.")
            refused["Retry-After"] = str(wait)
            return refused
        try:
            with acting(CONTROLLER):
                controller = controller_of(request.headers.get("Authorization", ""))
                return view(request, controller, *args, **kwargs)
        except Refused as refusal:
            return error(refusal.status, str(refusal))
        except NotNow as reason:
            return error(400, str(reason))

    return public(csrf_exempt(answer))


@public
@require_safe
def discovery(request: HttpRequest) -> HttpResponse:
    here = settings.PUBLIC_URL.rstrip("/")
    return JsonResponse(
        {
            "api_version": standing.VERSION,
            "supported_identities": [
                {"identity_type": kind, "identity_format": taking.RAW} for kind in taking.IDENTITIES
            ],
            "supported_subject_request_types": list(taking.TYPES),
            "processor_certificate": here + reverse("protocols:opendsr_certificate"),
        }
    )


@public
@require_safe
def certificate(request: HttpRequest) -> HttpResponse:
    with acting(Actor("system", "opendsr")):
        pem = signing.signing_key().certificate
    return HttpResponse(pem, content_type="application/x-pem-file")


@door
def requests(request: HttpRequest, controller: Controller) -> HttpResponse:
    if request.method != "POST":
        return _not_allowed("POST")
    received, body = taking.take(controller, body_of(request))
    return signed(
        {
            "controller_id": controller.controller_id,
            "expected_completion_time": standing.expected(received),
            "received_time": standing.stamp(received.received_at),
            "encoded_request": base64.b64encode(body).decode(),
            "subject_request_id": received.their_id,
        },
        status=201,
    )


@door
def one(request: HttpRequest, controller: Controller, subject_request_id: str) -> HttpResponse:
    received = _own(controller, subject_request_id)
    if request.method == "DELETE":
        return _cancel(received)
    if request.method not in ("GET", "HEAD"):
        return _not_allowed("GET, DELETE")
    return signed(standing.status_body(received))


@door
def results(request: HttpRequest, controller: Controller, subject_request_id: str) -> HttpResponseBase:
    """The package itself, for the controller who has to answer the person."""
    received = _own(controller, subject_request_id)
    package = standing.package_of(received)
    if request.method not in ("GET", "HEAD"):
        return _not_allowed("GET")
    if package is None or received.request is None:
        return error(404, "There are no results, or none any more.")
    asked = received.request
    with transaction.atomic():
        record(events.RESULTS_FETCHED, asked, subject=asked.subject, sender=controller.name)
        return as_download(package, request)


def signed(body: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """The signature over the whole body is in the header, as in the examples of the specification.

    `processor_signature`, which its text asks for, signs the body without that member, the last one.
    """
    answer = dict(body)
    if status != 200:
        answer["processor_signature"] = signing.signature_of(orjson.dumps(answer))
    content = orjson.dumps(answer)
    return HttpResponse(
        content, status=status, content_type="application/json", headers=signing.headers_for(content)
    )


def error(code: int, message: str) -> HttpResponse:
    detail = {"domain": "Validation" if code == 400 else "Request", "reason": "Refused", "message": message}
    return JsonResponse({"error": {"code": code, "message": message, "errors": [detail]}}, status=code)


def _cancel(received: Received) -> HttpResponse:
    if standing.standing(received) not in (standing.PENDING, standing.CANCELLED):
        raise Refused(400, "Only a pending request can be cancelled.")
    withdrawn = withdraw(received)
    return signed(
        {
            "controller_id": withdrawn.sender.controller_id,  # type: ignore[union-attr]
            "received_time": standing.stamp(withdrawn.withdrawn_at or timezone.now()),
            "subject_request_id": withdrawn.their_id,
            "api_version": standing.VERSION,
        },
        status=202,
    )


def _own(controller: Controller, subject_request_id: str) -> Received:
    found = controller.received.select_related("request", "controller")
    if received := found.filter(their_id=subject_request_id).first():
        return received
    raise Refused(404, "There is no such request of this controller.")


def _not_allowed(methods: str) -> HttpResponse:
    refused = error(405, f"Allowed here: {methods}.")
    refused["Allow"] = methods
    return refused
