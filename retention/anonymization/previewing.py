"""Ten rows before and after, for who decides about the rules. The look is recorded.

Keys and tokens are made for the look alone and forgotten: nothing is stored, nothing of it joins with an output, and
nobody learns by looking what a value becomes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from django.db import transaction

from audit.ledger.recording import record
from catalog.classification.masking import mask
from retention.anonymization import events, sources
from retention.anonymization.column_types import declared, typed
from retention.anonymization.compiling import Compiled
from retention.anonymization.once import OnceKeys, OnceTokens
from retention.anonymization.requesting import Draft
from retention.anonymization.rules import KEEP

ROWS = 10
LOOKED_THROUGH = 2_000
LONGEST = 120
# What these make is close to the value, or is it: shown masked to who may not see values.
CLOSE = frozenset({KEEP, "noise", "date_shift"})


@dataclass(frozen=True)
class Preview:
    """Cells as text; what a rule drops has no value after."""

    columns: Sequence[str]
    before: Sequence[Sequence[str | None]]
    after: Sequence[Sequence[str | None]]
    masked: bool


def preview(made: Draft, *, plain: bool = True) -> Preview:
    """Raises ConnectorError and TechniqueError. Without `plain` values are masked, so that only their form shows."""
    rules = made.resolution.rules
    with sources.open_source(made.source_spec) as source:
        schema = declared(source.schema, made.types)
        batch = _some(source, schema)
        compiled = Compiled(rules, schema, data_set=source.name, keys=OnceKeys(), tokens=OnceTokens())
        after = compiled.transform(batch)
    categories = {column.name: column.category for column in made.columns}
    names = schema.names
    originals = shown = {name: _texts(batch.column(name)) for name in names}
    made_of = {
        name: _texts(after.column(name)) if name in after.schema.names else [None] * len(batch)
        for name in names
    }
    if not plain:
        shown = {name: _masked(texts, categories[name]) for name, texts in shown.items()}
        close = [name for name in names if (rule := rules.of(name)) and rule.technique in CLOSE]
        made_of |= {name: _masked(made_of[name], categories[name]) for name in close}
        made_of |= {
            name: _hidden_where_same(made_of[name], originals[name], categories[name])
            for name in names
            if name not in close
        }
    with transaction.atomic():
        record(events.PREVIEWED, None, source=made.source, columns=names, rows=len(batch), masked=not plain)
    return Preview(
        names, list(zip(*shown.values(), strict=True)), list(zip(*made_of.values(), strict=True)), not plain
    )


def _some(source: sources.Source, schema: pa.Schema) -> pa.RecordBatch:
    """A few rows spread over the first thousands; with their own types, which a sample of texts has not."""
    batches: list[pa.RecordBatch] = []
    rows = 0
    for batch in source.connector.read(source.data_sets[0], batch_rows=LOOKED_THROUGH):
        batches.append(typed(batch, schema))
        rows += len(batch)
        if rows >= LOOKED_THROUGH:
            break
    if not rows:
        return pa.RecordBatch.from_pylist([], schema=schema)
    step = max(1, rows // ROWS)
    return pa.concat_batches(batches).take(pa.array(range(0, min(rows, step * ROWS), step)))


def _texts(column: pa.Array) -> list[str | None]:
    return [_text(value) for value in column.to_pylist()]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)[:LONGEST]


def _hidden_where_same(
    texts: Sequence[str | None], before: Sequence[str | None], category: str
) -> list[str | None]:
    """What a technique left as it was (a number within its limits, a date that is one of its bounds) is the value."""
    return [
        mask(text, category) if text is not None and text == old else text
        for text, old in zip(texts, before, strict=True)
    ]


def _masked(texts: Sequence[str | None], category: str) -> list[str | None]:
    return [None if text is None else mask(text, category) for text in texts]
