"""What is known of the columns of a source: from its contract, from the catalog, or from a look at a sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from catalog.classification.neighbours import TableColumn
from catalog.classification.verdict import Verdict
from catalog.connectors.parquet_layout import kind_of
from catalog.contracts.document import Document, Field, from_plain
from catalog.judging import Voices, judge_columns
from catalog.models import Column, Contract, DataSet
from retention.anonymization.advising import Described
from retention.anonymization.sources import Source, Spec

SURE = 0.5  # confidence from which a scan's word counts, as protection only
SAMPLE_ROWS = 1_000


def contract_in_force(spec: Spec) -> Contract | None:
    if "system" not in spec:
        return None
    return Contract.objects.filter(
        data_set__system=spec["system"], data_set__name=spec["data_set"], state=Contract.State.ACTIVE
    ).first()


def document_of(contract: Contract) -> Document:
    return from_plain(contract.document)


def describe(
    source: Source, spec: Spec, document: Document | None, *, schema: pa.Schema, look: bool = True
) -> list[Described]:
    """Each column of the source, in order, with the types of `schema`.

    What a contract or a person says outweighs what a scan found. With `look`, columns that nobody described are
    sampled and classified: that takes seconds and is not for a request.
    """
    fields = {item.name: item for item in document.fields} if document else {}
    known = _of_catalog(spec)
    unknown = [name for name in source.schema.names if name not in known and not _said(fields.get(name))]
    scanned = _scan(source, unknown) if look and unknown else {}
    return [
        _described(column, fields.get(column.name), known.get(column.name), scanned.get(column.name, {}))
        for column in schema
    ]


def _described(
    column: pa.Field, item: Field | None, known: Column | None, scanned: Mapping[str, Any]
) -> Described:
    facts: dict[str, Any] = dict(scanned)
    if known is not None:
        facts = {
            "category": known.category,
            "sensitivity": known.sensitivity,
            "known_by": "review"
            if known.state == Column.State.CONFIRMED
            else "scan"
            if known.category
            else "",
            "contains": tuple(known.contains),
            "distinct_share": known.distinct / known.sampled if known.sampled and known.distinct else None,
        }
        if facts["known_by"] == "review" and known.sensitivity == "none":
            facts["contains"] = ()  # a person said so, whatever occurs inside
    if item is not None and _said(item):
        level = str(item.level) if item.level else ""
        facts |= {"category": item.category, "sensitivity": level, "known_by": "contract", "contains": ()}
    masking = dict(item.masking) if item is not None else {}
    return Described(column.name, column.type, masking=masking, **facts)


def _said(item: Field | None) -> bool:
    return item is not None and bool(item.category or item.sensitivity)


def _of_catalog(spec: Spec) -> dict[str, Column]:
    if "system" not in spec:
        return {}
    data_set = DataSet.objects.filter(system=spec["system"], name=spec["data_set"]).first()
    if data_set is None:
        return {}
    columns = Column.objects.filter(data_set=data_set, gone_at=None, nested_in=None)
    return {column.name: column for column in columns}


def _scan(source: Source, names: list[str]) -> dict[str, dict[str, Any]]:
    """What a sample of columns that nobody described looks like: enough to protect them, never to let them pass."""
    sample = source.connector.sample(source.data_sets[0], rows=SAMPLE_ROWS)
    values = {name: sample.column(name).drop_null() for name in sample.column_names}
    columns = [
        TableColumn(column.name, str(kind_of(column.type)), values[column.name], False)
        for column in source.schema
        if column.name in values
    ]
    verdicts, _ = judge_columns(columns, data_set=source.name, voices=Voices())
    return {name: _facts(verdicts[name], values[name]) for name in names if name in verdicts}


def _facts(verdict: Verdict, values: pa.ChunkedArray) -> dict[str, Any]:
    best = verdict.best if verdict.best and verdict.best.confidence >= SURE else None
    return {
        "category": best.category if best else "",
        "sensitivity": str(best.sensitivity) if best else "",
        "known_by": "scan" if best else "",
        "contains": verdict.contains,
        "distinct_share": pc.count_distinct(values).as_py() / len(values) if len(values) else None,
    }
