"""Operations on a search index tried out: what each would leave is kept here, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from catalog.connectors.base import ColumnInfo, Operation
from catalog.connectors.matching import Matcher
from catalog.connectors.search_changes import Hit, written
from catalog.connectors.search_values import batch_of


class Rehearsed:
    """What the documents of an index would be after the operations so far."""

    def __init__(self, matching: Callable[..., Iterator[tuple[list[Hit], pa.RecordBatch]]]) -> None:
        self.matching = matching
        self.gone: set[str] = set()
        self.changed: dict[str, dict[str, Any]] = {}

    def touch(self, operation: Operation, needed: Sequence[ColumnInfo]) -> int:
        """How many documents the operation would change; from now on they are changed."""
        columns = {column.name: column for column in needed}
        found = {
            hit["_id"]: hit.get("_source", {})
            for hits, _ in self.matching(operation.data_set, operation.matches, needed)
            for hit in hits
            if hit["_id"] not in self.gone and hit["_id"] not in self.changed
        }
        if self.changed and operation.matches:
            batch = batch_of(list(self.changed.values()), needed)
            mask = Matcher(operation.matches, batch.schema).mask(batch).to_pylist()
            found |= {
                name: source
                for (name, source), meant in zip(self.changed.items(), mask, strict=True)
                if meant
            }
        if operation.replacements:
            new = written(operation.data_set, columns, operation.replacements)
            self.changed |= {name: source | new for name, source in found.items()}
        else:
            self.gone |= found.keys()
            self.changed = {name: each for name, each in self.changed.items() if name not in self.gone}
        return len(found)
