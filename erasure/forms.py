"""What officers and data subjects fill in. The verbs check again; here the words are for people."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from catalog.classification.vocabulary import CATEGORIES
from erasure.models import Question, SubjectRequest
from erasure.requests import clock
from erasure.requests.assigning import officers
from erasure.requests.attaching import ALLOWED, LARGEST
from erasure.requests.intake import EMAIL, MAX_IDENTIFIERS, MAX_LENGTH
from erasure.requests.letters.wording import LANGUAGES
from erasure.requests.letters.wording import LONGEST as LONGEST_TEXT
from erasure.requests.models import Note
from erasure.requests.noting import LONGEST as LONGEST_NOTE
from erasure.requests.stating import REASON_LENGTH
from governance.console.models import User
from governance.console.pages import TypedWordForm


def unique_categories() -> list[tuple[str, str]]:
    """The kinds of identifier that belong to exactly one person, without the e-mail address."""
    return [(key, category.title) for key, category in CATEGORIES.items() if category.unique and key != EMAIL]


def spread(refusal: ValidationError, form: forms.BaseForm) -> None:
    """Put the errors of a verb beside the fields they are about, or above the form."""
    if not hasattr(refusal, "error_dict"):
        form.add_error(None, refusal)
        return
    for name, errors in refusal.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)


class Quiet(forms.TextInput):
    """A field that browsers neither complete nor remember."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__({"autocomplete": "off", "spellcheck": "false", **attrs})


class RequestForm(forms.Form):
    kind = forms.ChoiceField(
        label="What the person asks for",
        choices=SubjectRequest.Kind.choices,
        widget=forms.RadioSelect,
        initial=SubjectRequest.Kind.ACCESS,
    )
    regime = forms.ChoiceField(label="Law that applies", choices=clock.choices)
    ground = forms.ChoiceField(
        label="Ground of an erasure",
        choices=[("", "Not stated"), *SubjectRequest.Ground.choices],
        required=False,
    )
    language = forms.ChoiceField(
        label="Language of the letters", choices=list(LANGUAGES.items()), required=False
    )
    email = forms.EmailField(
        label="E-mail address",
        max_length=MAX_LENGTH,
        required=False,
        help_text="Identity is confirmed through it, and the answer goes there. Only who opts out may have none.",
        widget=forms.EmailInput({"autocomplete": "off"}),
    )


class IdentifierForm(forms.Form):
    category = forms.ChoiceField(label="Kind of identifier", choices=unique_categories, initial="id.customer")
    value = forms.CharField(label="Identifier", max_length=MAX_LENGTH, widget=Quiet)


class OptionalIdentifierForm(IdentifierForm):
    value = forms.CharField(label="Identifier", max_length=MAX_LENGTH, widget=Quiet, required=False)


IdentifierFormSet = forms.formset_factory(
    OptionalIdentifierForm, extra=2, max_num=MAX_IDENTIFIERS - 1, validate_max=True
)


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=REASON_LENGTH,
        widget=forms.Textarea({"rows": 3}),
        help_text="Kept in the ledger for ever: write nothing about the person.",
    )


class AnswerForm(forms.Form):
    """Whose the rows are that made a search stop."""

    answer = forms.ChoiceField(choices=Question.Answer.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        max_length=REASON_LENGTH, help_text="Kept in the ledger for ever: nothing about the person."
    )


class TellingReasonForm(ReasonForm):
    reason = forms.CharField(
        max_length=REASON_LENGTH,
        widget=forms.Textarea({"rows": 3}),
        help_text="The person reads this in a letter, and the ledger keeps it for ever: write nothing personal.",
    )


class AppealForm(TellingReasonForm):
    decision = forms.ChoiceField(
        choices=[
            (SubjectRequest.Appeal.GRANTED, "Granted: the person is right, the request goes on"),
            (SubjectRequest.Appeal.REFUSED, "Refused: the answer stands, the request ends"),
        ],
        widget=forms.RadioSelect,
    )
    field_order = ["decision", "reason"]


class AssignForm(forms.Form):
    officer = forms.ModelChoiceField(queryset=User.objects.none(), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        officer = cast(forms.ModelChoiceField, self.fields["officer"])
        officer.queryset = officers()
        officer.label_from_instance = lambda officer: officer.display_name  # type: ignore[assignment, method-assign]


class DuplicateForm(forms.Form):
    other = forms.ModelChoiceField(
        queryset=SubjectRequest.objects.none(),
        label="The request that goes on",
        help_text="Of the same kind, from somebody who named the same identifier.",
    )

    def __init__(self, *args: Any, others: QuerySet[SubjectRequest], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ModelChoiceField, self.fields["other"]).queryset = others


class NoteForm(forms.Form):
    kind = forms.ChoiceField(choices=Note.Kind.choices, initial=Note.Kind.INTERNAL)
    text = forms.CharField(
        max_length=LONGEST_NOTE,
        widget=forms.Textarea({"rows": 3}),
        help_text="Sealed, kept out of the ledger, and destroyed some days after the request has ended.",
    )


class MessageForm(forms.Form):
    text = forms.CharField(
        label="Letter",
        max_length=LONGEST_NOTE,
        widget=forms.Textarea({"rows": 5}),
        help_text="Goes to the address of the request at once, under the name of the organisation.",
    )


class FileForm(forms.Form):
    file = forms.FileField(help_text=f"{ALLOWED}, at most {LARGEST // 1024**2} MB.")


class LetterTextForm(forms.Form):
    subject = forms.CharField(max_length=200)
    body = forms.CharField(label="Text", max_length=LONGEST_TEXT, widget=forms.Textarea({"rows": 16}))


class ConfirmIdentityForm(forms.Form):
    how = forms.CharField(
        label="How it was checked",
        max_length=200,
        help_text="For example: came to the office with a passport. Kept in the ledger for ever: no names, no numbers.",
    )


class ApproveForm(TypedWordForm):
    """The reference of the request, typed; and the fingerprint of the plan that was on the page."""

    fingerprint = forms.CharField(max_length=64, widget=forms.HiddenInput)


class ApproveManyForm(TypedWordForm):
    """How many plans, typed; and the fingerprints of those that were on the page, by their plans."""

    fingerprints = forms.JSONField(widget=forms.HiddenInput)

    def clean_fingerprints(self) -> dict[int, str]:
        given = self.cleaned_data["fingerprints"]
        if not isinstance(given, dict) or not all(
            key.isascii() and key.isdigit() and isinstance(value, str) for key, value in given.items()
        ):
            raise forms.ValidationError("These are no plans: go back to the list and choose again.")
        return {int(key): value for key, value in given.items()}
