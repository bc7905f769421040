from django import forms


class SettleForm(forms.Form):
    how = forms.CharField(
        label="What you found and what was done",
        max_length=300,
        help_text="Kept in the ledger for ever: nothing personal.",
    )
