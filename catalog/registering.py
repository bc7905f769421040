"""Systems enter, change and leave the catalog. Nothing is stored before its store has answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model, ProtectedError

from audit.ledger.recording import record
from catalog import events
from catalog.connectors import registry
from catalog.connectors.base import Connector, ConnectorError
from catalog.connectors.opening import open_connector
from catalog.localization.regions import require_region
from catalog.models import EXTERNAL, System
from catalog.scanning import active_jobs
from governance.console.models import User
from governance.keyring.sealing import CannotOpen


class InUse(Exception):
    """The system cannot go while something refers to it; the message says what, and what to do."""


def connector_class(kind: str) -> type[Connector]:
    """Raises ValidationError for a kind that no connector has."""
    try:
        return registry.get(kind)
    except KeyError as unknown:
        raise ValidationError({"kind": str(unknown.args[0])}) from unknown


def connector_form(kind: str, data: Mapping[str, Any] | None = None, **options: Any) -> forms.Form:
    """The form for the settings of a kind of store. Raises ValidationError for an unknown kind."""
    if kind == EXTERNAL:
        return forms.Form(data, **options)  # nothing connects to it
    return connector_class(kind).Form(data, **options)


def clean_settings(kind: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """`settings` as the connector wants them, with its defaults. Raises ValidationError by setting."""
    form = connector_form(kind)
    unknown = sorted(set(settings) - set(form.fields))
    if unknown:
        raise ValidationError(dict.fromkeys(unknown, "This kind of system has no such setting."))
    initial = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    given = {name: value for name, value in initial.items() if value is not None} | dict(settings)
    bound = connector_form(kind, given)
    if not bound.is_valid():
        raise ValidationError(bound.errors.as_data())
    return bound.cleaned_data


def add(
    *,
    name: str,
    kind: str,
    settings: Mapping[str, Any],
    region: str = "",
    custodian: User | None = None,
    nightly: bool = False,
) -> System:
    """Register a system whose store answers. Raises ValidationError, or ConnectorError with nothing stored."""
    cleaned = clean_settings(kind, settings)
    region = require_region(region)
    system = System(name=name.strip(), kind=kind, region=region, custodian=custodian, nightly=nightly)
    _check_fields(system)
    _reach(kind, cleaned)
    try:
        with transaction.atomic():
            system.save()
            system.set_settings(cleaned)
            system.save(update_fields=["settings", "secrets"])
            record(events.SYSTEM_ADDED, system, kind=kind, region=region)
    except IntegrityError:  # somebody else was quicker
        raise ValidationError({"name": "There is a system of this name already."}) from None
    return system


def change(
    system: System,
    *,
    name: str,
    settings: Mapping[str, Any],
    region: str = "",
    custodian: User | None = None,
    nightly: bool = False,
) -> System:
    """Change a system whose store answers under the new settings; a secret left empty keeps its old value.

    Where any other setting changes, its secrets must be entered again: a stored secret is never sent to a host, or
    used for a user, other than it was entered for. Raises ValidationError, or ConnectorError with nothing stored.
    """
    cleaned = with_kept_secrets(system, clean_settings(system.kind, settings))
    region = require_region(region)
    general = {"name": name.strip(), "region": region, "custodian": custodian, "nightly": nightly}
    changed = _changed_fields(system, cleaned, **general)
    candidate = System.objects.get(pk=system.pk)
    for field, value in general.items():
        setattr(candidate, field, value)
    _check_fields(candidate)
    if not changed:
        return candidate
    if any(field not in general for field in changed):
        _reach(system.kind, cleaned)
        candidate.problem = ""
    with transaction.atomic():
        if candidate.connectable:  # what lineage keeps of the others is not for people to change
            candidate.set_settings(cleaned)
        candidate.save(update_fields=[*general, "settings", "secrets", "problem"])
        record(events.SYSTEM_CHANGED, candidate, fields=changed)
    return candidate


def with_kept_secrets(system: System, cleaned: dict[str, Any]) -> dict[str, Any]:
    """`cleaned` with each empty secret taken from what is stored. Raises ValidationError where it may not be."""
    stored = _stored_secrets(system)
    left_empty = [name for name in stored if not cleaned.get(name)]
    secret_fields = system.secret_fields
    moved = [
        name
        for name, value in cleaned.items()
        if name not in secret_fields and _differ(value, system.settings.get(name))
    ]
    if moved and left_empty:
        why = f"Enter it again: it was given for another {', '.join(moved).replace('_', ' ')}."
        raise ValidationError(dict.fromkeys(left_empty, why))
    return {**cleaned, **{name: stored[name] for name in left_empty}}


def test(system: System) -> str:
    """Reach the store and return what it says of itself. Raises ConnectorError, and remembers either on the system."""
    problem: ConnectorError | None = None
    answer = ""
    try:
        with system.connect() as connector:
            answer = connector.check()
    except ConnectorError as refused:
        problem = refused
    with transaction.atomic():
        System.objects.filter(pk=system.pk).update(problem=str(problem)[:500] if problem else "")
        record(events.SYSTEM_TESTED, system, reached=problem is None)
    if problem:
        raise problem
    return answer


def remove(system: System) -> None:
    """Take the system and all that is known of it out of the catalog; its store is not touched. Raises InUse."""
    try:
        with transaction.atomic():
            locked = System.objects.select_for_update().get(pk=system.pk)
            if active_jobs(locked).exists():
                raise InUse(f"A job is reading {locked.name}: cancel it, or wait until it has ended.")
            record(events.SYSTEM_REMOVED, locked, data_sets=locked.data_sets.count())
            locked.delete()
    except ProtectedError as refused:
        raise InUse(
            f"Requests, their plans, or legal holds still refer to data sets of {system.name} "
            f"({_counted(refused.protected_objects)}), and must keep what they say of them. "
            "Close the requests and release the holds first, or leave the system in the catalog."
        ) from refused


def _check_fields(system: System) -> None:
    mine = {"name", "kind", "region", "custodian"}
    system.full_clean(exclude={field.name for field in System._meta.fields} - mine)


def _reach(kind: str, cleaned: Mapping[str, Any]) -> None:
    with open_connector(kind, cleaned) as connector:
        connector.check()


def _stored_secrets(system: System) -> dict[str, Any]:
    try:
        return system.opened_secrets()
    except CannotOpen:
        return {}  # lost with the key ring: what is entered now takes their place


def _changed_fields(system: System, cleaned: Mapping[str, Any], **values: Any) -> list[str]:
    stored = {**system.settings, **_stored_secrets(system)}
    of_store = [field for field, value in cleaned.items() if _differ(value, stored.get(field))]
    return sorted([field for field, value in values.items() if value != getattr(system, field)] + of_store)


def _differ(one: Any, other: Any) -> bool:
    """A setting that is empty now and was never stored has not changed."""
    return one != other and bool(one or other)


def _counted(protected: set[Model]) -> str:
    kinds = Counter(type(item) for item in protected)
    words = (
        f"{count} {kind._meta.verbose_name if count == 1 else kind._meta.verbose_name_plural}"
        for kind, count in sorted(kinds.items(), key=lambda item: item[0]._meta.label)
    )
    return " and ".join(words)
