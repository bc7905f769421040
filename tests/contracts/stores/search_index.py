from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from tests.contracts.stores.base import HOSTILE_TABLE, TABLES, Store
from tests.services.fake_search import FakeSearchServer


class SearchIndexStore(Store):
    """Indices in a fake of OpenSearch: the real server cannot be had here."""

    name = "search_index"
    kind = "search_index"

    @classmethod
    def start(cls, request: pytest.FixtureRequest) -> SearchIndexStore:
        store = cls()
        request.addfinalizer(store.server.stop)
        return store

    def __init__(self) -> None:
        self.server = FakeSearchServer()
        self.settings = {"url": self.server.url, "indices": ""}
        for name, table in TABLES.items():
            properties = {
                field.name: {"type": "long" if pa.types.is_integer(field.type) else "text"}
                for field in table.schema
            }
            documents = [
                {key: value for key, value in row.items() if value is not None} for row in table.to_pylist()
            ]
            self.server.put(self.data_set(name), properties, documents)

    def data_set(self, table: str) -> str:
        return "robert-drop-table-people" if table == HOSTILE_TABLE else table  # names of indices have rules

    def content(self, table: str) -> Any:
        return self.server.indices[self.data_set(table)]["documents"]

    def drop(self, table: str) -> None:
        del self.server.indices[self.data_set(table)]
