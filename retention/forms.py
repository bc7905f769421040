from typing import Any

from django import forms

from catalog.models import EXTERNAL, VIEW, DataSet
from retention.models import Exemption, Hold


class HoldForm(forms.Form):
    """A hold on one data set, whose columns are the choices of what must be kept."""

    keep_columns = forms.MultipleChoiceField(
        label="Columns to keep",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Only what the reason requires. Other personal fields of a held row are anonymized.",
    )
    exemption = forms.ChoiceField(
        choices=Exemption.choices, help_text="When the right to erasure does not apply."
    )
    reason = forms.CharField(
        max_length=300,
        help_text="The law or claim, and why it covers these rows. Kept in the ledger for ever: nothing personal.",
    )
    until = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The last day of the hold; empty until somebody releases it.",
    )

    def __init__(self, *args: Any, data_set: DataSet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = data_set.columns.filter(gone_at=None, nested_in=None).values_list("name", flat=True)
        self.fields["keep_columns"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]


class ChooseDataSetForm(forms.Form):
    data_set = forms.ModelChoiceField(
        DataSet.objects.none(), label="Data set", help_text="A data set has one hold in force at a time."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        free = (
            DataSet.objects.filter(gone_at=None)
            .exclude(kind=VIEW)
            .exclude(system__kind=EXTERNAL)
            .exclude(pk__in=Hold.objects.active().values("data_set"))
        )
        self.fields["data_set"].queryset = free.select_related("system")  # type: ignore[attr-defined]


class ReleaseForm(forms.Form):
    reason = forms.CharField(
        max_length=300, help_text="Why the rows need not be kept any more. Kept in the ledger for ever."
    )
