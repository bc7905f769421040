"""The form that takes a contract as a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from catalog.contracts.loading import load
from catalog.contracts.problems import ContractError, Problem
from catalog.contracts.reading import MOST_BYTES, too_large
from catalog.models import System

ACCEPTED = ".yaml,.yml,.json,.avsc,.proto"


class ImportForm(forms.Form):
    """A file of contracts; `cleaned_data["loaded"]` is what it holds. What is wrong with it is said line by line."""

    file = forms.FileField(
        help_text=f"Our YAML, ODCS 3, an Avro schema, a .proto file or dbt properties, up to {MOST_BYTES // 10**6} MB.",
        widget=forms.FileInput({"accept": ACCEPTED}),
    )
    system = forms.ModelChoiceField(
        System.objects.all(), required=False, help_text="For a file that does not name the system itself."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.problems: list[str] = []

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Say what is wrong with the file, one line each."""
        self.problems = [said(problem) for problem in problems]
        count = len(self.problems)
        self.add_error(
            "file", f"{count} {'thing is' if count == 1 else 'things are'} wrong with this file: see above."
        )

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        upload = cleaned.get("file")
        if isinstance(upload, UploadedFile):
            system = cleaned.get("system")
            cleaned["loaded"] = self._load(upload, system=system.name if system else "")
        return cleaned

    def _load(self, upload: UploadedFile, *, system: str) -> list:
        size = upload.size or 0
        try:
            if size > MOST_BYTES:
                raise ContractError(too_large(size))
            return load(upload.read(), name=upload.name or "", system=system)
        except ContractError as error:
            self.refuse(error.problems)
            return []


def said(problem: Problem) -> str:
    """As a sentence of a page, which begins with a capital letter."""
    words = str(problem)
    return words[:1].upper() + words[1:]
