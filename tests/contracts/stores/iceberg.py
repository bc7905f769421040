from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from tests.contracts.stores.base import TABLES, Store

PART_ROWS = 150  # one append and one data file each


class IcebergStore(Store):
    """An SQL catalog and its warehouse on this disk."""

    name = "iceberg"
    kind = "iceberg"

    @classmethod
    def start(cls, request: pytest.FixtureRequest) -> IcebergStore:
        return cls(request.getfixturevalue("tmp_path"))

    def __init__(self, folder: Path) -> None:
        (folder / "warehouse").mkdir()
        uri = f"sqlite:///{folder}/catalog.db"
        self.settings = {"catalog": "sql", "uri": uri, "warehouse": f"{folder}/warehouse"}
        self.catalog = SqlCatalog("default", uri=uri, warehouse=f"file://{folder}/warehouse")
        self.catalog.create_namespace("lake")
        for name, table in TABLES.items():
            write_in_parts(self.catalog, ("lake", name), table)

    def data_set(self, table: str) -> str:
        return f"lake.{table}"

    def content(self, table: str) -> Any:
        found = self.catalog.load_table(("lake", table))
        return found.metadata_location, found.scan().to_arrow().to_pylist()

    def drop(self, table: str) -> None:
        self.catalog.drop_table(("lake", table))


def write_in_parts(catalog: Any, identifier: tuple[str, ...], rows: pa.Table) -> Any:
    """A new table with `rows` in several data files."""
    table = catalog.create_table(identifier, schema=rows.schema)
    for start in range(0, len(rows), PART_ROWS):
        table.append(rows.slice(start, PART_ROWS))
    return table
