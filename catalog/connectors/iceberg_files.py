"""The files of Iceberg tables as PyIceberg asks for them: those of the warehouse, and to write only for erasure.

A table's metadata names every other file by its full address and may set any property, so a hostile table could
otherwise have the console read its own disk, delete what is not the table's, or load a Python class of its choice.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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


def table_files(
    settings: Mapping[str, Any],
    lent: Mapping[str, str] | None = None,
    *,
    writable: bool = False,
    table: str | None = None,
) -> Any:
    """A FileIO for one table; the keys in `settings` go before those that the catalog `lent`.

    Files are written and deleted only where `writable`, and only in the warehouse; where that is a name and no
    address, in the folder of the table, whose metadata file is at `table`.
    """
    return _guarded_class()(settings, lent or {}, writable, table or "")


@cache
def _guarded_class() -> type[Any]:
    pyiceberg = extras.load("pyiceberg.io.pyarrow", extra="iceberg")

    class WarehouseFiles(pyiceberg.PyArrowFileIO):  # type: ignore[name-defined]
        def __init__(
            self, settings: Mapping[str, Any], lent: Mapping[str, str], writable: bool, table: str
        ) -> None:
            super().__init__()
            self._settings, self._lent, self._writable = settings, lent, writable
            self._table = table.rpartition("/")[0].removesuffix("/metadata")

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
            self._require_writable()
            path = self._require_own(location)
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            return super().new_output(location)

        def delete(self, location: Any) -> None:
            self._require_writable()
            self._require_own(getattr(location, "location", location))
            super().delete(location)

        def owns(self, location: str) -> bool:
            """Whether the file is one that erasure may write and delete."""
            try:
                self._require_own(location)
            except (AccessDenied, Unsupported):
                return False
            return True

        def below(self, location: str) -> list[tuple[str, fs.FileInfo]]:
            """Each file below the address, with its own address as the table would write it."""
            scheme, netloc, path = self.parse_location(location.rstrip("/") + "/")
            selector = fs.FileSelector(path.rstrip("/"), recursive=True, allow_not_found=True)
            found = self.fs_by_scheme(scheme, netloc).get_file_info(selector)
            start = len(path.rstrip("/"))
            return [
                (location.rstrip("/") + each.path[start:], each)
                for each in found
                if each.type == fs.FileType.File
            ]

        def remove_empty_folders(self, location: str) -> None:
            """Of a table on a disk: names of folders may tell of the partition that was in them."""
            scheme, _, path = self.parse_location(location)
            if scheme in S3_SCHEMES or not self.owns(location):
                return
            for folder, _, _ in os.walk(path, topdown=False):
                with suppress(OSError):  # it is not empty
                    if folder != path:
                        Path(folder).rmdir()

        def _require_writable(self) -> None:
            if not self._writable:
                raise RuntimeError("This Iceberg connector only reads.")

        def _require_own(self, location: str) -> Path | None:
            """Its path, for a local file."""
            scheme, _, opened = self.parse_location(location)
            if scheme not in S3_SCHEMES:
                self.fs_by_scheme(scheme, None)
                _require_in_warehouse(Path(opened), self._settings)
                return Path(opened)
            warehouse = self._settings.get("warehouse") or ""
            root = _key(warehouse if "://" in warehouse else self._table)
            parts = _key(location)
            if parts[: len(root)] != root or {"", ".", ".."} & set(parts):
                raise AccessDenied(
                    "A table has files in S3 that are not in the warehouse.",
                    "Set the warehouse of this system to the bucket and folder that hold them.",
                )
            return None

    return WarehouseFiles


def _key(location: str) -> list[str]:
    """The bucket and the parts of the key."""
    parts = urlsplit(location, allow_fragments=False)
    query = f"?{parts.query}" if parts.query else ""
    return (
        [parts.netloc, *(parts.path + query).strip("/").split("/")]
        if parts.path.strip("/")
        else [parts.netloc]
    )


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
