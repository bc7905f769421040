"""How often strangers may knock: counted per network address and per thing asked for, in the shared cache."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from erasure.public import wording
from governance.activities.models import Organisation
from governance.console.clients import client_network, seconds_to_wait

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


def too_many(request: HttpRequest, wait: int) -> HttpResponse:
    """429, in words for a data subject."""
    language = wording.language_of(request)
    context = {
        "title": wording.say(language, "too_many.title"),
        "organisation": Organisation.objects.first(),
        "minutes": -(-wait // 60),
        "language": language,
    }
    response = render(request, "public/too_many.html", context, status=429)
    response["Retry-After"] = str(wait)
    return response
