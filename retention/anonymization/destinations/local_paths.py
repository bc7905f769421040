"""What files and folders of this machine have in common as destinations."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalog.connectors.base import ConnectorError
from catalog.connectors.folder_paths import require_allowed
from catalog.models import System
from retention.anonymization.destinations.base import DestinationError

OURS = "anonymizing"


def staging_beside(target: Path, run: str) -> Path:
    """A hidden folder on the same file system as `target`, so that what is in it can be renamed into place."""
    return target.with_name(f".{target.name}.{OURS}-{run}")


def require_inside(target: Path, inside: str) -> None:
    """DestinationError where a link leads `target` out of the folder that an outlet is kept to, if it is one's."""
    if inside and not target.resolve().is_relative_to(Path(inside).resolve()):
        raise DestinationError(
            f"{target} leads out of what jobs may deliver to.", "Name a file or folder in it, without links."
        )


def require_possible(target: Path, inside: str = "") -> None:
    """DestinationError unless a new file or folder could be made there; `inside`: see `require_inside`."""
    require_inside(target, inside)
    try:
        require_allowed(target)
    except ConnectorError as refused:
        raise DestinationError(refused.message, refused.remedy) from None
    if target.name.startswith("."):
        raise DestinationError(
            f"{target.name} begins with a dot: it would be hidden.", "Choose another name."
        )
    if not target.parent.is_dir():
        raise DestinationError(f"There is no folder {target.parent}.", "Make it first.")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise DestinationError(f"No right to write in {target.parent}.", "Grant write access to it.")


def require_apart(target: Path, source: Mapping[str, Any]) -> None:
    """DestinationError where `target` is the source, lies in it, or holds it, however links lead there."""
    root = _root_of(source)
    if root is None:
        return
    here, there = target.resolve(), root.resolve()
    same = target.exists() and root.exists() and os.path.samefile(target, root)
    if same or here == there or here.is_relative_to(there) or there.is_relative_to(here):
        raise DestinationError(
            f"{target} is the source, or lies in it, or holds it.",
            "Deliver to another folder: a source is only read.",
        )


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _root_of(source: Mapping[str, Any]) -> Path | None:
    """The file or folder that a source is; of a system of files the whole system."""
    if "path" in source:
        return Path(source["path"])
    if "system" in source:
        system = System.objects.filter(pk=source["system"]).first()
        path = system.settings.get("path") if system else None
        return Path(path) if path else None
    return None
