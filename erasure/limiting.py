"""How often strangers may knock: counted per network address and per thing asked for, in the shared cache."""

import ipaddress
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django_ratelimit.core import get_usage

from governance.activities.models import Organisation
from governance.console.clients import client_address

View = Callable[..., HttpResponseBase]


def limited(rate: str, *, group: str, methods: tuple[str, ...] = ()) -> Callable[[View], View]:
    """At most `rate` ("10/h") calls of the view per address, of these methods or of all; then a page that says so."""

    def wrap(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            counted = not methods or request.method in methods
            if counted and (
                wait := seconds_to_wait(request, client_network(request), rate=rate, group=group)
            ):
                return too_many(request, wait)
            return view(request, *args, **kwargs)

        return answer

    return wrap


def seconds_to_wait(request: HttpRequest, value: str, *, rate: str, group: str) -> int:
    """Count one more use of `value`; 0 if it was allowed, else the seconds until the next may be."""
    usage = get_usage(request, group=group, key=lambda *_: value, rate=rate, increment=True)
    return max(1, usage["time_left"]) if usage and usage["should_limit"] else 0


def client_network(request: HttpRequest) -> str:
    """Who is asking: their IPv4 address or IPv6 network of 64 bits, as the last proxy we trust saw it."""
    address = client_address(request)
    try:
        prefix = 64 if ":" in address else 32
        return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False).network_address)
    except ValueError:
        return "unknown"


def too_many(request: HttpRequest, wait: int) -> HttpResponse:
    """429, in words for a data subject."""
    minutes = -(-wait // 60)
    context = {
        "title": "Please wait a little",
        "organisation": Organisation.objects.first(),
        "minutes": minutes,
    }
    response = render(request, "public/too_many.html", context, status=429)
    response["Retry-After"] = str(wait)
    return response
