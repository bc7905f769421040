from __future__ import annotations

from pathlib import Path

import fastavro
import pyarrow as pa

from tests.contracts.stores.folder import FolderStore


class AvroStore(FolderStore):
    name = "avro"
    suffix = ".avro"

    def write(self, path: Path, table: pa.Table) -> None:
        fields = [
            {"name": field.name, "type": ["null", "long" if pa.types.is_integer(field.type) else "string"]}
            for field in table.schema
        ]
        schema = {"type": "record", "name": "Row", "fields": fields}
        with path.open("wb") as file:
            fastavro.writer(file, schema, table.to_pylist(), codec="deflate", sync_interval=2_000)
