"""Taking a person out of training: found in each version by hash, excluded, and its models queued to be retrained."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure.models import SubjectRequest
from erasure.registry.checking import shortened
from erasure.training import events, hashes
from erasure.training.models import Exclusion, TrainedModel, Version


@dataclass(frozen=True, slots=True)
class Holding:
    """A version that a person is in, under this hash."""

    version: Version
    hash: int


def holdings(persons: Sequence[Iterable[tuple[str, bytes]]]) -> list[list[Holding]]:
    """For each person, known by these (category, whole keyed hash), the versions that they are in."""
    known = [
        {(category, hashes.signed(shortened(bytes(lookup))[0])) for category, lookup in person}
        for person in persons
    ]
    found = sorted(hashes.versions_with({each for person in known for each in person}))
    versions = Version.objects.select_related("training_set").in_bulk([version for version, _ in found])
    held: dict[tuple[str, int], list[Holding]] = {}
    for version, number in found:
        holding = Holding(versions[version], number)
        held.setdefault((holding.version.training_set.category, number), []).append(holding)
    return [[holding for each in sorted(person) for holding in held.get(each, ())] for person in known]


@transaction.atomic
def exclude(request: SubjectRequest, holding: Holding) -> list[str]:
    """Exclude the person from the version and queue its models; the names of those. Idempotent."""
    version = Version.objects.select_for_update(of=("self",)).get(pk=holding.version.pk)
    known = Exclusion.objects.filter(version=version, hash=holding.hash).exists()
    models = TrainedModel.objects.filter(version=version, replaced_at=None)
    names = sorted(models.values_list("name", flat=True))
    if known:
        return names
    Exclusion.objects.create(version=version, hash=holding.hash, request=request.reference)
    for model in models:
        # A person known by two identifiers is excluded twice, and named once.
        named = [each for each in model.retrain_because.split(", ") if each]
        because = ", ".join(dict.fromkeys([*named, request.reference]))
        model.retrain_because = because if len(because) <= 300 else f"{because[:290]} and more"
        model.retrain_since = model.retrain_since or timezone.now()
        model.save(update_fields=["retrain_because", "retrain_since"])
    record(events.EXCLUDED, holding.version, subject=request.subject, version=version.number, models=names)
    return names


def excluded(holdings: Collection[Holding]) -> set[Holding]:
    """Read back: those excluded, with every model in use that was trained on their version in the queue."""
    versions = {holding.version.pk for holding in holdings}
    exclusions = Exclusion.objects.filter(version__in=versions, hash__in={each.hash for each in holdings})
    known = set(exclusions.values_list("version", "hash"))
    models = TrainedModel.objects.filter(version__in=versions, replaced_at=None, retrain_since=None)
    unqueued = set(models.values_list("version", flat=True))
    return {
        holding
        for holding in holdings
        if (holding.version.pk, holding.hash) in known and holding.version.pk not in unqueued
    }
