"""What `manage.py classify` says to people: a table for each data set, and sentences."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from catalog.classification.verdict import Evidence, Verdict
from catalog.classified import UNKNOWN, Classified, Exposed

HEAD = ("column", "category", "sensitivity", "confidence", "contains", "why")
RIGHT = 3  # numbers stand at the right
WIDEST = (40, 30, 12, 10, 40, 100)


def render(classified: Classified) -> str:
    """A data set as lines of text with a blank one after them."""
    name = plain(classified.name)
    if classified.problem:
        return f"{name}: {plain(classified.problem)}\n"
    columns = _count(len(classified.columns), "column")
    title = f"{name}  ({columns}, {_count(classified.rows, 'row')} sampled)"
    rows = [HEAD, *(_row(column, verdict) for column, verdict in classified.columns.items())]
    cut = [[_cut(plain(cell), widest) for cell, widest in zip(row, WIDEST, strict=True)] for row in rows]
    widths = [max(map(_width, cells)) for cells in zip(*cut, strict=True)]
    return "\n".join([title, *(_line(row, widths) for row in cut), ""])


def summarize(found: Sequence[Classified], *, seconds: float) -> str:
    """How much was looked at, and how quickly."""
    read = [classified for classified in found if not classified.problem]
    columns = sum(len(classified.columns) for classified in read)
    values = sum(classified.values for classified in read)
    unread = len(found) - len(read)
    rate = f", {values / max(seconds, 1e-3):,.0f} a second" if values else ""
    return (
        f"{_count(columns, 'column')} of {_count(len(read), 'data set')}"
        + (f" ({unread} could not be read)" if unread else "")
        + f": {_count(values, 'value')} in {seconds:.1f} s{rate}."
    )


def breach(data_set: str, found: Exposed) -> str:
    """One line on a column that `--fail-on` found."""
    where = f"{plain(data_set)}: {plain(found.column)}"
    if found.sensitivity == UNKNOWN:
        return f"{where} is {UNKNOWN}"
    verb = "contains" if found.contained else "is"
    return f"{where} {verb} {found.sensitivity} ({found.category}, confidence {found.confidence:.2f})"


def plain(text: str) -> str:
    """`text` without characters that would steer a terminal."""
    return "".join("�" if unicodedata.category(char) in ("Cc", "Cf", "Cs") else char for char in text)


def _row(column: str, verdict: Verdict) -> tuple[str, ...]:
    best = verdict.best
    contains = ", ".join(verdict.contains)
    if best is None:
        return column, "–", UNKNOWN, "", contains, _why(verdict.contained)
    why = _why(best.evidence)
    return column, best.category, str(best.sensitivity), f"{best.confidence:.2f}", contains, why


def _why(evidence: Sequence[Evidence]) -> str:
    return max(evidence, key=lambda item: item.weight).detail if evidence else ""


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = []
    for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
        blanks = " " * (width - _width(cell))
        cells.append(blanks + cell if place == RIGHT else cell + blanks)
    return ("  " + "  ".join(cells)).rstrip()


def _cut(text: str, widest: int) -> str:
    return text if len(text) <= widest else text[: widest - 1] + "…"


def _width(text: str) -> int:
    """The cells of a terminal that `text` takes."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
