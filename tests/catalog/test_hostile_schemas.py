"""Schemas and data that were made to take down what reads them."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import zstandard

from catalog.connectors.avro_blocks import AvroBlocks
from catalog.connectors.avro_file import AvroFile
from catalog.connectors.base import Malformed
from catalog.connectors.file_places import LocalPlace
from catalog.connectors.schema_registry import Schema, SchemaRegistry
from catalog.connectors.schema_registry_avro import AvroCodec
from catalog.connectors.schema_registry_json import JsonCodec
from catalog.connectors.schema_registry_types import Mismatch

TREE = {"type": "record", "name": "Tree", "fields": [{"name": "below", "type": ["null", "Tree"]}]}
ITSELF = {"type": "record", "name": "Itself", "fields": [{"name": "again", "type": "Itself"}]}
NOTHING = {"type": "record", "name": "Nothing", "fields": [{"name": "of", "type": "null"}]}


def avro(schema: Any) -> AvroCodec:
    return AvroCodec(Schema("AVRO", json.dumps(schema)))


def test_values_that_lie_too_deep_in_each_other_are_refused():
    assert avro(TREE).decode(b"\x02\x02\x00") == {"below": {"below": {"below": None}}}
    with pytest.raises(Mismatch):
        avro(TREE).decode(b"\x02" * 200_000 + b"\x00")
    with pytest.raises(Mismatch):
        avro(ITSELF).decode(b"")


@pytest.mark.parametrize("items", ["null", {"type": "fixed", "name": "F", "size": 0}, NOTHING])
def test_an_array_of_nothing_is_no_schema(items: Any):
    many = {
        "type": "record",
        "name": "R",
        "fields": [{"name": "a", "type": {"type": "array", "items": items}}],
    }
    with pytest.raises(Malformed):
        avro(many)


def container(path: Path, schema: Any, *, codec: str, block: bytes, rows: int) -> Path:
    def number(value: int) -> bytes:
        value, out = value << 1, b""
        while value > 0x7F:
            out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
        return out + bytes([value])

    def text(value: bytes) -> bytes:
        return number(len(value)) + value

    header = b"Obj\x01" + number(2)
    header += text(b"avro.schema") + text(json.dumps(schema).encode())
    header += text(b"avro.codec") + text(codec.encode()) + number(0)
    mark = b"m" * 16
    path.write_bytes(header + mark + number(rows) + text(block) + mark)
    return path


def test_a_file_of_endless_depth_is_broken_and_nothing_worse(tmp_path: Path):
    path = container(tmp_path / "a.avro", TREE, codec="null", block=b"\x02" * 200_000 + b"\x00", rows=1)
    with pytest.raises(Malformed, match="is broken"):
        AvroFile(LocalPlace(path), name="a.avro").describe()


def test_a_block_that_unpacks_to_more_than_there_is_room_for_is_broken(tmp_path: Path):
    schema = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "bytes"}]}
    packing = zstandard.ZstdCompressor().compressobj()
    packed = b"".join(packing.compress(bytes(16 * 2**20)) for _ in range(17)) + packing.flush()
    assert len(packed) < 100_000
    path = container(tmp_path / "a.avro", schema, codec="zstandard", block=packed, rows=1)
    with path.open("rb") as file, pytest.raises(Malformed, match="is broken"):
        list(AvroBlocks(file, name="a.avro"))


def json_codec(schema: Any) -> JsonCodec:
    return JsonCodec(Schema("JSON", json.dumps(schema)))


def test_a_reference_of_a_json_schema_opens_no_file(tmp_path: Path):
    other = tmp_path / "other.json"
    other.write_text('{"required": ["name"]}')
    json_codec({"$ref": f"file://{other}"}).check({"id": 1})  # with the file it would be invalid


def doubling(levels: int) -> dict:
    parts = {f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(levels)}
    return {"$ref": "#/$defs/d0", "$defs": parts | {f"d{levels}": {"type": "object"}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"pattern": "(a+)+$"}}},
        {"patternProperties": {"(b+)+$": {}}, "additionalProperties": False},
        doubling(60),
    ],
)
def test_a_json_schema_that_never_ends_says_nothing(schema: Any):
    before = time.monotonic()
    json_codec(schema).check({"a": "a" * 60 + "!", "b" * 60 + "!": 1})
    assert time.monotonic() - before < 5


def test_other_rules_of_a_json_schema_still_count():
    codec = json_codec({"properties": {"a": {"pattern": "^x", "type": "string"}, "b": {"$ref": "#/$defs/n"}},
                        "$defs": {"n": {"type": "integer"}}})  # fmt: skip
    codec.check({"a": "y", "b": 1})
    with pytest.raises(Mismatch):
        codec.check({"b": "1"})


Answer = Callable[[str], tuple[bytes, dict[str, str]]]


@pytest.fixture
def registry() -> Iterator[Callable[[Answer], SchemaRegistry]]:
    """A schema registry that answers as it is told; `.asked` are the paths it was asked for."""
    started: list[tuple[ThreadingHTTPServer, SchemaRegistry]] = []

    def start(answer: Answer) -> SchemaRegistry:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                body, headers = answer(self.path)
                self.send_response(200)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        asked: list[str] = []
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        client = SchemaRegistry(f"http://127.0.0.1:{server.server_address[1]}")
        client.asked = asked  # type: ignore[attr-defined]
        started.append((server, client))
        return client

    yield start
    for server, client in started:
        client.close()
        server.shutdown()
        server.server_close()


def test_references_that_multiply_are_given_up(registry: Callable[[Answer], Any]):
    def answer(path: str) -> tuple[bytes, dict[str, str]]:
        level = int(path.split("/")[2][1:]) + 1 if path.startswith("/subjects") else 0
        both = [{"name": f"{side}{level}", "subject": f"{side}{level}", "version": 1} for side in "ab"]
        return json.dumps({"schema": "{}", "id": level, "references": both}).encode(), {}

    client = registry(answer)
    with pytest.raises(Malformed, match="too many"):
        client.schema(1)
    assert len(client.asked) <= 100


@pytest.mark.parametrize("body", [b"[1]", b'{"schema": 1, "references": [7]}', b'{"id": 1}', b"[" * 100_000])
def test_an_answer_of_another_form_is_said(registry: Callable[[Answer], Any], body: bytes):
    with pytest.raises(Malformed):
        registry(lambda path: (body, {})).schema(1)


def test_a_packed_answer_is_not_unpacked(registry: Callable[[Answer], Any]):
    packed = gzip.compress(b'{"schema": "{}"}')
    with pytest.raises(Malformed, match="packed"):
        registry(lambda path: (packed, {"Content-Encoding": "gzip"})).schema(1)
