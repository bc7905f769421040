"""Objects in a folder: files of any kind, each belonging to somebody whole."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from catalog.connectors.base import AccessDenied
from catalog.connectors.object_sets import Entry, ObjectPlaces


class FolderObjects(ObjectPlaces):
    remote = False

    def __init__(self, root: Path) -> None:
        self.root = root

    def entries(self, start: str) -> Iterator[Entry]:
        """Links are passed over, as everywhere: what they lead to is not of this folder."""
        top = self.root / start.rpartition("/")[0]
        if not top.resolve().is_relative_to(self.root):
            return
        for folder, folders, files in os.walk(top, onerror=self._unreadable):
            folders.sort()
            for name in sorted(files):
                path = Path(folder, name)
                relative = path.relative_to(self.root).as_posix()
                if relative.startswith(start) and not path.is_symlink():
                    with suppress(FileNotFoundError):
                        found = path.stat()
                        modified = datetime.fromtimestamp(found.st_mtime, UTC)
                        yield Entry(
                            os.fsencode(relative).decode(errors="backslashreplace"),
                            found.st_size,
                            modified,
                            path,
                        )

    def remove(self, entries: Sequence[Entry], *, folders: int) -> None:
        for entry in entries:
            path: Path = entry.parts
            try:
                with suppress(FileNotFoundError):
                    path.unlink()
            except PermissionError:
                raise self._denied() from None
            self._remove_empty(path.parent, folders)
        os.sync()

    def require_replaceable(self) -> None:
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise self._denied()

    def _remove_empty(self, folder: Path, keep: int) -> None:
        """A folder may bear the person's name."""
        while len(folder.relative_to(self.root).parts) > keep:
            try:
                folder.rmdir()
            except OSError:  # not empty, or not ours
                return
            folder = folder.parent

    def _unreadable(self, error: OSError) -> None:
        raise AccessDenied(
            f"No right to look into a folder below {self.root}.",
            "Grant the console's user read access to it.",
        ) from None

    def _denied(self) -> AccessDenied:
        return AccessDenied(
            f"No right to remove files in {self.root}.",
            "Grant the console's user write access to its folders.",
        )
