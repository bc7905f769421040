"""Entering persons into the registry, and lifting what no longer holds. Hashes only: no identifier is kept."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from audit.ledger.recording import record, record_many
from erasure.models import SubjectRequest
from erasure.registry import events
from erasure.registry.models import Registration


def register(
    request: SubjectRequest, lookups: Iterable[tuple[str, bytes]], *, effect: str, purpose: str = ""
) -> int:
    """Register (category, keyed hash) pairs; how many were not registered before. Idempotent."""
    return register_all([(request, lookups)], effect=effect, purpose=purpose)


@transaction.atomic
def register_all(
    persons: Iterable[tuple[SubjectRequest, Iterable[tuple[str, bytes]]]], *, effect: str, purpose: str = ""
) -> int:
    """The same for the persons of many requests at once."""
    requests = {}
    fresh = []
    for request, lookups in persons:
        requests[request.reference] = request
        fresh += [
            Registration(
                effect=effect, category=category, lookup=lookup, purpose=purpose, request=request.reference
            )
            for category, lookup in sorted(set(lookups))
        ]
    before = _registered(requests)
    Registration.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=5_000)
    after = _registered(requests)
    added = {each: after[each] - before.get(each, 0) for each in after if after[each] > before.get(each, 0)}
    record_many(
        events.REGISTERED,
        (
            (requests[each], requests[each].subject, {"effect": effect, "identifiers": number})
            for each, number in added.items()
        ),
    )
    return sum(added.values())


@transaction.atomic
def lift(request: SubjectRequest, *, effect: str) -> int:
    """End what this request had registered, as when a restriction is over; how many."""
    lifted = Registration.objects.filter(request=request.reference, effect=effect, lifted_at=None).update(
        lifted_at=timezone.now()
    )
    if lifted:
        record(events.LIFTED, request, subject=request.subject, effect=effect, identifiers=lifted)
    return lifted


def _registered(references: Iterable[str]) -> dict[str, int]:
    """How many identifiers each of these requests has registered."""
    rows = Registration.objects.filter(request__in=list(references)).order_by()
    return dict(rows.values_list("request").annotate(number=Count("pk")))
