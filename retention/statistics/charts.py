"""An answer as bars with error bars: pure geometry for an SVG, whose table stands below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, LABELS, NUMBERS, ROW, BAR = 640, 150, 90, 30, 16
LETTERS = 22  # of a label
MOST = 60  # groups; more are in the table alone


@dataclass(frozen=True, slots=True)
class Bar:
    """One group. `low_x` and `high_x` are the ends of its error bar; both equal where there is none."""

    label: str
    words: str
    x: int
    y: int
    width: int
    text_y: int
    middle: int
    low_x: int
    high_x: int


@dataclass(frozen=True, slots=True)
class Chart:
    width: int
    height: int
    zero: int
    bars: list[Bar]
    bar_height: int
    labels_x: int
    numbers_x: int


def draw(rows: Sequence[dict[str, Any]]) -> Chart | None:
    """The bars of an answer, from the line of nought; None where no group has a value, or there are too many."""
    known = [row for row in rows if row["value"] is not None]
    if not known or len(rows) > MOST:
        return None
    ends = [0.0, *(row["value"] + sign * (row.get("error") or 0) for row in known for sign in (-1, 1))]
    low, high = min(ends), max(ends)
    room = WIDTH - LABELS - NUMBERS
    scale = room / (high - low) if high > low else 0.0

    def at(value: float) -> int:
        return LABELS + round((value - low) * scale)

    bars = [_bar(row, number, at) for number, row in enumerate(rows)]
    return Chart(WIDTH, len(rows) * ROW + 8, at(0), bars, BAR, LABELS - 10, WIDTH - NUMBERS + 10)


def _bar(row: dict[str, Any], number: int, at: Any) -> Bar:
    y = 4 + number * ROW
    value, error = row["value"], row.get("error") or 0
    left, right = sorted((at(0), at(value or 0)))
    label = row["group"] or "All"
    return Bar(
        label=label if len(label) <= LETTERS else f"{label[: LETTERS - 1]}…",
        words=number_words(value),
        x=left,
        y=y + (ROW - BAR) // 2,
        width=right - left,
        text_y=y + ROW // 2 + 4,
        middle=y + ROW // 2,
        low_x=at(value - error) if error else left,
        high_x=at(value + error) if error else left,
    )


def number_words(value: float | None) -> str:
    if value is None:
        return "too few"
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"
