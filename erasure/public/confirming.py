"""The doors where a person proves that a request is theirs: behind the link of a letter, or with a code.

What a secret in an address opens, a look at the page does not use up: only its button does.
"""

from django.http import HttpRequest, HttpResponse

from audit.ledger.context import Actor, acting
from erasure.limiting import too_many
from erasure.models import IdentityCheck, SubjectRequest
from erasure.public.forms import CodeForm
from erasure.public.pages import gone, onwards, page, sent, spoken, with_secret
from erasure.public.receiving import said
from erasure.requests import identity, representing, status
from erasure.requests.letters.wording import phrases
from erasure.requests.states import NotNow
from governance.console.clients import client_network, seconds_to_wait


@with_secret
def confirm(request: HttpRequest, secret: str) -> HttpResponse:
    check = identity.check_for(secret)
    if check is None:
        return gone(request)
    if not identity.usable(check):
        return _too_late(request, check)
    if request.method != "POST":
        return _shown(request, check.request)
    with acting(Actor("subject", check.request.subject)):
        try:
            if "refuse" in request.POST and representing.of(check.request):
                representing.refuse(check.request)
                return page(request, "refused", "agent.refused_title", about=check.request)
            confirmed = representing.confirm(secret, answer_to=request.POST.get("answer_to", ""))
        except NotNow:
            confirmed = None
    if confirmed is None:
        return gone(request)
    return onwards(request, "public:status", status.token_of(confirmed))


@with_secret
def code(request: HttpRequest, ticket: str) -> HttpResponse:
    """The same page whether a code was sent or not; a wrong code, a used and an old one are answered alike."""
    form = CodeForm(*sent(request)[:1], language=spoken(request))
    if request.method == "POST":
        if wait := seconds_to_wait(request, client_network(request), rate="20/h", group="privacy.code"):
            return too_many(request, wait)
        if form.is_valid():
            confirmed = _by_code(ticket, form.cleaned_data["code"])
            if confirmed is not None:
                return onwards(request, "public:status", status.token_of(confirmed))
            form.add_error("code", form.say("errors.code"))
    return page(request, "code", "code.title", form=form, status=422 if form.errors else 200)


def _by_code(ticket: str, entered: str) -> SubjectRequest | None:
    check = identity.check_of_ticket(ticket)
    if check is None:
        return None
    with acting(Actor("subject", check.request.subject)):
        try:
            return identity.confirm_code(ticket, entered)
        except NotNow:
            return None


def _shown(request: HttpRequest, asked: SubjectRequest) -> HttpResponse:
    return page(
        request,
        "confirm",
        "confirm.title",
        about=asked,
        asked=asked,
        asks=phrases(spoken(request, asked))["asks"][asked.kind],
        said=[note.text for note in said(asked)],
        objections=[objection.purpose for objection in asked.objections.select_related("activity")],
        agent=representing.of(asked),
    )


def _too_late(request: HttpRequest, check: IdentityCheck) -> HttpResponse:
    """Say why a link that we did send no longer works: used, or expired; then a new one can be had."""
    asked = check.request
    if check.used_at:
        return page(request, "used", "used.title", about=asked, status=410)
    if asked.state not in identity.UNVERIFIED:
        return gone(request)
    if request.method == "POST":
        try:
            identity.send_link(
                asked,
                asker=identity.asker_of(client_network(request)),
                letter=representing.letter_for(asked),
                **representing.context_for(asked),
            )
        except NotNow:
            return gone(request)
        return onwards(request, "public:received")
    return page(request, "expired", "expired.title", about=asked, asked=asked, status=410)
