from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url

from audit.ledger.context import Actor, acting
from governance.console.permissions import PUBLIC

VISITOR = Actor("visitor", "anonymous")
FROM_STRANGERS = 12_000_000  # bytes: one attachment, and the form around it
FROM_STAFF = 60_000_000


class BoundedBodyMiddleware:
    """Refuses a body before anything reads it: files of an upload would be written to the disk, however large.

    The server hands on no more than the length that the client declared.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        declared = request.META.get("CONTENT_LENGTH") or "0"
        if declared.isdigit() and int(declared) > FROM_STRANGERS:
            # The API reads nothing from whom it does not know.
            known = request.path.startswith("/api/") or request.user.is_authenticated
            most = FROM_STAFF if known else FROM_STRANGERS
            if int(declared) > most:
                text = f"At most {most // 1_000_000} MB can be sent at once.\n"
                return HttpResponse(text, status=413, content_type="text/plain; charset=utf-8")
        return self.get_response(request)


class ActorMiddleware:
    """Whatever a web request changes is recorded as done by who sent it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with acting(request.user.as_actor() if request.user.is_authenticated else VISITOR):
            return self.get_response(request)


class PermissionMiddleware:
    """Closed by default: a view opens only to the permission it is marked with (`allow`) or to all (`public`).

    API views carry their permissions themselves: they authenticate by token, after the middleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # No cache keeps a page: not a shared one, and not the browser's for whoever sits there after the sign-out.
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    def process_view(
        self, request: HttpRequest, view: Callable, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if hasattr(view, "cls"):  # a DRF view
            return None
        permission = getattr(view, "permission_by_method", {}).get(request.method) or getattr(
            view, "permission", None
        )
        if permission == PUBLIC:
            return None
        if not request.user.is_authenticated:
            return self._to_sign_in(request)
        if permission is None or not request.user.may(permission):
            raise PermissionDenied("Your role does not include this.")
        return None

    def _to_sign_in(self, request: HttpRequest) -> HttpResponse:
        sign_in = resolve_url(settings.LOGIN_URL)
        if request.headers.get("HX-Request"):
            # htmx would put the sign-in page into a table: make the browser go there instead.
            return HttpResponse(status=401, headers={"HX-Redirect": sign_in})
        path = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
        return HttpResponseRedirect(f"{sign_in}?{urlencode({'next': path})}")
