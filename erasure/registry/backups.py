"""Backups: noted when they are made, confirmed when they are gone, and whom they hold in between."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Min
from django.utils import timezone

from audit.ledger.recording import record
from catalog.models import System
from erasure.models import Step, SubjectRequest
from erasure.registry import events
from erasure.registry.models import Backup
from governance.console.models import User


@transaction.atomic
def note(
    system: System,
    *,
    name: str,
    made_at: datetime,
    kept_until: date,
    place: str = "",
    by: User | None = None,
) -> Backup:
    """A backup exists. Raises ValidationError for one that is known, or that ends before it begins."""
    name = name.strip()
    if not name:
        raise ValidationError({"name": "Give the name the backup has where it lies."})
    if kept_until < timezone.localdate(made_at):
        raise ValidationError({"kept_until": "It cannot end before it was made."})
    if made_at > timezone.now():
        raise ValidationError({"made_at": "It cannot have been made in the future."})
    try:
        with transaction.atomic():
            backup = Backup.objects.create(
                system=system,
                name=name,
                made_at=made_at,
                kept_until=kept_until,
                place=place.strip(),
                noted_by=by,
            )
    except IntegrityError:
        raise ValidationError({"name": f"The backup {name} of {system} is known already."}) from None
    record(
        events.BACKUP_NOTED,
        backup,
        system=system.name,
        made=made_at.isoformat(timespec="seconds"),
        kept_until=kept_until.isoformat(),
    )
    return backup


@transaction.atomic
def confirm_destroyed(backup: Backup, *, evidence: str) -> None:
    """Somebody has seen that the copy is gone, and says how. Raises ValidationError."""
    if not evidence.strip():
        raise ValidationError({"evidence": "Say how you know that the copy is gone."})
    gone = Backup.objects.filter(pk=backup.pk, destroyed_at=None).update(destroyed_at=timezone.now())
    if not gone:
        raise ValidationError("This backup is confirmed to be destroyed already.")
    backup.refresh_from_db()
    record(events.BACKUP_DESTROYED, backup, evidence=evidence.strip())


@dataclass(frozen=True, slots=True)
class Holding:
    """A copy that still holds the person of a request, and until when."""

    request: SubjectRequest
    backup: Backup


def still_hold(requests: Iterable[SubjectRequest]) -> list[Holding]:
    """Of each request, the backups made before its rows went from that system and not destroyed yet."""
    asked = {request.pk: request for request in requests}
    done = (
        Step.objects.filter(plan__request__in=list(asked), state=Step.State.DONE, data_set__isnull=False)
        .exclude(method="keep")
        .values("plan__request", "data_set__system")
        .annotate(erased_at=Min("started_at"))
        .order_by("plan__request", "data_set__system")
    )
    by_system: dict[int, list[Backup]] = {}
    for backup in Backup.objects.filter(destroyed_at=None).select_related("system"):
        by_system.setdefault(backup.system_id, []).append(backup)
    return [
        Holding(asked[row["plan__request"]], backup)
        for row in done
        for backup in by_system.get(row["data_set__system"], [])
        if backup.made_at < row["erased_at"]
    ]


def held_by(backup: Backup) -> list[SubjectRequest]:
    """The requests whose persons were erased from the system after the backup was made."""
    if backup.destroyed_at:
        return []
    erased = Step.objects.filter(
        data_set__system=backup.system_id, state=Step.State.DONE, started_at__gt=backup.made_at
    ).exclude(method="keep")
    return list(SubjectRequest.objects.filter(pk__in=erased.values("plan__request")).order_by("reference"))
