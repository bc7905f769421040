"""One file: Parquet, CSV, JSON Lines or Avro, by its suffix."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from retention.anonymization.assembling import SUFFIXES, assemble
from retention.anonymization.avro_schemas import avro_schema
from retention.anonymization.destinations.base import (
    Delivered,
    Destination,
    DestinationError,
    Staged,
    file_digest,
)
from retention.anonymization.destinations.local_paths import (
    require_apart,
    require_inside,
    require_possible,
    staging_beside,
    sync_folder,
)
from retention.anonymization.outputs import made_by_us


class FileDestination(Destination):
    kind = "file"

    @property
    def path(self) -> Path:
        return Path(self.spec["path"])

    @property
    def label(self) -> str:
        return str(self.path)

    def staging(self) -> Path:
        return staging_beside(self.path, self.run)

    def check(self, source: Mapping[str, Any]) -> None:
        if self.path.suffix.lower() not in SUFFIXES:
            raise DestinationError(
                f"{self.path.name} has no suffix of a format that can be written.",
                f"End it with one of {', '.join(SUFFIXES)}, or write {self.path.name}/ for a folder of Parquet files.",
            )
        require_possible(self.path, self.spec.get("inside", ""))
        require_apart(self.path, source)
        if not os.path.lexists(self.path):
            return
        if self.path.is_symlink() or not self.path.is_file():
            raise DestinationError(f"{self.path} is there and no plain file.", "Choose another name.")
        if not self.overwrite:
            raise DestinationError(
                f"{self.path} is there already.", "Choose another name, or allow to overwrite it."
            )
        self._require_ours()

    def check_schema(self, schema: pa.Schema) -> None:
        if self.path.suffix.lower() == ".avro":
            avro_schema(schema)

    def deliver(self, staged: Staged) -> Delivered:
        if digest := self.delivered(self.path, file_digest):
            return Delivered(self.label, digest)
        require_inside(self.path, self.spec.get("inside", ""))
        final = self.staging() / "final" / self.path.name
        final.parent.mkdir(exist_ok=True)
        assemble(staged, final)
        os.chmod(final, 0o640)
        digest = self.note(file_digest(final))
        if self.overwrite:
            if os.path.lexists(self.path):
                self._require_ours()  # hours may have passed since the check
            os.replace(final, self.path)
        else:
            self._place(final)
        sync_folder(self.path.parent)
        return Delivered(self.label, digest)

    def _require_ours(self) -> None:
        if not made_by_us(self.label, lambda digest: file_digest(self.path) == digest):
            raise DestinationError(
                f"{self.path} is not what an earlier job delivered there; it is not replaced.",
                "Choose another name.",
            )

    def _place(self, final: Path) -> None:
        """As a rename that never replaces: a link fails where the name is taken."""
        try:
            os.link(final, self.path)
        except FileExistsError:
            raise DestinationError(
                f"{self.path} appeared meanwhile; nothing was delivered.", "Choose another name."
            ) from None
        final.unlink()
