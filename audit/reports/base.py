"""What a report is: data in sections, first; then one of several forms."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

from django import forms
from django.db.models import Model

from governance.console.registry import Registry

Value = None | bool | int | str | date | datetime | Sequence[str]
ALWAYS, WHERE_APPLICABLE, WHERE_POSSIBLE = "always", "where applicable", "where possible"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known, and the provision that asks for it."""

    title: str
    value: Value
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """What ought to be there and is not; `duty` says how strictly `reference` asks for it."""

    what: str
    where: str
    reference: str
    duty: str = ALWAYS


@dataclass(frozen=True, slots=True)
class Section:
    """Facts, a table, or both. `empty` is said in place of a table without rows."""

    heading: str
    note: str = ""
    facts: Sequence[Fact] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Value]] = ()
    empty: str = ""


@dataclass(frozen=True, slots=True)
class ReportContent:
    """All that a report says. `conclusive`: whether it says what it is there to say."""

    title: str
    subtitle: str
    conclusion: str
    conclusive: bool
    sections: Sequence[Section]
    gaps: Sequence[Gap] = ()
    ledger_proof: Mapping[str, Any] = field(
        default_factory=dict
    )  # in JSON alone: what a verifier checks offline


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A choice of parameters that somebody is likely to want."""

    label: str
    state: str
    query: str


class Report(ABC):
    """One kind of report: a class in a file of its own. The same data give the same content, to the byte."""

    kind: ClassVar[str]
    title: ClassVar[str]
    purpose: ClassVar[str]
    permission: ClassVar[str] = (
        "reports.view"  # of what it tells, where that is closed to some who read reports
    )
    Parameters: ClassVar[type[forms.Form]] = forms.Form
    # Whether it says who cosigned the checkpoint, and so has to wait for them.
    witnessed: ClassVar[bool] = False
    # Its parameters say who it is about: they are posted, and stand in no address, file, schedule or entry.
    about_a_person: ClassVar[bool] = False

    def prepare(self, **parameters: Any) -> dict[str, Any]:
        """What `build` is given, from the parameters as their form cleans them.

        Here and not there belongs what writes, as where the question itself is recorded: `build` only reads.
        """
        return parameters

    @abstractmethod
    def build(self, **parameters: Any) -> ReportContent:
        """The content, read within one snapshot of the database; `parameters` as `prepare` gives them."""

    def about(self, **parameters: Any) -> Model | None:
        """The one object the report is about, as the ledger names it; None if it is about everything."""
        return None

    def named(self, **parameters: Any) -> dict[str, Any]:
        """Of what `build` was given, what the file may name: nothing personal is in it."""
        return {name: value for name, value in parameters.items() if value not in (None, "", [])}

    def suggestions(self) -> Sequence[Suggestion]:
        """What may be asked for, the most recent first, for a report that has parameters."""
        return ()


def many(count: int, noun: str) -> str:
    """ "1 system", "2 systems"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


reports: Registry[Report] = Registry(
    Report,  # type: ignore[type-abstract]
    package="audit.reports.kinds",
    group="privacy_console.reports",
)
