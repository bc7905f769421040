"""The settings of a Redis database."""

from __future__ import annotations

import json
from typing import Any

from django import forms

SHOWN = "shown"


class RedisForm(forms.Form):
    host = forms.CharField(initial="localhost")
    port = forms.IntegerField(initial=6379, min_value=1, max_value=65535)
    database = forms.IntegerField(initial=0, min_value=0, required=False, help_text="Its number.")
    user = forms.CharField(required=False, help_text="Of the access list; empty for the default user.")
    password = forms.CharField(required=False, widget=forms.PasswordInput(), strip=False)
    tls = forms.BooleanField(label="TLS", required=False)
    certificate_authority = forms.CharField(
        required=False, widget=forms.Textarea(), help_text="PEM text; empty to trust those of this machine."
    )
    data_sets = forms.CharField(
        required=False,
        widget=forms.Textarea(),
        help_text="Patterns of keys known beforehand, each with fields that it has at least, as JSON: "
        '{"user:*": ["name", "email"]}. All other keys are grouped by what varies in them.',
    )
    key_columns = forms.ChoiceField(
        label="Key and expiry",
        initial=SHOWN,
        choices=[(SHOWN, "Columns of their own"), ("hidden", "Left out")],
        help_text="As _key and _expires, beside the fields of the value.",
    )

    def clean_data_sets(self) -> str:
        read_declared(self.cleaned_data["data_sets"])
        return self.cleaned_data["data_sets"]


def read_declared(written: str) -> dict[str, list[str]]:
    """Fields by pattern. Raises ValidationError."""
    if not written.strip():
        return {}
    try:
        found = json.loads(written)
    except (ValueError, RecursionError):
        raise forms.ValidationError("This is no JSON.") from None
    if not isinstance(found, dict) or not all(_are_names(names) for names in found.values()):
        raise forms.ValidationError('Write an object: {"user:*": ["name", "email"]}.')
    return found


def _are_names(names: Any) -> bool:
    return isinstance(names, list) and all(isinstance(name, str) and name for name in names)
