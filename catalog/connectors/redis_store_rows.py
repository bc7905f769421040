"""Keys of Redis read as rows: one for a hash or a string, one for each member of everything else.

Keys are asked about a hundred at a time, and what is long comes in pages. A hash with very many fields is a
map, whose field names are values themselves: each of its fields is a row. Of a shorter one, fields whose names are
data are one column (see `field_names`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from redis import Redis, ResponseError

from catalog.connectors.base import Kind
from catalog.connectors.field_names import FOLDED, fold
from catalog.connectors.schema_registry_json import observed, parse_json
from catalog.connectors.schema_registry_types import Field, text_of

KEYS_AT_ONCE = 100
PAGE = 1_000
MOST_FIELDS = 200  # of a hash that is one row
VALUE, MEMBER_FIELD, SCORE, ENTRY = "_value", "_field", "_score", "_id"


@dataclass(slots=True)
class Row:
    """`element` says where in its key it is: an index, a member, a field, an id; None where it is the key.

    `document` is the JSON object that a string held.
    """

    key: bytes
    kind: str
    expires: bool
    values: dict[str, str | None]
    element: Any = None
    document: dict[str, Any] | None = None
    fields: tuple[Field, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Page:
    """How one kind is read: `ask` for the page at a cursor, `take` it apart into rows and the next cursor."""

    start: Any
    ask: Callable[[bytes, Any], tuple[Any, ...]]
    take: Callable[[Any, Any], tuple[list[tuple[Any, dict[str, Any]]], Any]]


def read_rows(client: Redis, keys: Iterable[bytes]) -> Iterator[Row]:
    """The rows of these keys; a key that went meanwhile has none, one of a foreign type a row without values."""
    waiting = iter(keys)
    while some := list(islice(waiting, KEYS_AT_ONCE)):
        kinds = [text(kind) for kind in _ask(client, [("TYPE", key) for key in some])]
        expires = [bool(left >= 0) for left in _ask(client, [("PTTL", key) for key in some])]
        long = _long_hashes(client, [key for key, kind in zip(some, kinds, strict=True) if kind == "hash"])
        pending = []
        for key, kind, expiring in zip(some, kinds, expires, strict=True):
            kind = "map" if key in long else kind
            if kind in PAGES:
                pending.append((key, kind, expiring, PAGES[kind].start))
            elif kind != "none":
                yield Row(key, kind, expiring, {})
        while pending:
            answers = _ask(client, [PAGES[kind].ask(key, cursor) for key, kind, _, cursor in pending])
            following = []
            for (key, kind, expiring, cursor), answer in zip(pending, answers, strict=True):
                if answer is None or isinstance(answer, ResponseError):  # gone, or of another type by now
                    continue
                found, more = PAGES[kind].take(answer, cursor)
                for element, values in found:
                    yield _row(key, kind, expiring, element, values)
                if more is not None:
                    following.append((key, kind, expiring, more))
            pending = following


def text(value: Any) -> str:
    """Bytes as text; as hexadecimal digits after \\x where they are none."""
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"\\x{value.hex()}"


def _row(key: bytes, kind: str, expires: bool, element: Any, values: Mapping[str, Any]) -> Row:
    if kind == "string":
        found = parse_json(values[VALUE]) if values[VALUE].lstrip()[:1] == b"{" else None
        if isinstance(found, dict):
            named = fold(found)
            texts = {name: text_of(value) for name, value in named.items()}
            fields = tuple(observed(name, value) for name, value in named.items())
            return Row(key, kind, expires, texts, document=found, fields=fields)
    named = fold({name: text(value) for name, value in values.items()})
    texts = {name: text_of(value) for name, value in named.items()}
    fields = tuple(
        observed(name, value)
        if name == FOLDED
        else Field(name, kind if kind == "string" else "text", Kind.TEXT)
        for name, value in named.items()
    )
    return Row(key, kind, expires, texts, element, fields=fields)


def _ask(client: Redis, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
    """One answer per command, in one round trip; of errors, only a wrong type comes back as an answer."""
    pipe = client.pipeline(transaction=False)
    for command in commands:
        pipe.execute_command(*command)
    answers = pipe.execute(raise_on_error=False)
    for answer in answers:
        if isinstance(answer, Exception) and not str(answer).startswith("WRONGTYPE"):
            raise answer
    return answers


def _long_hashes(client: Redis, keys: Sequence[bytes]) -> set[bytes]:
    sizes = _ask(client, [("HLEN", key) for key in keys])
    return {
        key for key, size in zip(keys, sizes, strict=True) if isinstance(size, int) and size > MOST_FIELDS
    }


def _whole(answer: Any, _cursor: Any) -> tuple[list[tuple[Any, dict[str, Any]]], None]:
    return ([(None, {text(name): value for name, value in answer.items()})] if answer else []), None


def _list_page(answer: Any, cursor: int) -> tuple[list[tuple[Any, dict[str, Any]]], int | None]:
    rows = [((cursor + place, value), {VALUE: value}) for place, value in enumerate(answer)]
    return rows, cursor + PAGE if len(answer) == PAGE else None


def _sorted_page(answer: Any, cursor: int) -> tuple[list[tuple[Any, dict[str, Any]]], int | None]:
    rows = [((member, score), {VALUE: member, SCORE: f"{score:.17g}"}) for member, score in answer]
    return rows, cursor + PAGE if len(answer) == PAGE else None


def _scanned(answer: Any, _cursor: Any) -> tuple[list[tuple[Any, dict[str, Any]]], int | None]:
    cursor, found = answer
    if isinstance(found, dict):
        rows = [(name, {MEMBER_FIELD: name, VALUE: value}) for name, value in found.items()]
    else:
        rows = [(member, {VALUE: member}) for member in dict.fromkeys(found)]
    return rows, int(cursor) or None


def _stream_page(answer: Any, _cursor: Any) -> tuple[list[tuple[Any, dict[str, Any]]], Any]:
    rows = [
        (entry, {ENTRY: entry} | {text(name): value for name, value in (fields or {}).items()})
        for entry, fields in answer
    ]
    return rows, b"(" + answer[-1][0] if len(answer) == PAGE else None


PAGES = {
    "string": Page(0, lambda key, _: ("GET", key), lambda answer, _: ([(None, {VALUE: answer})], None)),
    "hash": Page(0, lambda key, _: ("HGETALL", key), _whole),
    "map": Page(0, lambda key, cursor: ("HSCAN", key, cursor, "COUNT", PAGE), _scanned),
    "list": Page(0, lambda key, cursor: ("LRANGE", key, cursor, cursor + PAGE - 1), _list_page),
    "set": Page(0, lambda key, cursor: ("SSCAN", key, cursor, "COUNT", PAGE), _scanned),
    "zset": Page(
        0, lambda key, cursor: ("ZRANGE", key, cursor, cursor + PAGE - 1, "WITHSCORES"), _sorted_page
    ),
    "stream": Page(b"-", lambda key, cursor: ("XRANGE", key, cursor, "+", "COUNT", PAGE), _stream_page),
}
