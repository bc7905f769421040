"""The doors of the people whose data it is: ask, confirm, see how far it is, fetch the answer.

Nobody signs in, and no page tells a stranger whether a person is known here: whoever asks reads the same answer.
What a secret in an address opens, a look at the page does not use up: only its button does.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from audit.ledger.context import Actor, acting
from erasure.delivering import as_download
from erasure.forms import PublicRequestForm, spread
from erasure.limiting import limited, too_many
from erasure.models import SubjectRequest
from erasure.packages import fetching
from erasure.requests import identity, intake, status
from erasure.requests.letters import send_letter
from erasure.requests.states import NotNow
from governance.activities.models import Organisation
from governance.console.clients import seconds_to_wait
from governance.console.permissions import public
from governance.keyring.lookups import lookup_of

View = Callable[..., HttpResponseBase]


def with_secret(view: View) -> View:
    """A page with a secret in its address: kept nowhere, told to no other page, tried 60 times an hour at most."""
    patient = limited("60/h", group="privacy.secret")(view)

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = patient(request, *args, **kwargs)
        # Others learn our origin at most, never the path. With "no-referrer" browsers say `Origin: null` when a
        # form is sent, and the CSRF check would refuse everybody.
        response["Referrer-Policy"] = "strict-origin"
        # Django logs the path of what it refuses: here the path is the secret.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response

    return public(never_cache(answer))


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("10/h", group="privacy.ask", methods=("POST",))
def ask(request: HttpRequest) -> HttpResponse:
    form = PublicRequestForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["website"]:
            return redirect("public:received")
        lookup = lookup_of(intake.EMAIL, form.cleaned_data["email"]).hex()
        if wait := seconds_to_wait(request, lookup, rate="3/h", group="privacy.email"):
            return too_many(request, wait)
        try:
            _receive(form)
        except ValidationError as refusal:
            spread(refusal, form)
        else:
            return redirect("public:received")
    return _page(request, "ask", "Your personal data", form=form, status=422 if form.errors else 200)


@public
@require_safe
def received(request: HttpRequest) -> HttpResponse:
    """The same for everybody, whatever became of what they sent."""
    return _page(request, "received", "We have received your request")


@with_secret
def confirm(request: HttpRequest, secret: str) -> HttpResponse:
    check = identity.check_for(secret)
    if check is None or check.request.state not in identity.UNVERIFIED:
        return _gone(request)
    if request.method != "POST":
        return _page(request, "confirm", "Confirm your request", asked=check.request)
    with acting(Actor("subject", check.request.subject)):
        try:
            confirmed = identity.confirm(secret)
        except NotNow:
            confirmed = None
    if confirmed is None:
        return _gone(request)
    return redirect("public:status", status.token_of(confirmed))


@with_secret
def state(request: HttpRequest, token: str) -> HttpResponse:
    found = status.request_of(token)
    if found is None:
        return _gone(request)
    return _page(request, "status", "Your request", asked=found, words=status.in_words(found))


@with_secret
def package(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The button. Pressing it leads to the file, under an address that lives for an hour."""
    link = fetching.link_for(secret)
    if link is None:
        return _gone(request)
    if request.method != "POST":
        return _page(request, "package", "Your data are ready", package=link.package, link=link)
    response = redirect("public:package_file", fetching.press(link))
    response.status_code = 303
    return response


@with_secret
def package_file(request: HttpRequest, ticket: str) -> HttpResponseBase:
    link = fetching.link_of_ticket(ticket)
    if link is None:
        return _gone(request)
    with acting(Actor("subject", link.package.request.subject)):
        try:
            return as_download(link.package, request, link=link)
        except NotNow:
            return _gone(request)


def _receive(form: PublicRequestForm) -> None:
    """A new request and a link to confirm it; for one that is open already, the letter that helps its asker on."""
    given = form.cleaned_data
    try:
        asked = intake.receive(
            kind=given["kind"],
            identifiers=form.identifiers(),
            channel=SubjectRequest.Channel.FORM,
            regime=given["regime"],
        )
    except intake.AlreadyOpen as known:
        asked = known.request
    try:
        identity.send_link(asked)
    except NotNow:
        if asked.verified_at:
            send_letter(asked, "already_open", token=status.token_of(asked))


def _gone(request: HttpRequest) -> HttpResponse:
    return _page(request, "gone", "This link no longer works", status=410)


def _page(request: HttpRequest, name: str, title: str, *, status: int = 200, **context: Any) -> HttpResponse:
    context |= {"title": title, "organisation": Organisation.objects.first()}
    return render(request, f"public/{name}.html", context, status=status)
