"""Avro schemas: their fields as ours, with what custom attributes say of them; and those attributes written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalog.contracts.document import Document, Field
from catalog.contracts.problems import ContractError, Problem, bounded, require_shallow
from catalog.contracts.tags import PREFIX, attributes_of, tagged

Schema = Any  # a name, a union as a list, or a mapping
MOST_FIELDS = 10_000
_SAID = ("name", "type", "default", "doc", "order", "aliases")


def is_record(value: Any) -> bool:
    """Whether a value is an Avro schema of a record."""
    return isinstance(value, dict) and value.get("type") == "record" and isinstance(value.get("name"), str)


def document_of(schema: Schema, *, system: str = "") -> Document:
    """The contract that the tags of a record schema amount to. Raises ContractError where it is no record."""
    if not is_record(schema):
        raise ContractError(
            Problem("This is not an Avro schema of a record.", "Give one with type, name and fields.")
        )
    full = f"{schema['namespace']}.{schema['name']}" if schema.get("namespace") else schema["name"]
    fields = tuple(item for item, _ in bounded(_fields(schema, "", {}, ())))
    return Document("0.1.0", full, system=system, description=str(schema.get("doc") or ""), fields=fields)


def write(schema: Schema, document: Document) -> Schema:
    """The schema with the attributes of the document's fields; all else in it stays as it is.

    Raises ContractError naming a field that the schema has not.
    """
    declared = {item.name: item for item in document.fields}
    places = {item.name: place for item, place in bounded(_fields(schema, "", {}, (), tags=False))}
    missing = [name for name in declared if name not in places and not name.endswith("[]")]
    if missing:
        raise ContractError(
            *(
                Problem("The schema has no such field.", "Take it out of the contract.", name)
                for name in missing
            )
        )
    for name, place in places.items():
        for key in [key for key in place if key.startswith(PREFIX)]:
            del place[key]
        if name in declared:
            place |= attributes_of(declared[name])
    return schema


def _fields(
    record: dict[str, Any], above: str, named: dict[str, Any], within: tuple[str, ...], *, tags: bool = True
) -> Iterator[tuple[Field, dict[str, Any]]]:
    """Each field with the mapping that describes it; a record that holds itself is gone into once."""
    require_shallow(within)
    named[record["name"]] = record
    for place in _entries(record):
        item, inner, path = _field(place, above)
        attributes = {key: value for key, value in place.items() if key not in _SAID}
        yield (tagged(item, attributes) if tags else item), place
        if isinstance(inner, str):
            inner = named.get(inner.rpartition(".")[2], inner)
        if is_record(inner) and inner["name"] not in (*within, record["name"]):
            yield from _fields(inner, f"{path}.", named, (*within, record["name"]), tags=tags)


def _entries(record: dict[str, Any]) -> list[dict[str, Any]]:
    found = record.get("fields")
    if not isinstance(found, list) or len(found) > MOST_FIELDS:
        raise ContractError(Problem(f"Record {record['name']} has no list of fields.", "Give one."))
    for place in found:
        if not isinstance(place, dict) or not isinstance(place.get("name"), str) or "type" not in place:
            raise ContractError(Problem(f"A field of {record['name']} lacks name or type.", "Give both."))
    return found


def _field(place: dict[str, Any], above: str) -> tuple[Field, Schema, str]:
    """The field, what lies inside it, and the path that leads there."""
    kind, nullable = _unwrapped(place["type"])
    name = f"{above}{place['name']}"
    item = Field(name, _spelled(kind), nullable=nullable, description=str(place.get("doc") or ""))
    path = name
    while isinstance(kind, dict) and kind.get("type") in ("array", "map"):
        path += "[]"
        kind, _ = _unwrapped(kind.get("items", kind.get("values", "null")))
    return item, kind, path


def _unwrapped(kind: Schema) -> tuple[Schema, bool]:
    """A union without its null, and whether it had one."""
    if not isinstance(kind, list):
        return kind, kind == "null"
    others = [part for part in kind if part != "null"]
    return (others[0] if len(others) == 1 else others), "null" in kind


def _spelled(kind: Schema) -> str:
    if isinstance(kind, str):
        return kind
    if isinstance(kind, list):
        return "union"
    if not isinstance(kind, dict):
        raise ContractError(Problem(f"{kind!r:.60} is no type of Avro.", "Write the name of one."))
    logical = kind.get("logicalType")
    if logical == "decimal":
        return f"decimal({kind.get('precision', 0)}, {kind.get('scale', 0)})"
    inner = kind.get("type")
    return str(logical or (inner if isinstance(inner, str) else "record"))
