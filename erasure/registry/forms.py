from typing import Any

from django import forms

from catalog.classification.vocabulary import CATEGORIES
from catalog.models import EXTERNAL, System
from erasure.registry.checking import FORBID

USES = [
    ("keep", "Keep them at all: erased persons"),
    ("use", "Use them: and those who restricted or objected"),
    ("share", "Sell or share them: and those who opted out"),
]
assert [use for use, _ in USES] == list(FORBID)
MOST_LINES = 1_000


class CheckForm(forms.Form):
    category = forms.ChoiceField(
        choices=lambda: [(key, each.title) for key, each in CATEGORIES.items() if each.unique],
        label="What the lines are",
    )
    use = forms.ChoiceField(choices=USES, label="To")
    values = forms.CharField(
        widget=forms.Textarea({"rows": 8, "autocomplete": "off", "spellcheck": "false"}),
        label="One person a line",
        help_text=f"At most {MOST_LINES:,} lines. They are not kept; the answer says which lines are registered.",
    )

    def clean_values(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["values"].splitlines()]
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(
                f"These are {len(lines):,} lines, and at most {MOST_LINES:,} fit: use the API or the command."
            )
        return lines


class BackupForm(forms.Form):
    system = forms.ModelChoiceField(System.objects.none())
    name = forms.CharField(max_length=120, help_text="As it is called where it lies.")
    place = forms.CharField(max_length=200, required=False, help_text="Where it lies.")
    made_at = forms.DateTimeField(
        label="Made", widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    kept_until = forms.DateField(label="Kept until", widget=forms.DateInput({"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["system"].queryset = System.objects.exclude(kind=EXTERNAL)  # type: ignore[attr-defined]


class DestroyedForm(forms.Form):
    evidence = forms.CharField(
        max_length=300,
        help_text="How you know that it is gone. Kept in the ledger for ever: nothing personal.",
    )
