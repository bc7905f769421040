"""Placing and releasing legal holds, and asking which apply."""

from collections.abc import Iterable
from datetime import date

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.models import DataSet
from governance.console.models import User
from retention import events
from retention.models import Hold


@transaction.atomic
def place(
    data_set: DataSet,
    *,
    keep_columns: list[str],
    exemption: str,
    reason: str,
    until: date | None = None,
    placed_by: User | None = None,
) -> Hold:
    """A new hold. Raises ValidationError for unknown columns, a day that has passed, or a second hold in force."""
    known = set(data_set.columns.filter(gone_at=None, nested_in=None).values_list("name", flat=True))
    unknown = sorted(set(keep_columns) - known)
    if unknown:
        raise ValidationError(
            {"keep_columns": f"{data_set.name} has no column {', '.join(unknown)}; choose among its columns."}
        )
    if until and until < timezone.localdate():
        raise ValidationError({"until": "This day has passed; choose a later one or leave it empty."})
    # A hold whose last day has passed is released by the one that follows it.
    Hold.objects.filter(data_set=data_set, released_at=None, until__lt=timezone.localdate()).update(
        released_at=timezone.now()
    )
    try:
        with transaction.atomic():
            hold = Hold.objects.create(
                data_set=data_set,
                keep_columns=sorted(keep_columns),
                exemption=exemption,
                reason=reason,
                until=until,
                placed_by=placed_by,
            )
    except IntegrityError:
        raise ValidationError(
            {"data_set": f"A hold on {data_set.name} is in force; release it first."}
        ) from None
    record(
        events.HOLD_PLACED,
        hold,
        exemption=exemption,
        keep_columns=hold.keep_columns,
        until=until.isoformat() if until else "",
        reason=reason,
    )
    return hold


@transaction.atomic
def release(hold: Hold, *, reason: str, released_by: User | None = None) -> None:
    """End a hold. Raises ValidationError if it is released already."""
    ended = Hold.objects.filter(pk=hold.pk, released_at=None).update(
        released_at=timezone.now(), released_by=released_by
    )
    if not ended:
        raise ValidationError("This hold has been released already.")
    record(events.HOLD_RELEASED, hold, reason=reason)
    hold.refresh_from_db()


def holds_on(data_sets: Iterable[DataSet]) -> dict[int, Hold]:
    """The holds in force, by primary key of the data set."""
    return {hold.data_set_id: hold for hold in Hold.objects.active().filter(data_set__in=data_sets)}
