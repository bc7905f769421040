"""A place that takes each object once and keeps it until a day."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


class WormProblem(RuntimeError):
    """The place did not take, keep or give back an object; says which and what helps."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was written and how it is protected, as the place itself said when asked afterwards."""

    version: str
    protection: str


class Place(ABC):
    """Names are relative paths of letters, digits, dots, dashes and slashes."""

    scheme: ClassVar[str]

    @property
    @abstractmethod
    def label(self) -> str:
        """In words: where it is."""

    @abstractmethod
    def put(self, name: str, content: bytes, *, until: datetime) -> Kept:
        """Write an object that is not there yet, durably, and ask how it is protected. Raises WormProblem.

        The same content under the same name, already there, is as good as written.
        """

    @abstractmethod
    def get(self, name: str) -> bytes:
        """Read an object back. Raises WormProblem where it is not there."""

    @abstractmethod
    def names(self, below: str = "") -> Iterator[str]:
        """All objects, in the order of their names."""

    @abstractmethod
    def prove(self) -> str:
        """Write a canary, try to destroy it, and say what protects objects here; empty where nothing does."""
