"""A training job asks before it trains: the answer is recorded, and so is the model."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure.requests.states import NotNow
from erasure.training import events
from erasure.training.models import TrainedModel, Version
from governance.console.models import User


def train(version: Version, *, model: str, sha256: str, by: User | None = None) -> TrainedModel:
    """Note that `model` is trained on the version whose file has this digest, in place of one of the same name.

    Raises ValidationError for another file, NotNow where persons were excluded from the version since.
    """
    if sha256 != version.sha256:
        raise ValidationError({"sha256": f"This is not the file of {version}: its digest is another."})
    if not model.strip():
        raise ValidationError({"model": "Name the model."})
    excluded = version.excluded
    if excluded:
        with transaction.atomic():  # the refusal is recorded, whatever becomes of the caller
            record(events.TRAINING_REFUSED, version, model=model, excluded=excluded)
        raise NotNow(
            f"{excluded} persons of {version} were erased or excluded since: register a new version without them."
        )
    return _note(version, model.strip(), by)


@transaction.atomic
def _note(version: Version, model: str, by: User | None) -> TrainedModel:
    TrainedModel.objects.filter(name=model, replaced_at=None).update(replaced_at=timezone.now())
    trained = TrainedModel.objects.create(name=model, version=version, noted_by=by)
    record(events.MODEL_TRAINED, trained, training_set=version.training_set.name, version=version.number)
    return trained
