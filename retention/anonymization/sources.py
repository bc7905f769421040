"""Where rows come from: a path, an address of S3, or a data set of the catalog. A source is only ever read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from catalog.classifying import open_path_or_url
from catalog.connector_urls import is_url
from catalog.connectors.base import (
    Capability,
    Connector,
    ConnectorError,
    DataSetMissing,
    Malformed,
    Unsupported,
)
from catalog.connectors.file_formats import is_data
from catalog.connectors.file_places import LocalPlace
from catalog.connectors.file_store import FileStore
from catalog.connectors.folder_paths import require_allowed
from catalog.connectors.parquet_file import ParquetFile
from catalog.models import EXTERNAL, DataSet, System
from retention.anonymization.column_types import plain, require_same

Spec = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """An open source: its data sets in order, which all have the columns of `schema`; `rows` None if nobody knows.

    `stamp` tells whether it changed since, where that can be told; `files` are the Parquet files of this machine
    that the data sets are, by name.
    """

    label: str
    connector: Connector
    data_sets: tuple[str, ...]
    schema: pa.Schema
    rows: int | None
    stamp: tuple[str, ...]
    files: Mapping[str, Path]

    @property
    def name(self) -> str:
        """What rules and keys call the data: the table or file alone."""
        return self.data_sets[0] if len(self.data_sets) == 1 else self.label.rstrip("/").rpartition("/")[2]


def parse(text: str) -> dict[str, Any]:
    """What `SRC` means: a path that is there, an address of S3, or `System / data set`. Raises ConnectorError."""
    if is_url(text):
        if not text.startswith("s3://"):
            raise Unsupported(
                "Of addresses only s3://bucket/prefix can be a source.",
                "Connect other stores as systems, and write: System name/data set.",
            )
        return {"url": text}
    path = Path(text).expanduser()
    if path.exists():
        return {"path": os.path.abspath(path)}
    found = find_data_set(text)
    if found:
        return {"system": found.system_id, "data_set": found.name}
    raise DataSetMissing(
        f"There is no file or folder {text}, and no data set of the catalog is called so.",
        "Check the path, or write: System name/data set.",
    )


def find_data_set(text: str) -> DataSet | None:
    """The data set that `System name/data set` names, with or without blanks around the slash."""
    for system in System.objects.exclude(kind=EXTERNAL).order_by("-name"):
        rest = text.removeprefix(system.name).lstrip()
        if text.startswith(system.name) and rest.startswith("/"):
            name = rest[1:].strip()
            found = (
                DataSet.objects.select_related("system")
                .filter(system=system, name=name, gone_at=None)
                .first()
            )
            if found:
                return found
    return None


def describe(spec: Spec) -> str:
    """The source in words: what pages, the ledger and messages call it."""
    if "system" in spec:
        system = (
            System.objects.filter(pk=spec["system"]).values_list("name", flat=True).first()
            or "a removed system"
        )
        return f"{system} / {spec['data_set']}"
    return str(spec.get("path") or spec["url"])


@contextmanager
def open_source(spec: Spec, *, count: bool = False) -> Iterator[Source]:
    """Raises ConnectorError, also where there is nothing to read, and SchemaChanged where data sets differ.

    With `count`, rows are counted also where that takes a query.
    """
    with connect(spec) as (connector, names):
        if not names:
            raise DataSetMissing(f"There is no data file in {describe(spec)}.", "Check the path.")
        schema: pa.Schema | None = None
        rows: int | None = 0
        stamp: list[str] = []
        files: dict[str, Path] = {}
        for name in names:
            found = _look(connector, name, count=count)
            if schema is None:
                schema = found.schema
            require_same(schema, found.schema, where=name)
            rows = None if rows is None or found.rows is None else rows + found.rows
            stamp.append(found.stamp)
            if found.path:
                files[name] = found.path
        assert schema is not None
        known = tuple(stamp) if all(stamp) else ()
        yield Source(describe(spec), connector, tuple(names), schema, rows, known, files)


def stream(spec: Spec, data_set: str, *, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """All rows of one data set of the source."""
    with connect(spec) as (connector, _):
        yield from connector.read(data_set, batch_rows=batch_rows)


@contextmanager
def connect(spec: Spec) -> Iterator[tuple[Connector, list[str]]]:
    """The store, and the names of the source's data sets in it."""
    if "system" in spec:
        system = System.objects.filter(pk=spec["system"]).first()
        if system is None:
            raise DataSetMissing("The system of the source was removed.", "Name another source.")
        with system.connect() as connector:
            yield connector, [spec["data_set"]]
        return
    if "url" in spec:
        folder, _, last = spec["url"].rpartition("/")
        one = is_data(last)
        with open_path_or_url(folder if one else spec["url"]) as connector:
            yield connector, [last] if one else _names(connector)
        return
    path = require_allowed(Path(spec["path"]))
    with open_path_or_url(str(path)) as connector:
        if not isinstance(connector, FileStore):
            raise Unsupported(
                f"{path.name} is a database.", "Connect it as a system, and name a data set of it."
            )
        yield connector, _names(connector)


@dataclass(frozen=True)
class _Found:
    schema: pa.Schema
    rows: int | None
    stamp: str
    path: Path | None


def _names(connector: Connector) -> list[str]:
    assert isinstance(connector, FileStore)
    found = list(connector.names())
    broken = [f"{name}: {problem}" for name, problem in found if problem]
    if broken:
        raise ConnectorError(" ".join(broken[:3]), "Nothing is left out of a source by itself.")
    return [name for name, _ in found]


def _look(connector: Connector, name: str, *, count: bool) -> _Found:
    if not isinstance(connector, FileStore):
        return _Found(_first_schema(connector, name), _count(connector, name) if count else None, "", None)
    with connector.file(name) as file:
        schema = plain(file.schema())
        if not schema.names:
            raise Malformed(f"{name} has no columns.", "There is nothing to anonymize in it.")
        rows = file.count() if isinstance(file, ParquetFile) else None
        local = file.place.path if isinstance(file.place, LocalPlace) else None
        stamp = f"{name} {local.stat().st_size} {local.stat().st_mtime_ns}" if local else ""
        return _Found(schema, rows, stamp, local if isinstance(file, ParquetFile) else None)


def _first_schema(connector: Connector, name: str) -> pa.Schema:
    for batch in connector.read(name, batch_rows=1):
        return plain(batch.schema)
    columns = next((info.columns for info in connector.discover() if info.name == name), ())
    if Capability.FIND in connector.capabilities and columns:
        return plain(connector.find(name, [], [column.name for column in columns]).schema)
    raise DataSetMissing(f"{name} has no columns to be seen.", "Scan the system again.")


def _count(connector: Connector, name: str) -> int | None:
    try:
        return connector.count(name)
    except ConnectorError:
        return None
