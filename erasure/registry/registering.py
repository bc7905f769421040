"""Entering persons into the registry, and lifting what no longer holds. Hashes only: no identifier is kept."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure.models import SubjectRequest
from erasure.registry import events
from erasure.registry.models import Registration


@transaction.atomic
def register(
    request: SubjectRequest, lookups: Iterable[tuple[str, bytes]], *, effect: str, purpose: str = ""
) -> int:
    """Register (category, keyed hash) pairs; how many were not registered before. Idempotent."""
    fresh = [
        Registration(
            effect=effect, category=category, lookup=lookup, purpose=purpose, request=request.reference
        )
        for category, lookup in sorted(set(lookups))
    ]
    before = _registered(request)
    Registration.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=5_000)
    added = _registered(request) - before
    if added:
        record(events.REGISTERED, request, subject=request.subject, effect=effect, identifiers=added)
    return added


@transaction.atomic
def lift(request: SubjectRequest, *, effect: str) -> int:
    """End what this request had registered, as when a restriction is over; how many."""
    lifted = Registration.objects.filter(request=request.reference, effect=effect, lifted_at=None).update(
        lifted_at=timezone.now()
    )
    if lifted:
        record(events.LIFTED, request, subject=request.subject, effect=effect, identifiers=lifted)
    return lifted


def _registered(request: SubjectRequest) -> int:
    return Registration.objects.filter(request=request.reference).count()
