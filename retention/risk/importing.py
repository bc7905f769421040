"""Hierarchies enter, are checked against a column, and leave."""

from __future__ import annotations

from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from audit.ledger.recording import record
from catalog.connectors.base import ConnectorError
from catalog.models import Column
from governance.console.models import User
from retention.anonymization.hierarchies import MOST_BYTES, HierarchyProblem, read_hierarchy
from retention.risk import events
from retention.risk.models import Hierarchy

SAMPLE_ROWS = 10_000
DELIMITERS = (";", ",", "\t", "|")


@transaction.atomic
def import_hierarchy(name: str, text: str, *, owner: User | None = None, delimiter: str = "") -> Hierarchy:
    """A new hierarchy from a CSV text without header. Raises ValidationError, by field, for what is none."""
    text = text.removeprefix("\ufeff")
    if len(text.encode()) > MOST_BYTES:
        raise ValidationError({"text": f"A hierarchy has at most {MOST_BYTES:,} bytes."})
    if "\0" in text:
        raise ValidationError({"text": "This is no text. Save the hierarchy as CSV."})
    first = text.lstrip().partition("\n")[0]
    mark = delimiter or next((mark for mark in DELIMITERS if mark in first), ";")
    try:
        read = read_hierarchy(text, name=name, delimiter=mark)
    except HierarchyProblem as problem:
        raise ValidationError({"text": str(problem)}) from None
    lines = "\n".join(";".join(map(_quoted, line)) for line in zip(*read.levels, strict=True))
    try:
        with transaction.atomic():
            made = Hierarchy.objects.create(
                name=name, text=lines, values=len(read.levels[0]), height=read.height, owner=owner
            )
    except IntegrityError:
        raise ValidationError(
            {"name": f"There is a hierarchy {name} already; choose another name."}
        ) from None
    digest = sha256(lines.encode()).hexdigest()
    record(events.HIERARCHY_IMPORTED, made, values=made.values, levels=made.height, digest=digest)
    return made


@transaction.atomic
def remove(hierarchy: Hierarchy) -> None:
    record(events.HIERARCHY_REMOVED, hierarchy)
    hierarchy.delete()


def missing_in(hierarchy: Hierarchy, column: Column) -> tuple[list[str], int]:
    """The values of a column that a hierarchy misses, in a sample, and how many rows that had.

    Raises ConnectorError where the store cannot be read.
    """
    with column.data_set.system.connect() as connector:
        sample = connector.sample(column.data_set.name, rows=SAMPLE_ROWS)
    if column.name not in sample.column_names:
        raise ConnectorError(f"There is no column {column.name}.", "Scan the system again.")
    return hierarchy.read().missing(sample.column(column.name)), len(sample)


@transaction.atomic
def record_look(hierarchy: Hierarchy, column: Column, *, missing: int, shown: int, masked: bool) -> None:
    """Somebody saw what a hierarchy misses of a column."""
    record(
        events.HIERARCHY_COMPARED, hierarchy, column=str(column), missing=missing, shown=shown, masked=masked
    )


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"' if any(mark in word for mark in ';"\n\r') else word
