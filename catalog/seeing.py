"""Sample values of a column for the person who reviews it: masked, or plain for who may see them. Both are recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow.compute as pc
from django.db import models, transaction

from audit.ledger.recording import record
from catalog import events
from catalog.classification.masking import mask
from catalog.models import Column
from catalog.nesting import path_of, unfold

ROWS = 200  # read to have enough different values
SHOWN = 20
LONGEST = 120


class Reason(models.TextChoices):
    """Why somebody looks at plain values."""

    REVIEW = "review", "To review its classification"
    REQUEST = "request", "To answer a data subject's request"
    QUALITY = "quality", "To find a mistake in the data"
    INCIDENT = "incident", "To investigate an incident"


@dataclass(frozen=True, slots=True)
class Seen:
    """Different values of a column, in no order that tells whose they are."""

    values: Sequence[str]
    masked: bool


def look(column: Column, *, masked: bool = True, reason: str = "") -> Seen:
    """Up to 20 different values out of a fresh sample. Raises ConnectorError; what was looked at is recorded."""
    values = _sampled(column)
    shown = [mask(value, column.category) if masked else value[:LONGEST] for value in values[:SHOWN]]
    with transaction.atomic():
        record(events.VALUES_SEEN, column, masked=masked, values=len(shown), reason=reason or Reason.REVIEW)
    return Seen(sorted(shown), masked)


def _sampled(column: Column) -> list[str]:
    outer = column.nested_in or column
    with column.data_set.system.connect() as connector:
        sample = connector.sample(column.data_set.name, rows=ROWS)
    if outer.name not in sample.column_names:
        return []
    values = sample.column(outer.name).drop_null()
    if column.nested_in:
        inside = unfold(values).get(path_of(column))
        return list(dict.fromkeys(inside.texts)) if inside else []
    return pc.unique(values).to_pylist()
