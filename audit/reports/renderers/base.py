from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, ClassVar

from audit.reports.base import Report, ReportContent, Value
from audit.reports.checkpoint import Checkpoint
from audit.reports.digesting import content_of, digest_of


@dataclass(frozen=True)
class Document:
    """A report that has been made: all that any of its forms says. No clock is in it but that of its checkpoint.

    `parameters` are those that the report may name: not who it is about, where it is about a person.
    """

    report: Report
    parameters: Mapping[str, Any]
    content: ReportContent
    checkpoint: Checkpoint

    @property
    def as_of(self) -> datetime:
        """When the checkpoint was signed: since then nothing has happened that the ledger tells of."""
        return self.checkpoint.signed_at.astimezone(UTC).replace(microsecond=0)

    @cached_property
    def told(self) -> dict[str, Any]:
        """The content as JSON has it."""
        return content_of(self.report.kind, self.parameters, self.content)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content: the same in every form."""
        return digest_of(self.told)

    @property
    def made_at(self) -> list[tuple[str, Value]]:
        """The state that it was made at, as every form names it."""
        checkpoint = self.checkpoint
        return [
            ("As of", self.as_of),
            ("Checkpoint", checkpoint.size),
            ("Root", checkpoint.root or "none: no checkpoint could be signed"),
            ("Origin", checkpoint.origin),
            ("Chain", checkpoint.chain),
            ("Entries beyond", checkpoint.beyond),
            ("Content SHA-256", self.digest),
        ]


class Renderer(ABC):
    """One form. The same document gives the same bytes: no clock, no chance, no order of a set."""

    kind: ClassVar[str]  # also the ending of the file's name
    label: ClassVar[str]
    content_type: ClassVar[str]

    @abstractmethod
    def render(self, document: Document) -> bytes:
        """The document, UTF-8."""


def shown(value: Value) -> str:
    """A value as people read it: exact times in UTC, lists with semicolons, since their parts have commas."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        case date():
            return value.isoformat()
        case str() | int():
            return str(value)
        case _:
            return "; ".join(value)
