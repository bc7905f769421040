"""What a message says: by the schema whose id it carries, by a schema given for its topic, or by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from catalog.connectors.base import Malformed
from catalog.connectors.field_names import fold
from catalog.connectors.schema_registry import Schema, SchemaRegistry
from catalog.connectors.schema_registry_avro import AvroCodec
from catalog.connectors.schema_registry_json import JsonCodec, observed, parse_json
from catalog.connectors.schema_registry_protobuf import ProtobufCodec
from catalog.connectors.schema_registry_types import Codec, Field, Mismatch, text_of

CODECS: Mapping[str, Callable[[Schema], Codec]] = {
    "AVRO": AvroCodec,
    "PROTOBUF": ProtobufCodec,
    "JSON": JsonCodec,
}
MAGIC = b"\0"  # then four bytes with the id of the schema
VALUE = "_value"  # the column of a message that is no object
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Its values by field; `trouble` where it is not what its schema says (see Mismatch)."""

    values: Mapping[str, Any] = field(default_factory=dict)
    codec: Codec | None = None
    trouble: str = ""

    def fields(self) -> Iterator[Field]:
        """Those of its schema, and those that it shows beyond."""
        declared = {each.name: each for each in self.codec.fields} if self.codec else {}
        yield from declared.values()
        for name, value in self.values.items():
            if name not in declared:
                yield observed(name, value)


class Decoder:
    """`avro_schemas` are texts by topic, for topics whose messages carry no id."""

    def __init__(self, registry: SchemaRegistry | None, avro_schemas: Mapping[str, str]) -> None:
        self._registry = registry
        self._by_topic = {topic: AvroCodec(Schema("AVRO", text)) for topic, text in avro_schemas.items()}
        self._by_number: dict[int, Codec | None] = {}
        self._declared: dict[str, list[Codec]] = {}

    def declared(self, topic: str) -> list[Codec]:
        """What is said of the topic's values without looking at one: oldest version first."""
        if topic in self._by_topic:
            return [self._by_topic[topic]]
        if topic not in self._declared:
            found = self._registry.versions(f"{topic}-value") if self._registry else []
            codecs = [self._codec(each.number) for each in found]
            self._declared[topic] = [codec for codec in codecs if codec]
        return self._declared[topic]

    def value(self, topic: str, data: bytes | None, *, check: bool = False) -> Decoded:
        """One message by column (see `field_names`). With `check`, also whether all of the schema's rules hold."""
        found = self._value(topic, data, check)
        known = [each.name for each in found.codec.fields] if found.codec else ()
        values = fold(found.values, declared=known)
        return found if values is found.values else replace(found, values=values)

    def _value(self, topic: str, data: bytes | None, check: bool) -> Decoded:
        if data is None:  # a tombstone
            return Decoded()
        try:
            if topic in self._by_topic:
                codec = self._by_topic[topic]
                return Decoded(codec.decode(data), codec)
            if self._registry and data.startswith(MAGIC) and len(data) >= 5:
                return self._with_schema(data, check)
        except Mismatch as mismatch:
            return Decoded(trouble=str(mismatch))
        return self._without_schema(topic, data)

    def _without_schema(self, topic: str, data: bytes) -> Decoded:
        text = _plain_text(data)
        if text is None:
            return Decoded(trouble="are no text, and no schema says what they are")
        if any(not isinstance(codec, JsonCodec) for codec in self.declared(topic)):
            return Decoded({VALUE: text}, trouble="carry no schema where the topic has one")
        found = parse_json(data)
        if isinstance(found, dict):
            return Decoded(found)
        if text.lstrip().startswith("{"):
            return Decoded({VALUE: text}, trouble="are broken JSON")
        return Decoded({VALUE: text})

    def key(self, data: bytes | None) -> str | None:
        """The key as text: decoded where it carries a schema that is known."""
        if data is None:
            return None
        if self._registry and data.startswith(MAGIC) and len(data) >= 5:
            try:
                found = self._with_schema(data, False).values
            except Mismatch:
                found = {}
            if found:
                return text_of(found[VALUE] if list(found) == [VALUE] else dict(found))
        text = _plain_text(data)
        return f"\\x{data.hex()}" if text is None else text

    def _with_schema(self, data: bytes, check: bool) -> Decoded:
        codec = self._codec(int.from_bytes(data[1:5], "big"))
        if codec is None:
            raise Mismatch("name a schema that the registry does not know or that cannot be used")
        values = codec.decode(data[5:])
        if check:
            try:
                codec.check(values)
            except Mismatch as mismatch:
                return Decoded(values, codec, str(mismatch))
        return Decoded(values, codec)

    def _codec(self, number: int) -> Codec | None:
        """None where the registry has no such schema, or one that cannot be read."""
        if number not in self._by_number and self._registry:
            schema = self._registry.schema(number)
            try:
                self._by_number[number] = CODECS[schema.kind](schema) if schema else None
            except (Malformed, KeyError):
                self._by_number[number] = None
        return self._by_number.get(number)


def _plain_text(data: bytes) -> str | None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if CONTROL.search(text) else text
