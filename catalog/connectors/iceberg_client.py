"""The connection to an Iceberg catalog, with time-outs, and its errors in our words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import requests
from requests.adapters import HTTPAdapter
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from catalog.connectors import extras
from catalog.connectors.base import (
    AccessDenied,
    ConnectorError,
    DataSetMissing,
    Malformed,
    Unreachable,
    Unsupported,
)
from catalog.connectors.folder_paths import require_allowed
from catalog.connectors.iceberg_files import table_files
from catalog.connectors.iceberg_form import REST, sql_url

CONNECT_SECONDS = 5
ANSWER_SECONDS = 30
SERVED = ("prefix", "namespace-separator", "warehouse")  # what a REST catalog may tell of itself


def connect(settings: Mapping[str, Any]) -> Any:
    """PyIceberg's catalog, reading only. What tables and servers want it to load or to send elsewhere is ignored."""
    if settings["catalog"] == REST:
        secrets = {name: settings[name] for name in ("token", "credential") if settings.get(name)}
        properties = {"uri": settings["uri"], "warehouse": settings.get("warehouse") or "", **secrets}
        return _rest_class()(settings, properties)
    properties = {"uri": _sql_uri(settings), "init_catalog_tables": "false", "pool_pre_ping": "true"}
    return _sql_class()(settings, properties)


@cache
def _sql_class() -> type[Any]:
    sql = extras.load("pyiceberg.catalog.sql", extra="iceberg")

    class ReadingSqlCatalog(sql.SqlCatalog):  # type: ignore[misc,name-defined]
        def __init__(self, settings: Mapping[str, Any], properties: Mapping[str, str]) -> None:
            self._settings = settings
            super().__init__(settings.get("catalog_name") or "default", **properties)

        def _load_file_io(self, properties: Any = None, location: str | None = None) -> Any:
            return table_files(self._settings)

        def _convert_orm_to_iceberg(self, orm_table: Any) -> Any:
            files = table_files(self._settings)
            metadata = sql.FromInputFile.table_metadata(files.new_input(orm_table.metadata_location or ""))
            identifier = (*orm_table.table_namespace.split("."), orm_table.table_name)
            return sql.Table(identifier, metadata, orm_table.metadata_location, files, self)

    return ReadingSqlCatalog


@cache
def _rest_class() -> type[Any]:
    rest = extras.load("pyiceberg.catalog.rest", extra="iceberg")

    class ReadingRestCatalog(rest.RestCatalog):  # type: ignore[misc,name-defined]
        def __init__(self, settings: Mapping[str, Any], properties: Mapping[str, str]) -> None:
            self._settings = settings
            super().__init__("console", **properties)

        def _create_session(self) -> requests.Session:
            # The session is made complete by the base class, which with OAuth asks for a token at once.
            session = super()._create_session()
            return _with_time_outs(session)

        def _fetch_config(self) -> None:
            own = dict(self.properties)
            super()._fetch_config()
            self.properties = {k: v for k, v in self.properties.items() if k in SERVED} | own
            self.properties |= {"prefix": p} if (p := _served_prefix(self, own)) else {}
            self.uri = own["uri"]

        def _load_file_io(self, properties: Any = None, location: str | None = None) -> Any:
            return table_files(self._settings, properties)

    return ReadingRestCatalog
