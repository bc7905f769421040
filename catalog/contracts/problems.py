"""What can be wrong with a contract's text, said so that its author finds the place."""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[str | int, ...]


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
