from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pytest
from redis import Redis

from tests.contracts.stores.base import TABLES, Store

DATABASE = 7  # the console's own are 0 and 1


class RedisStore(Store):
    """Each row is a hash: people:1, people:2 and so on. A null is a field that is not there."""

    name = "redis"
    kind = "redis"
    typed = False

    @classmethod
    def start(cls, request: pytest.FixtureRequest) -> RedisStore:
        store = cls(request.getfixturevalue("redis_url"))
        request.addfinalizer(store.client.close)
        request.addfinalizer(store.client.flushdb)
        return store

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        host, port, password = parts.hostname or "", parts.port or 6379, unquote(parts.password or "")
        self.client = Redis(host, port, DATABASE, password)
        self.client.flushdb()
        self.declared = {self.data_set(name): table.column_names for name, table in TABLES.items()}
        self.settings = self._settings = {
            "host": host,
            "port": port,
            "database": DATABASE,
            "password": password,
            "data_sets": json.dumps(self.declared),
            "key_columns": "hidden",
        }
        for name, table in TABLES.items():
            self._load(name, table)

    def data_set(self, table: str) -> str:
        return f"{table}:*"

    def content(self, table: str) -> Any:
        keys = self.client.keys(f"{table}:*")
        return {key: (self.client.hgetall(key), self.client.ttl(key)) for key in keys}

    def drop(self, table: str) -> None:
        for key in self.client.keys(f"{table}:*"):
            self.client.delete(key)
        del self.declared[self.data_set(table)]
        self._settings["data_sets"] = json.dumps(self.declared)

    def _load(self, name: str, table: pa.Table) -> None:
        pipe = self.client.pipeline()
        for number, row in enumerate(table.to_pylist(), start=1):
            pipe.hset(f"{name}:{number}", mapping={k: v for k, v in row.items() if v is not None})
        pipe.execute()
