"""Reading Redis: the keys of one pattern are a data set, whatever types they have. Read with SCAN, never with KEYS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from redis import Redis

from catalog.connectors import reservoir
from catalog.connectors.ageing import Rows, compared, matcher_of
from catalog.connectors.base import (
    ColumnInfo,
    Connector,
    DataSetInfo,
    DataSetMissing,
    Kind,
    Match,
)
from catalog.connectors.redis_store_client import connect, explained
from catalog.connectors.redis_store_form import SHOWN, read_declared
from catalog.connectors.redis_store_keys import DESCRIBED, draw_keys, find_patterns, keys_of
from catalog.connectors.redis_store_patterns import varying
from catalog.connectors.redis_store_rows import PAGES, Row, read_rows, text
from catalog.connectors.schema_registry_types import Field, text_array

BATCH_ROWS = 10_000
BATCH_CHARACTERS = 16 * 1024 * 1024
SAMPLED_CHARACTERS = 4096
MEMBERS = 200  # rows of one key in a description or a sample
KEY = "_key"
OWN = {KEY: Field(KEY, "key", Kind.TEXT), "_expires": Field("_expires", "has a TTL", Kind.BOOLEAN)}


class KeyReader(Connector):
    """Keys discovered, sampled, read and searched; what writes is a subclass."""

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
            batches = (
                _cut(batch)
                for batch, _ in self._batches(self._few_members(data_set, keys), names, BATCH_ROWS)
            )
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
            return sum(many(mask) for _, _, mask in self._hits(data_set, matches, ()))

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
        return with_parts(data_set, read_rows(self.client, keys_of(self.client, data_set)))

    def _few_members(self, data_set: str, keys: Sequence[bytes]) -> Iterator[Row]:
        for key in keys:
            yield from with_parts(data_set, islice(read_rows(self.client, [key]), MEMBERS))

    def _describe(self, data_set: str, keys: Sequence[bytes]) -> tuple[dict[str, Field], str]:
        """Its columns as these keys show them, and what is wrong with it."""
        foreign: set[str] = set()
        fields = {name: Field(name, "text", Kind.TEXT) for name in self.declared.get(data_set, ())}
        for row in self._few_members(data_set, sorted(keys)):
            if row.kind not in PAGES:
                foreign.add(row.kind)
            _add_fields(fields, row)
        problem = f"Keys of the type {', '.join(sorted(foreign))} cannot be read." if foreign else ""
        return self._own(data_set) | fields, problem

    def _own(self, data_set: str) -> dict[str, Field]:
        """The key, what varies in it where that is not all of it, and whether it expires."""
        if self.settings.get("key_columns", SHOWN) != SHOWN:
            return {}
        stars = 0 if data_set == "*" else data_set.count("*")
        parts = [f"{KEY}.{place}" for place in range(1, stars + 1)]
        described = {name: Field(name, "part of the key", Kind.TEXT, nullable=False) for name in parts}
        return {KEY: OWN[KEY], **described, **OWN}

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


def with_parts(data_set: str, rows: Iterator[Row]) -> Iterator[Row]:
    """An identifier may stand in the key alone, among other words: `cart:anna@example.org`."""
    for row in rows:
        for place, part in enumerate(varying(data_set, text(row.key)), start=1):
            row.values.setdefault(f"{KEY}.{place}", part)
        yield row


def _add_fields(fields: dict[str, Field], row: Row) -> None:
    for each in row.fields:
        known = fields.get(each.name)
        fields[each.name] = known.merged(each) if known else each


def _batch(rows: Sequence[Row], names: Sequence[str]) -> pa.RecordBatch:
    arrays = [text_array([_value(row, name) for row in rows]) for name in names]
    return pa.RecordBatch.from_arrays(arrays, names=list(names))


def _value(row: Row, name: str) -> str | None:
    if name == KEY:
        return text(row.key)
    if name == "_expires":
        return "true" if row.expires else "false"
    return row.values.get(name)


def _cut(batch: pa.RecordBatch) -> pa.RecordBatch:
    texts = [pc.utf8_slice_codeunits(column, 0, SAMPLED_CHARACTERS) for column in batch.columns]
    return pa.RecordBatch.from_arrays(texts, schema=batch.schema)


def many(mask: pa.BooleanArray) -> int:
    return pc.sum(mask).as_py() or 0
