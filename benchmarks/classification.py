"""How well columns are classified, on a labelled set of columns, with the header shown and hidden.

    python benchmarks/classification.py --data columns.parquet [--text sentences.json] [--entities] [--errors 20]

The Parquet file has a row a column: `field_name`, `base_type`, `locale`, `values` (a list of text) and the truth,
`pii_class`.
`--text` takes presidio-research's JSON of sentences with typed spans. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.classification.entities import find_spans
from catalog.classification.scoring import classify
from catalog.classification.vocabulary import within

# The classes of the set, as categories of ours. A middle initial is a part of a name in one and a name in the other.
CLASS_OF = (
    ("name.middle", "PERSON_NAME"),
    ("name", "PERSON_NAME"),
    ("contact.email", "EMAIL"),
    ("contact.phone", "PHONE"),
    ("contact.fax", "PHONE"),
    ("contact.address.street", "STREET_ADDRESS"),
    ("contact.address.postal_code", "POSTAL_CODE"),
    ("contact.address.city", "CITY"),
    ("contact.address.region", "REGION"),
    ("contact.address.country", "REGION"),
    ("location.coordinates", "GEO"),
    ("demographic.gender", "GENDER"),
    ("demographic.ethnicity", "RACE_ETHNICITY"),
    ("demographic.age", "AGE"),
    ("employment.occupation", "JOB_TITLE"),
    ("content.free_text", "FREE_TEXT"),
)
TARGETS = ("PERSON_NAME", "EMAIL", "PHONE", "STREET_ADDRESS")
KINDS = {
    "Long": "integer",
    "Double": "float",
    "Boolean": "boolean",
    "LocalDate": "date",
    "LocalDateTime": "timestamp",
}
KINDS |= {"LocalTime": "time", "OffsetDateTime": "timestamp"}
THRESHOLD = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="labelled columns (Parquet)")
    parser.add_argument("--text", type=Path, help="labelled sentences (JSON)")
    parser.add_argument(
        "--entities", action="store_true", help="use the language model on free-text columns too"
    )
    parser.add_argument(
        "--threshold", type=float, default=THRESHOLD, help="confidence from which a finding counts"
    )
    parser.add_argument(
        "--errors", type=int, default=0, help="list the names of so many wrong columns per class"
    )
    options = parser.parse_args()
    if not options.data and not options.text:
        parser.error("give --data, --text or both")
    if options.data:
        columns = pq.read_table(options.data).to_pylist()
        for shown in (True, False):
            measure_columns(columns, shown=shown, options=options)
    if options.text:
        measure_text(json.loads(options.text.read_text()))


def measure_columns(columns: list[dict], *, shown: bool, options: argparse.Namespace) -> None:
    """Judge every column and print precision and recall for each class."""
    truth, said, sure = [], [], []
    cells, start = 0, time.process_time()
    for column in columns:
        verdict = classify(
            column["field_name"] if shown else "",
            table="",
            kind=KINDS.get(column["base_type"], "text"),
            values=pa.array(column["values"], pa.string()),
            use_names=shown,
            use_entities=options.entities,
            regions=(column["locale"].rpartition("-")[2],),  # as the operator of a source states it
        )
        cells += len(column["values"])
        best = verdict.best
        truth.append(column["pii_class"])
        said.append(_class_of(best.category) if best and best.confidence >= options.threshold else "NONE")
        sure.append((best.confidence, best.category) if best else (0.0, ""))
    seconds = time.process_time() - start
    print(f"\n## Header {'shown' if shown else 'hidden'}: {len(columns)} columns\n")
    scores = _print_scores(truth, said, sorted({name for _, name in CLASS_OF}))
    print(
        f"\nMacro-F1 over {', '.join(TARGETS)}: **{sum(scores[name] for name in TARGETS) / len(TARGETS):.3f}**"
    )
    clean = [answer for label, answer in zip(truth, said, strict=True) if label == "NONE"]
    wrong = sum(answer in TARGETS for answer in clean)
    print(
        f"One of these on a column labelled NONE: {wrong} of {len(clean)} ({wrong / max(len(clean), 1):.1%})"
    )
    print(f"{cells / seconds:,.0f} values per CPU second")
    _print_calibration(truth, sure)
    if options.errors:
        _print_errors(columns, truth, said, sure, options.errors)


def _class_of(category: str) -> str:
    return next((name for key, name in CLASS_OF if within(category, key)), "NONE")


def _print_scores(truth: list[str], said: list[str], classes: list[str]) -> dict[str, float]:
    pairs = Counter(zip(truth, said, strict=True))
    scores = {}
    print(
        "| class | columns | found | right | precision | recall | F1 |\n|---|---:|---:|---:|---:|---:|---:|"
    )
    for name in classes:
        right = pairs[name, name]
        columns = sum(count for (label, _), count in pairs.items() if label == name)
        found = sum(count for (_, answer), count in pairs.items() if answer == name)
        precision, recall = right / max(found, 1), right / max(columns, 1)
        scores[name] = 2 * right / max(found + columns, 1)
        print(
            f"| {name} | {columns} | {found} | {right} | {precision:.3f} | {recall:.3f} | {scores[name]:.3f} |"
        )
    return scores


def _print_calibration(truth: list[str], sure: list[tuple[float, str]]) -> None:
    """Of the findings at a confidence, how many are right: where the class exists in the set."""
    print("\n| confidence | findings | right |\n|---|---:|---:|")
    for low in (0.2, 0.4, 0.6, 0.8, 0.9):
        high = {0.2: 0.4, 0.4: 0.6, 0.6: 0.8, 0.8: 0.9, 0.9: 1.01}[low]
        pairs = zip(truth, sure, strict=True)
        answers = [
            (label, _class_of(category))
            for label, (confidence, category) in pairs
            if low <= confidence < high
        ]
        answers = [(label, name) for label, name in answers if name != "NONE"]
        right = sum(label == name for label, name in answers)
        print(f"| {low}–{min(high, 1):.1f} | {len(answers)} | {right / max(len(answers), 1):.2f} |")


def _print_errors(columns: list[dict], truth: list[str], said: list[str], sure: list, most: int) -> None:
    shown: Counter[tuple[str, str]] = Counter()
    for column, label, answer, (confidence, category) in zip(columns, truth, said, sure, strict=True):
        if label != answer and (label in TARGETS or answer in TARGETS):
            shown[label, answer] += 1
            if shown[label, answer] <= most:
                print(f"- {label} taken for {answer} ({category} {confidence}): {column['field_name']}")


def measure_text(sentences: list[dict]) -> None:
    """Spans of the same type that overlap by half or more (intersection over union) count as found."""
    hits: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    start = time.process_time()
    for sentence, spans in zip(sentences, find_spans([item["full_text"] for item in sentences]), strict=True):
        true = [(s["entity_type"], s["start_position"], s["end_position"]) for s in sentence["spans"]]
        ours = [(span.kind, span.start, span.end) for span in spans if span.score >= THRESHOLD]
        wanted.update(kind for kind, *_ in true)
        found.update(kind for kind, *_ in ours)
        for kind, low, high in ours:
            match = next((t for t in true if t[0] == kind and _overlap(t[1:], (low, high)) >= 0.5), None)
            if match:
                true.remove(match)
                hits[kind] += 1
    seconds = time.process_time() - start
    print(f"\n## Free text: {len(sentences)} sentences, {len(sentences) / seconds:,.0f} a CPU second\n")
    print("| entity | spans | found | right | precision | recall | F1 |\n|---|---:|---:|---:|---:|---:|---:|")
    for kind in [*sorted(wanted | found), "all"]:
        w, f, h = (sum(c.values()) if kind == "all" else c[kind] for c in (wanted, found, hits))
        print(
            f"| {kind} | {w} | {f} | {h} | {h / max(f, 1):.3f} | {h / max(w, 1):.3f} | {2 * h / max(w + f, 1):.3f} |"
        )


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> float:
    inner = max(0, min(one[1], other[1]) - max(one[0], other[0]))
    return inner / (max(one[1], other[1]) - min(one[0], other[0]))


if __name__ == "__main__":
    main()
