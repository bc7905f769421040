"""Evidence and notes go with the identifiers, 30 days after the request has ended; digests and states stay."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from audit.ledger.recording import record
from erasure.custodians import events
from erasure.custodians.models import Evidence, Task
from erasure.models import SubjectRequest

AT_ONCE = 500


@transaction.atomic
def expire() -> int:
    """Destroy what is due; how many tasks had something left."""
    long_ago = timezone.now() - timedelta(days=settings.REQUEST_KEPT_DAYS)
    ended = Q(request__state__in=SubjectRequest.ENDED, request__closed_at__lte=long_ago)
    sealed = Q(sealed_note__isnull=False) | Exists(
        Evidence.objects.filter(task=OuterRef("pk"), sealed__isnull=False)
    )
    due = list(Task.objects.filter(ended).filter(sealed).values_list("pk", flat=True)[:AT_ONCE])
    if due:
        Evidence.objects.filter(task__in=due).update(sealed=None, sealed_name=None)
        Task.objects.filter(pk__in=due).update(sealed_note=None)
        record(events.EVIDENCE_DESTROYED, tasks=len(due))
    return len(due)
