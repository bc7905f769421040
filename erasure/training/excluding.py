"""Taking a person out of training: found in each version by hash, excluded, and its models queued to be retrained."""

from collections.abc import Iterable
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


def holdings(lookups: Iterable[tuple[str, bytes]]) -> list[Holding]:
    """The versions that hold a person known by these (category, whole keyed hash)."""
    asked = [(category, shortened(bytes(lookup))[0]) for category, lookup in lookups]
    found = hashes.versions_with(asked)
    versions = Version.objects.select_related("training_set").in_bulk([version for version, _ in found])
    return [Holding(versions[version], number) for version, number in sorted(found)]


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


def is_excluded(holding: Holding) -> bool:
    """Read back: excluded, and every model in use that was trained on the version is in the queue."""
    excluded = Exclusion.objects.filter(version=holding.version, hash=holding.hash).exists()
    models = TrainedModel.objects.filter(version=holding.version, replaced_at=None, retrain_since=None)
    return excluded and not models.exists()
