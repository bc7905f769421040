from typing import Any

from django import forms

from governance.console.models import User
from governance.console.permissions import Role
from governance.console.tokens import MAX_DAYS, scopes_for


class PersonForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email", "role"]
        help_texts = {"username": "What they sign in with."}


class AccessForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)
    active = forms.BooleanField(required=False, label="May sign in")


class TokenForm(forms.Form):
    name = forms.CharField(max_length=80, help_text="What will use it.")
    days = forms.IntegerField(
        label="Days until it expires",
        min_value=1,
        max_value=MAX_DAYS,
        initial=90,
        help_text="A year at most.",
    )
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [(name, name) for name in scopes_for(user)]  # type: ignore[attr-defined]
