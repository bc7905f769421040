"""Entities taken out of Feast's SQLite online store, or some of their features written over; their bytes go too.

What the store is served from afterwards is what a model sees: an entity that is gone has no features (null), as for
one that never was there.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from catalog.connectors import extras, sqlite_wiping
from catalog.connectors.base import AccessDenied, ConstraintInTheWay, Operation, Replacement
from catalog.connectors.replacing import new_values

SECONDS = 10.0
WRITTEN = {
    "BYTES": "bytes_val",
    "STRING": "string_val",
    "INT32": "int32_val",
    "INT64": "int64_val",
    "DOUBLE": "double_val",
    "FLOAT": "float_val",
    "BOOL": "bool_val",
}


def require_changeable(path: Path, *, name: str) -> None:
    """AccessDenied where the file cannot be written."""
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK | os.X_OK)):
        raise AccessDenied(
            f"No right to change the online store of {name}.", "Grant the console's user write access."
        )


def require_replaceable(
    operations: Sequence[Operation],
    *,
    keys: Iterable[str],
    types: Mapping[str, str],
    schema: pa.Schema,
    name: str,
) -> None:
    """ConstraintInTheWay names a column that cannot be written over; `types` are Feast's, by feature."""
    for operation in operations:
        for column, replacement in operation.replacements.items():
            if column in keys:
                raise ConstraintInTheWay(
                    f"{name}.{column} is the key by which entities are served, and is not written over.",
                    "Delete the rows.",
                )
            if replacement.value is not None and types.get(column) not in WRITTEN:
                raise ConstraintInTheWay(
                    f"{name}.{column} takes no replacement of this kind.", "Choose null, or delete the rows."
                )
            new_values(schema.field(column), replacement, 1, file=name)


def change(
    path: Path,
    table: str,
    entities: Sequence[bytes],
    replacements: Mapping[str, Replacement],
    *,
    types: Mapping[str, str],
) -> None:
    """Delete the cells of these entities, or write over those features of theirs; all or none."""
    with closing(_opened(path)) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        if not replacements:
            statement = f"DELETE FROM {table} WHERE entity_key = ?"  # noqa: S608 (a quoted name)
            connection.executemany(statement, [(entity,) for entity in entities])
        texts = ["value_text", "value_num"] if replacements else []
        there = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        forgotten = "".join(f", {column} = NULL" for column in texts if column in there)
        for name, replacement in replacements.items():
            if replacement.value is None:
                statement = f"DELETE FROM {table} WHERE entity_key = ? AND feature_name = ?"  # noqa: S608
                connection.executemany(statement, [(entity, name) for entity in entities])
                continue
            statement = f"UPDATE {table} SET value = ?{forgotten} WHERE entity_key = ? AND feature_name = ?"  # noqa: S608
            cells = [(_cell(replacement, types[name]), entity, name) for entity in entities]
            connection.executemany(statement, cells)
    with closing(_opened(path)) as connection:
        sqlite_wiping.empty_log(connection, path.name)


def settle(path: Path) -> None:
    """Leave no byte of what was deleted, now or before, in the file or beside it."""
    with closing(_opened(path)) as connection:
        sqlite_wiping.wipe(connection, path.name)


def _cell(replacement: Replacement, kind: str) -> bytes:
    value = extras.load("feast.protos.feast.types.Value_pb2", extra="feast").Value
    content: Any = replacement.value
    if replacement.unique:
        content = f"{content}-{secrets.token_hex(8)}"
    elif kind != "STRING":
        content = new_values(pa.field("value", _ARROW[kind]), replacement, 1, file="")[0].as_py()
    return value(**{WRITTEN[kind]: content}).SerializeToString()


_ARROW = {
    "BYTES": pa.binary(),
    "INT32": pa.int32(),
    "INT64": pa.int64(),
    "DOUBLE": pa.float64(),
    "FLOAT": pa.float32(),
    "BOOL": pa.bool_(),
}


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw", uri=True, timeout=SECONDS, isolation_level=None
    )
    sqlite_wiping.prepare(connection)
    return connection
