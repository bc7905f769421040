"""What every destination offers."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa


class DestinationError(Exception):
    """The output cannot go there; `message` names the thing, `remedy` says what helps. Neither holds a value."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


@dataclass(frozen=True)
class Staged:
    """What was validated: Parquet files, whose rows in this order are the output, and their schema."""

    parts: Sequence[Path]
    schema: pa.Schema
    rows: int


@dataclass(frozen=True)
class Delivered:
    """Where the output is, and the SHA-256 that it is known again by."""

    location: str
    digest: str


class Destination(ABC):
    """`spec` is plain data that stands with the run; `run` is its id, by which all that is staged is known again."""

    kind: ClassVar[str]

    def __init__(self, spec: Mapping[str, Any], *, run: str, overwrite: bool = False) -> None:
        self.spec = spec
        self.run = run
        self.overwrite = overwrite

    @property
    @abstractmethod
    def label(self) -> str:
        """The destination in words: what pages, the ledger and messages call it."""

    @abstractmethod
    def staging(self) -> Path:
        """The folder on this machine in which the run stages its parts, whether it is there or not."""

    @abstractmethod
    def check(self, source: Mapping[str, Any]) -> None:
        """DestinationError where the output must not, or cannot, go there: asked before any row is read, and again
        before delivery. `source` is the source's spec: the output never goes into it."""

    def check_schema(self, schema: pa.Schema) -> None:  # noqa: B027 (most can hold whatever Parquet can)
        """DestinationError where the output has a column that cannot be written there."""

    @abstractmethod
    def deliver(self, staged: Staged) -> Delivered:
        """Make the output appear, whole. Done twice, it appears once. Raises DestinationError and OSError."""

    def discard(self) -> None:  # noqa: B027 (what is staged on this machine the pipeline clears away)
        """Take back what was staged outside of `staging`."""

    def note(self, digest: str) -> str:
        """Keep what is about to be delivered, so that it is known again if the process is killed right after."""
        (self.staging() / "digest").write_text(digest)
        return digest

    def delivered(self, target: Path, digest_of: Callable[[Path], str]) -> str:
        """The digest of `target` where this run has delivered it already, or nothing."""
        try:
            noted = (self.staging() / "digest").read_text()
        except FileNotFoundError:
            return ""
        return noted if target.exists() and digest_of(target) == noted else ""


def file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of_files(files: Mapping[str, str]) -> str:
    """One digest of several files: the SHA-256 over their names and digests, a line for each, as `sha256sum` writes."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
