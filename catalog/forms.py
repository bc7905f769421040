from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from catalog.models import DataSet, Link, System
from governance.activities.models import ProcessingActivity
from governance.console.models import User


class SystemForm(forms.ModelForm):
    """What every kind of system has; the settings of its kind are the connector's own form."""

    class Meta:
        model = System
        fields = ["name", "region", "custodian", "nightly"]
        help_texts = {"custodian": "Who answers for the store, and may be asked to act on it."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["custodian"].queryset = User.objects.filter(is_active=True)  # type: ignore[attr-defined]
        self.fields["custodian"].label_from_instance = lambda user: user.display_name  # type: ignore[attr-defined]


class ActivitiesForm(forms.Form):
    """Which activities use a data set."""

    activities = forms.ModelMultipleChoiceField(
        ProcessingActivity.objects.all(), required=False, widget=forms.CheckboxSelectMultiple
    )


class LinkForm(forms.Form):
    """A link in words: data sets as `system / data set`, columns separated by commas, paired in their order."""

    source = forms.CharField(label="Rows of", help_text="System / data set, e.g. Shop / public.orders.")
    source_columns = forms.CharField(label="Their columns", help_text="Separated by commas.")
    target = forms.CharField(label="Belong or refer to rows of", help_text="System / data set.")
    target_columns = forms.CharField(
        label="With equal values in", help_text="As many columns, in the same order."
    )
    follow = forms.ChoiceField(
        label="Meaning",
        choices=Link.Follow.choices,
        widget=forms.RadioSelect,
        help_text="What belongs to a person goes with them, or with the last of several; what is only shown to them "
        "(a file that somebody shared, the doctor's view of a patient's chat) is in their copy, and stays.",
    )

    def clean_source(self) -> DataSet:
        return named_data_set(self.cleaned_data["source"])

    def clean_target(self) -> DataSet:
        return named_data_set(self.cleaned_data["target"])

    def clean_source_columns(self) -> list[str]:
        return split_names(self.cleaned_data["source_columns"])

    def clean_target_columns(self) -> list[str]:
        return split_names(self.cleaned_data["target_columns"])


def named_data_set(text: str) -> DataSet:
    """The data set that prints as `text`. Raises ValidationError."""
    system, _, name = text.partition(" / ")
    found = DataSet.objects.filter(system__name=system.strip(), name=name.strip(), gone_at=None).first()
    if found is None:
        raise ValidationError("No data set of the catalog is called so: write it as system / data set.")
    return found


def split_names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
