from django import forms

from governance.console.pages import TypedWordForm


class ApproveRunForm(TypedWordForm):
    fingerprint = forms.CharField(widget=forms.HiddenInput, max_length=64)


class RejectRunForm(forms.Form):
    reason = forms.CharField(max_length=250, help_text="Kept in the ledger for ever: nothing personal.")
