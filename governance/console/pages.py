"""A page, or the part of it that htmx asked for, from one template; and the form of a typed confirmation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asked for a part: not a boosted link, and not the whole page for the browser's history."""
    htmx = getattr(request, "htmx", None)
    return bool(htmx and not htmx.boosted and not htmx.history_restore_request)


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    partial: str | None = None,
) -> HttpResponse:
    """Render `template`, or for htmx alone its `{% partialdef <partial> %}`.

    Answer 422 with the form on invalid input: `page(request, template, {"form": form}, status=422)`.
    """
    name = f"{template}#{partial}" if partial and wants_part(request) else template
    response = render(request, name, dict(context or {}), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


class TypedWordForm(forms.Form):
    """The word that a person types before something is destroyed; pairs with `ui/danger.html`."""

    typed = forms.CharField(widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))

    def __init__(self, *args: Any, word: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.word = word
        self.refusal = f"Type exactly {word} to go on. Nothing has been changed."
        self.fields["typed"].label = f"Type {word} to confirm"
        self.fields["typed"].error_messages["required"] = self.refusal

    def clean_typed(self) -> str:
        typed = self.cleaned_data["typed"].strip()
        if typed != self.word:
            raise forms.ValidationError(self.refusal)
        return typed
