"""What each column of an aggregate is made of, as an engineer writes it: `country = country`, `readers = count(*)`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError

FUNCTIONS = ("count", "sum", "avg", "min", "max")
FIGURE = re.compile(r"(?P<function>[a-z]+)\(\s*(?P<distinct>distinct\s)?\s*(?P<column>.*?)\s*\)", re.I | re.S)
EVERY = "*"


@dataclass(frozen=True, slots=True)
class Figure:
    """A column of the aggregate: `function` over `column` of the source; without a function it is grouped by."""

    name: str
    function: str
    column: str
    distinct: bool = False


def parse_lines(text: str) -> dict[str, str]:
    """One `name = figure` per line. Raises ValidationError."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, figure = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        if not (name and equals and figure):
            raise ValidationError(f"Write each column as name = figure, not {line.strip()[:60]!r}.")
        if name in found:
            raise ValidationError(f"The column {name} is there twice.")
        found[name] = figure
    return found


def parse(columns: Mapping[str, str]) -> list[Figure]:
    """Raises ValidationError where a figure is none of those that can be computed."""
    return [_parse_one(name, written.strip()) for name, written in columns.items()]


def _parse_one(name: str, written: str) -> Figure:
    found = FIGURE.fullmatch(written)
    if found is None:
        return Figure(name, "", written)
    function, column, distinct = found["function"].lower(), found["column"], bool(found["distinct"])
    if function not in FUNCTIONS:
        raise ValidationError(f"{name}: there is no figure {function}. Known are {', '.join(FUNCTIONS)}.")
    if distinct and function != "count":
        raise ValidationError(f"{name}: only count takes distinct.")
    if column == EVERY and (function != "count" or distinct):
        raise ValidationError(f"{name}: only count takes {EVERY}.")
    if not column:
        raise ValidationError(f"{name}: say of which column.")
    return Figure(name, function, column, distinct)
