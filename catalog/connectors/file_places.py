"""Where a file is: what its format has to know to read it and to put another in its place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, ClassVar

import pyarrow as pa

from catalog.connectors.rewriting import require_replaceable, rewrite_file


class Place(ABC):
    """One file, wherever it is."""

    remote: ClassVar[bool]  # each read costs a journey: fewer, longer ones are better

    @property
    @abstractmethod
    def suffix(self) -> str:
        """As `.csv`, in small letters."""

    @abstractmethod
    def size(self) -> int:
        """In bytes."""

    @abstractmethod
    def open(self) -> BinaryIO:
        """To read it from its beginning on; it can seek."""

    @abstractmethod
    def open_ranges(self) -> Any:
        """To read pieces here and there, each by a read of its own: a Python or an Arrow file."""

    @abstractmethod
    def rewrite(self, write: Callable[[BinaryIO], bool]) -> None:
        """Call `write` with a new file, and put it in the place of the old one where `write` returns True.

        Others see the old content or the new. `write` is called again where the file was changed meanwhile.
        The new file can be written only from its beginning to its end.
        """

    @abstractmethod
    def require_replaceable(self) -> None:
        """AccessDenied or Unsupported where `rewrite` could not put a new file in its place."""


class LocalPlace(Place):
    remote = False

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def suffix(self) -> str:
        return self.path.suffix.lower()

    def size(self) -> int:
        return self.path.stat().st_size

    def open(self) -> BinaryIO:
        return self.path.open("rb")

    def open_ranges(self) -> Any:
        return pa.OSFile(str(self.path))

    def rewrite(self, write: Callable[[BinaryIO], bool]) -> None:
        rewrite_file(self.path, write)

    def require_replaceable(self) -> None:
        require_replaceable(self.path)


def suffix_of(name: str) -> str:
    """The suffix of a path or key, in small letters."""
    return PurePosixPath(name).suffix.lower()
