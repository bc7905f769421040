"""An Avro container file block by block, so that those not meant are copied with the very bytes they have.

Source: the Avro specification, 1.12, "Object Container Files".
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from types import SimpleNamespace
from typing import Any, BinaryIO, cast

import fastavro
import orjson
from fastavro.read import SchemaResolutionError
from fastavro.schema import SchemaParseException
from fastavro.write import Writer

from catalog.connectors.avro_reading import reader_of
from catalog.connectors.avro_types import stored_schema
from catalog.connectors.base import Malformed, Unsupported
from catalog.connectors.extras import load

SYNC_BYTES = 16
LARGEST_BLOCK = 256 * 1024 * 1024  # unpacked
FEW_ROWS = 1_000_000
BROKEN = (
    EOFError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
    RecursionError,
    SchemaParseException,
    SchemaResolutionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True)
class Block:
    """`raw` is as it stands in the file at `start`, with its mark; `data` are its `rows` unpacked."""

    start: int
    rows: int
    raw: bytes
    data: bytes


class AvroBlocks:
    """The file open in `file`. Malformed where its header is broken, Unsupported where it is packed strangely."""

    def __init__(self, file: BinaryIO, *, name: str) -> None:
        self.name = name
        self._file = file
        try:
            found = fastavro.block_reader(file)
            self.schema: dict[str, Any] = orjson.loads(found.metadata["avro.schema"])
            self.codec = found.codec
        except BROKEN as error:
            if "need to install" in str(error) or "nrecognized codec" in str(error):
                raise Unsupported(
                    f"{name} is packed in a way that cannot be read here.",
                    "Install the library of its codec (cramjam for snappy, zstandard and lz4).",
                ) from None
            raise Malformed(
                f"{name} cannot be read as Avro: its header is missing or damaged.", "Write the file again."
            ) from None
        if not isinstance(self.schema, dict) or self.schema.get("type") != "record":
            raise Malformed(f"{name} has no records but single values.", "Write records, with named fields.")
        start = file.tell()
        file.seek(0)
        self.header = file.read(start)
        self.sync = self.header[-SYNC_BYTES:]
        try:
            self.stored = cast(dict[str, Any], fastavro.parse_schema(stored_schema(self.schema)))
            self.read_row = reader_of(self.stored)
            self._read_rows = reader_of(self.stored, many=True)
        except BROKEN:
            raise Malformed(
                f"{name}: the schema in its header is none, or nothing can be read by it.",
                "Write the file again.",
            ) from None

    def __iter__(self) -> Iterator[Block]:
        """The blocks; Malformed names the byte where a broken one begins."""
        self._file.seek(len(self.header))
        while True:
            start = self._file.tell()
            try:
                block = self._next(start)
            except BROKEN:
                raise self.broken(start) from None
            if block is None:
                return
            yield block

    def rows(self, block: Block) -> list[dict[str, Any]]:
        """All rows of a block, with values as `stored_schema` says."""
        try:
            array = BytesIO(_long(block.rows) + block.data + b"\0") if block.rows else BytesIO(b"\0")
            found: list[dict[str, Any]] = self._read_rows(array)
            if array.read():
                raise ValueError("bytes are left")
            return found
        except BROKEN:
            raise self.broken(block.start) from None

    def packed(self, rows: int, data: bytes) -> bytes:
        """A block of this file with that content."""
        new = BytesIO()
        writer = Writer(new, "null", codec=self.codec, sync_marker=self.sync)
        start = new.tell()
        writer.write_block(SimpleNamespace(num_records=rows, bytes_=BytesIO(data)))
        return new.getvalue()[start:]

    def broken(self, start: int) -> Malformed:
        return Malformed(f"{self.name}: the block at byte {start} is broken.", "Write the file again.")

    def _next(self, start: int) -> Block | None:
        if not self._file.read(1):
            return None
        self._file.seek(start)
        rows, size = self._number(), self._number()
        begin = self._file.tell()
        packed = self._file.read(size) if 0 <= size <= LARGEST_BLOCK else b""
        mark = self._file.read(SYNC_BYTES)
        if len(packed) != size or mark != self.sync or rows < 0:
            raise ValueError("cut short")
        self._file.seek(start)
        raw = self._file.read(begin - start) + packed + mark
        self._file.seek(start + len(raw))
        data = self._unpacked(raw, packed)
        if rows > max(len(data), FEW_ROWS):
            raise ValueError("rows without bytes")
        return Block(start, rows, raw, data)

    def _number(self) -> int:
        return cast(int, fastavro.schemaless_reader(self._file, "long", None))

    def _unpacked(self, raw: bytes, packed: bytes) -> bytes:
        """What is packed may be a thousand times as much, so that each codec is asked for so much and no more."""
        if self.codec == "null":
            return packed
        if self.codec in _UNPACKING:
            return _bounded(_UNPACKING[self.codec](), packed)
        if self.codec == "zstandard":
            return _bounded_zstandard(packed)
        if _claimed(self.codec, packed) > LARGEST_BLOCK:
            raise ValueError("too large")
        block: Any = next(iter(fastavro.block_reader(BytesIO(self.header + raw))))
        return block.bytes_.getvalue()


_UNPACKING: dict[str, Any] = {
    "deflate": lambda: zlib.decompressobj(-15),
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(memlimit=LARGEST_BLOCK),
}


def _bounded(unpacking: Any, packed: bytes) -> bytes:
    try:
        data = unpacking.decompress(packed, LARGEST_BLOCK)
    except (OSError, lzma.LZMAError) as error:
        raise ValueError("damaged") from error
    if not unpacking.eof:
        raise ValueError("too large, or cut short")
    return cast(bytes, data)


def _bounded_zstandard(packed: bytes) -> bytes:
    zstandard = load("zstandard", extra="avro")
    try:
        unpacking = zstandard.ZstdDecompressor(max_window_size=LARGEST_BLOCK).stream_reader(packed)
        data = unpacking.read(LARGEST_BLOCK + 1)
    except zstandard.ZstdError as error:
        raise ValueError("damaged") from error
    if len(data) > LARGEST_BLOCK:
        raise ValueError("too large")
    return cast(bytes, data)


def _claimed(codec: str, packed: bytes) -> int:
    """How much a block says that it unpacks to: as a number of seven bits a byte for snappy, of four bytes for lz4."""
    if codec == "lz4":
        return int.from_bytes(packed[:4], "little")
    return sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(packed[: _length(packed)]))


def _length(packed: bytes) -> int:
    """Of the number at the beginning: up to the first byte without the highest bit."""
    return next((place for place, byte in enumerate(packed[:10], start=1) if byte < 0x80), 10)


def _long(value: int) -> bytes:
    new = BytesIO()
    fastavro.schemaless_writer(new, "long", value)
    return new.getvalue()
