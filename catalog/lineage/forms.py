from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from catalog.forms import named_data_set
from catalog.models import Column, DataSet

WAYS = {
    "direct IDENTITY": "Copied as it is",
    "direct TRANSFORMATION": "Computed from it",
    "direct AGGREGATION": "Aggregated over many rows",
    "indirect FILTER": "It only decides which rows get there",
}
DIRECTIONS = [("to", "Its content goes to"), ("from", "Its content comes from")]


class EdgeForm(forms.Form):
    """An edge in words, seen from one data set."""

    column = forms.CharField(label="Column of this data set")
    direction = forms.ChoiceField(choices=DIRECTIONS, widget=forms.RadioSelect, initial="to")
    other = forms.CharField(
        label="Other column", help_text="System / data set / column, e.g. Lake / gold.customers / email."
    )
    way = forms.ChoiceField(label="What happens on the way", choices=list(WAYS.items()))
    masking = forms.BooleanField(
        label="Masked: the value cannot be told from the result (a hash, a token, a count)", required=False
    )

    def __init__(self, *args: Any, data_set: DataSet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.data_set = data_set

    def clean_column(self) -> Column:
        return _column(self.data_set, self.cleaned_data["column"])

    def clean_other(self) -> Column:
        data_set, _, name = self.cleaned_data["other"].rpartition(" / ")
        return _column(named_data_set(data_set), name)

    def edge(self) -> dict[str, Any]:
        """The cleaned form as `declaring.declare` takes it."""
        here, other = self.cleaned_data["column"], self.cleaned_data["other"]
        source, target = (here, other) if self.cleaned_data["direction"] == "to" else (other, here)
        kind, subtype = self.cleaned_data["way"].split()
        masking = self.cleaned_data["masking"]
        return {"source": source, "target": target, "kind": kind, "subtype": subtype, "masking": masking}


def _column(data_set: DataSet, name: str) -> Column:
    found = data_set.columns.filter(name=name.strip(), gone_at=None).first()
    if found is None:
        raise ValidationError(f"{data_set.name} has no column {name.strip()}.")
    return found
