"""How a Parquet file is laid out, to write another like it, and what its columns hold in common words."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.connectors.base import Kind
from catalog.connectors.keys import plain_array


def layout(metadata: pq.FileMetaData) -> dict[str, Any]:
    """Arguments for a ParquetWriter whose file is like that of `metadata`, as its first row group is."""
    options: dict[str, Any] = {
        "version": metadata.format_version,
        "store_schema": b"ARROW:schema" in (metadata.metadata or {}),
    }
    if not metadata.num_row_groups:
        return options
    group = metadata.row_group(0)
    columns = [group.column(place) for place in range(group.num_columns)]
    dictionaries = [c.path_in_schema for c in columns if any("DICTIONARY" in name for name in c.encodings)]
    return options | {
        "compression": {c.path_in_schema: _codec(c.compression) for c in columns},
        "use_dictionary": dictionaries or False,
        "use_deprecated_int96_timestamps": any(c.physical_type == "INT96" for c in columns),
        "use_compliant_nested_type": not any(c.path_in_schema.endswith(".list.item") for c in columns),
        "write_statistics": any(c.is_stats_set for c in columns),
        "write_page_index": any(c.has_offset_index for c in columns),
        "sorting_columns": group.sorting_columns or None,
    }


def kind_of(kind: pa.DataType) -> Kind:
    """The common name of an Arrow type."""
    types = pa.types
    if isinstance(kind, pa.UuidType):
        return Kind.UUID
    if isinstance(kind, pa.JsonType):
        return Kind.JSON
    plain = plain_array(pa.nulls(0, kind)).type
    tests = {
        Kind.TEXT: types.is_string,
        Kind.INTEGER: types.is_integer,
        Kind.DECIMAL: types.is_decimal,
        Kind.FLOAT: types.is_floating,
        Kind.BOOLEAN: types.is_boolean,
        Kind.DATE: types.is_date,
        Kind.TIMESTAMP: types.is_timestamp,
        Kind.TIME: types.is_time,
        Kind.BINARY: types.is_binary,
        Kind.JSON: lambda found: types.is_struct(found) or types.is_map(found),
        Kind.ARRAY: lambda found: types.is_list(found) or types.is_large_list(found),
    }
    return next((name for name, test in tests.items() if test(plain)), Kind.UNKNOWN)


def _codec(name: str) -> str:
    return "NONE" if name == "UNCOMPRESSED" else name
