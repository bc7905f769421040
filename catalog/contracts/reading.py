"""YAML and JSON from anybody: only plain values come out, and the text cannot cost more than it weighs.

No aliases (they make bombs), no tags (they make objects), no duplicate keys, bounded size, depth and number of
values. Scalars are read as YAML 1.2 reads them, so that the country `NO` and the date `2024-05-01` stay text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml

from catalog.contracts.problems import ContractError, Path, Problem, spelled

MOST_BYTES = 4_000_000
MOST_DEPTH = 40
MOST_VALUES = 200_000
LONGEST_NUMBER = 18  # longer ones do not fit 64 bits: they stay text
_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLEANS = {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")  # 01234 is a postal code
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_PLAIN_TAGS = {None, "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
# How the parser says that something is wrong, in words for people; the rest is shown as it is.
_TAB = "found character that cannot start any token"


@dataclass(frozen=True)
class Text:
    """One document: its plain values, and the line each path of them starts at."""

    value: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def line_of(self, path: Path) -> int | None:
        """The line of the path, or of what is nearest above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


def read_file(path: FilePath) -> bytes:
    """The content of a file of a size that a contract has. Raises ContractError."""
    try:
        if not path.is_file():
            raise ContractError(Problem("There is no such file.", "Check the path."), name=str(path))
        if path.stat().st_size > MOST_BYTES:
            raise ContractError(too_large(path.stat().st_size), name=str(path))
        return path.read_bytes()
    except OSError as error:
        raise ContractError(Problem(f"It cannot be read: {error.strerror}."), name=str(path)) from error


def too_large(size: int) -> Problem:
    return Problem(
        f"It has {size:,} bytes; a contract has at most {MOST_BYTES:,}.",
        "Split it into one file for each data set.",
    )


def read_texts(data: bytes, *, name: str = "") -> list[Text]:
    """The documents in YAML or JSON. Raises ContractError with the line of what is wrong."""
    if len(data) > MOST_BYTES:
        raise ContractError(too_large(len(data)), name=name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ContractError(
            Problem(f"Byte {error.start + 1} is not UTF-8.", "Save the file as UTF-8.", line=line), name=name
        ) from error
    try:
        return list(_Reader(text).documents())
    except ContractError as error:
        raise ContractError(*error.problems, name=name) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if "nesting depth" in (error.problem or ""):  # some versions of libyaml stop before we do
            deep = Problem(f"It is nested deeper than {MOST_DEPTH} levels.", "Flatten it.")
            raise ContractError(deep, name=name) from error
        said = (
            "a tab stands where YAML wants spaces"
            if error.problem == _TAB
            else error.problem or "it is broken"
        )
        problem = Problem(f"This is not YAML: {said}.", "Correct it.", line=mark.line + 1 if mark else None)
        raise ContractError(problem, name=name) from error
    except yaml.YAMLError as error:  # a character that YAML does not allow
        place = getattr(error, "position", None)
        at = text.count("\n", 0, place) + 1 if isinstance(place, int) else None
        problem = Problem(
            "It holds a character that text must not hold.", "Remove control characters.", line=at
        )
        raise ContractError(problem, name=name) from error


class _Reader:
    """Builds values from the parser's events, which come one at a time: what is too much ends at once."""

    def __init__(self, text: str) -> None:
        self.events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))
        self.lines: dict[Path, int] = {}
        self.values = 0

    def documents(self) -> Iterator[Text]:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.lines = {}
                value = self._value(next(self.events), ())
                if value is not None:
                    yield Text(value, self.lines)

    def _value(self, event: Any, path: Path) -> Any:
        line = event.start_mark.line + 1
        self.lines.setdefault(path, line)  # of a mapping's member, the line of its key
        self.values += 1
        if self.values > MOST_VALUES:
            raise _error(f"It holds more than {MOST_VALUES:,} values.", "Split it.", path, line)
        if isinstance(event, yaml.AliasEvent):
            raise _error("Aliases (*name) are not accepted.", "Write the value out in full.", path, line)
        if event.tag not in _PLAIN_TAGS:
            raise _error("Tags (!name) are not accepted.", "Write a plain value.", path, line)
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event, path, line)
        if len(path) >= MOST_DEPTH:
            raise _error(f"It is nested deeper than {MOST_DEPTH} levels.", "Flatten it.", path[:3], line)
        return self._mapping(path) if isinstance(event, yaml.MappingStartEvent) else self._sequence(path)

    def _sequence(self, path: Path) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*path, len(found))))
        return found

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent):
                raise _error("A key must be a word.", "Write a plain key.", path, line)
            key = event.value
            if key == "<<":
                raise _error("Merge keys (<<) are not accepted.", "Write the values out in full.", path, line)
            if "\0" in key:
                raise _error("A key holds a NUL character.", "Remove it.", path, line)
            if key in found:
                first = self.lines[(*path, key)]
                raise _error(
                    f"The key “{key[:60]}” stands here twice, first in line {first}.", "Keep one.", path, line
                )
            self.lines[(*path, key)] = line
            found[key] = self._value(next(self.events), (*path, key))
        return found


def _scalar(event: yaml.ScalarEvent, path: Path, line: int) -> Any:
    text: str = event.value
    if "\0" in text:
        raise _error("It holds a NUL character.", "Remove it.", path, line)
    return text if event.style or event.tag else plain_value(text)


def plain_value(text: str) -> Any:
    """What a scalar without quotes means."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if len(text) <= LONGEST_NUMBER and _INTEGER.match(text):
        return int(text)
    if len(text) <= LONGEST_NUMBER and _FLOAT.match(text) and math.isfinite(float(text)):
        return float(text)
    return text


def _error(message: str, remedy: str, path: Path, line: int) -> ContractError:
    return ContractError(Problem(message, remedy, spelled(path), line))


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
