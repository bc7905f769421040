"""The settings of a Feast feature store."""

from __future__ import annotations

from pathlib import Path

from django import forms
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from catalog.connectors.base import AccessDenied
from catalog.connectors.folder_paths import require_allowed


class FeastForm(forms.Form):
    repository = forms.CharField(
        label="Feature repository",
        help_text="The folder with feature_store.yaml on the console's machine. Its Python is never run.",
    )
    registry_url = forms.CharField(
        label="SQL registry",
        required=False,
        help_text="Where the registry is a database: postgresql://user@host/database. Otherwise it is a file.",
    )
    registry_password = forms.CharField(required=False, widget=forms.PasswordInput(), strip=False)

    def clean_repository(self) -> str:
        try:
            require_allowed(Path(self.cleaned_data["repository"]))
        except AccessDenied as error:
            raise forms.ValidationError(str(error)) from None
        return self.cleaned_data["repository"]

    def clean_registry_url(self) -> str:
        text = self.cleaned_data["registry_url"]
        if not text:
            return ""
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            raise forms.ValidationError("This is no URL of a database.") from None
        if url.password is not None:
            raise forms.ValidationError("Write the password in its own field.")
        if url.get_backend_name() != "postgresql" or url.query or not (url.host and url.database):
            raise forms.ValidationError("Write it as postgresql://user@host:port/database.")
        return text
