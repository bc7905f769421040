"""CSV record by record, each with the very bytes it stands in, so that those not meant stay as they are.

The parser of the standard library takes as many lines as a record needs; those lines are the record's bytes.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO

from catalog.connectors.base import Malformed

BOM = codecs.BOM_UTF8
DELIMITERS = ",;\t|"
LONGEST_FIELD = 256 * 1024 * 1024
csv.field_size_limit(LONGEST_FIELD)  # the default of 128 KB is shorter than honest values


@dataclass(slots=True)
class Record:
    """One record: its bytes with their line end, its fields, and the line where it begins."""

    raw: bytes
    fields: list[str]
    line: int


@dataclass(frozen=True)
class Dialect:
    """What has to be known to read a file."""

    name: str  # the file's, for messages
    encoding: str
    delimiter: str


def is_line_encoding(encoding: str) -> bool:
    """Whether line ends, quotes and delimiters are single bytes in `encoding`, as this module needs them."""
    try:
        same = '\r\n",;\t|'.encode(encoding) == b'\r\n",;\t|' and b"A".decode(encoding) == "A"
        return same and ("A" * 100).encode(encoding) == b"A" * 100  # idna knows labels only, no texts
    except (LookupError, UnicodeError):
        return False


def records(file: BinaryIO, dialect: Dialect) -> Iterator[Record]:
    """The records from where `file` stands; an empty line is a record without fields.

    Malformed names the line of broken quotes, and the line and byte that the encoding cannot mean.
    """
    lines = _Lines(file, dialect)
    reader = csv.reader(lines, delimiter=dialect.delimiter, strict=True)
    first = 1
    try:
        for fields in reader:
            yield Record(lines.take(), fields, first)
            first = lines.number + 1
    except csv.Error:
        raise Malformed(
            f"{dialect.name}, line {first}: the quotes or line ends of this record are broken.",
            "Correct the line, or export the file again.",
        ) from None


def sniff_delimiter(lines: Sequence[str]) -> str:
    """The delimiter that cuts the most of `lines` into as many fields as the first; a comma in doubt."""
    scores = {}
    for delimiter in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            scores[delimiter] = (widths.count(widths[0]) / len(widths), widths[0])
    return max(scores, key=lambda delimiter: scores[delimiter], default=",")


def replace_fields(record: Record, changes: Mapping[int, str], dialect: Dialect) -> bytes:
    """The bytes of `record` with some fields written anew and every other as it was.

    A field that stood in quotes keeps them. UnicodeEncodeError where the encoding lacks a character.
    """
    text = record.raw.decode(dialect.encoding)
    parts, start = [], 0
    for place in range(len(record.fields)):
        found = _field(dialect.delimiter).match(text, start)
        assert found  # it also matches an empty field
        new = changes.get(place)
        parts.append(found[0] if new is None else _write(new, found[0], dialect, len(record.fields)))
        start = found.end() + len(dialect.delimiter)
        parts.append(text[found.end() : start])
    parts.append(text[start:])
    return "".join(parts).encode(dialect.encoding)


def _write(value: str, old: str, dialect: Dialect, width: int) -> str:
    special = any(character in value for character in f'\r\n"{dialect.delimiter}')
    would_read_as_no_record = width == 1 and not value
    if old.startswith('"') or special or would_read_as_no_record:
        return '"' + value.replace('"', '""') + '"'
    return value


@cache
def _field(delimiter: str) -> re.Pattern[str]:
    return re.compile(rf'"(?:[^"]|"")*"|[^{re.escape(delimiter)}\r\n]*')


class _Lines:
    """The decoded lines of a file, which keeps the bytes of those taken since it was last asked."""

    def __init__(self, file: BinaryIO, dialect: Dialect) -> None:
        self.file = file
        self.dialect = dialect
        self.number = 0
        self.pending: list[bytes] = []

    def __iter__(self) -> Iterator[str]:
        encoding, pending = self.dialect.encoding, self.pending
        for number, line in enumerate(self.file, start=1):
            self.number = number
            pending.append(line)
            text = line.removeprefix(BOM) if number == 1 else line
            try:
                yield text.decode(encoding)
            except UnicodeDecodeError as error:
                byte = self.file.tell() - len(text) + error.start
                raise Malformed(
                    f"{self.dialect.name}, line {number}: byte {byte} of the file is not {encoding}.",
                    "Set the encoding of this system to the file's own, such as cp1252 or iso-8859-1.",
                ) from None

    def take(self) -> bytes:
        raw = self.pending[0] if len(self.pending) == 1 else b"".join(self.pending)
        self.pending.clear()
        return raw
