"""Objects that belong to somebody whole, as the rows of a data set: found by their paths, and removed, never rewritten.

An older version of an object, a deletion marker and an upload that was never completed are the object too: as long as
any of them is there, its row is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pyarrow as pa

from catalog.connectors.ageing import Rows, matcher_of
from catalog.connectors.base import ColumnInfo, ConstraintInTheWay, Kind, Lingering, Match, Replacement
from catalog.connectors.object_templates import OWN, Template

BATCH_ROWS = 10_000
TYPES = {"path": pa.string(), "size": pa.int64(), "modified_at": pa.timestamp("us", "UTC")}
KINDS = {"path": Kind.TEXT, "size": Kind.INTEGER, "modified_at": Kind.TIMESTAMP}


@dataclass(frozen=True, slots=True)
class Entry:
    """One object with all that is left of it; `parts` is what its store needs to remove it."""

    path: str
    size: int
    modified: datetime
    parts: Any = None


class ObjectPlaces(ABC):
    """Where the objects are: stands for the place of a file."""

    remote = True

    @abstractmethod
    def entries(self, start: str) -> Iterator[Entry]:
        """All objects whose path begins so, in a stable order."""

    @abstractmethod
    def remove(self, entries: Sequence[Entry], *, folders: int) -> None:
        """Remove them, every version; what a lock holds stays. Folders left empty go, but the first `folders`."""

    @abstractmethod
    def require_replaceable(self) -> None:
        """AccessDenied without the right to remove objects."""

    def locked(self, entries: Sequence[Entry]) -> tuple[int, datetime | None, str]:
        """How many of these a lock of the store holds, until when, and why."""
        return 0, None, ""


class ObjectSet:
    """One data set, as `file_formats.DataFile` has it."""

    def __init__(self, place: ObjectPlaces, template: Template) -> None:
        self.place = place
        self.template = template
        self.name = template.text

    def schema(self, wanted: Sequence[str] = ()) -> pa.Schema:
        own = [(name, TYPES[name]) for name in OWN]
        return pa.schema([*((name, pa.string()) for name in self.template.names), *own])

    def describe(self) -> tuple[tuple[ColumnInfo, ...], int]:
        return self.columns(), self.count()

    def columns(self) -> tuple[ColumnInfo, ...]:
        """None of them can be written: they are where and what an object is."""
        return tuple(
            ColumnInfo(
                field.name,
                place,
                str(field.type),
                KINDS.get(field.name, Kind.TEXT),
                nullable=False,
                unique=field.name == "path",
                generated=True,
            )
            for place, field in enumerate(self.schema(), start=1)
        )

    def count(self) -> int:
        return sum(1 for _ in self._found())

    def batches(
        self, columns: Sequence[str], *, batch_rows: int, seed: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        for rows in self._chunks(batch_rows):
            yield self._batch(rows, columns)

    def replaced(
        self, batch: pa.RecordBatch, mask: pa.BooleanArray, replacements: Mapping[str, Replacement]
    ) -> pa.RecordBatch:
        raise ConstraintInTheWay(f"The objects of {self.name} cannot be written over.", "Delete them.")

    def rewrite(self, rows: Rows, replacements: Mapping[str, Replacement]) -> int:
        """Remove the objects; how many were meant. One after the other: what went before a failure is gone."""
        if replacements:
            raise ConstraintInTheWay(f"The objects of {self.name} cannot be written over.", "Delete them.")
        removed = 0
        matcher = matcher_of(rows, self.schema())
        for found in self._chunks(BATCH_ROWS):
            mask = matcher.mask(self._batch(found, matcher.columns)).to_pylist()
            meant = [entry for (entry, _), hit in zip(found, mask, strict=True) if hit]
            if meant:
                self.place.remove(meant, folders=self.template.folders)
            removed += len(meant)
        return removed

    def lingering(self, matches: Sequence[Match]) -> Lingering | None:
        """What a lock of the store holds of the meant objects; None where nothing is held, also where all are there."""
        many, until, why = self.place.locked(self._meant(matches))
        return Lingering(many, until, why) if many else None

    def outlook(self, matches: Sequence[Match]) -> str:
        """What whoever approves their removal has to know."""
        many, _, why = self.place.locked(self._meant(matches))
        return f"{many} of the objects stay for a time. {why}" if many else ""

    def _meant(self, matches: Sequence[Match]) -> list[Entry]:
        if not matches:
            return []
        matcher = matcher_of(matches, self.schema())
        return [
            entry
            for found in self._chunks(BATCH_ROWS)
            for (entry, _), hit in zip(
                found, matcher.mask(self._batch(found, matcher.columns)).to_pylist(), strict=True
            )
            if hit
        ]

    def _found(self) -> Iterator[tuple[Entry, Mapping[str, str]]]:
        for entry in self.place.entries(self.template.start):
            named = self.template.read(entry.path)
            if named is not None:
                yield entry, named

    def _chunks(self, rows: int) -> Iterator[list[tuple[Entry, Mapping[str, str]]]]:
        waiting = self._found()
        while chunk := list(islice(waiting, rows)):
            yield chunk

    def _batch(
        self, rows: Sequence[tuple[Entry, Mapping[str, str]]], columns: Sequence[str]
    ) -> pa.RecordBatch:
        own = {
            "path": [entry.path for entry, _ in rows],
            "size": [entry.size for entry, _ in rows],
            "modified_at": [entry.modified.astimezone(UTC) for entry, _ in rows],
        }
        schema = self.schema()
        arrays = [
            pa.array(
                own[name] if name in own else [named[name] for _, named in rows], schema.field(name).type
            )
            for name in columns
        ]
        chosen = pa.schema([schema.field(name) for name in columns])
        if not arrays:
            return pa.RecordBatch.from_struct_array(pa.array([{}] * len(rows), pa.struct([])))
        return pa.RecordBatch.from_arrays(arrays, schema=chosen)
