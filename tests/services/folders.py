"""Folders for servers that, where we are root, another user has to reach."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def service_folder() -> Iterator[Path]:
    """A new folder that others may pass through but not list; pytest's own folders let nobody through."""
    folder = Path(tempfile.mkdtemp(prefix="console-tests-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
