"""What an officer does about an agent: read what entitles them, and accept it in place of the person's own word."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from erasure.models import SubjectRequest
from erasure.requests import representing
from erasure.requests.models import Proof, Representation
from erasure.views.handling import ask, refusals_shown
from governance.console.http import StaffRequest
from governance.console.permissions import allow


class AgentAcceptForm(forms.Form):
    answer_to = forms.ChoiceField(
        label="Who gets the answer", choices=Representation.AnswerTo.choices, widget=forms.RadioSelect
    )
    how = forms.CharField(
        label="How the power of attorney was checked",
        max_length=200,
        help_text="Kept in the ledger for ever: no names, no numbers.",
    )


@allow("requests.handle")
@refusals_shown
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    representation = get_object_or_404(Representation, request=found)
    return ask(
        request,
        found,
        AgentAcceptForm(request.POST or None),
        lambda answer_to, how: representing.confirm_by_officer(
            representation, how=how, answer_to=answer_to, by=request.user
        ),
        title="Accept the power of attorney",
        lead="You have read it, and vouch that the agent may ask for this person, and that all identifiers given are "
        "theirs. The person is not asked any more.",
        submit="Accept it",
    )


@allow("requests.handle")
@refusals_shown
def proof(request: StaffRequest, pk: int, proof: int) -> HttpResponse:
    found = get_object_or_404(Proof.objects.exclude(sealed=None), pk=proof, representation__request=pk)
    return representing.hand_out(found)
