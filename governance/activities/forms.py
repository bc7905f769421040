"""What Article 30(1) GDPR says is always recorded is required here; what it asks "where applicable" is not."""

from typing import Any

from django import forms

from governance.activities.models import Organisation, ProcessingActivity, ProcessorActivity


class Lines(forms.CharField):
    """A list, typed one a line."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs["rows"] = 3

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        lines = [line.strip() for line in super().clean(value).splitlines()]
        return list(dict.fromkeys(filter(None, lines)))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class OrganisationForm(forms.ModelForm):
    class Meta:
        model = Organisation
        fields = [
            "name",
            "contact",
            "country",
            "representative",
            "officer_name",
            "officer_contact",
            "joint_controllers",
        ]
        widgets = {
            name: forms.Textarea(attrs={"rows": 3})
            for name in ("contact", "representative", "officer_contact", "joint_controllers")
        }


class ActivityForm(forms.ModelForm):
    subject_categories = Lines(
        label="Categories of data subjects",
        help_text="One a line: customers, employees, visitors … Art. 30(1)(c).",
    )
    recipients = Lines(
        help_text="One a line: who receives the data, also in third countries; “None” if nobody does. Art. 30(1)(d)."
    )

    class Meta:
        model = ProcessingActivity
        fields = [
            "name",
            "purpose",
            "lawful_basis",
            "special_condition",
            "subject_categories",
            "recipients",
            "transfers",
            "safeguards",
            "time_limits",
            "security_measures",
        ]
        widgets = {
            name: forms.Textarea(attrs={"rows": 3})
            for name in ("purpose", "transfers", "safeguards", "time_limits", "security_measures")
        }


class ProcessorForm(forms.ModelForm):
    categories = Lines(
        label="Categories of processing",
        help_text="One a line: what is carried out for them. Art. 30(2)(b).",
    )
    sub_processors = Lines(required=False, help_text="One a line: who is engaged. Art. 28(2).")

    class Meta:
        model = ProcessorActivity
        fields = [
            "controller",
            "contact",
            "representative",
            "officer",
            "categories",
            "sub_processors",
            "transfers",
            "safeguards",
            "security_measures",
        ]
        widgets = {
            name: forms.Textarea(attrs={"rows": 3})
            for name in (
                "contact",
                "representative",
                "officer",
                "transfers",
                "safeguards",
                "security_measures",
            )
        }
