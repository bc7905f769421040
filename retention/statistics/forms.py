"""What people fill in. Whether a question can be asked is decided in `reading_queries`, the same as over the API."""

import re
from typing import Any

import orjson
from django import forms

from catalog.models import EXTERNAL, DataSet
from retention.statistics import queries
from retention.statistics.models import Allotment, Budget, Period
from retention.statistics.reading_queries import DATES, KEYED, NUMBERS, PERSONS, ColumnKind

KEPT = "Kept in the ledger for ever: nothing personal."


class QueryForm(forms.Form):
    """One question about a data set, whose columns are the choices."""

    kind = forms.ChoiceField(label="What", choices=queries.KIND_CHOICES)
    value = forms.ChoiceField(
        label="Of the column", required=False, help_text="Not for numbers of rows or people."
    )
    lower = forms.CharField(
        label="Lower bound",
        required=False,
        help_text="From what you know of the matter, never from the data: values below are raised to it.",
    )
    upper = forms.CharField(
        label="Upper bound",
        required=False,
        help_text="Values above are lowered to it. Wider bounds, more noise.",
    )
    decimals = forms.IntegerField(
        min_value=0, max_value=6, initial=2, help_text="That values are counted in."
    )
    quantile = forms.CharField(initial="0.5", required=False, help_text="Of a quantile: 0.5 is the median.")
    steps = forms.IntegerField(
        label="Possible answers",
        initial=100,
        required=False,
        help_text="Of a quantile: so many values, evenly spaced between the bounds.",
    )
    grouping = forms.ChoiceField(label="Groups", choices=list(queries.GROUPINGS.items()))
    group = forms.ChoiceField(label="By the column", required=False)
    edges = forms.CharField(
        label="Bands begin at",
        required=False,
        help_text="Such as 18, 30, 45, 60; also the edges of a histogram. What lies under and over has a band too.",
    )
    keys = forms.CharField(
        label="Listed values",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line. All of them will be in the answer, also those that nobody has.",
    )
    person = forms.ChoiceField(label="Column that tells persons apart", required=False)
    each_row = forms.BooleanField(
        label="Each row is one person",
        required=False,
        help_text="Only if nobody can be in two rows: then rows are protected, and that is people.",
    )
    rows_per_person = forms.IntegerField(
        min_value=1,
        initial=1,
        help_text="At most so many rows of one person count, drawn by lot. More rows, more noise.",
    )
    groups_per_person = forms.IntegerField(
        min_value=1,
        initial=1,
        help_text="At most in so many groups; what people and found groups are counted by.",
    )
    amount = forms.CharField(help_text="How much of the budget to spend. Less, more noise.")
    delta = forms.CharField(
        label="δ", required=False, help_text="Only for values found in the data: 0.000001."
    )
    edition = forms.CharField(
        max_length=40,
        required=False,
        help_text="The same question has one answer in a period. Another word here asks, and pays, anew.",
    )

    def __init__(self, *args: Any, columns: list[ColumnKind], unit: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit = unit
        self.fields["amount"].label = queries.SYMBOLS[unit]
        for field, kinds in (("value", NUMBERS), ("group", KEYED | NUMBERS | DATES), ("person", PERSONS)):
            names = [column.name for column in columns if column.any_of(kinds)]
            choices = [("", "None"), *((name, name) for name in names)]
            self.fields[field].choices = choices  # type: ignore[attr-defined]

    def given(self) -> dict[str, Any]:
        """What was filled in, as the API would say it."""
        filled = dict(self.cleaned_data)
        return {
            **filled,
            self.unit: filled.pop("amount"),
            "edges": [edge for edge in re.split(r"[\s,;]+", filled["edges"]) if edge],
            "keys": filled["keys"].splitlines(),
        }

    def show(self, problems: dict[str, list[str]]) -> None:
        """Put each problem beside its field, and what names no field of the form above all of them."""
        for field, messages in problems.items():
            name = "amount" if field == self.unit else field
            self.add_error(name if name in self.fields else None, messages)


class ChooseBudgetForm(forms.Form):
    budget = forms.ModelChoiceField(
        Budget.objects.exclude(data_set=None),
        label="Data set",
        help_text="Those that an officer has set a budget for.",
    )


class ChooseDataSetForm(forms.Form):
    data_set = forms.ModelChoiceField(
        DataSet.objects.filter(gone_at=None, budget=None)
        .exclude(system__kind=EXTERNAL)
        .select_related("system"),
        label="Data set",
        help_text="One budget covers all that is ever asked about it.",
    )


class BudgetForm(forms.Form):
    unit = forms.ChoiceField(choices=Budget.Unit.choices)
    limit = forms.CharField(
        help_text="What all answers of a period may tell of any one person, together. ε of 1 is usual; 10 is much."
    )
    delta = forms.CharField(
        label="δ",
        initial="0",
        help_text="The chance that more is told; well below 1 in the number of people. 0 allows no found groups and "
        "no training.",
    )
    period = forms.ChoiceField(
        choices=Period.choices, help_text="It is full again in each: over periods, what is told adds up."
    )
    accounting = forms.ChoiceField(choices=Budget.Accounting.choices)
    person = forms.CharField(
        max_length=400,
        required=False,
        label="Column that tells persons apart",
        help_text="Every question must protect the persons of this column. Empty: whoever asks names it, and may "
        "name one that protects less, such as the number of an order.",
    )
    reason = forms.CharField(max_length=300, help_text=f"Why so much. {KEPT}")


class AllotmentForm(forms.Form):
    name = forms.CharField(label="Training run", max_length=120)
    amount = forms.CharField(label="ε", help_text="Charged at once; given back only if the run never draws.")
    delta = forms.CharField(label="δ", initial="0.000001")
    accountant = forms.ChoiceField(
        choices=Allotment.Accountant.choices,
        help_text="Rényi holds also where a run chooses its next steps by what it saw; the other is tighter.",
    )


class LookForm(forms.Form):
    reason = forms.CharField(max_length=300, help_text=f"Why you need the true values. {KEPT}")


class GiveBackForm(forms.Form):
    reason = forms.CharField(max_length=300, help_text=f"Why this charge should not stand. {KEPT}")


class BatchForm(forms.Form):
    questions = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
        help_text="A JSON list of questions, each as the API takes it.",
    )

    def clean_questions(self) -> list[dict[str, Any]]:
        try:
            found = orjson.loads(self.cleaned_data["questions"])
        except orjson.JSONDecodeError as problem:
            raise forms.ValidationError(f"This is not JSON: see position {problem.pos}.") from None
        if not isinstance(found, list) or not found or not all(isinstance(each, dict) for each in found):
            raise forms.ValidationError("A list of questions is needed: [{…}, {…}].")
        if len(found) > 100:
            raise forms.ValidationError("At most 100 questions are priced at once.")
        return found
