"""Values out of somebody else's JSON, each checked when it is taken; what is wrong is named by its path.

What is missing and what is null are the same: producers send both.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any

import orjson

LONGEST_NAME = 400
LONGEST_TEXT = 1_000_000
DEEPEST = 64


class BadEvent(ValueError):
    """The event is not one; `path` names the place: `outputs[0].facets.schema.fields`."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.path = path
        self.reason = reason


class Node:
    """One JSON object, and how it was reached."""

    __slots__ = ("above", "key", "value")

    def __init__(self, value: Any, above: Node | None = None, key: str | int = "") -> None:
        self.value: dict[str, Any] = value
        self.above = above
        self.key = key
        if not isinstance(value, dict):
            raise BadEvent(self.path, "must be an object.")

    @property
    def path(self) -> str:
        if self.above is None:
            return str(self.key)
        return _join(self.above.path, self.key)

    def at(self, key: str) -> str:
        return _join(self.path, key)

    def text(self, key: str, *, most: int = LONGEST_TEXT) -> str:
        """Empty where it is missing. Raises BadEvent where it is no text, or longer than `most` characters."""
        value = self.value.get(key)
        if isinstance(value, str):
            if len(value) <= most:
                return value
            raise BadEvent(self.at(key), f"may have {most:,} characters.")
        if value is None:
            return ""
        raise BadEvent(self.at(key), "must be text.")

    def name(self, key: str, *, most: int = LONGEST_NAME) -> str:
        """Text that must be there. Raises BadEvent."""
        value = self.value.get(key)
        if isinstance(value, str) and 0 < len(value) <= most:
            return value
        self.text(key, most=most)  # says what is wrong with it, if there is anything
        raise BadEvent(self.at(key), "is missing.")

    def flag(self, key: str) -> bool:
        value = self.value.get(key)
        if value is not None and not isinstance(value, bool):
            raise BadEvent(self.at(key), "must be true or false.")
        return bool(value)

    def node(self, key: str) -> Node:
        """An object; an empty one where it is missing."""
        value = self.value.get(key)
        return Node({} if value is None else value, self, key)

    def needed(self, key: str) -> Node:
        if self.value.get(key) is None:
            raise BadEvent(self.at(key), "is missing.")
        return self.node(key)

    def nodes(self, key: str, *, most: int) -> Iterator[Node]:
        """The objects of a list."""
        value = self.value.get(key)
        if value is None:
            return
        if not isinstance(value, list):
            raise BadEvent(self.at(key), "must be a list.")
        if len(value) > most:
            raise _too_many(self.at(key), len(value), most)
        held = Node({}, self, key)
        for index, item in enumerate(value):
            yield Node(item, held, index)

    def members(self, key: str, *, most: int, longest: int = LONGEST_NAME) -> Iterator[tuple[str, Node]]:
        """The objects of an object, each with its key."""
        held = self.node(key)
        if len(held.value) > most:
            raise _too_many(held.path, len(held.value), most)
        for name, item in held.value.items():
            if item is None:
                continue
            if not name or len(name) > longest:
                raise BadEvent(held.path, f"has a key that is empty or longer than {longest} characters.")
            yield name, Node(item, held, name)


def canonical_json(value: Any) -> bytes:
    """The same bytes for the same JSON, whatever the order of its keys.

    Raises BadEvent for what PostgreSQL or a reader cannot take: zero bytes, no numbers, nesting beyond all use.
    """
    if not _plain(value):
        _refuse(value)
    body = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    if b"\\u0000" in body:
        _refuse(value)
    return body


def _plain(value: Any) -> bool:
    """Whether its nesting and numbers are fine: level by level, as quick as can be, for each event goes through it."""
    level = [value]
    for _ in range(DEEPEST + 1):
        below = []
        for holder in level:
            for item in holder.values() if type(holder) is dict else holder:
                kind = type(item)
                if kind is dict or kind is list:
                    below.append(item)
                elif kind is float and not isfinite(item):
                    return False
        if not below:
            return True
        level = below
    return False


def _refuse(value: Any) -> None:
    """Raises BadEvent for the place of what is wrong; nothing where a zero byte was only spelled out."""
    waiting: list[tuple[Any, str, int]] = [(value, "", 0)]
    while waiting:
        item, path, depth = waiting.pop()
        if isinstance(item, str):
            if "\0" in item:
                raise BadEvent(path, "has a zero byte.")
        elif isinstance(item, float):
            if not isfinite(item):
                raise BadEvent(path, "is not a number.")
        elif isinstance(item, (dict, list)):
            if depth == DEEPEST:
                raise BadEvent(path[:200], f"is nested deeper than {DEEPEST} levels.")
            pairs = item.items() if isinstance(item, dict) else enumerate(item)
            for key, below in pairs:
                if isinstance(key, str) and "\0" in key:
                    raise BadEvent(path, "has a key with a zero byte.")
                if isinstance(below, (dict, list, str, float)):
                    waiting.append((below, _join(path, key), depth + 1))


def _join(path: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    shown = key if len(key) <= 80 else f"{key[:79]}…"
    return f"{path}.{shown}" if path else shown


def _too_many(path: str, count: int, most: int) -> BadEvent:
    return BadEvent(path, f"has {count:,} entries; {most:,} are allowed.")
