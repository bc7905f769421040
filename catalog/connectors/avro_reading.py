"""Reading Avro that somebody else wrote, so that no data can take down the process that reads them.

fastavro's compiled reader follows values as deep as the data say, beyond the stack of the process (which then dies
without an error), and makes as many items of an array as the data claim, also where an item takes no bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import fastavro
from fastavro import _read_py as uncompiled

DEEPEST = 100  # types in types, that the compiled reader is trusted with
ENDLESS = DEEPEST + 1  # of a type that holds itself
Schema = Any  # a name, a union as a list, or a mapping


def reader_of(
    schema: Schema, named: Mapping[str, Any] | None = None, *, many: bool = False
) -> Callable[[BinaryIO], Any]:
    """How to read one value of a parsed schema, or `many` as an array; `named` are types of other schemas.

    A type that holds itself is read by the slower reader, which raises RecursionError for data that go too deep.
    Raises ValueError for arrays whose items take no bytes: there is no end to how many a few bytes may hold.
    """
    deep = _Walk(named or {}).depth(schema) > DEEPEST
    read: Any = uncompiled.schemaless_reader if deep else fastavro.schemaless_reader
    whole = {"type": "array", "items": schema} if many else schema
    return lambda file: read(file, whole, None)


class _Walk:
    """Each named type is looked at once, however often it is used."""

    def __init__(self, named: Mapping[str, Any]) -> None:
        self.others = named
        self.depths: dict[str, int] = {}
        self.empty: dict[str, bool] = {}

    def depth(self, schema: Schema) -> int:
        """How many types lie in each other at most, and ENDLESS or more where one holds itself."""
        if isinstance(schema, str):
            if schema not in self.depths and schema in self.others:
                return self.depth(self.others[schema])
            return self.depths.get(schema, 0)
        if isinstance(schema, list):
            return 1 + max(map(self.depth, schema), default=0)
        kind = schema["type"]
        if kind in ("array", "map"):
            inner = schema["items" if kind == "array" else "values"]
            found = 1 + self.depth(inner)
            if kind == "array" and self._takes_no_bytes(inner):
                raise ValueError("an array of nothing")
            return found
        if kind in ("record", "error"):
            return self._depth_of_record(schema)
        if kind == "fixed":
            self.empty[schema["name"]] = schema["size"] == 0
        return self.depth(kind) if isinstance(kind, (dict, list)) else 0

    def _depth_of_record(self, schema: Schema) -> int:
        name = schema["name"]
        self.depths[name] = ENDLESS  # while its fields are looked at
        self.empty[name] = True
        found = 1 + max((self.depth(field["type"]) for field in schema["fields"]), default=0)
        self.empty[name] = all(self._takes_no_bytes(field["type"]) for field in schema["fields"])
        self.depths[name] = found
        return found

    def _takes_no_bytes(self, schema: Schema) -> bool:
        if isinstance(schema, list):
            return False  # the number of the branch is written
        if isinstance(schema, dict):
            kind = schema["type"]
            return self._takes_no_bytes(schema.get("name", kind))
        return schema == "null" or self.empty.get(schema, False)
