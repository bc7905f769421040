"""What several reports can be limited by. Everything is optional: a report without parameters is about all."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet

from catalog.models import System
from erasure.requests.regimes import regimes


class Period(forms.Form):
    """Days, both included, where the console is."""

    since = forms.DateField(required=False, label="Since", widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(required=False, label="Until", widget=forms.DateInput({"type": "date"}))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            raise forms.ValidationError("Since is after until.")
        return cleaned


class OfSystem(forms.Form):
    system = forms.ChoiceField(required=False, label="System", choices=lambda: _any(_systems()))


def regime_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        required=False,
        label="Law",
        choices=lambda: _any((key, regime.title) for key, regime in sorted(regimes().items())),
    )


def choice(label: str, choices: Any) -> forms.ChoiceField:
    """One of these, or any; `choices` may be asked for each time."""
    return forms.ChoiceField(
        required=False, label=label, choices=lambda: _any(choices() if callable(choices) else choices)
    )


def within(rows: QuerySet[Any], field: str, *, since: date | None, until: date | None) -> QuerySet[Any]:
    """The rows whose `field`, a moment, is on one of the days; of a row without it, it is on none."""
    limits = {f"{field}__date__gte": since, f"{field}__date__lte": until}
    return rows.filter(**{name: day for name, day in limits.items() if day})


def limits(**parameters: Any) -> str:
    """What a report is limited to, in words for its subtitle; empty for all."""
    said = [f"{name} {value}" for name, value in parameters.items() if value]
    return f"; {', '.join(said)}" if said else ""


def _any(choices: Any) -> list[tuple[str, str]]:
    return [("", "Any"), *((str(value), str(label)) for value, label in choices)]


def _systems() -> list[tuple[str, str]]:
    return [(name, name) for name in System.objects.order_by("name").values_list("name", flat=True)]
