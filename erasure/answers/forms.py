"""What officers fill in before a right is answered. The verbs check again."""

from typing import Any

from django import forms

from catalog.models import DataSet, categories
from erasure.answers.models import Objection, Selection
from erasure.answers.stating import STATEMENT_LENGTH
from erasure.forms import Quiet
from erasure.packages.fetching import NAME_LENGTH
from erasure.packages.previewing import REASON_LENGTH
from erasure.requests.intake import MAX_LENGTH
from governance.activities.models import ProcessingActivity

KEPT = "Kept in the ledger for ever: write nothing about the person."


class SelectionForm(forms.Form):
    """What the package holds of one data set: the whole of it or not, a choice per column, rows left out."""

    included = forms.BooleanField(label="It goes into the package", required=False)
    reason = forms.CharField(
        label="Why it, or rows of it, are left out",
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=f"For example: it would tell about others, Art. 15(4). The person reads it. {KEPT}",
    )

    def __init__(self, *args: Any, selection: Selection, **kwargs: Any) -> None:
        self.names = {f"column_{place}": name for place, name in enumerate(selection.names)}
        shown = [(row["digest"], f"Row {place}") for place, row in enumerate(selection.sample, 1)]
        initial = {
            "included": selection.included,
            "reason": selection.reason,
            "left_out": selection.left_out,
            **{field: selection.columns[name]["choice"] for field, name in self.names.items()},
        }
        super().__init__(*args, **(kwargs | {"initial": initial}))
        for field, name in self.names.items():
            self.fields[field] = forms.ChoiceField(
                label=name,
                choices=Selection.Choice.choices,
                help_text=_why(selection.columns[name], selection.looked_at),
            )
        if shown:
            self.fields["left_out"] = forms.MultipleChoiceField(
                label="Rows to leave out",
                choices=shown,
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text="The rows shown above, by their number.",
            )

    def decision(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "included": given["included"],
            "reason": given["reason"],
            "columns": {name: given[field] for field, name in self.names.items()},
            "left_out": given.get("left_out", []),
        }


def _why(column: dict[str, Any], looked_at: int) -> str:
    if not column["why"]:
        return ""
    many = f", in {column['others']} of {looked_at} rows looked at" if column["others"] else ""
    return f"Proposed: {column['why']}{many}."


class TransmitForm(forms.Form):
    controller = forms.CharField(label="The other controller", max_length=NAME_LENGTH)
    email = forms.EmailField(
        label="Its e-mail address",
        max_length=MAX_LENGTH,
        help_text="Where the person wants the data to go. The link works once.",
    )


class CorrectionForm(forms.Form):
    category = forms.ChoiceField(label="What it is", choices=categories, initial="contact.email")
    wrong = forms.CharField(
        label="What is wrong",
        max_length=MAX_LENGTH,
        widget=Quiet,
        help_text="As it stands in the systems now; upper and lower case are the same.",
    )
    right = forms.CharField(label="What is right", max_length=MAX_LENGTH, widget=Quiet)


class StatementForm(forms.Form):
    text = forms.CharField(
        label="Supplementary statement",
        max_length=STATEMENT_LENGTH,
        widget=forms.Textarea({"rows": 5}),
        help_text="In the person’s own words. Stored encrypted with the request.",
    )


class LiftingForm(forms.Form):
    on = forms.DateField(label="It is lifted on", widget=forms.DateInput({"type": "date"}))
    reason = forms.CharField(
        max_length=REASON_LENGTH,
        widget=forms.Textarea({"rows": 3}),
        help_text=f"The person reads this in a letter. {KEPT}",
    )


class ObjectionForm(forms.Form):
    activity = forms.ModelChoiceField(
        ProcessingActivity.objects.all(),
        required=False,
        empty_label="Direct marketing of any kind",
        label="What the person objects to",
    )
    marketing = forms.BooleanField(
        required=False,
        label="It is direct marketing",
        help_text="Then nothing outweighs the objection, Art. 21(3).",
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["marketing"] = bool(given.get("marketing")) or given.get("activity") is None
        return given


class DecisionForm(forms.Form):
    state = forms.ChoiceField(
        label="Decision",
        choices=[each for each in Objection.State.choices if each[0] != Objection.State.OPEN],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="Compelling grounds",
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=f"Needed where they override it, Art. 21(1). The person reads them. {KEPT}",
    )


class MarkForm(forms.Form):
    data_set = forms.ModelChoiceField(DataSet.objects.none(), label="Data set")
    column = forms.CharField(help_text="The column that says that a row is restricted.")
    value = forms.CharField(max_length=80, label="What it holds when the row is restricted")
    otherwise = forms.CharField(
        max_length=80, required=False, label="What it holds otherwise", help_text="Empty: nothing (null)."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = DataSet.objects.filter(gone_at=None).select_related("system")
        self.fields["data_set"].queryset = known  # type: ignore[attr-defined]


class NoticeForm(forms.Form):
    authority = forms.CharField(
        label="Supervisory authority",
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text="Where to complain: name and address. Art. 15(1)(f).",
    )
    automated_decisions = forms.CharField(
        label="Decisions made by programs alone",
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text="Profiling included: the logic involved, and what follows from it. Art. 15(1)(h).",
    )
    sources = forms.CharField(
        label="Where data come from that people did not give themselves",
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text="Art. 15(1)(g).",
    )
