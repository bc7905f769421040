"""What officers and administrators fill in. The verbs check again."""

from typing import Any

from django import forms

from erasure.protocols.models import Agent, Business, Controller, Received
from erasure.requests import clock
from erasure.requests.stating import REASON_LENGTH


def _address(label: str, help_text: str = "") -> forms.URLField:
    return forms.URLField(
        label=label, max_length=200, required=False, assume_scheme="https", help_text=help_text
    )


class BusinessForm(forms.ModelForm):
    web_url = _address("Web site")
    logo_url = _address("Logo")

    class Meta:
        model = Business
        fields = [
            "business_id",
            "voluntary_regime",
            "web_url",
            "logo_url",
            "technical_contact",
            "business_contact",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["voluntary_regime"] = forms.ChoiceField(
            label="Law for voluntary requests",
            choices=clock.choices,
            help_text="Under which a request is handled that names no law.",
        )


class AgentForm(forms.ModelForm):
    assurance_url = _address("How it verifies identities", "The document you have read.")

    class Meta:
        model = Agent
        fields = ["agent_id", "name", "verify_key", "vouches", "assurance_url", "contact_email"]


class AgentChangeForm(AgentForm):
    class Meta(AgentForm.Meta):
        fields = ["name", "verify_key", "vouches", "assurance_url", "contact_email"]


class ControllerForm(forms.ModelForm):
    class Meta:
        model = Controller
        fields = ["controller_id", "name", "contact_email"]


class CertificateForm(forms.Form):
    certificate = forms.CharField(
        label="Certificate",
        widget=forms.Textarea({"rows": 8, "spellcheck": "false"}),
        help_text="PEM, the chain behind it.",
    )


class DenyForm(forms.Form):
    denial = forms.ChoiceField(
        label="What the sender is told", choices=Received.Denial.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        max_length=REASON_LENGTH,
        widget=forms.Textarea({"rows": 3}),
        help_text="The person and the agent are told it; the ledger keeps it for ever. Nothing personal.",
    )
