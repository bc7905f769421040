"""Messages in Protobuf: the schema's text is compiled to descriptors by the compiler that grpcio-tools brings.

The compiler runs in a process of its own: the text comes from elsewhere, and it may hang or fall over.
Before the message stands the path to its type, as zigzag numbers: how many, then the index at each level.
https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/#wire-format
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from catalog.connectors.base import Kind, Malformed
from catalog.connectors.extras import load
from catalog.connectors.schema_registry import Schema
from catalog.connectors.schema_registry_types import TEXT, Codec, Field, Mismatch

COMPILE_SECONDS = 20
MAIN = "message.proto"
IMPORT = re.compile(r"[A-Za-z0-9_\-]+(/[A-Za-z0-9_\-.]+)*\.proto")
KINDS = {
    "double": (Kind.FLOAT, pa.float64()),
    "float": (Kind.FLOAT, pa.float64()),
    "bool": (Kind.BOOLEAN, pa.bool_()),
    "string": (Kind.TEXT, TEXT),
    "bytes": (Kind.BINARY, pa.binary()),
    "enum": (Kind.TEXT, TEXT),
    "uint64": (Kind.INTEGER, pa.uint64()),
    "fixed64": (Kind.INTEGER, pa.uint64()),
}
INTEGER = (Kind.INTEGER, pa.int64())
NESTED = (Kind.JSON, TEXT)


class ProtobufCodec(Codec):
    """Malformed where the schema is none."""

    def __init__(self, schema: Schema) -> None:
        self._json = load("google.protobuf.json_format", extra="kafka")
        self._unknown = load("google.protobuf.unknown_fields", extra="kafka")
        factory = load("google.protobuf.message_factory", extra="kafka")
        self._failure = load("google.protobuf.message", extra="kafka").DecodeError
        self._class_of = factory.GetMessageClass
        self._file = _compiled(schema)
        first = list(self._file.message_types_by_name.values())[:1]
        self.fields = tuple(_field(each) for message in first for each in message.fields)

    def decode(self, data: bytes) -> dict[str, Any]:
        """Also of a message that is not the first type of its file: by the path before it."""
        path, body = _split_path(data)
        try:
            descriptor = list(self._file.message_types_by_name.values())[path[0]]
            for index in path[1:]:
                descriptor = descriptor.nested_types[index]
            message = self._class_of(descriptor).FromString(body)
        except (self._failure, IndexError):
            raise Mismatch("cannot be decoded with their Protobuf schema") from None
        if len(self._unknown.UnknownFieldSet(message)):
            raise Mismatch("hold fields that their Protobuf schema does not know")
        nested: dict[str, Any] = {}
        if any(each.is_repeated or each.message_type for each in descriptor.fields):
            try:
                nested = self._json.MessageToDict(message, preserving_proto_field_name=True)
            except (TypeError, ValueError, self._json.Error):  # an Any of a type that is not in the schema
                raise Mismatch("hold what their Protobuf schema does not describe") from None
        return {each.name: _value(message, each, nested) for each in descriptor.fields}


def _value(message: Any, field: Any, nested: Mapping[str, Any]) -> Any:
    if field.has_presence and not message.HasField(field.name):
        return None
    if field.is_repeated or field.message_type:
        return nested.get(field.name, {} if _is_map(field) else [])
    value = getattr(message, field.name)
    if field.enum_type:
        known = field.enum_type.values_by_number.get(value)
        return known.name if known else str(value)
    return value


def _compiled(schema: Schema) -> Any:
    """The descriptor of the schema's file, in a pool of its own."""
    load("grpc_tools", extra="kafka")
    files = dict(_files(schema.references)) | {MAIN: schema.text}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        out = Path(folder) / "descriptors"
        # The module brings the path of Google's own .proto files itself.
        options = [f"--proto_path={folder}", f"--descriptor_set_out={out}", "--include_imports", MAIN]
        try:
            done = subprocess.run(  # noqa: S603 - our own arguments
                [sys.executable, "-I", "-m", "grpc_tools.protoc", *options],
                capture_output=True,
                timeout=COMPILE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            done = None
        if done is None or done.returncode:
            raise Malformed("A Protobuf schema cannot be compiled.", "Correct the schema or its references.")
        content = out.read_bytes()
    pool = load("google.protobuf.descriptor_pool", extra="kafka").DescriptorPool()
    files_set = load("google.protobuf.descriptor_pb2", extra="kafka").FileDescriptorSet.FromString(content)
    for file in files_set.file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool.FindFileByName(MAIN)


def _files(references: Mapping[str, Schema]) -> Iterator[tuple[str, str]]:
    for name, schema in references.items():
        if not IMPORT.fullmatch(name) or ".." in name:
            raise Malformed("A Protobuf schema imports a file of an odd name.", "Correct its references.")
        yield from _files(schema.references)
        yield name, schema.text


def _field(field: Any) -> Field:
    spelled = _spelling(field)
    if field.is_repeated:
        kind, arrow = (Kind.JSON if spelled.startswith("map") else Kind.ARRAY), TEXT
    else:
        kind, arrow = NESTED if field.message_type else KINDS.get(spelled, INTEGER)
        if field.enum_type:
            kind, arrow = Kind.TEXT, TEXT
    return Field(field.name, spelled, kind, arrow, nullable=field.has_presence)


def _is_map(field: Any) -> bool:
    return bool(field.message_type and field.message_type.GetOptions().map_entry)


def _spelling(field: Any) -> str:
    named = field.message_type or field.enum_type
    if _is_map(field):
        key, value = field.message_type.fields
        return f"map<{_spelling(key)}, {_spelling(value)}>"
    name = named.full_name if named else SCALARS[field.type]
    return f"repeated {name}" if field.is_repeated else name


# FieldDescriptorProto.Type, in its order from 1 on.
SCALARS = dict(
    enumerate(
        [
            "double",
            "float",
            "int64",
            "uint64",
            "int32",
            "fixed64",
            "fixed32",
            "bool",
            "string",
            "group",
            "message",
            "bytes",
            "uint32",
            "enum",
            "sfixed32",
            "sfixed64",
            "sint32",
            "sint64",
        ],
        start=1,
    )
)


def _split_path(data: bytes) -> tuple[list[int], bytes]:
    """The path of indexes and what follows; an empty path stands for the first type."""
    length, place = _zigzag(data, 0)
    path = []
    for _ in range(length):
        index, place = _zigzag(data, place)
        path.append(index)
    if any(index < 0 for index in path):
        raise Mismatch("name no type of their Protobuf schema")
    return path or [0], data[place:]


def _zigzag(data: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while place < len(data) and shift < 35:
        byte = data[place]
        number, shift, place = number | (byte & 0x7F) << shift, shift + 7, place + 1
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1), place
    raise Mismatch("name no type of their Protobuf schema")
