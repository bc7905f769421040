"""The figures of an assessment as shapes of an SVG. Pure geometry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT, MARGIN, FOOT, HEAD = 640, 220, 8, 34, 22


@dataclass(frozen=True, slots=True)
class Bar:
    """One band of class sizes: how many rows are in classes of these sizes."""

    label: str
    rows: int
    classes: int
    share: float
    x: float
    y: float
    width: float
    height: float
    middle: float
    below: bool  # smaller than the target


@dataclass(frozen=True, slots=True)
class Chart:
    bars: list[Bar]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def base(self) -> int:
        return self.height - FOOT

    @property
    def label_y(self) -> int:
        return self.height - FOOT + 18


@dataclass(frozen=True, slots=True)
class Gauge:
    """One figure against its target: `filled` of 100. `state` is good, bad or empty where nothing was asked."""

    title: str
    figure: str
    target: str
    filled: float
    state: str
    meaning: str


def class_chart(histogram: Sequence[Sequence[int | None]], *, k: int | None) -> Chart:
    """A bar for each band of class sizes, as high as its share of the rows."""
    bands = [
        (int(low or 0), high, int(classes or 0), int(rows or 0)) for low, high, classes, rows in histogram
    ]
    total = sum(rows for *_, rows in bands) or 1
    most = max((rows for *_, rows in bands), default=0) or 1
    step = (WIDTH - 2 * MARGIN) / max(len(bands), 1)
    room = HEIGHT - FOOT - HEAD
    bars = []
    for place, (low, high, classes, rows) in enumerate(bands):
        height = round(room * rows / most, 1)
        x = MARGIN + place * step
        bars.append(
            Bar(
                label=_band(low, high),
                rows=rows,
                classes=classes,
                share=rows / total,
                x=round(x + step * 0.15, 1),
                y=round(HEIGHT - FOOT - height, 1),
                width=round(step * 0.7, 1),
                height=height,
                middle=round(x + step / 2, 1),
                below=bool(k and low < k),
            )
        )
    return Chart(bars)


def _band(low: int, high: int | None) -> str:
    if high is None:
        return f"{low:,}+"
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def gauges(
    measures: Mapping[str, Any],
    *,
    k: int | None,
    l: int | None,  # noqa: E741
    t: float | None,
    distance: str,
) -> list[Gauge]:
    """k, l and t against what was asked, and how many rows stand alone."""
    found = [
        _least("k-anonymity", measures["k"], k, "rows share every combination of quasi-identifiers, at least")
    ]
    if measures["diversity"]:
        found.append(
            _least(
                "l-diversity",
                measures["diversity"]["distinct"],
                l,
                "different sensitive values are in every class, at least",
            )
        )
    value = measures["ordered_t"] if distance == "ordered" else measures["t"]
    if value is not None:
        found.append(
            Gauge(
                "t-closeness",
                f"{value:.3f}",
                "" if t is None else f"at most {t:g}",
                round(100 * value, 1),
                "" if t is None else "good" if value <= t + 1e-9 else "bad",
                "is the farthest that a class is from the whole table; 0 is the same, 1 the opposite",
            )
        )
    uniques = measures["risk"]["uniques"]
    found.append(
        Gauge(
            "Unique rows",
            f"{uniques:.2%}",
            "",
            round(100 * uniques, 1),
            "",
            "of the rows stand alone in their class",
        )
    )
    return found


def _least(title: str, value: int, target: int | None, meaning: str) -> Gauge:
    if target is None:
        return Gauge(title, f"{value:,}", "", 100.0 if value > 1 else 0.0, "", meaning)
    filled = round(min(100 * value / max(target, 1), 100), 1)
    return Gauge(
        title, f"{value:,}", f"at least {target:,}", filled, "good" if value >= target else "bad", meaning
    )
