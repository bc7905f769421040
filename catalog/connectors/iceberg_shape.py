"""How the columns of one data file become those asked for: by field id, whatever they were called then."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from catalog.connectors import extras


class FileShape:
    """One data file of `table`, as it is read for the `projected` columns."""

    def __init__(self, arrow: Any, table: Any, task: Any, projected: Any, physical: pa.Schema) -> None:
        metadata = table.metadata
        self._arrow, self._projected = arrow, projected
        self._version = metadata.format_version
        self._downcast = self._version <= 2  # they know microseconds only
        self._file = arrow.pyarrow_to_schema(physical, metadata.name_mapping(), self._downcast, self._version)
        self._bound_to = table.schema()
        self._known = arrow._get_column_projection_values(
            task.file,
            projected,
            table.schema(),
            metadata.specs().get(task.file.spec_id),
            self._file.field_ids,
        )
        leaves = {each for each in projected.field_ids if _is_leaf_or_struct(projected.find_type(each))}
        schemas = extras.load("pyiceberg.schema", extra="iceberg")
        self._pruned = schemas.prune_columns(self._file, leaves, select_full_types=False)
        self.columns = [column.name for column in self._pruned.columns]

    def row_group_filter(self, row_filter: Any) -> Any:
        """The filter in the names of this file, for the statistics of its row groups."""
        visitors = extras.load("pyiceberg.expressions.visitors", extra="iceberg")
        bound = visitors.bind(self._bound_to, row_filter, case_sensitive=True)
        translated = visitors.translate_column_names(bound, self._file, True, self._known)
        return self._arrow.expression_to_pyarrow(visitors.bind(self._file, translated, True), self._file)

    def project(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return self._arrow._to_requested_schema(
            self._projected,
            self._pruned,
            batch,
            downcast_ns_timestamp_to_us=self._downcast,
            projected_missing_fields=self._known,
            allow_timestamp_tz_mismatch=True,
        )


def _is_leaf_or_struct(kind: Any) -> bool:
    """Lists and maps come with their elements."""
    return bool(kind.is_primitive or kind.is_struct)
