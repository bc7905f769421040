"""The rows of a feature view in Feast's SQLite online store: one for each entity, its features side by side."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from catalog.connectors import extras, feast_online_changes
from catalog.connectors.base import (
    ColumnInfo,
    DataSetMissing,
    Malformed,
    Match,
    Operation,
    Unreachable,
)
from catalog.connectors.feast_values import arrow_type, type_name, value_array
from catalog.connectors.keys import convert_keys
from catalog.connectors.matching import Matcher
from catalog.connectors.parquet_layout import kind_of

EVENT_TIMESTAMP = "event_timestamp"
SECONDS = 10.0
FIRST_ROWS = 100
BATCH_BYTES = 16 * 1024 * 1024
KEY_FIELDS = {"STRING": "string_val", "INT32": "int32_val", "INT64": "int64_val"}


class OnlineRows:
    """`view` is the specification of a feature view, `path` the file; `name` is what messages call it."""

    def __init__(self, view: Any, path: Path, *, table: str, name: str, key_version: int) -> None:
        self.name, self._path, self._version = name, path, key_version
        self._table = '"' + table.replace('"', '""') + '"'
        self._keys = {each.name: type_name(each.value_type) for each in view.entity_columns}
        self._features = {each.name: type_name(each.value_type) for each in view.features}
        self._types = self._keys | self._features
        fields = [pa.field(each, arrow_type(kind)) for each, kind in self._types.items()]
        self.schema = pa.schema([*fields, pa.field(EVENT_TIMESTAMP, pa.timestamp("us", tz="UTC"))])
        self.primary_key = tuple(self._keys)

    def columns(self) -> tuple[ColumnInfo, ...]:
        return tuple(
            ColumnInfo(
                field.name,
                place,
                self._types.get(field.name, "UNIX_TIMESTAMP"),
                kind_of(field.type),
                nullable=field.name not in self._keys,
                unique=self.primary_key == (field.name,),
            )
            for place, field in enumerate(self.schema, start=1)
        )

    def count(self) -> int:
        with self._opened() as connection:
            query = f"SELECT count(DISTINCT entity_key) FROM {self._table}"  # noqa: S608 (a quoted name)
            return connection.execute(query).fetchone()[0]

    def batches(
        self,
        columns: Sequence[str],
        *,
        batch_rows: int,
        seed: int | None = None,
        matches: Sequence[Match] = (),
    ) -> Iterator[pa.RecordBatch]:
        """All rows; only those of the entities sought where all `matches` compare just the entity's keys."""
        for entities in self._entities(batch_rows, matches):
            yield self._batch(entities, columns)

    def require_changeable(self, operations: Sequence[Operation]) -> None:
        """ConnectorError where an operation could not be carried out."""
        feast_online_changes.require_changeable(self._path, name=self.name)
        feast_online_changes.require_replaceable(
            operations, keys=self._keys, types=self._features, schema=self.schema, name=self.name
        )

    def change(self, operation: Operation) -> int:
        """Delete the entities, or write over features of theirs, in one transaction; how many entities."""
        matcher = Matcher(operation.matches, self.schema)
        found: list[bytes] = []
        for entities in self._entities(FIRST_ROWS * 100, operation.matches):
            mask = matcher.mask(self._batch(entities, matcher.columns))
            found += [key for (key, _), hit in zip(entities, mask.to_pylist(), strict=True) if hit]
        if found:
            with self._explained():
                feast_online_changes.change(
                    self._path, self._table, found, operation.replacements, types=self._features
                )
        return len(found)

    def settle(self) -> None:
        """Leave no byte in the file of what was deleted."""
        with self._explained():
            feast_online_changes.settle(self._path)

    def _entities(self, batch_rows: int, matches: Sequence[Match]) -> Iterator[list[tuple[bytes, list[Any]]]]:
        """Entities with their cells, batch by batch."""
        with self._opened() as connection:
            where = ""
            wanted = self._wanted(matches)
            if wanted is not None:
                connection.execute("CREATE TEMP TABLE wanted (entity_key BLOB PRIMARY KEY)")
                connection.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", wanted)
                where = "WHERE entity_key IN (SELECT entity_key FROM temp.wanted)"
            cells = connection.execute(
                f"SELECT entity_key, feature_name, value, event_ts FROM {self._table} {where} "  # noqa: S608
                "ORDER BY entity_key"
            )
            rows = groupby(cells, key=itemgetter(0))
            size = min(FIRST_ROWS, batch_rows)
            while entities := [(key, list(group)) for key, group in islice(rows, size)]:
                yield entities
                stored = sum(len(cell[2] or b"") for _, group in entities for cell in group)
                size = max(1, min(batch_rows, size * 8, BATCH_BYTES * len(entities) // max(stored, 1)))

    def _wanted(self, matches: Sequence[Match]) -> Iterable[tuple[bytes]] | None:
        """The keys of the store for the entities that `matches` can mean; None where that takes a look at all."""
        if not matches or any(each.fold or set(each.columns) != set(self._keys) for each in matches):
            return None
        if not all(kind in KEY_FIELDS for kind in self._keys.values()):
            return None
        return (key for match in matches for key in self._encoded(match))

    def _encoded(self, match: Match) -> Iterator[tuple[bytes]]:
        encoding = extras.load("feast.infra.key_encoding_utils", extra="feast")
        entity_key = extras.load("feast.protos.feast.types.EntityKey_pb2", extra="feast").EntityKey
        value = extras.load("feast.protos.feast.types.Value_pb2", extra="feast").Value
        names = list(self._keys)
        fitted = [convert_keys(match.keys[name], self.schema.field(name).type) for name in names]
        for row in zip(*(each.to_pylist() for each in fitted), strict=True):
            if None not in row:
                values = [value(**{KEY_FIELDS[self._keys[n]]: v}) for n, v in zip(names, row, strict=True)]
                key = entity_key(join_keys=names, entity_values=values)
                yield (encoding.serialize_entity_key(key, self._version),)

    def _batch(self, entities: Sequence[tuple[bytes, list[Any]]], columns: Sequence[str]) -> pa.RecordBatch:
        value = extras.load("feast.protos.feast.types.Value_pb2", extra="feast").Value
        decode_error = extras.load("google.protobuf.message", extra="feast").DecodeError
        keys = [self._decoded(key) for key, _ in entities]
        cells = [{name: (content, seen) for _, name, content, seen in group} for _, group in entities]
        arrays: list[pa.Array] = []
        for column in columns:
            field = self.schema.field(column)
            if column in self._keys:
                values = [key.get(column) for key in keys]
            elif column in self._features:
                try:
                    stored = [row.get(column, (None,))[0] for row in cells]
                    values = [None if content is None else value.FromString(content) for content in stored]
                except (decode_error, TypeError):
                    raise self._damaged() from None
            else:
                seen = [max((_moment(at) for _, at in row.values()), default=None) for row in cells]
                arrays.append(pa.array(seen, field.type))
                continue
            arrays.append(value_array(values, field.type, column=column))
        return pa.RecordBatch.from_arrays(arrays, schema=pa.schema([self.schema.field(c) for c in columns]))

    def _decoded(self, key: bytes) -> dict[str, Any]:
        encoding = extras.load("feast.infra.key_encoding_utils", extra="feast")
        try:
            found = encoding.deserialize_entity_key(key, self._version)
        except (ValueError, TypeError, struct.error):
            raise self._damaged() from None
        return dict(zip(found.join_keys, found.entity_values, strict=False))

    def _damaged(self) -> Malformed:
        return Malformed(f"{self.name} holds a row that is none of Feast's.", "Materialize the view again.")

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        missing = DataSetMissing(f"There are no rows of {self.name} yet.", "Materialize the view.")
        if not self._path.is_file():
            raise missing
        with self._explained():
            uri = f"file:{quote(str(self._path))}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=SECONDS)) as connection:
                yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        missing = DataSetMissing(f"There are no rows of {self.name} yet.", "Materialize the view.")
        try:
            yield
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                raise missing from None
            raise Unreachable(
                f"{self.name} cannot be read: its file is locked, or not laid out as Feast does it.",
                "Try again.",
            ) from None
        except sqlite3.DatabaseError:
            raise Malformed(
                f"The file of {self.name} is no SQLite database.", "Check the online store."
            ) from None


def _moment(stored: Any) -> datetime:
    """Feast writes seconds or text without a zone, and means UTC."""
    try:
        found = (
            datetime.fromtimestamp(stored, UTC) if isinstance(stored, int) else datetime.fromisoformat(stored)
        )
    except (ValueError, TypeError, OverflowError):
        raise Malformed("A row has an event timestamp that is none.", "Materialize the view again.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
