"""Keys inside longer values: at a path of a JSON document, or as a whole word of a text.

A key in a text is whole where no letter, digit or sign of an address goes on: ana@example.org is neither in
diana@example.org nor in ana@example.org.br.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

# Spelled so that PostgreSQL and Python read it alike, before and after folding to small letters.
WORD = r"A-Za-z0-9_%+\u00C0-\uFFFD"
BEFORE = rf"(?<![{WORD}.-])"
AFTER = rf"(?![{WORD}]|[.-][{WORD}])"
KEYS_PER_PATTERN = 200


def patterns(keys: Iterable[str]) -> Iterator[str]:
    """Regular expressions that find the keys as whole words; a few for all."""
    escaped = sorted({re.sub(r"([^\w\s])", r"\\\1", key, flags=re.ASCII) for key in keys if key})
    for start in range(0, len(escaped), KEYS_PER_PATTERN):
        yield f"{BEFORE}(?:{'|'.join(escaped[start : start + KEYS_PER_PATTERN])}){AFTER}"


def numbers_inside(texts: pa.Array, keys: pa.Array, *, path: str) -> Iterator[tuple[int, list[int]]]:
    """Each text (by its number) that holds a key, with the numbers of the keys: at `path`, or anywhere as a word."""
    by_key: dict[str, list[int]] = {}
    for number, key in enumerate(keys.to_pylist()):
        if key:
            by_key.setdefault(fold(key), []).append(number)
    found = _AtPath(by_key, path) if path else _AsWord(by_key)
    for number, text in enumerate(texts.to_pylist()):
        met = [key for value in found.in_text(text) for key in by_key[value]] if text else []
        if met:
            yield number, met


def fold(text: str) -> str:
    return text.strip().lower()


def steps(path: str) -> list[str]:
    """`visits[].ip` as its steps: visits, [], ip. A star stands for every key."""
    return [step for step in re.split(r"\.|(?=\[\])|(?<=\[\])", path) if step]


def values_at(document: Any, path: list[str]) -> Iterator[Any]:
    """What stands at a path; a list on the way stands for all that is in it, as in PostgreSQL."""
    if isinstance(document, list):
        rest = path[1:] if path and path[0] == "[]" else path
        for item in document:
            yield from values_at(item, rest)
    elif not path:
        if document is not None and not isinstance(document, dict):
            yield document
    elif path[0] == "[]":
        yield from values_at(document, path[1:])
    elif isinstance(document, dict):
        inside = document.values() if path[0] == "*" else [document[path[0]]] if path[0] in document else []
        for value in inside:
            yield from values_at(value, path[1:])


class _AtPath:
    def __init__(self, keys: dict[str, list[int]], path: str) -> None:
        self.keys, self.path = keys, steps(path)

    def in_text(self, text: str) -> set[str]:
        try:
            document = json.loads(text)
        except ValueError:
            return set()
        return {fold(_spelled(value)) for value in values_at(document, self.path)} & self.keys.keys()


class _AsWord:
    def __init__(self, keys: dict[str, list[int]]) -> None:
        self.keys = keys
        self.patterns = [re.compile(pattern) for pattern in patterns(keys)]

    def in_text(self, text: str) -> set[str]:
        small = text.lower()
        return {found for pattern in self.patterns for found in pattern.findall(small)} & self.keys.keys()


def _spelled(value: Any) -> str:
    return json.dumps(value) if isinstance(value, (bool, float)) else str(value)
