"""The doors of the people whose data it is: ask, and be told that it has arrived.

Nobody signs in, and no page tells a stranger whether a person is known here: whoever asks reads the same answer.
"""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from erasure.limiting import limited, too_many
from erasure.public.forms import AskForm
from erasure.public.pages import onwards, page, sent, spoken
from erasure.public.receiving import receive
from erasure.requests import identity, intake
from governance.console.clients import client_network, seconds_to_wait
from governance.console.permissions import public
from governance.keyring.lookups import lookup_of


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("10/h", group="privacy.ask", methods=("POST",))
def ask(request: HttpRequest) -> HttpResponse:
    form = AskForm(*sent(request)[:1], language=spoken(request))
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["website"]:
            return onwards(request, "public:received")
        if wait := wait_for(request, form.cleaned_data["email"]):
            return too_many(request, wait)
        try:
            _, ticket = receive(form.asked(), asker=identity.asker_of(client_network(request)))
        except ValidationError as refusal:
            form.refuse(refusal)
        else:
            return onwards(request, "public:code", ticket) if ticket else onwards(request, "public:received")
    return page(request, "ask", "ask.title", form=form, status=422 if form.errors else 200)


@public
@require_safe
def received(request: HttpRequest) -> HttpResponse:
    """The same for everybody, whatever became of what they sent."""
    return page(request, "received", "received.title")


def wait_for(request: HttpRequest, email: str) -> int:
    """Seconds until this address may be named again: three times an hour from one place, twelve times from all.

    Whoever names it too often keeps nobody else from it for long: the letters sent so far keep working.
    """
    lookup = lookup_of(intake.EMAIL, email).hex()
    from_here = f"{client_network(request)}/{lookup}"
    return seconds_to_wait(request, from_here, rate="3/h", group="privacy.email") or seconds_to_wait(
        request, lookup, rate="12/h", group="privacy.mailbox"
    )
