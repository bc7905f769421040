"""Events go once they have been kept for LINEAGE_EVENT_DAYS since they came: their payloads may quote values.

What they told stays in the catalog. Kept is the last complete event of each job, and the last one on each data set that
came without a job: against these, an event that comes late is held.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from audit.ledger.recording import record
from catalog import events
from catalog.models import LineageEvent

CHUNK = 2_000
_COMPLETE = Q(kind=LineageEvent.Kind.JOB) | Q(event_type="COMPLETE")


def expire() -> int:
    """Delete what has run out, a chunk at a time, each recorded in the ledger with it; how many events went."""
    days: int = settings.LINEAGE_EVENT_DAYS
    if not days:
        return 0
    before = timezone.now() - timedelta(days=days)
    gone = 0
    for run_out in (_of_jobs(before), _of_data_sets(before)):
        while deleted := _expire_chunk(run_out, days):
            gone += deleted
    return gone


@transaction.atomic
def _expire_chunk(run_out: QuerySet[LineageEvent], days: int) -> int:
    keys = list(run_out.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    deleted, _ = LineageEvent.objects.filter(pk__in=keys).delete()
    if deleted:
        record(events.LINEAGE_EXPIRED, events=deleted, days=days)
    return deleted


def _of_jobs(before: datetime) -> QuerySet[LineageEvent]:
    later = LineageEvent.objects.filter(_COMPLETE, job=OuterRef("job"), event_time__gt=OuterRef("event_time"))
    return LineageEvent.objects.filter(
        ~_COMPLETE | Exists(later), ~Q(kind=LineageEvent.Kind.DATA_SET), received_at__lt=before
    )


def _of_data_sets(before: datetime) -> QuerySet[LineageEvent]:
    of_data_set = LineageEvent.objects.filter(kind=LineageEvent.Kind.DATA_SET)
    later = of_data_set.filter(
        payload__dataset__namespace=OuterRef("payload__dataset__namespace"),
        payload__dataset__name=OuterRef("payload__dataset__name"),
        event_time__gt=OuterRef("event_time"),
    )
    return of_data_set.filter(Exists(later), received_at__lt=before)
