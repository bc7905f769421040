"""A folder of Parquet files, one for each part: it appears by one rename."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from retention.anonymization.destinations.base import (
    Delivered,
    Destination,
    DestinationError,
    Staged,
    digest_of_files,
    file_digest,
)
from retention.anonymization.destinations.local_paths import (
    OURS,
    require_apart,
    require_inside,
    require_possible,
    staging_beside,
    sync_folder,
)
from retention.anonymization.outputs import made_by_us


class FolderDestination(Destination):
    kind = "folder"

    @property
    def path(self) -> Path:
        return Path(self.spec["path"])

    @property
    def label(self) -> str:
        return f"{self.path}/"

    def staging(self) -> Path:
        return staging_beside(self.path, self.run)

    def check(self, source: Mapping[str, Any]) -> None:
        require_possible(self.path, self.spec.get("inside", ""))
        require_apart(self.path, source)
        if not os.path.lexists(self.path):
            return
        if self.path.is_symlink() or not self.path.is_dir():
            raise DestinationError(f"{self.path} is there and no folder.", "Choose another name.")
        if not any(self.path.iterdir()):
            return
        if not self.overwrite:
            raise DestinationError(
                f"{self.path} is there already.", "Choose another name, or allow to overwrite it."
            )
        self._require_ours()

    def deliver(self, staged: Staged) -> Delivered:
        if digest := self.delivered(self.path, _digest):
            return Delivered(self.label, digest)
        require_inside(self.path, self.spec.get("inside", ""))
        final = self.staging() / "final"
        final.mkdir(exist_ok=True)
        for part in staged.parts:
            if part.exists():  # else it was moved before the process was killed
                os.replace(part, final / part.name)
        if {path.name for path in final.iterdir()} != {part.name for part in staged.parts}:
            raise DestinationError("Staged files are gone; nothing was delivered.", "Start the job again.")
        digest = self.note(_digest(final))
        os.chmod(final, 0o750)  # noqa: S103  as a file of it: for the group too
        sync_folder(final)
        self._swap(final)
        sync_folder(self.path.parent)
        return Delivered(self.label, digest)

    def _require_ours(self) -> None:
        if not made_by_us(self.label, lambda digest: _digest(self.path) == digest):
            raise DestinationError(
                f"{self.path} is not what an earlier job delivered there; it is not replaced.",
                "Choose another name.",
            )

    def _swap(self, final: Path) -> None:
        """Renaming a folder replaces an empty one only; the old output goes aside first, and then for good."""
        aside = self.path.with_name(f".{self.path.name}.{OURS}-old-{self.run}")
        if self.overwrite and self.path.is_dir() and any(self.path.iterdir()):
            self._require_ours()  # hours may have passed since the check
            os.rename(self.path, aside)
        try:
            os.rename(final, self.path)
        except OSError:
            if aside.exists():
                os.rename(aside, self.path)
            raise DestinationError(
                f"{self.path} appeared meanwhile; nothing was delivered.", "Choose another name."
            ) from None
        shutil.rmtree(aside, ignore_errors=True)


def _digest(folder: Path) -> str:
    return digest_of_files({path.name: file_digest(path) for path in folder.iterdir() if path.is_file()})
