from __future__ import annotations

import csv
from abc import abstractmethod
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.contracts.stores.base import TABLES, Store


class FolderStore(Store):
    kind = "folder"
    suffix: str

    @classmethod
    def start(cls, request: pytest.FixtureRequest) -> FolderStore:
        return cls(request.getfixturevalue("tmp_path"))

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = {"path": str(folder), "encoding": "utf-8"}
        for name, table in TABLES.items():
            self.write(folder / self.data_set(name), table)

    def data_set(self, table: str) -> str:
        return f"{table}{self.suffix}"

    def content(self, table: str) -> Any:
        path = self.folder / self.data_set(table)
        return path.read_bytes(), path.stat().st_mtime_ns, sorted(path.parent.iterdir())

    def drop(self, table: str) -> None:
        (self.folder / self.data_set(table)).unlink()

    @abstractmethod
    def write(self, path: Path, table: pa.Table) -> None: ...


class CsvStore(FolderStore):
    name = "csv"
    suffix = ".csv"
    typed = False

    def write(self, path: Path, table: pa.Table) -> None:
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(table.column_names)
            writer.writerows(row.values() for row in table.to_pylist())


class ParquetStore(FolderStore):
    name = "parquet"
    suffix = ".parquet"

    def write(self, path: Path, table: pa.Table) -> None:
        pq.write_table(table, path, row_group_size=70)
