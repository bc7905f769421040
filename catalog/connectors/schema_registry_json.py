"""JSON messages with a JSON Schema: every column is text, because JSON's numbers have no size."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import referencing
import referencing.exceptions

from catalog.connectors.base import Kind, Malformed
from catalog.connectors.schema_registry import Schema
from catalog.connectors.schema_registry_types import Codec, Field, Mismatch

KINDS = {
    "string": Kind.TEXT,
    "integer": Kind.INTEGER,
    "number": Kind.FLOAT,
    "boolean": Kind.BOOLEAN,
    "object": Kind.JSON,
    "array": Kind.ARRAY,
}
FORMATS = {"date": Kind.DATE, "date-time": Kind.TIMESTAMP, "time": Kind.TIME, "uuid": Kind.UUID}
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
MOST_REFERENCES = 10_000  # followed to check one message


class JsonCodec(Codec):
    """Malformed where the schema is none.

    The schema is anybody's: a reference leads nowhere outside of it, regular expressions are not tried (some never
    end), and one whose references multiply says nothing.
    """

    def __init__(self, schema: Schema) -> None:
        try:
            declared = json.loads(schema.text)
            validator = jsonschema.validators.validator_for(declared, jsonschema.Draft202012Validator)
            validator.check_schema(declared)
        except (ValueError, RecursionError, jsonschema.SchemaError):
            raise Malformed("A JSON schema cannot be read.", "Correct the schema.") from None
        declared = declared if isinstance(declared, dict) else {}
        self._left = [MOST_REFERENCES]
        self._validator = _harmless(validator, self._left)(declared, registry=referencing.Registry())
        self._matches_names = '"patternProperties"' in json.dumps(declared)
        required = set(declared.get("required") or [])
        properties = declared.get("properties") or {}
        self.fields = tuple(_field(name, each, name in required) for name, each in properties.items())

    def decode(self, data: bytes) -> dict[str, Any]:
        found = parse_json(data)
        if found is None:
            raise Mismatch("are no JSON")
        return found if isinstance(found, dict) else {"_value": found}

    def check(self, values: Mapping[str, Any]) -> None:
        if self._matches_names:
            return
        self._left[0] = MOST_REFERENCES
        try:
            valid = self._validator.is_valid(values.get("_value", values))
        except (referencing.exceptions.Unresolvable, RecursionError, _Entangled):
            return  # nothing can be said
        if not valid:
            raise Mismatch("are not valid under their JSON schema")


class _Entangled(Exception):
    """References that lead to ever more references."""


def _harmless(validator: Any, left: list[int]) -> Any:
    """The class of validators, but for regular expressions, and for more references than are `left`."""

    def counting(follow: Any) -> Any:
        def counted(*arguments: Any) -> Iterator[Any]:
            left[0] -= 1
            if left[0] < 0:
                raise _Entangled
            yield from follow(*arguments) or ()

        return counted

    known = validator.VALIDATORS
    counted = {name: counting(known[name]) for name in REFERENCES if name in known}
    return jsonschema.validators.extend(validator, counted | {"pattern": lambda *_: None})


def parse_json(data: bytes) -> Any:
    """What the text means; None where it is no JSON, and for null."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def observed(name: str, value: Any) -> Field:
    """The field that a value without a schema shows."""
    if value is None:
        return Field(name, "null", Kind.UNKNOWN)
    spelled = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object"}
    found = spelled.get(type(value), "array")
    return Field(name, found, KINDS[found])


def _field(name: str, declared: Any, required: bool) -> Field:
    declared = declared if isinstance(declared, dict) else {}
    types = declared.get("type") or []
    types = [types] if isinstance(types, str) else list(types)
    given = [each for each in types if each != "null"]
    kind = KINDS.get(given[0], Kind.UNKNOWN) if len(given) == 1 else Kind.UNKNOWN
    if kind == Kind.TEXT:
        kind = FORMATS.get(declared.get("format", ""), kind)
    return Field(name, " or ".join(given) or "any", kind, nullable=not required or "null" in types)
