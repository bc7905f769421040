from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from django.utils.text import slugify

from audit.reports.base import Report, ReportContent, Value
from audit.reports.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Document:
    """A report that has been made: all that any of its forms says."""

    report: Report
    parameters: Mapping[str, Any]
    content: ReportContent
    checkpoint: Checkpoint
    made_at: datetime


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


def key_of(title: str) -> str:
    """A title as a key of JSON: "Rows before" → rows_before."""
    return slugify(title).replace("-", "_")
