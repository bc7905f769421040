"""The same rows with the same ages in every kind of store that can tell them."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

from tests.contracts.stores.base import Store

# Midnight of the first of March in Berlin, where the controller of this suite sits.
MOMENT = datetime(2026, 2, 28, 23, tzinfo=UTC)
ZONE = "Europe/Berlin"
OLDER, YOUNGER = [1, 3, 6], [2, 4, 5]
MOMENTS = {
    1: datetime(2020, 1, 31, 10, 30, tzinfo=UTC),
    2: MOMENT,
    3: MOMENT - timedelta(microseconds=1),
    4: None,
    5: datetime(2030, 6, 1, tzinfo=UTC),
    6: datetime(1975, 12, 31, 23, 59, 59, tzinfo=UTC),
}
DAYS = {1: "2020-01-31", 2: "2026-03-01", 3: "2026-02-28", 4: None, 5: "2030-06-01", 6: "1975-12-31"}
Row = dict[str, Any]


def typed_rows() -> list[Row]:
    return [
        {
            "id": number,
            "day": DAYS[number] and date.fromisoformat(DAYS[number]),
            "moment": moment and moment.replace(tzinfo=None),
            "zoned": moment,
            "word": "2020-01-31, about",
        }
        for number, moment in MOMENTS.items()
    ]


def text_rows() -> list[Row]:
    return [
        row | {name: row[name] and row[name].isoformat() for name in ("day", "moment", "zoned")}
        for row in typed_rows()
    ]


def put_ages(store: Store) -> str:
    """Fill a data set `ages` of the store, with a column for each way to write when; its name."""
    WAYS[store.kind if store.kind in WAYS else store.name](store)
    return store.data_set("ages")


def _tuples(rows: list[Row]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows]


def _postgresql(store: Any) -> None:
    with store.database.connect() as connection:
        connection.execute(
            "CREATE TABLE ages (id bigint, day date, moment timestamp, zoned timestamptz, word text)"
        )
        connection.cursor().executemany("INSERT INTO ages VALUES (%s, %s, %s, %s, %s)", _tuples(typed_rows()))


def _mysql(store: Any) -> None:
    with closing(store.server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00'")
        cursor.execute(
            f"CREATE TABLE {store.database}.ages (id BIGINT, day DATE, moment DATETIME(6),"
            " zoned TIMESTAMP(6) NULL, word TEXT)"
        )
        rows = [row | {"zoned": row["moment"]} for row in typed_rows()]
        cursor.executemany(f"INSERT INTO {store.database}.ages VALUES (%s, %s, %s, %s, %s)", _tuples(rows))


def _sqlite(store: Any) -> None:
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute(
            "CREATE TABLE ages (id INTEGER, day DATE, moment DATETIME, zoned TIMESTAMP, word TEXT)"
        )
        connection.executemany("INSERT INTO ages VALUES (?, ?, ?, ?, ?)", _tuples(text_rows()))


def _duckdb(store: Any) -> None:
    with closing(duckdb.connect(str(store.path))) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            "CREATE TABLE ages (id BIGINT, day DATE, moment TIMESTAMP, zoned TIMESTAMPTZ, word VARCHAR)"
        )
        connection.executemany("INSERT INTO ages VALUES (?, ?, ?, ?, ?)", _tuples(typed_rows()))


def _text_file(store: Any) -> None:
    store.write(store.folder / store.data_set("ages"), pa.Table.from_pylist(text_rows()))


def _typed_table() -> pa.Table:
    table = pa.Table.from_pylist(typed_rows())
    return table.set_column(3, "zoned", table["zoned"].cast(pa.timestamp("us", ZONE)))


def _parquet(store: Any) -> None:
    pq.write_table(_typed_table(), store.folder / store.data_set("ages"), row_group_size=2)


def _avro(store: Any) -> None:
    kinds = {
        "id": "long",
        "day": {"type": "int", "logicalType": "date"},
        "moment": {"type": "long", "logicalType": "local-timestamp-micros"},
        "zoned": {"type": "long", "logicalType": "timestamp-micros"},
        "word": "string",
    }
    fields = [{"name": name, "type": ["null", kind]} for name, kind in kinds.items()]
    with (store.folder / store.data_set("ages")).open("wb") as file:
        fastavro.writer(file, {"type": "record", "name": "Row", "fields": fields}, typed_rows())


def _redis(store: Any) -> None:
    for row in text_rows():
        values = {name: value for name, value in row.items() if value is not None}
        store.client.hset(f"ages:{row['id']}", mapping=values)


def _search_index(store: Any) -> None:
    properties = {"id": {"type": "long"}, "word": {"type": "text"}}
    properties |= {name: {"type": "date"} for name in ("day", "moment", "zoned")}
    rows = [{name: value for name, value in row.items() if value is not None} for row in text_rows()]
    store.server.put(store.data_set("ages"), properties, rows)


def _s3_parquet(store: Any) -> None:
    file = io.BytesIO()
    pq.write_table(_typed_table(), file, row_group_size=2)
    store.client.put_object(Bucket=store.bucket, Key=store.key("ages"), Body=file.getvalue())


def _s3_jsonl(store: Any) -> None:
    body = "".join(json.dumps(row) + "\n" for row in text_rows()).encode()
    store.client.put_object(Bucket=store.bucket, Key=store.key("ages"), Body=body)


WAYS: dict[str, Callable[[Any], None]] = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "sqlite": _sqlite,
    "duckdb": _duckdb,
    "csv": _text_file,
    "jsonl": _text_file,
    "parquet": _parquet,
    "avro": _avro,
    "redis": _redis,
    "search_index": _search_index,
    "s3-parquet": _s3_parquet,
    "s3-jsonl": _s3_jsonl,
}
