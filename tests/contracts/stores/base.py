"""The same people and orders in every kind of store, for the contract suite of the connectors.

A store is one subclass of `Store` in one file of this package; the suite finds it there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from catalog.connectors import registry
from catalog.connectors.base import Capability

HOSTILE_TABLE = "robert'); drop table people;--"
HOSTILE_COLUMN = 'x"; drop table people;-- %s :a'
LONG = "long " * (2 * 1024 * 1024)  # 10 MB

PEOPLE = pa.table(
    {
        "id": pa.array(range(1, 201), pa.int64()),
        "name": pa.array(
            [
                "Zoë Žižková",
                None,
                'Robert "Bob" O\'Neil',
                "山田 太郎",
                LONG,
                *(f"Person {i}" for i in range(6, 201)),
            ]
        ),
        "email": pa.array(["  ZOË@Example.org ", *(f"p{i}@example.org" for i in range(2, 201))]),
        "note": pa.array(["two\nlines, and; more", "carriage\r\nreturn", "tab\there", *["plain"] * 197]),
    }
)
ORDERS = pa.table(
    {
        "person_id": pa.array([i // 3 + 1 for i in range(600)], pa.int64()),
        "line": pa.array([i % 3 for i in range(600)], pa.int64()),
        "product": pa.array([f"product {i}" for i in range(600)]),
    }
)
NOBODY = PEOPLE.slice(0, 0)
HOSTILE = pa.table(
    {"id": pa.array([1, 2], pa.int64()), HOSTILE_COLUMN: pa.array(["a'; drop table people;--", "b"])}
)
TABLES = {"people": PEOPLE, "orders": ORDERS, "nobody": NOBODY, HOSTILE_TABLE: HOSTILE}


class Store(ABC):
    """One store with TABLES in it, made by `start`.

    `name` tells it from other stores of the same connector `kind`.
    """

    name: ClassVar[str]
    kind: ClassVar[str]
    typed = True  # False where every value is text
    hostile_column = HOSTILE_COLUMN  # as this store has it: not every one takes such a name
    schemaless = False  # True where only rows say which columns there are: without rows, there are none
    settings: Mapping[str, Any]

    @classmethod
    @abstractmethod
    def start(cls, request: pytest.FixtureRequest) -> Store:
        """A new store; what it needs it asks of the fixtures (`request.getfixturevalue`)."""

    @classmethod
    def can(cls, capability: Capability) -> bool:
        return capability in registry.get(cls.kind).capabilities

    def rows(self, table: str) -> list[dict[str, Any]]:
        """What TABLES says of it, in this store's types."""
        rows = (
            TABLES[table]
            .rename_columns(
                [
                    self.hostile_column if name == HOSTILE_COLUMN else name
                    for name in TABLES[table].column_names
                ]
            )
            .to_pylist()
        )
        if self.typed:
            return rows
        return [{name: None if value is None else str(value) for name, value in row.items()} for row in rows]

    def data_set(self, table: str) -> str:
        """The name of the data set."""
        raise NotImplementedError

    @abstractmethod
    def content(self, table: str) -> Any:
        """All that is in it, read without a connector."""

    @abstractmethod
    def drop(self, table: str) -> None:
        """Take the data set away."""
