from typing import Any

from django import forms

from catalog.connectors import registry
from catalog.connectors.base import Capability
from catalog.models import System
from erasure.registry.models import Backup, ReplayQuestion
from governance.console.pages import TypedWordForm


def searchable() -> Any:
    """Systems in which persons can be looked for."""
    kinds = [kind for kind, each in registry.classes.items() if Capability.FIND in each.capabilities]
    return System.objects.filter(kind__in=kinds)


class ReplaySystemForm(forms.Form):
    system = forms.ModelChoiceField(
        System.objects.none(),
        help_text="Of which it is a copy: its columns, links, holds and policies count.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["system"].queryset = searchable()  # type: ignore[attr-defined]


class ReplayForm(forms.Form):
    backup = forms.ModelChoiceField(
        Backup.objects.none(),
        required=False,
        empty_label="Not noted",
        help_text="It tells how old the copy is: rows older than an erasure are not a new customer's.",
    )
    at_system = forms.ModelChoiceField(
        System.objects.none(),
        required=False,
        label="The copy is registered as",
        empty_label="It is not registered",
        help_text="A system of the same kind: only its address counts.",
    )
    elsewhere = forms.BooleanField(
        required=False,
        label="The copy lies at the address below",
        help_text="Otherwise it has been restored in the place of the system.",
    )

    def __init__(self, *args: Any, system: System, may_lie_elsewhere: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["backup"].queryset = Backup.objects.filter(system=system, destroyed_at=None)  # type: ignore[attr-defined]
        alike = System.objects.filter(kind=system.kind).exclude(pk=system.pk)
        self.fields["at_system"].queryset = alike  # type: ignore[attr-defined]
        if not may_lie_elsewhere:
            del self.fields["elsewhere"]


class AnswerReplayForm(forms.Form):
    said = forms.ChoiceField(choices=ReplayQuestion.Answer.choices, widget=forms.RadioSelect, label="Answer")
    reason = forms.CharField(max_length=250, help_text="Kept in the ledger for ever: nothing personal.")


class ApproveReplayForm(TypedWordForm):
    fingerprint = forms.CharField(widget=forms.HiddenInput, max_length=64)


class RejectReplayForm(forms.Form):
    reason = forms.CharField(max_length=250, help_text="Kept in the ledger for ever: nothing personal.")
