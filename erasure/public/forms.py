"""What data subjects fill in, in their language. The verbs check again; here the words are for people."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from erasure.forms import Quiet
from erasure.models import SubjectRequest
from erasure.public import wording
from erasure.public.receiving import LONGEST, Asked
from erasure.requests import clock
from erasure.requests.attaching import ALLOWED
from erasure.requests.intake import EMAIL, MAX_LENGTH
from erasure.requests.noting import LONGEST as LONGEST_NOTE
from erasure.rights import registry

Kind = SubjectRequest.Kind
CUSTOMER = "id.customer"
ACCEPTED = ",".join(f".{kind.strip().lower()}" for kind in ALLOWED.replace(" or ", ", ").split(","))


class SpokenForm(forms.Form):
    """Labels and helps are the sentences `<section>.<field>` and `<section>.<field>_help`."""

    section: str
    website = forms.CharField(required=False)

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language = language
        known = wording.texts(language)[self.section]
        for name, field in self.fields.items():
            field.label = known.get(name, wording.say(language, "ask.empty"))
            field.help_text = known.get(f"{name}_help", "")

    def say(self, name: str, /, **values: object) -> str:
        return wording.say(self.language, name, **values)

    @property
    def shown(self) -> list[forms.BoundField]:
        return [field for field in self if field.name != "website"]

    def refuse(self, refusal: ValidationError) -> None:
        """The refusal of a verb, beside its field, in the visitor's own language."""
        known = wording.texts(self.language)["errors"]
        for name in getattr(refusal, "error_dict", {"": []}):
            where = name if name in self.fields else None
            self.add_error(where, known.get(name) or known["other"])


class RightForm(SpokenForm):
    """A right, and the place whose law gives it."""

    kind = forms.ChoiceField(widget=forms.RadioSelect)
    place = forms.ChoiceField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = kinds(self.language)  # type: ignore[attr-defined]
        self.fields["place"].choices = wording.places(self.language)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        law = clock.regimes().get(given.get("place", ""))
        if law and given.get("kind") and given["kind"] not in law.rights:
            self.add_error("kind", self.say("errors.right_unknown"))
        return given


class AskForm(RightForm):
    section = "ask"
    email = forms.EmailField(max_length=MAX_LENGTH, widget=forms.EmailInput({"autocomplete": "email"}))
    customer_number = forms.CharField(max_length=MAX_LENGTH, required=False, widget=Quiet)
    wrong = forms.CharField(max_length=LONGEST, required=False, widget=forms.Textarea({"rows": 2}))
    right = forms.CharField(max_length=LONGEST, required=False, widget=forms.Textarea({"rows": 2}))
    purposes = forms.CharField(max_length=LONGEST, required=False, widget=forms.Textarea({"rows": 2}))
    ground = forms.ChoiceField(required=False)
    field_order = [
        "kind",
        "ground",
        "wrong",
        "right",
        "purposes",
        "place",
        "email",
        "customer_number",
        "website",
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        grounds = wording.texts(self.language)["grounds"]
        self.fields["ground"].choices = [  # type: ignore[attr-defined]
            ("", grounds["none"]),
            *((ground, grounds[ground]) for ground in SubjectRequest.Ground.values),
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("kind") == Kind.RECTIFICATION:
            for name in ("wrong", "right"):
                if not given.get(name) and name not in self.errors:
                    self.add_error(name, self.say(f"errors.{name}_missing"))
        return given

    def asked(self) -> Asked:
        given = self.cleaned_data
        number = given["customer_number"]
        return Asked(
            kind=given["kind"],
            identifiers=[(EMAIL, given["email"]), *([(CUSTOMER, number)] if number else [])],
            regime=given["place"],
            language=self.language,
            wrong=given["wrong"],
            right=given["right"],
            purposes=given["purposes"],
            ground=given["ground"] if given["kind"] == Kind.ERASURE else "",
        )


class CodeForm(SpokenForm):
    section = "code"
    code = forms.CharField(
        max_length=6,
        widget=Quiet(inputmode="numeric", autocomplete="one-time-code"),
        validators=[RegexValidator(r"^\d{6}$")],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].validators = [RegexValidator(r"^\d{6}$", self.say("errors.code"))]


class OptOutForm(SpokenForm):
    section = "opt_out"
    email = forms.EmailField(
        max_length=MAX_LENGTH, required=False, widget=forms.EmailInput({"autocomplete": "email"})
    )
    customer_number = forms.CharField(max_length=MAX_LENGTH, required=False, widget=Quiet)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors and not given.get("email") and not given.get("customer_number"):
            self.add_error("email", self.say("opt_out.one"))
        return given

    def identifiers(self) -> list[tuple[str, str]]:
        named = [(EMAIL, self.cleaned_data["email"]), (CUSTOMER, self.cleaned_data["customer_number"])]
        return [(category, value) for category, value in named if value]


class MessageForm(SpokenForm):
    section = "status"
    message_text = forms.CharField(
        max_length=LONGEST_NOTE, required=False, widget=forms.Textarea({"rows": 4})
    )
    message_file = forms.FileField(required=False, widget=forms.ClearableFileInput({"accept": ACCEPTED}))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors and not given.get("message_text", "").strip() and not given.get("message_file"):
            self.add_error("message_text", self.say("status.message_empty"))
        return given


class AppealForm(SpokenForm):
    section = "status"
    appeal_text = forms.CharField(max_length=LONGEST_NOTE, widget=forms.Textarea({"rows": 4}))


def kinds(language: str) -> list[tuple[str, str]]:
    """Every right there is, in the words of the person."""
    known = wording.texts(language)["kinds"]
    return [
        (kind, known.get(kind.replace(" ", "_"), registry.get(kind).asks))
        for kind in Kind.values
        if kind in registry.classes
    ]
