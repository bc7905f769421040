"""The settings of a search index."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from urllib.parse import urlsplit

from django import forms


class SearchIndexForm(forms.Form):
    url = forms.URLField(
        label="Address", assume_scheme="https", help_text="E.g. https://search.example.org:9200"
    )
    user = forms.CharField(required=False)
    password = forms.CharField(required=False, widget=forms.PasswordInput(), strip=False)
    api_key = forms.CharField(
        label="API key",
        required=False,
        widget=forms.PasswordInput(),
        help_text="In place of user and password.",
    )
    indices = forms.CharField(
        required=False,
        help_text="Names or patterns separated by commas (orders-*); empty for all but hidden ones.",
    )

    def clean_url(self) -> str:
        parts = urlsplit(self.cleaned_data["url"])
        if parts.scheme != "https" and not _is_this_machine(parts.hostname or ""):
            raise forms.ValidationError("Use https: without it everybody on the way reads the data.")
        if parts.username or parts.query or parts.fragment:
            raise forms.ValidationError("Enter user and password in their own fields.")
        return self.cleaned_data["url"]


def _is_this_machine(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
