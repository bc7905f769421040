"""How rows of Redis are taken out or written over: the commands for one row, and all of them in one transaction."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from redis import Redis, WatchError

from catalog.connectors.base import ConstraintInTheWay, Replacement, Unsupported
from catalog.connectors.field_names import FOLDED
from catalog.connectors.matching import as_text
from catalog.connectors.redis_store_rows import ENTRY, MEMBER_FIELD, SCORE, VALUE, Row, read_rows

ATTEMPTS = 5
KEYS_AT_ONCE = 1_000
FIXED = {"_key", "_expires", MEMBER_FIELD, SCORE, ENTRY, FOLDED}

Command = tuple[Any, ...]


def removal(row: Row) -> list[Command]:
    """What takes the row out; Unsupported for a kind of key that is not understood."""
    key, element = row.key, row.element
    if row.kind in ("string", "hash"):
        return [("UNLINK", key)]
    if row.kind == "map":
        return [("HDEL", key, element)]
    if row.kind == "list":
        return [("LREM", key, 0, element[1])]  # equal members are equal rows
    if row.kind == "set":
        return [("SREM", key, element)]
    if row.kind == "zset":
        return [("ZREM", key, element[0])]
    if row.kind == "stream":
        return [("XDEL", key, element)]
    raise _not_understood(row)


def rewriting(row: Row, replacements: Mapping[str, Replacement]) -> list[Command]:
    """What writes `replacements` into the row. ConstraintInTheWay where its kind cannot hold them."""
    for name in replacements:
        if name in FIXED or name.startswith("_key."):
            raise ConstraintInTheWay(f"The column {name} of Redis cannot be written.", "Delete the row.")
    key, element = row.key, row.element
    if row.kind == "hash":
        return [_hash_field(key, name, each) for name, each in replacements.items()]
    if row.document is not None:
        document = row.document | {name: _json_value(each) for name, each in replacements.items()}
        return [("SET", key, json.dumps(document, ensure_ascii=False), "KEEPTTL")]
    text = _only_value(row, replacements)
    if row.kind == "string":
        return [("SET", key, text, "KEEPTTL")]
    if row.kind == "map":
        return [("HSET", key, element, text)]
    if row.kind == "list":
        return [("LSET", key, element[0], text)]
    if row.kind == "set":
        return [("SREM", key, element), ("SADD", key, text)]
    if row.kind == "zset":
        return [("ZREM", key, element[0]), ("ZADD", key, repr(element[1]), text)]
    raise _not_understood(row)


def rewritten(row: Row, replacements: Mapping[str, Replacement]) -> None:
    """Let the row hold what it would after `rewriting`, for a rehearsal."""
    for name, each in replacements.items():
        row.values[name] = _text(each)
        if row.document is not None:
            row.document[name] = _json_value(each)


def try_out(client: Redis, commands: Sequence[Command]) -> None:
    """Have the server judge commands without doing them: queued in a transaction that is then discarded.

    It raises what it would on execution: no right, a replica that takes no writes, no memory left.
    """
    if not commands:
        return
    connection: Any = client.connection_pool.get_connection()
    try:
        # By hand: a pipeline would send nothing before it is executed.
        for command in (("MULTI",), *commands, ("DISCARD",)):
            connection.send_command(*command)
            connection.read_response()
    finally:
        connection.disconnect()  # after a refusal it would still be inside the transaction
        client.connection_pool.release(connection)


def apply(
    client: Redis,
    keys: Sequence[bytes],
    hits: Callable[[Iterator[Row]], Iterator[Row]],
    commands: Callable[[Row], list[Command]],
) -> int:
    """Do `commands` for each of the `hits` among the rows of `keys`, all or none; how many rows.

    The rows are read again under a watch: who changes one of the keys meanwhile makes us start again.
    """
    for _ in range(ATTEMPTS):
        with client.pipeline() as pipe:
            for start in range(0, len(keys), KEYS_AT_ONCE):
                pipe.watch(*keys[start : start + KEYS_AT_ONCE])
            rows = 0
            pipe.multi()
            for row in hits(read_rows(client, keys)):
                rows += 1
                for command in commands(row):
                    pipe.execute_command(*command)
            try:
                pipe.execute()
            except WatchError:
                continue
            return rows
    raise ConstraintInTheWay(
        "Somebody else kept changing the same keys in Redis.", "Try again at a quieter time."
    )


def _hash_field(key: bytes, name: str, replacement: Replacement) -> Command:
    text = _text(replacement)
    return ("HDEL", key, name) if text is None else ("HSET", key, name, text)


def _only_value(row: Row, replacements: Mapping[str, Replacement]) -> str:
    if row.kind == "stream":
        raise ConstraintInTheWay("An entry of a stream in Redis cannot be changed.", "Delete the row.")
    if row.kind not in ("string", "map", "list", "set", "zset"):
        raise _not_understood(row)
    for name in replacements:
        if name != VALUE:
            raise ConstraintInTheWay(
                f"A {row.kind} in Redis has no field {name}.", f"Write {VALUE}, or delete the row."
            )
    text = _text(replacements[VALUE])
    if text is None:
        raise ConstraintInTheWay(f"A {row.kind} in Redis holds no null.", "Delete the row.")
    return text


def _text(replacement: Replacement) -> str | None:
    text = None if replacement.value is None else as_text(pa.array([replacement.value]))[0].as_py()
    return f"{text}-{secrets.token_hex(8)}" if text and replacement.unique else text


def _json_value(replacement: Replacement) -> Any:
    if replacement.unique or not isinstance(replacement.value, bool | int | float):
        return _text(replacement)
    return replacement.value


def _not_understood(row: Row) -> Unsupported:
    return Unsupported(
        f"Redis holds keys of the type {row.kind}, which the console cannot change.",
        "Change them with the module that made them.",
    )
