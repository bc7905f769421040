"""The one byte form of an entry: a strict subset of RFC 8785 (JSON Canonicalization Scheme).

Within the subset (keys `[a-z][a-z0-9_]*`, no floats, integers up to 2^53-1, no lone surrogates) sorting by code
point equals the RFC's sorting by UTF-16 unit, and orjson writes the same bytes as a full JCS implementation. NUL is
left out too: PostgreSQL's text cannot hold it, so that the entry could never be shown.
"""

import re
from functools import lru_cache
from typing import Any

import orjson

MAX_INTEGER = 2**53 - 1
MAX_BYTES = 65_535  # an entry of a C2SP tlog-tiles bundle is framed by a uint16
MAX_DEPTH = 15  # of what lies within what: what the sequencer takes, and any JSON reader
KEY = re.compile(r"[a-z][a-z0-9_]*\Z")


class NotCanonical(ValueError):
    """The value has no canonical form; the message names the path to the offending part, never its content."""


def canonical_bytes(value: dict[str, Any], *, typed: bool = False) -> bytes:
    """The canonical bytes of a JSON object. Raises NotCanonical outside the subset or above 65,535 bytes.

    `typed`: the caller vouches that there are only texts, integers and flags in it, under keys of the form; what
    remains to be asked of them, their bytes tell.
    """
    try:
        body = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER)
    except orjson.JSONEncodeError:
        if not _fits(value):
            _refuse(value, "entry")
        raise NotCanonical("entry: nested too deeply") from None
    if not (typed and b"\\u0000" not in body) and not _fits(value):
        _refuse(value, "entry")
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise NotCanonical("entry: nested too deeply")
    if len(body) > MAX_BYTES:
        raise NotCanonical(f"entry is {len(body)} bytes; the limit is {MAX_BYTES}")
    return body


def _fits(value: Any) -> bool:
    """Whether `_refuse` would find nothing: without recursion, for it is asked of every entry that is checked."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind is str:
            if "\0" in item or not (item.isascii() or _encodes(item)):
                return False
        elif kind is dict:
            for key in item:
                if not _is_key(key):
                    return False
            waiting.extend(item.values())
        elif kind is list or kind is tuple:
            waiting.extend(item)
        elif kind is int:
            if not -MAX_INTEGER <= item <= MAX_INTEGER:
                return False
        elif item is not None and kind is not bool:
            return False
    return True


def _depth(value: Any) -> int:
    """How deep the deepest part lies; the value itself lies at 0."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return max((1 + _depth(part) for part in parts), default=0)


def _refuse(value: Any, path: str) -> None:
    """Raise NotCanonical for the first part that does not belong, by its place."""
    match value:
        case None | bool():
            return
        case int():
            if abs(value) > MAX_INTEGER:
                raise NotCanonical(f"{path}: integer beyond 2^53-1")
        case str():
            if "\0" in value:
                raise NotCanonical(f"{path}: text with a NUL character")
            if not _encodes(value):
                raise NotCanonical(f"{path}: text with a lone surrogate")
        case list() | tuple():
            for index, item in enumerate(value):
                _refuse(item, f"{path}[{index}]")
        case dict():
            for key, item in value.items():
                if not _is_key(key):
                    raise NotCanonical(f"{path}: key must be lower-case letters, digits and _")
                _refuse(item, f"{path}.{key}")
        case _:
            raise NotCanonical(f"{path}: {type(value).__name__} has no canonical form")


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=4096, typed=True)
def _is_key(key: Any) -> bool:
    return type(key) is str and KEY.match(key) is not None
