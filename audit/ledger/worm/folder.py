"""A folder whose files are written once: read-only bits, and the immutable flag where this process may set it."""

from __future__ import annotations

import array
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path, PurePosixPath

from audit.ledger.worm.base import Kept, Place, WormProblem

GET_FLAGS, SET_FLAGS, IMMUTABLE = (
    0x80086601,
    0x40086602,
    0x10,
)  # FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IMMUTABLE_FL
READ_ONLY, IMMUTABLE_FLAG = "read-only bits", "immutable flag"


class FolderPlace(Place):
    scheme = "file"

    def __init__(self, root: Path, *, immutable: bool = True) -> None:
        """`immutable`: set the flag that keeps even the file's owner from it, where this process may."""
        self.root = root
        self.immutable = immutable

    @property
    def label(self) -> str:
        return str(self.root)

    def put(self, name: str, content: bytes, *, until: datetime) -> Kept:
        path = self._path(name)
        if not path.exists():
            self._write(path, content)
        if path.read_bytes() != content:
            raise WormProblem(f"{path} is there already with other content: it was not written again.")
        return Kept("", self._protect(path))

    def get(self, name: str) -> bytes:
        try:
            return self._path(name).read_bytes()
        except OSError as problem:
            raise WormProblem(f"{self._path(name)} cannot be read: {problem.strerror}.") from problem

    def names(self, below: str = "") -> Iterator[str]:
        folder = self.root / below.rpartition("/")[0]
        if not folder.exists():
            return
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if path.is_file() and not path.name.startswith(".") and name.startswith(below):
                yield name

    def prove(self) -> str:
        name = f"canary/{secrets.token_hex(8)}"
        kept = self.put(name, b"canary", until=datetime.max)
        path = self._path(name)
        try:
            path.unlink()
        except PermissionError:
            return kept.protection
        return "" if kept.protection == READ_ONLY else kept.protection

    def _path(self, name: str) -> Path:
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or name.startswith("/"):
            raise WormProblem(f"{name} is no name for an object.")
        return self.root.joinpath(*parts)

    def _write(self, path: Path, content: bytes) -> None:
        """Whole or not at all, and on the disk before anybody says so."""
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            with draft.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.chmod(0o444)
            os.link(draft, path)
            descriptor = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except FileExistsError:
            pass  # somebody wrote it meanwhile: the caller compares
        except OSError as problem:
            raise WormProblem(f"{path} cannot be written: {problem.strerror}.") from problem
        finally:
            with suppress(OSError):
                draft.unlink()

    def _protect(self, path: Path) -> str:
        """Set the immutable flag if that is allowed; what protects the file now."""
        if not self.immutable:
            return READ_ONLY
        with path.open("rb") as file:
            flags = array.array("l", [0])
            try:
                fcntl.ioctl(file, GET_FLAGS, flags, True)
                if not flags[0] & IMMUTABLE:
                    flags[0] |= IMMUTABLE
                    fcntl.ioctl(file, SET_FLAGS, flags)
                    fcntl.ioctl(file, GET_FLAGS, flags, True)
            except OSError:
                return READ_ONLY
        return IMMUTABLE_FLAG if flags[0] & IMMUTABLE else READ_ONLY
