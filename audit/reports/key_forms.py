"""What is filled in to change the ledger's key. The verbs check again."""

from django import forms

from governance.console.pages import TypedWordForm

FOR_EVER = "Kept in the ledger for ever: nothing personal."


class ProposeKeyForm(forms.Form):
    reason = forms.CharField(max_length=300, help_text=f"Why another key is needed. {FOR_EVER}")
    revoke = forms.BooleanField(
        label="The old key is in other hands",
        required=False,
        help_text="It signs nothing more at once, and its signature counts for no later entry. "
        "Otherwise both keys sign for some weeks.",
    )


class ApproveKeyForm(TypedWordForm):
    """The reference of the proposal, typed; and the fingerprint of what was on the page."""

    fingerprint = forms.CharField(max_length=64, widget=forms.HiddenInput)


class RejectKeyForm(forms.Form):
    reason = forms.CharField(
        max_length=300, widget=forms.Textarea({"rows": 3}), help_text=f"Why not. {FOR_EVER}"
    )
