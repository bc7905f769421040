"""What `DST` means: a path, an address of S3, or a name in a system that jobs may deliver to."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Any

from catalog.connector_urls import is_url
from retention.anonymization.assembling import SUFFIXES
from retention.anonymization.destinations.base import DestinationError
from retention.anonymization.models import Outlet

KINDS = ("folder", "s3", "postgresql")  # of systems that can be written to


def parse(text: str) -> dict[str, Any]:
    """The spec of a destination as somebody at the command line writes it. Raises DestinationError."""
    if is_url(text):
        if not text.startswith("s3://"):
            raise DestinationError(
                "Of addresses only s3://bucket/key can be a destination.",
                "Allow a system, and write: System/name.",
            )
        return {"kind": "bucket", "url": text}
    if not text.startswith(("/", "./", "../", "~")):
        for outlet in Outlet.objects.select_related("system").order_by("-system__name"):
            rest = text.removeprefix(outlet.system.name).lstrip()
            if text.startswith(outlet.system.name) and rest.startswith("/"):
                return in_outlet(outlet, rest[1:].strip())
    path = os.path.abspath(Path(text).expanduser())
    folder = text.endswith("/") or Path(path).is_dir() or not Path(path).suffix
    return {"kind": "folder" if folder else "file", "path": path}


def in_outlet(outlet: Outlet, name: str) -> dict[str, Any]:
    """The spec of `name` (a file, a prefix, a table) within what a system's outlet allows. Raises DestinationError."""
    system = outlet.system
    if not name or "\0" in name:
        raise DestinationError("The output has no name.", "Name the file, folder or table.")
    if system.kind == "postgresql":
        schema, _, table = name.rpartition(".")
        if schema and schema != outlet.inside:
            raise DestinationError(
                f"Jobs may deliver to the schema {outlet.inside} of {system.name} only.",
                "Name a table in it.",
            )
        spec = {"kind": "table", "system": system.pk, "schema": outlet.inside, "table": table}
        return spec | {"outlet": outlet.pk}
    pure = PurePosixPath(name)
    if pure.is_absolute() or not pure.parts or ".." in pure.parts:
        raise DestinationError(
            f"{name} leads out of what jobs may deliver to.", "Name a file or folder in it."
        )
    slash = "/" if name.endswith("/") else ""
    if system.kind == "s3":
        parts = [system.settings.get("prefix") or "", outlet.inside, str(pure)]
        key = "/".join(part.strip("/") for part in parts if part.strip("/"))
        return {"kind": "bucket", "system": system.pk, "key": key + slash, "outlet": outlet.pk}
    if system.kind != "folder":
        raise DestinationError(
            f"{system.name} is of a kind that cannot be written.", "Choose another system."
        )
    inside = Path(system.settings["path"]) / outlet.inside
    single = not slash and pure.suffix.lower() in SUFFIXES
    return {
        "kind": "file" if single else "folder",
        "path": str(inside / pure),
        "inside": str(inside),
        "outlet": outlet.pk,
    }
