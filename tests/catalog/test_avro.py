"""Avro: types of the specification, broken blocks, and a header that no rewriting touches."""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pytest

from catalog.connectors.base import (
    Connector,
    ConstraintInTheWay,
    DataSetInfo,
    DataSetMissing,
    Kind,
    Malformed,
    Match,
    Operation,
    Replacement,
    Unsupported,
)
from catalog.connectors.destruction import open_writable
from catalog.connectors.file_schemas import schema_of

ADDRESS = {"type": "record", "name": "Address", "fields": [{"name": "city", "type": "string"}]}
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "Person",
    "namespace": "shop",
    "doc": "who buys",
    "owner": {"team": "sales"},
    "fields": [
        {"name": "id", "type": "long", "pii": {"category": "user.unique_id"}},
        {"name": "email", "type": ["null", "string"], "default": None, "tag": "personal"},
        {"name": "home", "type": ["null", ADDRESS]},
        {"name": "work", "type": ["Address", "null"]},
        {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["NEW", "GONE"]}},
        {"name": "born", "type": ["null", {"type": "int", "logicalType": "date"}]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "wakes", "type": {"type": "int", "logicalType": "time-millis"}},
        {"name": "sum", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
        {"name": "key", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "hash", "type": {"type": "fixed", "name": "Hash", "size": 4}},
        {"name": "score", "type": ["float", "double", "null"]},
        {"name": "flags", "type": {"type": "map", "values": "boolean"}},
        {"name": "again", "type": "State"},
    ],
}
KEY = "11111111-2222-3333-4444-555555555555"


