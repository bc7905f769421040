"""The schema a file carries with it, with every attribute its writer gave to fields: tags, owners, comments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from catalog.connectors.avro_blocks import AvroBlocks
from catalog.connectors.base import DataSetMissing, Unsupported
from catalog.connectors.file_places import LocalPlace, Place
from catalog.connectors.parquet_file import ParquetFile


def schema_of(file: Path | Place) -> pa.Schema | dict[str, Any]:
    """The Arrow schema of a Parquet file with the metadata of its fields, or the schema in an Avro file as it
    stands there.

    Malformed where the file is damaged, Unsupported where its format carries no schema, DataSetMissing where
    there is none.
    """
    place = LocalPlace(file) if isinstance(file, Path) else file
    name = file.name if isinstance(file, Path) else f"The {place.suffix} file"
    try:
        match place.suffix:
            case ".parquet":
                return ParquetFile(place, name=name).schema()
            case ".avro":
                with place.open() as opened:
                    return AvroBlocks(opened, name=name).schema
    except FileNotFoundError:
        raise DataSetMissing(f"There is no file {name}.", "Check its path.") from None
    raise Unsupported(f"{name} carries no schema.", "Only Parquet and Avro files do.")
