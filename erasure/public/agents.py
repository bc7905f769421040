"""The door of those who ask for somebody else."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from erasure.limiting import limited, too_many
from erasure.public.asking import wait_for
from erasure.public.forms import ACCEPTED, RightForm
from erasure.public.pages import onwards, page, sent, spoken
from erasure.requests import identity, intake, representing
from erasure.requests.models import Representation
from erasure.requests.states import NotNow
from governance.console.clients import client_network
from governance.console.permissions import public


class AgentForm(RightForm):
    section = "agent"
    name = forms.CharField(max_length=representing.LONGEST_NAME)
    organisation = forms.CharField(max_length=representing.LONGEST_NAME, required=False)
    email = forms.EmailField(max_length=intake.MAX_LENGTH, widget=forms.EmailInput({"autocomplete": "email"}))
    person_email = forms.EmailField(
        max_length=intake.MAX_LENGTH, widget=forms.EmailInput({"autocomplete": "off"})
    )
    authority = forms.ChoiceField(widget=forms.RadioSelect)
    proof = forms.FileField(widget=forms.FileInput({"accept": ACCEPTED}))
    field_order = [
        "name",
        "organisation",
        "email",
        "authority",
        "proof",
        "person_email",
        "kind",
        "place",
        "website",
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["authority"].choices = [  # type: ignore[attr-defined]
            (Representation.Authority.PERMISSION, self.say("agent.permission")),
            (Representation.Authority.ATTORNEY, self.say("agent.attorney")),
        ]
        for name in ("kind", "place"):
            self.fields[name].label = self.say(f"ask.{name}")


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("10/h", group="privacy.agent", methods=("POST",))
def agent(request: HttpRequest) -> HttpResponse:
    form = AgentForm(*sent(request), language=spoken(request))
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["website"]:
            return onwards(request, "public:agent_received")
        if wait := wait_for(request, form.cleaned_data["person_email"]):
            return too_many(request, wait)
        try:
            _receive(request, form)
        except ValidationError as refusal:
            form.refuse(refusal)
        else:
            return onwards(request, "public:agent_received")
    return page(request, "agent", "agent.title", form=form, status=422 if form.errors else 200)


@public
@never_cache
@require_http_methods(["GET", "HEAD"])
def agent_received(request: HttpRequest) -> HttpResponse:
    """The same for everybody, whatever became of what they sent."""
    return page(request, "agent_received", "received.title")


def _receive(request: HttpRequest, form: AgentForm) -> None:
    given = form.cleaned_data
    try:
        representing.receive(
            agent=representing.Agent(given["name"], given["email"], given["organisation"]),
            authority=given["authority"],
            proof=given["proof"],
            kind=given["kind"],
            identifiers=[(intake.EMAIL, given["person_email"])],
            regime=given["place"],
            language=form.language,
            asker=identity.asker_of(client_network(request)),
        )
    except (intake.AlreadyOpen, NotNow):
        return  # nobody learns that the person has asked before
