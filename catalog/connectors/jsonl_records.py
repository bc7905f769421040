"""JSON Lines line by line, each with the very bytes it stands in, so that those not meant stay as they are."""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, BinaryIO
from uuid import UUID

import orjson

from catalog.connectors.base import Malformed

BOM = codecs.BOM_UTF8
LONGEST_LINE = 256 * 1024 * 1024
DEEP = frozenset({dict, list, float})
LARGE = 2.0**53
BLANKS = re.compile(r"[ \t\r\n]*")


@dataclass(slots=True)
class Line:
    """One line: its bytes with their line end, its object (None where it is blank), and its number."""

    raw: bytes
    value: dict[str, Any] | None
    number: int


def lines(file: BinaryIO, name: str) -> Iterator[Line]:
    """The lines from where `file` stands, its beginning.

    Malformed names the line that is no JSON object, has a name twice, or is not UTF-8 (then the byte, too).
    """
    number = start = 0
    while raw := file.readline(LONGEST_LINE):
        number += 1
        if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
            raise Malformed(f"{name}, line {number} is longer than 256 MB.", "Write one object on each line.")
        yield Line(raw, parse(raw, name=name, number=number, start=start), number)
        start += len(raw)


def parse(raw: bytes, *, name: str, number: int, start: int = 0) -> dict[str, Any] | None:
    """The object on a line, None for a blank one; Malformed as above. `start`: where in the file it begins."""
    if (quick := _parse_plain(raw)) is not None:
        return quick
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise Malformed(
            f"{name}, line {number}: byte {start + error.start} of the file is not UTF-8.",
            "Write the file again in UTF-8.",
        ) from None
    text = text.removeprefix("\ufeff") if number == 1 else text
    if not text.strip():
        return None
    try:
        value = DECODER.decode(text)
    except _NamedTwice:
        raise Malformed(
            f"{name}, line {number}: an object has the same name twice.", "Give each value its own name."
        ) from None
    except (
        ValueError,
        RecursionError,
    ):  # also a number of more digits than Python reads, or too deep nesting
        raise Malformed(
            f"{name}, line {number} is not JSON.", "Correct the line, or write the file again."
        ) from None
    if not isinstance(value, dict):
        raise Malformed(f"{name}, line {number} is no JSON object.", "Write one object on each line.")
    return value


def as_text(value: Any) -> str | None:
    """A value as its column shows it: text as it is, everything else as JSON."""
    if value is None:
        return None
    if type(value) is int:
        return str(value)
    text = value if isinstance(value, str) else _json(value)
    return text if text.isascii() else text.encode(errors="replace").decode()  # it may hold half a character


def replace_values(line: Line, changes: Mapping[str, Any]) -> bytes:
    """The bytes of `line` with some values written anew, or added at the end, and every other as it was."""
    text = line.raw.decode()
    parts, written, copied, empty = [], set(), 0, True
    at = _skip(text, text.index("{") + 1)
    while text[at] == '"':
        name, at = scanstring(text, at + 1, False)
        at = _skip(text, _skip(text, at) + 1)  # over the colon
        old, end = DECODER.raw_decode(text, at)
        if name in changes:
            written.add(name)
            if _json(old) != (new := _json(changes[name])):
                parts += [text[copied:at], new]
                copied = end
        at, empty = _skip(text, end), False
        if text[at] == ",":
            at = _skip(text, at + 1)
    for name, value in changes.items():
        if name not in written and value is not None:
            parts += [text[copied:at], "" if empty else ", ", f"{_json(name)}: {_json(value)}"]
            copied, empty = at, False
    return "".join([*parts, text[copied:]]).encode()


def plain(value: Any) -> Any:
    """A replacement as a value of JSON: days and times as ISO text, bytes as hexadecimal digits."""
    match value:
        case date() | time():
            return value.isoformat()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case bytes():
            return f"\\x{value.hex()}"
        case UUID():
            return str(value)
    return value


def _parse_plain(raw: bytes) -> dict[str, Any] | None:
    """The object of a plain line, several times quicker; None where a closer look is needed.

    A name is a quote and a colon, where no colon stands apart. As many of them as the object has names: none was
    there twice. A whole number that comes as a float lost digits.
    """
    if b" :" in raw or b"\t:" in raw or b"\r:" in raw:
        return None
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if isinstance(value, dict) and _names(value) == raw.count(b'":'):
        return value
    return None


def _names(value: Any) -> float:
    """How many names are in it, at any depth; not a number where a float is large."""
    if isinstance(value, dict):
        return len(value) + sum(_names(each) for each in value.values() if type(each) in DEEP)
    if isinstance(value, list):
        return sum(_names(each) for each in value if type(each) in DEEP)
    return 0 if abs(value) < LARGE else math.nan


class _NamedTwice(ValueError):
    pass


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values with one name only one could be meant: the other would be seen by nobody."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _NamedTwice
    return found


ENCODER = json.JSONEncoder(ensure_ascii=False)
DECODER = json.JSONDecoder(object_pairs_hook=_distinct)


def _json(value: Any) -> str:
    return ENCODER.encode(value)


def _skip(text: str, at: int) -> int:
    found = BLANKS.match(text, at)
    assert found  # it also matches nothing
    return found.end()
