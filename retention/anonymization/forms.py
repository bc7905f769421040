"""Forms of the pages: a new job, the rules that a person reviews, where jobs may deliver to and who is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from django import forms
from django.db.models import QuerySet

from catalog.models import EXTERNAL, VIEW, DataSet, System
from retention.anonymization.destinations.base import DestinationError
from retention.anonymization.destinations.parsing import KINDS, in_outlet
from retention.anonymization.models import Outlet, Sink
from retention.anonymization.rule_files import rules_from
from retention.anonymization.rules import Rule
from retention.anonymization.runners import registry as runners
from retention.anonymization.sending import NotSent, require_safe_url
from retention.anonymization.techniques import registry as techniques
from retention.anonymization.techniques.base import TechniqueError
from retention.anonymization.uses import USES
from retention.vault.asking import REASON_LENGTH
from retention.vault.forms import FOR_EVER, lines

BY_HAND = "Chosen on the page of the job."
MOST_COLUMNS = 2_000


class NewForm(forms.Form):
    """What is anonymized, what for, and where it goes; the rules come after, as they depend on it."""

    data_set = forms.ModelChoiceField(DataSet.objects.none(), label="Data set")
    use = forms.CharField(
        max_length=100,
        initial="analytics",
        help_text=f"As the contract calls it. The advisor knows {', '.join(USES)}.",
    )
    outlet = forms.ModelChoiceField(Outlet.objects.none(), label="Deliver to")
    name = forms.CharField(
        max_length=300,
        label="Name of the output",
        help_text="A table in a database. Elsewhere a file, such as out.parquet, .csv, .jsonl or .avro, "
        "or with / at its end a folder of Parquet files.",
    )
    runner = forms.ChoiceField(choices=runners.choices, initial="local")
    person = forms.CharField(
        max_length=400,
        required=False,
        label="Column that tells persons apart",
        help_text="Empty: the catalog's identifier of persons, if the data set has one.",
    )
    overwrite = forms.BooleanField(
        required=False, label="Replace the output", help_text="Only what an earlier job delivered there."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["data_set"].queryset = anonymizable()  # type: ignore[attr-defined]
        self.fields["outlet"].queryset = Outlet.objects.select_related("system")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("outlet") and cleaned.get("name"):
            try:
                cleaned["destination"] = in_outlet(cleaned["outlet"], cleaned["name"])
            except DestinationError as refused:
                self.add_error("name", str(refused))
        return cleaned


class RulesForm(forms.Form):
    """For each column a technique and its parameters, as they were resolved; changed ones are by hand."""

    def __init__(self, *args: Any, columns: Sequence[str], rules: Sequence[Rule], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.columns = list(columns)[:MOST_COLUMNS]
        self.resolved = {rule.column: rule for rule in rules}
        for place, column in enumerate(self.columns):
            rule = self.resolved.get(column)
            self.fields[f"technique_{place}"] = forms.ChoiceField(
                choices=[("", "Choose …"), *techniques.choices()],
                label=f"Technique for {column}",
                initial=rule.technique if rule else "",
                error_messages={"required": "Nobody decided about this column yet."},
            )
            self.fields[f"parameters_{place}"] = forms.CharField(
                required=False,
                max_length=2_000,
                label=f"Parameters for {column}",
                initial=_written(rule),
                widget=forms.TextInput(attrs={"spellcheck": "false"}),
            )

    def rows(self) -> Iterator[tuple[str, forms.BoundField, forms.BoundField]]:
        for place, column in enumerate(self.columns):
            yield column, self[f"technique_{place}"], self[f"parameters_{place}"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen: dict[str, Rule] = {}
        for place, column in enumerate(self.columns):
            if technique := cleaned.get(f"technique_{place}"):
                try:
                    chosen[column] = self._rule(column, technique, cleaned.get(f"parameters_{place}") or "")
                except TechniqueError as wrong:
                    self.add_error(f"parameters_{place}", str(wrong))
        cleaned["rules"] = chosen
        return cleaned

    def _rule(self, column: str, technique: str, text: str) -> Rule:
        try:
            parameters = orjson.loads(text) if text.strip() else {}
        except orjson.JSONDecodeError:
            raise TechniqueError("Write parameters as JSON.", 'Such as {"width": 10}.') from None
        before = self.resolved.get(column)
        if before and before.technique == technique and _plain(before) == parameters:
            return before
        said = {"technique": technique, "parameters": parameters}
        return rules_from({column: said}, reason=BY_HAND)[column]


class AdvisorDataSetForm(forms.Form):
    """First the data set; its columns stand on the page that follows."""

    data_set = forms.ModelChoiceField(DataSet.objects.none(), label="Data set")
    use = forms.ChoiceField(choices=list(USES.items()), initial="analytics")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["data_set"].queryset = anonymizable()  # type: ignore[attr-defined]


class OutletForm(forms.Form):
    system = forms.ModelChoiceField(System.objects.none())
    inside = forms.CharField(
        max_length=400,
        required=False,
        label="Schema, folder or prefix",
        help_text="Jobs write below it only. Of a database the schema; its user must be allowed to make tables there.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        free = System.objects.filter(kind__in=KINDS).exclude(outlet__isnull=False)
        self.fields["system"].queryset = free  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        system, inside = cleaned.get("system"), (cleaned.get("inside") or "").strip("/")
        cleaned["inside"] = inside
        if system and system.kind == "postgresql" and not inside:
            self.add_error("inside", "Name the schema that jobs may make tables in.")
        if ".." in inside.split("/"):
            self.add_error("inside", "It must not lead out of the system.")
        return cleaned


class SinkForm(forms.Form):
    name = forms.CharField(max_length=80)
    url = forms.URLField(
        required=False,
        max_length=400,
        label="Webhook",
        assume_scheme="https",
        help_text="An https:// address.",
    )
    secret = forms.CharField(
        required=False,
        min_length=12,
        max_length=200,
        widget=forms.PasswordInput,
        help_text="Requests are signed with it (RFC 9421, HMAC-SHA-256), as those to custodians are.",
    )
    system = forms.ModelChoiceField(
        System.objects.filter(kind="kafka"), required=False, label="Or Kafka system"
    )
    topic = forms.RegexField(r"^[A-Za-z0-9._-]{1,249}$", required=False, help_text="Where the events go.")

    def clean_name(self) -> str:
        if Sink.objects.filter(name=self.cleaned_data["name"]).exists():
            raise forms.ValidationError("There is a receiver with this name already.")
        return self.cleaned_data["name"]

    def clean_url(self) -> str:
        if self.cleaned_data["url"]:
            try:
                require_safe_url(self.cleaned_data["url"])
            except NotSent as unsafe:
                raise forms.ValidationError(str(unsafe)) from None
        return self.cleaned_data["url"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        url, system, topic = (cleaned.get(name) for name in ("url", "system", "topic"))
        if not self.errors and bool(url) == bool(system):
            self.add_error("url", "Give a webhook, or a Kafka system and a topic.")
        elif system and not topic:
            self.add_error("topic", "Name the topic.")
        return cleaned


class PersonForm(forms.Form):
    identifier = forms.CharField(
        max_length=400,
        help_text="As it stands in the column that told persons apart: a customer number, an e-mail address.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def anonymizable() -> QuerySet[DataSet]:
    present = DataSet.objects.filter(gone_at=None).exclude(system__kind=EXTERNAL)
    return present.exclude(kind=VIEW).select_related("system").order_by("system__name", "name")


def _plain(rule: Rule) -> Any:
    return orjson.loads(orjson.dumps(dict(rule.parameters)))


def _written(rule: Rule | None) -> str:
    return orjson.dumps(dict(rule.parameters)).decode() if rule and rule.parameters else ""


class RecoverForm(forms.Form):
    """Values of a column of the output, to get back what they were made from."""

    column = forms.ChoiceField()
    values = lines("One a line, as they stand in the output.")
    persons = lines("Only where each person has a key of their own: whose each value is, line for line.")
    reason = forms.CharField(max_length=REASON_LENGTH, help_text=f"Why you need the values. {FOR_EVER}")

    def __init__(self, *args: Any, columns: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_columns = bool(columns)
        self.fields["column"].choices = [(name, name) for name in columns]  # type: ignore[attr-defined]
        self.fields["persons"].required = False

    def clean_values(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["values"].splitlines() if line.strip()]

    def clean_persons(self) -> list[str] | None:
        return [line.strip() for line in self.cleaned_data["persons"].splitlines() if line.strip()] or None
