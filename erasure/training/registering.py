"""Registering training sets and their versions: who is in them, who was left out, and on what consent.

A version is registered with its file. Registered persons, and those without consent where a consent column is named,
are not taken in: the file that comes out is the version.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from audit.ledger.recording import record
from catalog.classification.vocabulary import CATEGORIES
from erasure.registry.checking import hash_persons, mask_for
from erasure.registry.files import filter_file
from erasure.training import events, hashes
from erasure.training.models import TrainingSet, Version
from governance.console.models import User
from retention.anonymization.models import Run


@transaction.atomic
def add_set(*, name: str, category: str, purpose: str = "", by: User | None = None) -> TrainingSet:
    """A new training set. Raises ValidationError."""
    name = name.strip()
    if not name:
        raise ValidationError({"name": "Name the training set."})
    if category not in CATEGORIES or not CATEGORIES[category].unique:
        raise ValidationError({"category": f"{category} does not identify exactly one person."})
    try:
        with transaction.atomic():
            added = TrainingSet.objects.create(name=name, category=category, purpose=purpose, made_by=by)
    except IntegrityError:
        raise ValidationError({"name": f"There is a training set {name} already."}) from None
    record(events.SET_ADDED, added, category=category, purpose=purpose)
    return added


@dataclass(slots=True)
class _Taken:
    """What the rows that are taken in add up to."""

    rows: int = 0
    registered: int = 0
    without_consent: int = 0
    persons: list[np.ndarray] = field(default_factory=list)


def add_version(
    training_set: TrainingSet,
    source: Path,
    *,
    column: str,
    out: Path,
    method: str,
    consent_column: str = "",
    anonymized_by: Run | None = None,
    by: User | None = None,
) -> Version:
    """Write `out` from `source` without those who must not be in it, and register it as the next version.

    `consent_column` holds true for persons who had consented to the purpose. `out` appears whole or not at all, and is
    removed again if the version cannot be registered. Raises ValidationError.
    """
    if not method.strip():
        raise ValidationError("Say how the rows were de-identified, or that they were not.")
    mask = mask_for(training_set.category, use="use", purpose=training_set.purpose)
    taken = _Taken()

    def keep(batch: pa.RecordBatch) -> pa.Array:
        registered = mask.registered(batch.column(column))
        consented = _consented(batch, consent_column)
        kept = pc.and_(pc.invert(registered), consented)
        taken.registered += pc.sum(registered).as_py() or 0
        taken.without_consent += pc.sum(pc.and_(pc.invert(registered), pc.invert(consented))).as_py() or 0
        taken.rows += pc.sum(kept).as_py() or 0
        values = pc.unique(batch.column(column).filter(kept)).drop_null()
        taken.persons.append(np.unique(hash_persons(training_set.category, values.to_pylist())))
        return kept

    needed = [column, consent_column] if consent_column else [column]
    filter_file(source, out, keep, columns=needed)
    try:
        return _store(training_set, out, taken, method.strip(), bool(consent_column), anonymized_by, by)
    except BaseException:
        out.unlink(missing_ok=True)
        raise


@transaction.atomic
def _store(
    training_set: TrainingSet,
    out: Path,
    taken: _Taken,
    method: str,
    by_consent: bool,
    anonymized_by: Run | None,
    by: User | None,
) -> Version:
    TrainingSet.objects.select_for_update().get(pk=training_set.pk)
    last = training_set.versions.aggregate(number=Max("number"))["number"] or 0
    persons = np.unique(np.concatenate(taken.persons)) if taken.persons else np.empty(0, np.uint64)
    with out.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    snapshot = hashlib.sha256(persons.astype(">u8").tobytes()).hexdigest() if by_consent else ""
    version = Version.objects.create(
        training_set=training_set,
        number=last + 1,
        sha256=digest,
        rows=taken.rows,
        persons=len(persons),
        left_out=taken.registered,
        without_consent=taken.without_consent,
        method=method[:160],
        anonymized_by=anonymized_by,
        consent_at=timezone.now() if by_consent else None,
        consent_persons=len(persons) if by_consent else None,
        consent_digest=snapshot,
        made_by=by,
    )
    hashes.keep(version, persons)
    record(
        events.VERSION_ADDED,
        version,
        sha256=digest,
        rows=taken.rows,
        persons=len(persons),
        left_out=taken.registered,
        without_consent=taken.without_consent,
        method=method,
        consent_digest=snapshot,
    )
    return version


def _consented(batch: pa.RecordBatch, column: str) -> pa.Array:
    """Per row; what is not said is no consent."""
    if not column:
        return pa.array(np.ones(len(batch), bool))
    values = batch.column(column)
    if not pa.types.is_boolean(values.type):
        raise ValidationError(f"{column} has to hold true or false: whether the person had consented.")
    return pc.fill_null(values, False)
