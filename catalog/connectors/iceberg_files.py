"""The files of Iceberg tables as PyIceberg asks for them: those of the warehouse, and never to write.

A table's metadata names every other file by its full address and may set any property, so a hostile table could
otherwise have the console read its own disk, or load a Python class of the table's choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pyarrow import fs

from catalog.connectors import extras
from catalog.connectors.base import AccessDenied, Unsupported
from catalog.connectors.folder_paths import require_allowed
from catalog.connectors.iceberg_form import S3_SCHEMES, local_path

CONNECT_SECONDS = 5
ANSWER_SECONDS = 30
ATTEMPTS = 2
LENT = {  # what a REST catalog may lend for one table, by PyIceberg's names
    "s3.endpoint": "endpoint_override",
    "s3.region": "region",
    "s3.access-key-id": "access_key",
    "s3.secret-access-key": "secret_key",
    "s3.session-token": "session_token",
}


def table_files(settings: Mapping[str, Any], lent: Mapping[str, str] | None = None) -> Any:
    """A FileIO for one table; the keys in `settings` go before those that the catalog `lent`."""
    return _guarded_class()(settings, lent or {})


@cache
def _guarded_class() -> type[Any]:
    pyiceberg = extras.load("pyiceberg.io.pyarrow", extra="iceberg")

    class WarehouseFiles(pyiceberg.PyArrowFileIO):  # type: ignore[name-defined]
        def __init__(self, settings: Mapping[str, Any], lent: Mapping[str, str]) -> None:
            super().__init__()
            self._settings, self._lent = settings, lent

        def _initialize_fs(self, scheme: str, netloc: str | None = None) -> fs.FileSystem:
            if scheme == "file":
                return fs.LocalFileSystem()
            if scheme in S3_SCHEMES:
                return s3_files(self._settings, self._lent)
            raise Unsupported(f"A table has files under {scheme}://.", "Only S3 and local files are read.")

        def new_input(self, location: str) -> Any:
            found = super().new_input(location)
            scheme, _, opened = self.parse_location(location)
            if scheme not in S3_SCHEMES:  # PyIceberg reads what has no scheme, or a host, as a path as well
                _require_in_warehouse(Path(opened), self._settings)
            return found

        def new_output(self, location: str) -> Any:
            raise RuntimeError("This Iceberg connector only reads.")

        def delete(self, location: Any) -> None:
            raise RuntimeError("This Iceberg connector only reads.")

    return WarehouseFiles


def s3_files(settings: Mapping[str, Any], lent: Mapping[str, str]) -> fs.FileSystem:
    """Arrow's S3 with time-outs. Without keys it asks as nobody, not with the rights of the console's machine."""
    own = {
        "endpoint_override": settings.get("endpoint"),
        "region": settings.get("region"),
        "access_key": settings.get("access_key"),
        "secret_key": settings.get("secret_key"),
    }
    options = {LENT[name]: value for name, value in lent.items() if name in LENT and value}
    if own["access_key"]:
        options.pop("session_token", None)
    options |= {name: value for name, value in own.items() if value}
    return fs.S3FileSystem(
        **{"region": "us-east-1", **options},
        anonymous="access_key" not in options,
        connect_timeout=CONNECT_SECONDS,
        request_timeout=ANSWER_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
    )


def _require_in_warehouse(path: Path, settings: Mapping[str, Any]) -> None:
    warehouse = local_path(settings.get("warehouse") or "")
    if warehouse is None or not require_allowed(path).is_relative_to(warehouse.resolve()):
        raise AccessDenied(
            "A table has files on this machine that are not in the warehouse.",
            "Set the warehouse of this system to the folder that holds them.",
        )
