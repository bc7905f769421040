"""What can be wrong with a contract's text, said so that its author finds the place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

Path = tuple[str | int, ...]
Item = TypeVar("Item")
MOST_FIELDS = 10_000
DEEPEST = 40  # types in types


@dataclass(frozen=True, slots=True)
class Problem:
    """`field` is where in the document (`fields[2].category`), `remedy` what helps."""

    message: str
    remedy: str = ""
    field: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = ", ".join(filter(None, (f"line {self.line}" if self.line else "", self.field)))
        return (
            f"{place}: {self.message} {self.remedy}".strip()
            if place
            else f"{self.message} {self.remedy}".strip()
        )


class ContractError(Exception):
    """A contract that cannot be read or used; `problems` says all that is wrong with it."""

    def __init__(self, *problems: Problem, name: str = "") -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems
        self.name = name


def spelled(path: Path) -> str:
    """`("fields", 2, "category")` as `fields[2].category`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def bounded(fields: Iterator[Item]) -> list[Item]:
    """The fields of a schema. A type that is used twice in one that is used twice is soon there a million times.

    Raises ContractError where they are more than a contract has.
    """
    found = list(islice(fields, MOST_FIELDS + 1))
    if len(found) > MOST_FIELDS:
        raise ContractError(
            Problem(f"It unfolds to more than {MOST_FIELDS:,} fields.", "Use each type in fewer places.")
        )
    return found


def require_shallow(within: Sequence[str]) -> None:
    """Raises ContractError for a type that lies in more others than anybody follows."""
    if len(within) > DEEPEST:
        raise ContractError(
            Problem(f"{within[-1]} lies deeper than {DEEPEST} types.", "Nest fewer types in each other.")
        )