def person(i: int) -> dict[str, Any]:
    return {
        "id": i,
        "email": f"p{i}@example.org" if i % 2 else None,
        "home": {"city": "Zürich"},
        "work": None,
        "state": "NEW",
        "born": date(1980, 2, i % 28 + 1),
        "at": datetime(2024, 5, 6, 7, 8, 9, i, tzinfo=UTC),
        "wakes": time(6, 30),
        "sum": Decimal(-i) / 4,
        "key": uuid.UUID(KEY),
        "hash": b"abcd",
        "score": ("double", 0.1),  # the first branch of the union could not hold it
        "flags": {"a": True},
        "again": "GONE",
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A hundred people in about twenty blocks."""
    path = tmp_path / "people.avro"
    with path.open("wb") as file:
        people = [person(i) for i in range(100)]
        about = {"made.by": "crm"}
        fastavro.writer(file, SCHEMA, people, codec="deflate", metadata=about, sync_interval=500)
    return path


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Connector]:
    with open_writable("folder", {"path": str(tmp_path)}) as connector:
        yield connector


def match(**keys: list[Any]) -> list[Match]:
    return [Match(pa.table({name: pa.array(values) for name, values in keys.items()}))]


def described(connector: Connector) -> DataSetInfo:
    (found,) = connector.discover()
    return found


def header(path: Path) -> bytes:
    with path.open("rb") as file:
        fastavro.block_reader(file)
        end = file.tell()
        file.seek(0)
        return file.read(end)


def records(path: Path) -> list[Any]:
    with path.open("rb") as file:
        return list(fastavro.reader(file))


def test_columns(path: Path, writer: Connector) -> None:
    found = described(writer)
    assert [(c.name, c.data_type, c.kind, c.nullable) for c in found.columns] == [
        ("id", "long", Kind.INTEGER, False),
        ("email", "null or string", Kind.TEXT, True),
        ("home", "null or record", Kind.JSON, True),
        ("work", "record or null", Kind.JSON, True),
        ("state", "enum", Kind.TEXT, False),
        ("born", "null or int (date)", Kind.DATE, True),
        ("at", "long (timestamp-micros)", Kind.TIMESTAMP, False),
        ("wakes", "int (time-millis)", Kind.TIME, False),
        ("sum", "bytes (decimal)", Kind.DECIMAL, False),
        ("key", "string (uuid)", Kind.UUID, False),
        ("hash", "fixed", Kind.BINARY, False),
        ("score", "float or double or null", Kind.JSON, True),
        ("flags", "map", Kind.JSON, False),
        ("again", "enum", Kind.TEXT, False),
    ]
    assert found.row_estimate == pytest.approx(100, abs=10)
    assert writer.count("people.avro") == 100


def test_values(path: Path, writer: Connector) -> None:
    table = pa.Table.from_batches(writer.read("people.avro", batch_rows=3))
    assert table.slice(3, 1).to_pylist() == [
        {
            "id": 3,
            "email": "p3@example.org",
            "home": '{"city": "Z\\u00fcrich"}',
            "work": None,
            "state": "NEW",
            "born": date(1980, 2, 4),
            "at": datetime(2024, 5, 6, 7, 8, 9, 3, tzinfo=UTC),
            "wakes": time(6, 30),
            "sum": Decimal("-0.75"),
            "key": KEY,
            "hash": b"abcd",
            "score": "0.1",
            "flags": '{"a": true}',
            "again": "GONE",
        }
    ]
    assert (table.schema.field("at").type, table.schema.field("sum").type) == (
        pa.timestamp("us", "UTC"),
        pa.decimal128(9, 2),
    )


def test_delete_keeps_header_codec_and_other_records(path: Path, writer: Connector) -> None:
    before, kept = header(path), [record for record in records(path) if record["id"] not in (0, 7, 99)]
    assert writer.delete("people.avro", match(id=[0, 7, 99])) == 3
    assert header(path) == before
    assert b'"tag": "personal"' in before
    assert b'"owner": {"team": "sales"}' in before
    assert records(path) == kept
    with path.open("rb") as file:
        reader = fastavro.reader(file)
        assert (reader.metadata["made.by"], reader.codec) == ("crm", "deflate")


def test_overwrite_keeps_every_other_value(path: Path, writer: Connector) -> None:
    expected = records(path)
    expected[8] |= {
        "email": "gone",
        "home": None,
        "state": "GONE",
        "born": date(1900, 1, 1),
        "at": datetime(2000, 1, 1, tzinfo=UTC),
        "wakes": time(0, 0, 1),
        "sum": Decimal("-1.50"),
        "key": uuid.UUID(int=0),
        "hash": b"\0\0\0\0",
        "score": None,
    }
    replacements = {
        "email": Replacement("gone"),
        "home": Replacement(None),
        "state": Replacement("GONE"),
        "born": Replacement("1900-01-01"),
        "at": Replacement("2000-01-01T00:00:00Z"),
        "wakes": Replacement(time(0, 0, 1)),
        "sum": Replacement("-1.5"),
        "key": Replacement(str(uuid.UUID(int=0))),
        "hash": Replacement(b"\0\0\0\0"),
        "score": Replacement(None),
    }
    assert writer.overwrite("people.avro", match(id=[8]), replacements) == 1
    assert records(path) == expected
    assert records(path)[9]["score"] == 0.1  # as a double: nobody wrote it anew
    after = path.stat().st_mtime_ns
    assert writer.overwrite("people.avro", match(id=[8]), replacements) == 1
    assert path.stat().st_mtime_ns == after


@pytest.mark.parametrize(
    ("column", "replacement", "words"),
    [
        ("id", Replacement(None), "people.avro.id must not be null"),
        ("id", Replacement("erased"), "people.avro.id, which is int64"),
        ("id", Replacement("erased", unique=True), "people.avro.id is no text"),
        ("home", Replacement("erased"), "people.avro.home, which is null or record"),
        ("flags", Replacement("{}"), "people.avro.flags, which is map"),
        ("state", Replacement("OLD"), "people.avro.state, which is enum"),
        ("key", Replacement("erased"), "people.avro.key, which is string (uuid)"),
        ("hash", Replacement(b"longer"), "people.avro.hash, which is fixed"),
        ("sum", Replacement("12345678.90"), "people.avro.sum, which is decimal128(9, 2)"),
    ],
)
def test_a_replacement_that_does_not_fit_is_found_at_rehearsal(
    path: Path, writer: Connector, column: str, replacement: Replacement, words: str
) -> None:
    before = path.read_bytes()
    with pytest.raises(ConstraintInTheWay) as raised:
        writer.rehearse([Operation("people.avro", match(id=[1]), {column: replacement})])
    assert words in raised.value.message
    assert path.read_bytes() == before


def test_all_rows_deleted_leave_the_schema(path: Path, writer: Connector) -> None:
    before = header(path)
    assert writer.delete("people.avro", match(state=["NEW"])) == 100
    assert path.read_bytes() == before
    assert [column.name for column in described(writer).columns][:2] == ["id", "email"]


@pytest.mark.parametrize("codec", ["null", "bzip2", "xz"])
def test_other_codecs(tmp_path: Path, writer: Connector, codec: str) -> None:
    path = tmp_path / "people.avro"
    with path.open("wb") as file:
        fastavro.writer(file, SCHEMA, [person(i) for i in range(10)], codec=codec)
    assert writer.delete("people.avro", match(id=[3])) == 1
    assert [record["id"] for record in records(path)] == [0, 1, 2, 4, 5, 6, 7, 8, 9]


# Broken ones


def test_a_damaged_block_is_named(path: Path, writer: Connector) -> None:
    with path.open("rb") as file:
        blocks = [(block.offset, block.size) for block in fastavro.block_reader(file)]
    offset, size = blocks[2]
    content = bytearray(path.read_bytes())
    content[offset + size // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(Malformed, match=rf"people\.avro: the block at byte {offset} is broken"):
        writer.delete("people.avro", match(id=[1]))
    assert path.read_bytes() == content


@pytest.mark.parametrize("cut", [10, 17, 40])
def test_a_file_cut_short(path: Path, writer: Connector, cut: int) -> None:
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(Malformed, match="the block at byte"):
        writer.count("people.avro")


@pytest.mark.parametrize("content", [b"", b"Obj\1", b"PAR1" * 10, b"Obj\1" + b"\xff" * 40])
def test_a_file_without_a_header(tmp_path: Path, writer: Connector, content: bytes) -> None:
    (tmp_path / "bad.avro").write_bytes(content)
    assert described(writer).problem.startswith("bad.avro cannot be read as Avro")


def long(value: int) -> bytes:
    value, out = value << 1, b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def container(schema: bytes, block: bytes, *, codec: bytes = b"null") -> bytes:
    def text(value: bytes) -> bytes:
        return long(len(value)) + value

    sync = b"s" * 16
    meta = long(2) + text(b"avro.schema") + text(schema) + text(b"avro.codec") + text(codec) + long(0)
    return b"Obj\1" + meta + sync + block + sync


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (b'"string"', "has no records but single values"),
        (
            b'{"type": "record", "name": "P", "fields": [{"name": "a", "type": "Gone"}]}',
            "cannot be read as Avro",
        ),
        (b"{", "cannot be read as Avro"),
    ],
)
def test_a_schema_that_is_none(tmp_path: Path, writer: Connector, schema: bytes, words: str) -> None:
    (tmp_path / "bad.avro").write_bytes(container(schema, b"\x02\x02\x02"))
    assert words in described(writer).problem


ONE = b'{"type": "record", "name": "P", "fields": [{"name": "a", "type": "bytes"}]}'
NONE = b'{"type": "record", "name": "P", "fields": [{"name": "a", "type": "null"}]}'


def test_a_block_that_unpacks_without_end_is_broken(
    tmp_path: Path, writer: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    packing = zlib.compressobj(wbits=-15)
    packed = packing.compress(long(1_999_997) + b"\0" * 1_999_997) + packing.flush()
    row = long(1) + long(len(packed)) + packed
    (tmp_path / "bomb.avro").write_bytes(container(ONE, row, codec=b"deflate"))
    monkeypatch.setattr("catalog.connectors.avro_blocks.LARGEST_BLOCK", 1_999_999)
    assert "is broken" in described(writer).problem
    monkeypatch.setattr("catalog.connectors.avro_blocks.LARGEST_BLOCK", 2_000_001)
    assert described(writer).problem == ""


def test_rows_without_bytes_are_broken(tmp_path: Path, writer: Connector) -> None:
    (tmp_path / "bomb.avro").write_bytes(container(NONE, b"\xfe\xff\xff\xff\x0f\x00"))
    assert "is broken" in described(writer).problem


# The schema with its attributes


def test_schema_of_avro_keeps_unknown_attributes(path: Path) -> None:
    schema = schema_of(path)
    assert schema == SCHEMA


def test_schema_of_other_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n")
    with pytest.raises(Unsupported, match=r"a\.csv carries no schema"):
        schema_of(tmp_path / "a.csv")
    with pytest.raises(DataSetMissing):
        schema_of(tmp_path / "gone.avro")
