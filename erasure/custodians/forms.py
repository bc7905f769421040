"""What custodians, recipients and officers fill in. The verbs check again."""

from typing import Any

from django import forms

from catalog.models import DataSet
from erasure.custodians.answering import NOTE_LENGTH
from erasure.custodians.exempting import REASON_LENGTH
from erasure.custodians.models import Recipient, Task
from erasure.requests.attaching import ALLOWED, Checked, check_upload
from governance.activities.models import ProcessingActivity
from retention.models import Exemption

DONE = [(Task.State.DONE, "Done"), (Task.State.NOTHING_FOUND, "Nothing of this person is there")]
SEALED = "Stored encrypted, destroyed 30 days after the request has ended."


def _text(**options: Any) -> forms.CharField:
    return forms.CharField(widget=forms.Textarea({"rows": 3}), **options)


class ConfirmForm(forms.Form):
    state = forms.ChoiceField(label="What became of it", choices=DONE, widget=forms.RadioSelect)
    note = _text(
        label="What was done and how you know",
        max_length=NOTE_LENGTH,
        help_text=f"Write nothing about the person. {SEALED}",
    )
    evidence = forms.FileField(
        required=False,
        help_text=f"{ALLOWED}, up to 10 MB. {SEALED} Its SHA-256 stays in the proof.",
    )

    def clean_evidence(self) -> list[Checked]:
        upload = self.cleaned_data["evidence"]
        return [check_upload(upload)] if upload else []


class RefuseForm(forms.Form):
    exemption = forms.ChoiceField(
        label="Exception",
        choices=Exemption.choices,
        help_text="Which exception of Art. 17(3) lets this system keep the data.",
    )
    reason = _text(
        max_length=NOTE_LENGTH, help_text="The law or claim, and what it covers. Nothing about the person."
    )


class DelayForm(forms.Form):
    until = forms.DateField(
        widget=forms.DateInput({"type": "date"}), help_text="The day by which it is done."
    )
    reason = _text(max_length=NOTE_LENGTH, help_text="Officers read it. Nothing about the person.")


class ImpossibleForm(forms.Form):
    reason = _text(
        max_length=REASON_LENGTH,
        help_text="Why it is impossible, or takes disproportionate effort. Kept in the ledger for ever.",
    )


class NoticeForm(forms.Form):
    """Of a recipient, who has no account here."""

    state = forms.ChoiceField(
        label="Your answer",
        choices=[*DONE, (Task.State.REFUSED, "We have to keep the data")],
        widget=forms.RadioSelect,
    )
    exemption = forms.ChoiceField(
        label="If you keep them: why",
        choices=[("", "–"), *Exemption.choices],
        required=False,
    )
    note = _text(
        label="What was done", max_length=NOTE_LENGTH, help_text="Please write nothing about the person."
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("state") == Task.State.REFUSED and not given.get("exemption"):
            self.add_error("exemption", "Choose which exception lets you keep the data.")
        return given


class WebhookForm(forms.Form):
    url = forms.CharField(
        label="Address",
        max_length=500,
        widget=forms.URLInput({"autocomplete": "off"}),
        help_text="https://… of their system. A new secret is made and shown once.",
    )


class RecipientForm(forms.ModelForm):
    class Meta:
        model = Recipient
        fields = ["name", "kind", "contact_email", "region", "activities", "data_sets"]
        widgets = {"activities": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["activities"].queryset = ProcessingActivity.objects.all()  # type: ignore[attr-defined]
        data_sets = DataSet.objects.filter(gone_at=None).select_related("system")
        self.fields["data_sets"].queryset = data_sets  # type: ignore[attr-defined]


class ExemptForm(forms.Form):
    """For the rows of one person in one data set, whose columns are the choices."""

    keep_columns = forms.MultipleChoiceField(
        label="Columns to keep",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Only what the reason requires. Other personal fields of these rows are overwritten.",
    )
    exemption = forms.ChoiceField(
        choices=Exemption.choices, help_text="Why the right to erasure does not apply."
    )
    reason = _text(
        max_length=REASON_LENGTH,
        help_text="Plan, proof and the letter to the person repeat it; the ledger keeps it for ever. Nothing personal.",
    )

    def __init__(self, *args: Any, data_set: DataSet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = data_set.columns.filter(gone_at=None, nested_in=None).values_list("name", flat=True)
        self.fields["keep_columns"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
