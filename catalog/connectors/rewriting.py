"""A file replaced as one: others see the old content or the new, also when the process is killed between."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from catalog.connectors.base import AccessDenied, ConnectorError, DataSetMissing

ATTEMPTS = 3
LOCK_SECONDS = 10


def rewrite_file(path: Path, write: Callable[[BinaryIO], bool]) -> None:
    """Call `write` with a new file beside `path` and put it in its place.

    Where `write` returns False nothing was to change and `path` stays as it is. `write` is called again where
    another program changed `path` meanwhile. The new file keeps owner, mode and extended attributes.
    ConnectorError after three such changes, or where another rewrite of the file is under way.
    """
    for _ in range(ATTEMPTS):
        with _temporary(path) as new:
            before = stat_file(path)
            if not write(new):
                return
            _copy_attributes(path, before, new)
            new.flush()
            os.fsync(new.fileno())
            if _identity(stat_file(path)) == _identity(before):
                os.replace(new.name, path)
                _sync_folder(path.parent)
                return
    raise ConnectorError(
        f"{path.name} changed while it was rewritten, {ATTEMPTS} times; nothing was written.",
        "Stop what writes to it, then try again.",
    )


def require_replaceable(path: Path) -> None:
    """AccessDenied where `rewrite_file` could not put a new file in the place of `path`."""
    found = stat_file(path)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise AccessDenied(
            f"No right to write in the folder of {path.name}.", "Grant the console's user write access to it."
        )
    if os.geteuid() != 0 and found.st_uid != os.geteuid():
        raise _foreign(path)


def stat_file(path: Path) -> os.stat_result:
    """As `os.stat`; DataSetMissing where the file is gone."""
    try:
        return path.stat()
    except FileNotFoundError:
        raise DataSetMissing(f"{path.name} is gone.", "Scan the system again.") from None


@contextmanager
def _temporary(path: Path) -> Iterator[BinaryIO]:
    """A new file beside `path`, locked against a second rewrite, and removed unless it was moved away."""
    place = path.with_name(f".{path.name}.rewriting")
    try:
        file = _lock(place)
    except BlockingIOError:
        raise ConnectorError(
            f"{path.name} is being rewritten already.", "Try again when that is done."
        ) from None
    except OSError as error:
        raise _explained(error, path) from None
    with file:
        file.truncate()
        moved = place.stat().st_ino
        try:
            yield file
        except OSError as error:
            raise _explained(error, path) from None
        finally:
            if place.exists() and place.stat().st_ino == moved:
                place.unlink()


def _lock(place: Path) -> BinaryIO:
    """Open and lock; a lock on a file that was moved into place meanwhile would be one on somebody's data."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        file = open(place, "r+b", opener=_create)  # noqa: SIM115 (the caller closes it)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if place.exists() and os.path.samestat(os.fstat(file.fileno()), place.stat()):
                return file
            file.close()
        except BlockingIOError:
            file.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _create(place: str, flags: int) -> int:
    return os.open(place, flags | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _copy_attributes(path: Path, source: os.stat_result, new: BinaryIO) -> None:
    created = os.fstat(new.fileno())
    if (created.st_uid, created.st_gid) != (source.st_uid, source.st_gid):
        try:
            os.fchown(new.fileno(), source.st_uid, source.st_gid)
        except PermissionError:
            raise _foreign(path) from None
    for name in os.listxattr(path):
        os.setxattr(new.fileno(), name, os.getxattr(path, name))
    os.fchmod(new.fileno(), source.st_mode & 0o7777)


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _foreign(path: Path) -> AccessDenied:
    return AccessDenied(
        f"{path.name} belongs to another user, and the rewritten file could not be given back to that user.",
        "Run the console as the owner of the files.",
    )


def _explained(error: OSError, path: Path) -> ConnectorError:
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return AccessDenied(
            f"No right to write in the folder of {path.name}.", "Grant the console's user write access to it."
        )
    return ConnectorError(f"{path.name} could not be rewritten: {error.strerror}.", "Nothing was written.")
