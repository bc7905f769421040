"""Which files a folder connector may touch: only those below the folder, and only below the allowed roots."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path, PurePosixPath

from django.conf import settings

from catalog.connectors.base import AccessDenied, DataSetMissing
from catalog.connectors.file_formats import is_data

_AT_COMMAND_LINE = ContextVar("at the command line", default=False)


@contextmanager
def at_command_line() -> Iterator[None]:
    """Inside, no roots hold: they bind the console, which reads for others; a person at the command line may
    read whatever the operating system lets them read. For commands only, never for a request or a job.
    """
    before = _AT_COMMAND_LINE.set(True)
    try:
        yield
    finally:
        _AT_COMMAND_LINE.reset(before)


def require_allowed(path: Path) -> Path:
    """`path` without links; AccessDenied unless it is absolute and below one of settings.FOLDER_ROOTS.

    Without such roots every absolute path is allowed.
    """
    if not path.is_absolute():
        raise AccessDenied(f"{path} is not an absolute path.", "Begin it with a slash.")
    real = path.resolve()
    roots = [Path(root).resolve() for root in getattr(settings, "FOLDER_ROOTS", ())]
    if roots and not _AT_COMMAND_LINE.get() and not any(real.is_relative_to(root) for root in roots):
        raise AccessDenied(
            f"{path} is not below a folder that the console may read.",
            "Choose another path, or have the administrator add it to FOLDER_ROOTS.",
        )
    return real


def data_files(root: Path) -> list[tuple[str, str]]:
    """The data sets below `root`, sorted: paths relative to it, each with a problem or "".

    Links are passed over, whether they leave the folder or name a file of it twice, and so are files whose
    name begins with a dot. A folder that cannot be looked into is listed, as a problem.
    """
    found = []

    def unreadable(error: OSError) -> None:
        folder = Path(error.filename).relative_to(root).as_posix()
        found.append(
            (f"{folder}/", "No right to look into this folder. Grant the console's user read access.")
        )

    for folder, _, files in os.walk(root, onerror=unreadable):
        for path in (Path(folder, file) for file in files):
            if is_data(path.name) and path.is_file() and not path.is_symlink():
                found.append(_named(path.relative_to(root).as_posix()))
    return sorted(found)


def locate(root: Path, name: str) -> Path:
    """The file of that data set; DataSetMissing where there is none, or where `name` would lead elsewhere."""
    pure = PurePosixPath(name)
    proper = (
        pure.as_posix() == name and not pure.is_absolute() and ".." not in pure.parts and "\0" not in name
    )
    path = root / pure
    if not proper or not is_data(path.name) or path.resolve() != path or not path.is_file():
        raise DataSetMissing(f"There is no file {name} in the folder.", "Scan the system again.")
    return path


def _named(name: str) -> tuple[str, str]:
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode(
            errors="backslashreplace"
        ).decode(), "The name of this file is not UTF-8. Rename it."
    return name, ""
