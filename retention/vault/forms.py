"""What officers fill in. The verbs check again; here the words are for people."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError

from catalog.classification.vocabulary import CATEGORIES
from governance.console.pages import TypedWordForm
from retention.vault.asking import REASON_LENGTH
from retention.vault.models import named
from retention.vault.versions import LONGEST_DOMAIN

FOR_EVER = "Kept in the ledger for ever: write nothing about the person."


def unique_categories() -> list[tuple[str, str]]:
    """The kinds of identifier that belong to exactly one person."""
    return [(key, category.title) for key, category in CATEGORIES.items() if category.unique]


def lines(help_text: str) -> forms.CharField:
    """A field for many values that no browser remembers."""
    return forms.CharField(
        widget=forms.Textarea({"rows": 6, "autocomplete": "off", "spellcheck": "false"}), help_text=help_text
    )


def show(refusal: ValidationError, form: forms.Form) -> None:
    """Put the errors of a verb beside the fields they are about, or above the form."""
    if not hasattr(refusal, "error_dict"):
        form.add_error(None, refusal)
        return
    for name, errors in refusal.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)


class KeyForm(forms.Form):
    name = forms.CharField(
        max_length=80,
        validators=[named],
        help_text="What rules call it, such as orders. It stands with what the key makes, and cannot be changed.",
    )
    note = forms.CharField(max_length=300, required=False, help_text="What it is for.")


class DetokenizeForm(forms.Form):
    domain = forms.CharField(
        label="Token domain",
        max_length=LONGEST_DOMAIN,
        widget=forms.TextInput({"list": "known-domains", "autocomplete": "off", "spellcheck": "false"}),
        help_text="As under Tokens. card has the tokens of card/9/16 and all others with card/ in front.",
    )
    tokens = lines("One a line. Spaces and dashes do not matter.")
    reason = forms.CharField(max_length=REASON_LENGTH, help_text=f"Why you need the values. {FOR_EVER}")

    def clean_tokens(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["tokens"].splitlines() if line.strip()]


class ShredForm(forms.Form):
    category = forms.ChoiceField(label="Kind of identifier", choices=unique_categories, initial="id.customer")
    value = forms.CharField(
        label="Identifier",
        max_length=320,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        help_text="Hashed and not kept.",
    )
    reason = forms.CharField(max_length=300, help_text=f"Why this person is to be shredded. {FOR_EVER}")


class ApproveForm(TypedWordForm):
    """The reference of the request, typed; and the fingerprint of what was on the page."""

    fingerprint = forms.CharField(max_length=64, widget=forms.HiddenInput)


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=300, widget=forms.Textarea({"rows": 3}), help_text=f"Why not. {FOR_EVER}"
    )
