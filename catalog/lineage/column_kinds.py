"""Types as producers spell them (Spark, Hive, BigQuery, dbt, databases), in the catalog's vocabulary. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from catalog.connectors.base import Kind

_WORDS = {
    Kind.TEXT: "string varchar nvarchar char nchar character text clob utf8 bpchar citext str enum object",
    Kind.INTEGER: "int integer bigint smallint tinyint mediumint long short byte int2 int4 int8 int16 int32 int64 int96"
    " uint8 uint16 uint32 uint64 serial bigserial",
    Kind.DECIMAL: "decimal numeric number bignumeric money",
    Kind.FLOAT: "float double real float4 float8 float32 float64 float16",
    Kind.BOOLEAN: "boolean bool bit",
    Kind.DATE: "date date32 date64",
    Kind.TIMESTAMP: "timestamp timestamptz datetime datetime2 timestamp_ntz timestamp_ltz timestamp_tz",
    Kind.TIME: "time timetz time32 time64",
    Kind.BINARY: "binary varbinary bytes bytea blob",
    Kind.JSON: "json jsonb struct record map variant super row",
    Kind.UUID: "uuid guid uniqueidentifier",
    Kind.ARRAY: "array list repeated",
}
_KINDS = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_WORD = re.compile(r"\w+")


@lru_cache(maxsize=4_096)  # a thousand columns have a handful of types
def kind_of(data_type: str) -> Kind:
    """`VARCHAR(40)` → text, `array<string>` → array; unknown where the first word says nothing."""
    first = _WORD.match(data_type.strip().lower())
    if data_type.rstrip().endswith("[]"):
        return Kind.ARRAY
    return _KINDS.get(first[0], Kind.UNKNOWN) if first else Kind.UNKNOWN
