"""How well and how fast columns are classified, with the names of columns shown and hidden.

    python benchmarks/classification.py [--data columns.parquet] [--peer 120] [--errors 20]

Without data: identifiers and telephone numbers whose answers their libraries know, and the tables of the demo.
With `--data`, a Parquet file that has a row a column (`file`, `field_name`, `base_type`, `locale`, `values` and the
truth, `pii_class`): precision and recall by class, false findings on clean columns, calibration, and values a CPU
second next to presidio-structured (on `--peer` of the columns: it is slow) and to patterns alone. Prints Markdown.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pyarrow as pa

import erasure
from benchmarks.calibration import reliability
from benchmarks.ground import table
from benchmarks.labelled import CLASSES, TARGETS, Column, class_of, is_right, read
from benchmarks.peers import Presidio, arrow_patterns, python_patterns
from benchmarks.schemes import company, identifiers, telephones
from catalog.classification.neighbours import TableColumn, classify_table
from catalog.classification.scoring import classify
from catalog.classification.verdict import Verdict
from tests.catalog.classification.test_chinook import EXPECTED

THRESHOLD = 0.5
Judge = Callable[[Sequence[Column]], list[Verdict]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="labelled columns (Parquet)")
    parser.add_argument("--peer", type=int, default=120, help="columns that presidio-structured judges too")
    parser.add_argument("--errors", type=int, default=0, help="list so many wrong columns of each kind")
    options = parser.parse_args()
    print("## Identifiers whose answers python-stdnum knows\n")
    print(table(["country", "schemes", "valid", "accepted", "invalid", "refused"], identifiers()))
    print("\n## Telephone numbers that phonenumbers gives as examples\n")
    print(table(["notation", "numbers", "known with their region", "without"], telephones()))
    print("\n## Personal columns of the demo's tables\n")
    demo = Path(erasure.__file__).parent / "demo" / "chinook"
    print(table(["names", "columns", "right", "share"], company(demo, EXPECTED)))
    if options.data:
        columns = read(options.data)
        for shown in (True, False):
            measure(columns, shown=shown, errors=options.errors)
        compare(columns, options.peer)


def measure(columns: Sequence[Column], *, shown: bool, errors: int) -> None:
    """Judge every column by itself and again with its neighbours, and print how often that was right."""
    print(f"\n## {len(columns):,} labelled columns, names {'shown' if shown else 'hidden'}\n")
    verdicts = _alone(columns, shown=shown)
    _print_classes(columns, verdicts)
    summary = []
    for title, judge in (("each by itself", _alone), ("with neighbours", _together)):
        start = time.process_time()
        judged = judge(columns, shown=shown)
        seconds = time.process_time() - start
        cells = sum(len(column.values) for column in columns)
        summary.append([title, *_summary(columns, judged), f"{cells / seconds:,.0f}"])
    print()
    print(table(["columns judged", "macro-F1", "false on clean columns", "values a CPU second"], summary))
    pairs = [
        (verdict.best.confidence, is_right(column, verdict.best.category))
        for column, verdict in zip(columns, verdicts, strict=True)
        if verdict.best and class_of(verdict.best.category) != "NONE"
    ]
    print("\n" + table(["confidence", "findings", "mean", "right"], list(reliability(pairs))))
    if errors:
        _print_errors(columns, verdicts, errors)


def compare(columns: Sequence[Column], peers: int) -> None:
    """Print speeds on the same columns in the same run, as ratios to the peer and to the limit."""
    some = sorted(columns, key=lambda one: hashlib.sha256(f"{one.file}/{one.name}".encode()).digest())[:peers]
    cells = sum(len(column.values) for column in some)
    start = time.process_time()
    ours = [_class(verdict) for verdict in _alone(some, shown=False)]
    own_speed = cells / (time.process_time() - start)
    presidio = Presidio()
    start = time.process_time()
    theirs = [presidio.classify(column) for column in some]
    their_speed = cells / (time.process_time() - start)
    rows = [
        ["console, names hidden", f"{own_speed:,.0f}", "1", *_shares(some, ours)],
        [
            "presidio-structured",
            f"{their_speed:,.0f}",
            f"{their_speed / own_speed:.3f}",
            *_shares(some, theirs),
        ],
    ]
    for title, speed in (("Arrow", arrow_patterns(some)), ("re", python_patterns(some))):
        rows.append(
            [f"12 whole-value patterns, {title}", f"{speed:,.0f}", f"{speed / own_speed:.1f}", "", ""]
        )
    print(f"\n## Speed on {len(some)} columns, {cells:,} values\n")
    header = ["", "values a CPU second", "ratio", "right", "false on clean columns"]
    print(table(header, rows))


def _alone(columns: Sequence[Column], *, shown: bool) -> list[Verdict]:
    return [classify(**column.arguments(shown=shown)) for column in columns]


def _together(columns: Sequence[Column], *, shown: bool) -> list[Verdict]:
    files: dict[str, list[int]] = defaultdict(list)
    for place, column in enumerate(columns):
        files[column.file].append(place)
    verdicts: dict[int, Verdict] = {}
    for places in files.values():
        # Numbered, because a file may have several columns of one name.
        named = [
            TableColumn(
                name=columns[place].name if shown else f"c{place}",
                kind=columns[place].kind,
                values=pa.array(columns[place].values, pa.string()),
            )
            for place in places
        ]
        region = (columns[places[0]].region,)
        judged = classify_table(named, table="", use_names=shown, use_entities=False, regions=region)
        verdicts |= {place: judged[one.name] for place, one in zip(places, named, strict=True)}
    return [verdicts[place] for place in range(len(columns))]


def _class(verdict: Verdict) -> str:
    best = verdict.best
    return class_of(best.category) if best and best.confidence >= THRESHOLD else "NONE"


def _scores(columns: Sequence[Column], said: Sequence[str], name: str) -> tuple[int, int, int]:
    """How many are of the class, are said to be, and are both."""
    pairs = [(column.truth, answer) for column, answer in zip(columns, said, strict=True)]
    return (
        sum(truth == name for truth, _ in pairs),
        sum(answer == name for _, answer in pairs),
        sum(truth == answer == name for truth, answer in pairs),
    )


def _print_classes(columns: Sequence[Column], verdicts: Sequence[Verdict]) -> None:
    said = [_class(verdict) for verdict in verdicts]
    rows = []
    for name in CLASSES:
        true, found, right = _scores(columns, said, name)
        precision, recall = right / max(found, 1), right / max(true, 1)
        f1 = 2 * right / max(true + found, 1)
        rows.append([name, str(true), str(found), f"{precision:.3f}", f"{recall:.3f}", f"{f1:.3f}"])
    print(table(["class", "columns", "found", "precision", "recall", "F1"], rows))


def _summary(columns: Sequence[Column], verdicts: Sequence[Verdict]) -> tuple[str, str]:
    said = [_class(verdict) for verdict in verdicts]
    scores = [_scores(columns, said, name) for name in TARGETS]
    macro = sum(2 * right / max(true + found, 1) for true, found, right in scores) / len(TARGETS)
    return f"{macro:.3f}", _shares(columns, said)[1]


def _shares(columns: Sequence[Column], said: Sequence[str]) -> tuple[str, str]:
    """The share of columns of the four classes that are right, and of clean ones said to be of one."""
    pairs = [(column.truth, answer) for column, answer in zip(columns, said, strict=True)]
    asked = [truth == answer for truth, answer in pairs if truth in TARGETS]
    clean = [answer in TARGETS for truth, answer in pairs if truth == "NONE"]
    return f"{sum(asked) / max(len(asked), 1):.1%}", f"{sum(clean) / max(len(clean), 1):.1%}"


def _print_errors(columns: Sequence[Column], verdicts: Sequence[Verdict], most: int) -> None:
    """The names of wrongly judged columns, never their values."""
    shown: Counter[tuple[str, str]] = Counter()
    print()
    for column, verdict in zip(columns, verdicts, strict=True):
        pair = (column.truth, _class(verdict))
        if pair[0] != pair[1] and not {*pair}.isdisjoint(TARGETS):
            shown[pair] += 1
            if shown[pair] <= most:
                print(f"- {pair[0]} taken for {pair[1]}: {column.name}")


if __name__ == "__main__":
    main()
