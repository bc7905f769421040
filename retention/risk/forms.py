from __future__ import annotations

from typing import Any

from django import forms

from catalog.classification.vocabulary import Sensitivity
from catalog.models import EXTERNAL, Column, DataSet
from retention.risk.building import BUILDERS
from retention.risk.distances import Distance
from retention.risk.lattice import Metric
from retention.risk.models import Hierarchy

QUASI = (Sensitivity.QUASI, Sensitivity.DIRECT)


class ChooseDataSetForm(forms.Form):
    data_set = forms.ModelChoiceField(DataSet.objects.none(), label="Data set")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = DataSet.objects.filter(gone_at=None).exclude(system__kind=EXTERNAL)
        self.fields["data_set"].queryset = known.select_related("system")  # type: ignore[attr-defined]


class AssessmentForm(forms.Form):
    """What to measure of one data set. Columns tagged as quasi or direct identifiers are chosen already."""

    quasi = forms.MultipleChoiceField(
        label="Quasi-identifiers",
        widget=forms.CheckboxSelectMultiple,
        help_text="What somebody else may know of a person. Chosen by the catalog's tags; a direct identifier makes "
        "every row unique, so leave it out if it will be removed anyway.",
    )
    sensitive = forms.ChoiceField(
        label="Sensitive column",
        required=False,
        help_text="What an attacker wants to learn; l and t speak of it.",
    )
    k = forms.IntegerField(
        label="k, at least", required=False, min_value=1, initial=5, help_text="Rows that share every class."
    )
    l = forms.IntegerField(  # noqa: E741
        label="l, at least",
        required=False,
        min_value=1,
        help_text="Different sensitive values in every class.",
    )
    t = forms.FloatField(
        label="t, at most",
        required=False,
        min_value=0,
        max_value=1,
        help_text="Distance of a class from the whole table, from 0 to 1.",
    )
    distance = forms.ChoiceField(
        label="Distance of t",
        choices=[(Distance.EQUAL, "equal: between any two values"), (Distance.ORDERED, "ordered: numbers")],
    )
    suppression = forms.FloatField(
        label="Share of rows that may be suppressed",
        min_value=0,
        max_value=1,
        initial=0.02,
        help_text="0.02 is 2 %.",
    )
    metric = forms.ChoiceField(
        label="What the suggestion makes small",
        choices=[(Metric.LOSS, "loss of detail"), (Metric.DM, "large classes (discernibility)")],
    )
    hierarchies = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
        help_text="For the suggestion, a line for each column: <code>age = bands:5,10,20</code>, "
        "<code>born = dates</code>, <code>zip = prefix:3,2</code>, <code>code = mask</code>, or the name of an "
        "imported hierarchy. Columns without a line are kept or hidden.",
    )

    def __init__(self, *args: Any, data_set: DataSet, **kwargs: Any) -> None:
        columns = list(data_set.columns.filter(gone_at=None, nested_in=None).order_by("position"))
        super().__init__(*args, **kwargs)
        self.initial.update(_from_tags(columns))
        choices = [(column.name, f"{column.name} – {_tag(column)}") for column in columns]
        self.fields["quasi"].choices = choices  # type: ignore[attr-defined]
        self.fields["sensitive"].choices = [("", "None"), *choices]  # type: ignore[attr-defined]

    def clean_hierarchies(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for number, line in enumerate(self.cleaned_data["hierarchies"].splitlines(), 1):
            if not line.strip():
                continue
            column, equals, said = (part.strip() for part in line.partition("="))
            if not equals or not column or not said:
                raise forms.ValidationError(f"Line {number} is no “column = hierarchy”.")
            if column in found:
                raise forms.ValidationError(f"Line {number} names {column} a second time.")
            found[column] = said
        return found


def _from_tags(columns: list[Column]) -> dict[str, Any]:
    quasi = [column.name for column in columns if column.sensitivity in QUASI]
    sensitive = next((column.name for column in columns if column.sensitivity == Sensitivity.SENSITIVE), "")
    saved = Hierarchy.objects.filter(name__in=[column.name for column in columns]).values_list(
        "name", flat=True
    )
    lines = [f"{name} = {name}" for name in saved if name in quasi]
    return {"quasi": quasi, "sensitive": sensitive, "hierarchies": "\n".join(lines)}


def _tag(column: Column) -> str:
    return Sensitivity(column.sensitivity).title if column.sensitivity else "no tag"


class HierarchyForm(forms.Form):
    name = forms.CharField(max_length=80, help_text="That of its column is found by itself.")
    file = forms.FileField(
        required=False,
        help_text="CSV without header, a line for each value: <code>value;group;larger group;*</code>",
    )
    text = forms.CharField(
        required=False,
        label="Or its text",
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )

    def clean_name(self) -> str:
        name = self.cleaned_data["name"].strip()
        if name.partition(":")[0] in BUILDERS:
            raise forms.ValidationError(f"{name} is the name of a rule; choose another.")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        upload = cleaned.pop("file", None)
        if upload:
            try:
                cleaned["text"] = upload.read().decode("utf-8-sig")
            except UnicodeError:
                self.add_error("file", "This file is not UTF-8. Save it as UTF-8.")
        if not cleaned.get("text", "").strip() and not self.errors:
            self.add_error("text", "Choose a file, or paste the text.")
        return cleaned


class CoverageForm(forms.Form):
    column = forms.IntegerField(label="Column", widget=forms.Select)

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        columns = (
            Column.objects.filter(gone_at=None, nested_in=None, name__icontains=name)
            .exclude(data_set__system__kind=EXTERNAL)
            .select_related("data_set__system")[:200]
        )
        self.columns = {column.pk: column for column in columns}
        self.fields["column"].widget.choices = [(pk, str(column)) for pk, column in self.columns.items()]

    def clean_column(self) -> Column:
        try:
            return self.columns[self.cleaned_data["column"]]
        except KeyError:
            raise forms.ValidationError("This is none of the columns; choose one.") from None
