from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from catalog.classification.vocabulary import CATEGORIES
from catalog.localization.regions import require_region
from catalog.models import Safeguard, System, categories

ALL = "All personal data"


class RegionsField(forms.CharField):
    """Regions separated by commas."""

    def clean(self, value: Any) -> list[str]:
        names = [name.strip() for name in super().clean(value).split(",") if name.strip()]
        try:
            return [require_region(name) for name in names]
        except ValidationError as refusal:
            raise ValidationError(refusal.message_dict["region"]) from None


class RuleForm(forms.Form):
    """Where data of a category may lie."""

    category = forms.ChoiceField(choices=lambda: [("", ALL), *categories()], required=False)
    regions = RegionsField(help_text="Separated by commas: EEA, CH, us-east-1.")
    note = forms.CharField(max_length=500, required=False, help_text="Why, for those who come after you.")


class SafeguardForm(forms.Form):
    """What makes transfers lawful."""

    kind = forms.ChoiceField(choices=Safeguard.Kind.choices)
    region = forms.CharField(required=False, help_text="That receives the data, e.g. US; or name a system.")
    system = forms.ModelChoiceField(System.objects.all(), required=False, empty_label="Any in the region")
    categories = forms.MultipleChoiceField(
        choices=lambda: [(key, category.title) for key, category in CATEGORIES.items() if "." not in key],
        required=False,
        help_text="None chosen: all.",
        widget=forms.CheckboxSelectMultiple,
    )
    reference = forms.CharField(
        max_length=200, help_text="The decision, contract or rule, so that others find it."
    )
    valid_from = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))
    valid_until = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))
