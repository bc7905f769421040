"""What a schedule is made of, beside the parameters of its report."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from audit.reports.base import Report
from audit.reports.models import Schedule
from audit.reports.renderers import renderers
from governance.activities.forms import Lines

MOST_ADDRESSES = 20


class ScheduleForm(forms.ModelForm):
    form = forms.ChoiceField(choices=lambda: [(cls.kind, cls.label) for cls in renderers.classes.values()])
    recipients = Lines(
        label="Addresses",
        required=False,
        help_text=f"Who gets it by e-mail, one a line, at most {MOST_ADDRESSES}. The file leaves the console: "
        "anybody who reads these mailboxes reads it.",
    )

    class Meta:
        model = Schedule
        fields = ["form", "rhythm", "window", "recipients", "to_worm"]
        labels = {"window": "Only the time since the last one", "to_worm": "To write-once storage"}

    def __init__(self, *args: Any, report: Report, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not {"since", "until"} <= set(report.Parameters.base_fields):
            del self.fields["window"]
        if not settings.LEDGER_WORM:
            self.fields["to_worm"].help_text = "There is none yet: set LEDGER_WORM."

    def clean_recipients(self) -> list[str]:
        addresses: list[str] = self.cleaned_data["recipients"]
        if len(addresses) > MOST_ADDRESSES:
            raise ValidationError(f"At most {MOST_ADDRESSES} addresses.")
        for each in addresses:
            try:
                validate_email(each)
            except ValidationError:
                raise ValidationError(f"“{each[:80]}” is no address for e-mail.") from None
        return addresses

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and not cleaned.get("recipients") and not cleaned.get("to_worm"):
            raise ValidationError("Give at least one address, or send it to write-once storage.")
        return cleaned


def asked_for(report: Report, data: Any) -> dict[str, str]:
    """The parameters as they were typed, without those that were left empty."""
    return {name: data[name] for name in report.Parameters.base_fields if data.get(name)}
