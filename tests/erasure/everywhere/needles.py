"""The spellings in which a person's values may stand in bytes, and what is packed in files, unpacked."""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import io
import json
import struct
import urllib.parse
import zlib
from collections.abc import Iterable, Iterator, Mapping

import fastavro
import pyarrow.parquet as pq

from tests.erasure.everywhere.people import Person

Places = Iterable[tuple[str, bytes]]  # what is called how, byte by byte
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "iso8859-2", "iso8859-1")
HASHES = ("md5", "sha1", "sha256")


def needles_of(person: Person) -> dict[bytes, str]:
    """Every spelling, and of what it is one."""
    found: dict[bytes, str] = {}
    for what, value in person.values().items():
        for spelling in _spellings(value):
            found.setdefault(spelling, what)
    for spelling in _numbers(person.number):
        found[spelling] = "number"
    return found


def standing(needles: Mapping[bytes, str], places: Places) -> dict[str, set[str]]:
    """Which values stand where, in the bytes or in the name of the place; a place without any is left out."""
    found: dict[str, set[str]] = {}
    for place, content in places:
        named = place.encode()
        for form in (content, *unpacked(content)):
            for needle, what in needles.items():
                if needle in form or needle in named:
                    found.setdefault(place, set()).add(what)
    return found


def unpacked(content: bytes) -> Iterator[bytes]:
    """What the bytes pack: the rows, statistics and metadata of Parquet and Avro, and what is compressed."""
    if content[:4] == b"PAR1":
        with pq.ParquetFile(io.BytesIO(content)) as file:
            yield repr(file.read().to_pylist()).encode()
            yield repr(file.metadata.to_dict()).encode()
            yield repr(file.metadata.metadata).encode("latin-1", "replace")
    elif content[:4] == b"Obj\x01":
        reader = fastavro.reader(io.BytesIO(content))
        rows = list(reader)
        yield repr(rows).encode()
        yield repr(reader.metadata).encode()
        yield b"\n".join(_bounds(rows))
    elif content[:2] == b"\x1f\x8b":
        yield gzip.decompress(content)
    elif content[:3] == b"BZh":
        yield bz2.decompress(content)
    elif content[:2] in (b"\x78\x9c", b"\x78\xda"):
        try:
            yield zlib.decompress(content)
        except zlib.error:
            return


def _bounds(rows: Iterable[object]) -> Iterator[bytes]:
    """The values inside rows that are bytes: a manifest keeps the least and the greatest of each column so."""
    for row in rows:
        if isinstance(row, bytes):
            yield row
        elif isinstance(row, dict):
            yield from _bounds(row.values())
        elif isinstance(row, list | tuple):
            yield from _bounds(row)


def _spellings(value: str) -> Iterator[bytes]:
    cased = {value, value.lower(), value.upper(), value.title(), value.casefold()}
    for text in cased:
        for encoding in ENCODINGS:
            try:
                yield text.encode(encoding)
            except UnicodeEncodeError:
                continue
        yield json.dumps(text)[1:-1].encode()
        yield urllib.parse.quote(text).encode()
        yield urllib.parse.quote(text, safe="").encode()
        yield urllib.parse.quote_plus(text).encode()
        yield text.encode().hex().encode()
        yield from _base64(text.encode())
        for name in HASHES:
            digest = hashlib.new(name, text.encode(), usedforsecurity=False)
            yield digest.digest()
            yield digest.hexdigest().encode()
            yield digest.hexdigest().upper().encode()
            yield base64.b64encode(digest.digest())


def _base64(value: bytes) -> Iterator[bytes]:
    """Wherever in a longer text it begins: less the letters that what stands around would change."""
    for before in range(3):
        for encoded in (base64.b64encode, base64.urlsafe_b64encode):
            inner = encoded(bytes(before) + value)
            yield inner[(0, 2, 3)[before] : (len(value) + before) // 3 * 4]


def _numbers(number: int) -> Iterator[bytes]:
    """As stores write a whole number: in eight bytes or in those that it needs, and in groups of seven bits."""
    yield struct.pack("<q", number)
    yield struct.pack(">q", number)
    yield struct.pack(">Q", number | 1 << 63)  # InnoDB turns the sign about
    yield number.to_bytes(6, "big")  # SQLite, where no shorter size fits
    for varied in (number, number << 1):  # Protobuf; Avro
        groups = bytearray()
        while varied > 0x7F:
            groups.append(varied & 0x7F | 0x80)
            varied >>= 7
        groups.append(varied)
        yield bytes(groups)
