"""Fits the curves of `catalog.classification.calibration`, and says how true they are on files they have not seen.

    python benchmarks/calibration.py --data columns.parquet

Takes the labelled columns that `benchmarks/classification.py` takes. Prints the reliability of cross-validated
confidence (five parts, split by file) and the corner points fitted on all, to be pasted into the module.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.ground import table
from benchmarks.labelled import BINS, Column, class_of, is_right, read
from catalog.classification import calibration
from catalog.classification.calibration import Voice, calibrate, voice_of
from catalog.classification.scoring import MOST_CERTAIN, decide, hear, weigh
from catalog.classification.vocabulary import within

FOLDS = 5
PRIOR = 1  # columns that a raw score counts for itself
SURER = 0.005
STEP = 0.025  # raw scores so close together are one point


@dataclass(frozen=True)
class Case:
    """The first finding on one column."""

    fold: int
    score: float
    voice: Voice
    right: bool


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="labelled columns (Parquet)")
    cases = [
        case
        for column in read(parser.parse_args().data)
        for shown in (True, False)
        for case in judge(column, shown)
    ]
    unseen: list[tuple[float, bool]] = []
    for fold in range(FOLDS):
        curves = fit(case for case in cases if case.fold != fold)
        calibration.CURVES.clear()
        calibration.CURVES.update(curves)
        unseen += [(calibrate(case.score, case.voice), case.right) for case in cases if case.fold == fold]
    print(table(["confidence", "findings", "mean", "right"], list(reliability(unseen))))
    print("\nCURVES: dict[Voice, tuple[tuple[float, float], ...]] = {")
    for voice, corners in fit(cases).items():
        print(f"    Voice.{voice.name}: {corners},")
    print("}")


def judge(column: Column, shown: bool) -> Iterable[Case]:
    """The first finding on a column, with its raw score."""
    heard = hear(**column.arguments(shown=shown))
    best = decide(heard).best
    if best is None or (class_of(best.category) == "NONE" and not within(best.category, "none")):
        return  # the set has no such class
    voice = voice_of(best.category, best.evidence, telling_name=heard.telling_name)
    fold = int(hashlib.sha256(column.file.encode()).hexdigest(), 16) % FOLDS
    yield Case(fold, weigh(best.category, best.evidence), voice, is_right(column, best.category))


def fit(cases: Iterable[Case]) -> dict[Voice, tuple[tuple[float, float], ...]]:
    """One isotonic curve a voice: pool adjacent violators over (score, share of right ones)."""
    points: dict[Voice, dict[float, list[bool]]] = {voice: defaultdict(list) for voice in Voice}
    for case in cases:
        points[case.voice][min(round(case.score / STEP) * STEP, MOST_CERTAIN)].append(case.right)
    curves = {voice: _isotonic(marks) for voice, marks in points.items()}
    # Nothing is as sure as both witnesses at their strongest, however few right columns a curve ends with.
    top = max((share for _, share in curves[Voice.BOTH]), default=1.0) - SURER
    return {
        voice: corners if voice is Voice.BOTH else tuple((score, min(share, top)) for score, share in corners)
        for voice, corners in curves.items()
    }


def _isotonic(marks: dict[float, list[bool]]) -> tuple[tuple[float, float], ...]:
    blocks: list[list[float]] = []  # lowest score, highest score, weight, sum of right ones
    for score in sorted(marks):
        blocks.append([score, score, len(marks[score]) + PRIOR, sum(marks[score]) + PRIOR * score])
        while len(blocks) > 1 and blocks[-2][3] / blocks[-2][2] >= blocks[-1][3] / blocks[-1][2]:
            _, high, weight, right = blocks.pop()
            blocks[-1] = [blocks[-1][0], high, blocks[-1][2] + weight, blocks[-1][3] + right]
    corners = {}
    for low, high, weight, right in blocks:
        corners[round(low, 3)] = corners[round(high, 3)] = round(right / weight, 3)
    return tuple(corner for corner in corners.items() if corner[0] > 0)


def reliability(pairs: Iterable[tuple[float, bool]]) -> Iterable[list[str]]:
    """A row a bin of confidence: how many findings, their mean confidence, the share of right ones."""
    bins: dict[float, list[tuple[float, bool]]] = defaultdict(list)
    for confidence, right in pairs:
        bins[max(low for low in BINS if confidence >= low)].append((confidence, right))
    for low in sorted(bins):
        inside = bins[low]
        mean = sum(confidence for confidence, _ in inside) / len(inside)
        share = sum(right for _, right in inside) / len(inside)
        yield [f"from {low}", f"{len(inside):,}", f"{mean:.2f}", f"{share:.2f}"]


if __name__ == "__main__":
    main()
