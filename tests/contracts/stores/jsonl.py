from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa

from tests.contracts.stores.folder import FolderStore


def write_jsonl(path: Path, table: pa.Table) -> None:
    with path.open("w", newline="") as file:
        for row in table.to_pylist():
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


class JsonLinesStore(FolderStore):
    name = "jsonl"
    suffix = ".jsonl"
    typed = False
    schemaless = True

    def write(self, path: Path, table: pa.Table) -> None:
        write_jsonl(path, table)
