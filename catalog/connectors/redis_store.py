"""Redis: the keys of one pattern are a data set, whatever types they have. Read with SCAN, never with KEYS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from redis import Redis

from catalog.connectors import reservoir
from catalog.connectors.ageing import Aged, Rows, compared, is_older, matcher_of
from catalog.connectors.base import (
    Capability,
    ColumnInfo,
    Connector,
    DataSetInfo,
    DataSetMissing,
    Kind,
    Match,
    Older,
    Operation,
    Replacement,
)
from catalog.connectors.redis_store_changes import Command, apply, removal, rewriting, rewritten, try_out
from catalog.connectors.redis_store_client import connect, explained
from catalog.connectors.redis_store_form import SHOWN, RedisForm, read_declared
from catalog.connectors.redis_store_keys import DESCRIBED, draw_keys, find_patterns, keys_of
from catalog.connectors.redis_store_rows import PAGES, Row, read_rows, text
from catalog.connectors.schema_registry_types import Field, text_array

BATCH_ROWS = 10_000
BATCH_CHARACTERS = 16 * 1024 * 1024
SAMPLED_CHARACTERS = 4096
MEMBERS = 200  # rows of one key in a description or a sample
OWN = {"_key": Field("_key", "key", Kind.TEXT), "_expires": Field("_expires", "has a TTL", Kind.BOOLEAN)}


class RedisConnector(Connector):
    kind = "redis"
    label = "Redis"
    Form = RedisForm
    secret_fields = frozenset({"password"})
    capabilities = frozenset({Capability.FIND, Capability.CHANGE, Capability.EXPIRE})

    def __init__(self, settings: Mapping[str, Any], *, writable: bool = False) -> None:
        super().__init__(settings, writable=writable)
        self._client: Redis | None = None

    def close(self) -> None:
        if self._client:
            self._client.close()
        self._client = None

    @property
    def client(self) -> Redis:
        if self._client is None:
            self._client = connect(self.settings)
        return self._client

    @property
    def declared(self) -> dict[str, list[str]]:
        return read_declared(self.settings.get("data_sets") or "")

    def check(self) -> str:
        with explained(self.settings):
            self.client.ping()
            keys = self.client.dbsize()
            return f"Redis, {keys} {'key' if keys == 1 else 'keys'}"

    def discover(self) -> Iterator[DataSetInfo]:
        with explained(self.settings):
            patterns, share = find_patterns(self.client, self.declared)
            for name, (keys, some) in sorted(patterns.items()):
                columns, problem = self._describe(name, some)
                yield DataSetInfo(
                    name,
                    "keys",
                    tuple(
                        ColumnInfo(each.name, place, each.data_type, each.kind, each.nullable)
                        for place, each in enumerate(columns.values(), start=1)
                    ),
                    row_estimate=round(keys / share),
                    problem=problem,
                )

    def sample(self, data_set: str, *, rows: int, seed: int = 0) -> pa.Table:
        with explained(self.settings):
            keys = draw_keys(self.client, data_set, most=rows, seed=seed)
            names = list(self._columns(data_set))
            schema = pa.schema([(name, pa.string()) for name in names])
            batches = (_cut(batch) for batch, _ in self._batches(self._few_members(keys), names, BATCH_ROWS))
            return reservoir.draw(batches, schema, rows=rows, seed=seed)

    def read(
        self, data_set: str, *, columns: Sequence[str] | None = None, batch_rows: int = 10_000
    ) -> Iterator[pa.RecordBatch]:
        with explained(self.settings):
            if columns is None:  # not one may be left out: the fields are learnt from all keys first
                columns = list(self._columns(data_set, thorough=True))
            self._require_columns(data_set, columns)
            for batch, _ in self._batches(self._rows(data_set), columns, batch_rows):
                yield batch

    def find(self, data_set: str, matches: Sequence[Match], columns: Sequence[str]) -> pa.Table:
        with explained(self.settings):
            schema = pa.schema([(name, pa.string()) for name in columns])
            found = [
                batch.select(columns).filter(mask)
                for batch, _, mask in self._hits(data_set, matches, columns)
            ]
            return pa.Table.from_batches(found, schema)

    def count(self, data_set: str, matches: Sequence[Match] | None = None) -> int:
        with explained(self.settings):
            if matches is None:
                self._require(data_set)
                return sum(1 for _ in self._rows(data_set))
            return sum(_many(mask) for _, _, mask in self._hits(data_set, matches, ()))

    def rehearse(self, operations: Sequence[Operation]) -> list[int]:
        self.require_writable()
        counts = [0] * len(operations)
        with explained(self.settings):
            for name in dict.fromkeys(operation.data_set for operation in operations):
                places = [place for place, each in enumerate(operations) if each.data_set == name]
                for place, many in zip(
                    places, self._rehearse(name, [operations[p] for p in places]), strict=True
                ):
                    counts[place] = many
        return counts

    def delete(self, data_set: str, matches: Sequence[Match]) -> int:
        return self._change(data_set, matches, (), removal)

    def overwrite(
        self, data_set: str, matches: Sequence[Match], replacements: Mapping[str, Replacement]
    ) -> int:
        if not replacements:
            raise ValueError(f"Nothing was said to write into {data_set}; that would mean to delete.")
        return self._change(data_set, matches, list(replacements), lambda row: rewriting(row, replacements))

    def count_older(self, data_set: str, older: Older) -> int:
        with explained(self.settings):
            self._require_columns(data_set, [older.column])
            batches = self._batches(self._rows(data_set), [older.column], BATCH_ROWS)
            return sum(_many(is_older(batch[0], older)) for batch, _ in batches)

    def expire(self, data_set: str, older: Older, *, limit: int) -> int:
        self.require_writable()
        self.count_older(data_set, older)  # meets what is no date before anything is written
        return self._change(data_set, Aged(older, limit), (), removal)

    def _change(
        self,
        data_set: str,
        wanted: Rows,
        written: Sequence[str],
        commands: Callable[[Row], list[Command]],
    ) -> int:
        self.require_writable()
        with explained(self.settings):
            self._require_columns(data_set, [*compared(wanted), *written])
            found = (
                row.key
                for _, rows, mask in self._hits(data_set, wanted, ())
                for row, hit in zip(rows, mask.to_pylist(), strict=True)
                if hit
            )
            keys = list(dict.fromkeys(found))
            return (
                apply(self.client, keys, lambda rows: self._matching(rows, wanted), commands) if keys else 0
            )

    def _rehearse(self, data_set: str, operations: Sequence[Operation]) -> list[int]:
        """Each operation on what the ones before it would leave; how many rows each would touch."""
        needed = [name for each in operations for name in (*compared(each.matches), *each.replacements)]
        self._require_columns(data_set, needed)
        counts = [0] * len(operations)
        for _, rows in self._batches(self._rows(data_set), (), BATCH_ROWS):
            left = rows
            for place, operation in enumerate(operations):
                hits = list(self._matching(iter(left), operation.matches))
                counts[place] += len(hits)
                if operation.replacements:
                    try_out(self.client, [c for row in hits for c in rewriting(row, operation.replacements)])
                    for row in hits:
                        rewritten(row, operation.replacements)
                else:
                    try_out(self.client, [command for row in hits for command in removal(row)])
                    gone = set(map(id, hits))
                    left = [row for row in left if id(row) not in gone]
        return counts

    def _matching(self, rows: Iterator[Row], wanted: Rows) -> Iterator[Row]:
        names = compared(wanted)
        matcher = matcher_of(wanted, pa.schema([(name, pa.string()) for name in names]))
        for batch, some in self._batches(rows, names, BATCH_ROWS) if names else ():
            for row, hit in zip(some, matcher.mask(batch).to_pylist(), strict=True):
                if hit:
                    yield row

    def _hits(
        self, data_set: str, wanted: Rows, columns: Sequence[str]
    ) -> Iterator[tuple[pa.RecordBatch, list[Row], pa.BooleanArray]]:
        """Batches of `columns` and the compared ones, their rows, and which of them match."""
        names = list(dict.fromkeys([*columns, *compared(wanted)]))
        self._require_columns(data_set, names)
        if wanted:
            matcher = matcher_of(wanted, pa.schema([(name, pa.string()) for name in names]))
            for batch, rows in self._batches(self._rows(data_set), names, BATCH_ROWS):
                yield batch, rows, matcher.mask(batch)

    def _batches(
        self, rows: Iterator[Row], names: Sequence[str], batch_rows: int
    ) -> Iterator[tuple[pa.RecordBatch, list[Row]]]:
        some: list[Row] = []
        size = 0
        for row in rows:
            some.append(row)
            size += sum(len(value or "") for value in row.values.values())
            if len(some) >= batch_rows or size >= BATCH_CHARACTERS:
                yield _batch(some, names), some
                some, size = [], 0
        if some:
            yield _batch(some, names), some

    def _rows(self, data_set: str) -> Iterator[Row]:
        return read_rows(self.client, keys_of(self.client, data_set))

    def _few_members(self, keys: Sequence[bytes]) -> Iterator[Row]:
        for key in keys:
            yield from islice(read_rows(self.client, [key]), MEMBERS)

    def _describe(self, data_set: str, keys: Sequence[bytes]) -> tuple[dict[str, Field], str]:
        """Its columns as these keys show them, and what is wrong with it."""
        foreign: set[str] = set()
        fields = {name: Field(name, "text", Kind.TEXT) for name in self.declared.get(data_set, ())}
        for row in self._few_members(sorted(keys)):
            if row.kind not in PAGES:
                foreign.add(row.kind)
            _add_fields(fields, row)
        problem = f"Keys of the type {', '.join(sorted(foreign))} cannot be read." if foreign else ""
        return self._own | fields, problem

    @property
    def _own(self) -> dict[str, Field]:
        return OWN if self.settings.get("key_columns", SHOWN) == SHOWN else {}

    def _columns(self, data_set: str, *, thorough: bool = False) -> dict[str, Field]:
        """The columns as some keys show them, or all. DataSetMissing where there is no key."""
        self._require(data_set)
        columns, _ = self._describe(data_set, draw_keys(self.client, data_set, most=DESCRIBED))
        if thorough:
            for row in self._rows(data_set):
                _add_fields(columns, row)
        return columns

    def _require(self, data_set: str) -> None:
        if data_set not in self.declared and next(keys_of(self.client, data_set), None) is None:
            raise DataSetMissing(f"There are no keys {data_set}.", "Scan the system again.")

    def _require_columns(self, data_set: str, names: Sequence[str]) -> None:
        known = self._columns(data_set)
        if not set(names) <= set(known):
            known = self._columns(data_set, thorough=True)  # a field that few keys have
        for name in names:
            if name not in known:
                raise DataSetMissing(f"{data_set} has no column {name!r}.", "Scan the system again.")


def _add_fields(fields: dict[str, Field], row: Row) -> None:
    for each in row.fields:
        known = fields.get(each.name)
        fields[each.name] = known.merged(each) if known else each


def _batch(rows: Sequence[Row], names: Sequence[str]) -> pa.RecordBatch:
    arrays = [text_array([_value(row, name) for row in rows]) for name in names]
    return pa.RecordBatch.from_arrays(arrays, names=list(names))


def _value(row: Row, name: str) -> str | None:
    if name == "_key":
        return text(row.key)
    if name == "_expires":
        return "true" if row.expires else "false"
    return row.values.get(name)


def _cut(batch: pa.RecordBatch) -> pa.RecordBatch:
    texts = [pc.utf8_slice_codeunits(column, 0, SAMPLED_CHARACTERS) for column in batch.columns]
    return pa.RecordBatch.from_arrays(texts, schema=batch.schema)


def _many(mask: pa.BooleanArray) -> int:
    return pc.sum(mask).as_py() or 0
