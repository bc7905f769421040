"""Keeping the record of processing activities: what changed is in the ledger by field name."""

from typing import TypeVar

from django.db import models, transaction

from audit.ledger.recording import record
from governance.activities import events
from governance.activities.models import Organisation, ProcessingActivity, ProcessorActivity

Kept = TypeVar("Kept", bound=models.Model)
UNTOUCHED = ("id", "created_at", "changed_at")


def organisation() -> Organisation:
    """The controller; before anybody has described it, an unsaved one."""
    return Organisation.objects.order_by("pk").first() or Organisation()


@transaction.atomic
def save_organisation(described: Organisation) -> list[str]:
    """Save the controller's details; the names of the fields that changed."""
    changed = _changed(
        described, before=Organisation.objects.select_for_update().filter(pk=described.pk).first()
    )
    if changed:
        described.save()
        record(events.ORGANISATION_CHANGED, described, fields=changed)
    return changed


@transaction.atomic
def add(activity: ProcessingActivity) -> ProcessingActivity:
    activity.save()
    record(events.ACTIVITY_ADDED, activity, lawful_basis=str(activity.lawful_basis))
    return activity


@transaction.atomic
def change(activity: ProcessingActivity) -> list[str]:
    """Save an activity that was changed; the names of the fields that changed."""
    changed = _changed(activity, before=ProcessingActivity.objects.select_for_update().get(pk=activity.pk))
    if changed:
        activity.save()
        record(events.ACTIVITY_CHANGED, activity, fields=changed)
    return changed


@transaction.atomic
def remove(activity: ProcessingActivity) -> None:
    """Take an activity out of the record; data sets that it used stay, without it."""
    record(events.ACTIVITY_REMOVED, activity)
    activity.delete()


@transaction.atomic
def add_on_behalf(processing: ProcessorActivity) -> ProcessorActivity:
    processing.save()
    record(events.PROCESSING_ADDED, processing)
    return processing


@transaction.atomic
def change_on_behalf(processing: ProcessorActivity) -> list[str]:
    """Save processing on behalf that was changed; the names of the fields that changed."""
    changed = _changed(processing, before=ProcessorActivity.objects.select_for_update().get(pk=processing.pk))
    if changed:
        processing.save()
        record(events.PROCESSING_CHANGED, processing, fields=changed)
    return changed


@transaction.atomic
def remove_on_behalf(processing: ProcessorActivity) -> None:
    record(events.PROCESSING_REMOVED, processing)
    processing.delete()


def _changed(after: Kept, *, before: Kept | None) -> list[str]:
    names = [field.name for field in after._meta.concrete_fields if field.name not in UNTOUCHED]
    blank = before or type(after)()
    return sorted(name for name in names if getattr(after, name) != getattr(blank, name))
