"""How well entities are found in free text, next to presidio-analyzer with the same spaCy model in the same run.

    python benchmarks/free_text.py --text sentences.json [--part even|odd|all] [--columns columns.parquet]
        [--no-peer] [--errors PERSON]

`--text` takes presidio-research's JSON: sentences (`full_text`) with typed `spans`. A span counts as found when one of
the same type overlaps it by half or more (intersection over union). `--columns` takes the labelled columns of
`benchmarks/classification.py`: how many clean columns of free text are said to contain something. Prints Markdown
tables.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pyarrow as pa
import pyarrow.parquet as pq
import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine
from presidio_analyzer.nlp_engine import SpacyNlpEngine

from catalog.classification.entities import judge_text, recognize
from catalog.classification.free_text import is_free_text, judge_contained
from catalog.classification.sample import take
from catalog.classification.text_lexicon import MODEL

# One type under the several names that sets and tools have for it.
SAME = {
    "GPE": "LOCATION",
    "DOMAIN_NAME": "URL",
    "OCCUPATION": "TITLE",
    "ORG": "ORGANIZATION",
    "PHONE": "PHONE_NUMBER",
    "UK_NHS": "NATIONAL_ID",
}
THRESHOLD = 0.5
Typed = tuple[str, int, int]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--text", type=Path, help="labelled sentences (JSON)")
    parser.add_argument(
        "--part", choices=("all", "even", "odd"), default="all", help="sentences by their index"
    )
    parser.add_argument("--columns", type=Path, help="labelled columns (Parquet)")
    parser.add_argument("--no-peer", action="store_true", help="leave presidio-analyzer out")
    parser.add_argument("--errors", default="", help="list what was missed and invented for a type")
    options = parser.parse_args()
    if not options.text and not options.columns:
        parser.error("give --text, --columns or both")
    if options.text:
        sentences = json.loads(options.text.read_text(encoding="utf-8"))
        part = {"all": slice(None), "even": slice(0, None, 2), "odd": slice(1, None, 2)}[options.part]
        measure(sentences[part], options)
    if options.columns:
        measure_clean(pq.read_table(options.columns).to_pylist())


def measure(sentences: Sequence[dict], options: argparse.Namespace) -> None:
    """Print precision, recall and F1 for each type, for the console and for its peer, and the speeds."""
    texts = [item["full_text"] for item in sentences]
    truth = [
        _typed((s["entity_type"], s["start_position"], s["end_position"]) for s in item["spans"])
        for item in sentences
    ]
    readers: dict[str, Callable[[list[str]], list[list[Typed]]]] = {"console": _console}
    if not options.no_peer:
        readers["presidio-analyzer"] = _peer()
    speeds = {}
    for name, reader in readers.items():
        reader(texts[:4])  # loading is no reading
        start = time.process_time()
        found = reader(texts)
        speeds[name] = len(texts) / (time.process_time() - start)
        print(f"\n## {name}: {len(texts)} texts ({options.part}), {speeds[name]:,.0f} a CPU second\n")
        _print_table(texts, truth, found, errors=options.errors if name == "console" else "")
    if len(speeds) == 2:
        print(
            f"\nSpeed, as a ratio to presidio-analyzer: {speeds['console'] / speeds['presidio-analyzer']:.1f}"
        )


def _console(texts: list[str]) -> list[list[Typed]]:
    return [
        _typed((s.kind, s.start, s.end) for s in spans if s.score >= THRESHOLD) for spans in recognize(texts)
    ]


def _peer() -> Callable[[list[str]], list[list[Typed]]]:
    # Its recognizers ask for the list of public suffixes; the packaged one will do.
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    engine = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": MODEL}])
    engine.nlp = {"en": spacy.load(MODEL)}  # type: ignore[assignment]
    analyzer = BatchAnalyzerEngine(AnalyzerEngine(nlp_engine=engine, supported_languages=["en"]))

    def read(texts: list[str]) -> list[list[Typed]]:
        results = analyzer.analyze_iterator(texts, language="en", batch_size=128)
        return [
            _typed((r.entity_type, r.start, r.end) for r in spans if r.score >= THRESHOLD)
            for spans in results
        ]

    return read


def _typed(spans: Iterable[Typed]) -> list[Typed]:
    return [(SAME.get(kind, kind), start, end) for kind, start, end in spans]


def _print_table(
    texts: Sequence[str], truth: list[list[Typed]], found: list[list[Typed]], *, errors: str
) -> None:
    wanted, claimed, hits = Counter[str](), Counter[str](), Counter[str]()
    wrong: list[str] = []
    for text, true, ours in zip(texts, truth, found, strict=True):
        wanted.update(kind for kind, *_ in true)
        claimed.update(kind for kind, *_ in ours)
        left, invented = list(true), []
        for claim in ours:
            match = next((t for t in left if t[0] == claim[0] and _overlap(t[1:], claim[1:]) >= 0.5), None)
            if match:
                left.remove(match)
                hits[claim[0]] += 1
            else:
                invented.append(claim)
        missed = [text[low:high] for kind, low, high in left if kind == errors]
        extra = [text[low:high] for kind, low, high in invented if kind == errors]
        if missed or extra:
            wrong.append(
                f"- missed {missed}, invented {extra}: {[(k, text[a:b]) for k, a, b in ours]} in {text!r}"
            )
    print("| entity | spans | found | right | precision | recall | F1 |\n|---|---:|---:|---:|---:|---:|---:|")
    for kind in [*sorted(wanted | claimed), "all"]:
        w, f, h = (sum(c.values()) if kind == "all" else c[kind] for c in (wanted, claimed, hits))
        print(
            f"| {kind} | {w} | {f} | {h} | {h / max(f, 1):.3f} | {h / max(w, 1):.3f} | {2 * h / max(w + f, 1):.3f} |"
        )
    if wrong:
        print("\n" + "\n".join(wrong))


def _overlap(one: Sequence[int], other: Sequence[int]) -> float:
    inner = max(0, min(one[1], other[1]) - max(one[0], other[0]))
    return inner / (max(one[1], other[1]) - min(one[0], other[0]))


def measure_clean(columns: Sequence[dict]) -> None:
    """Print how many columns without personal data, of values that read as text, are said to contain some."""
    clean = wrong = 0
    said: Counter[str] = Counter()
    for column in columns:
        sample = take(pa.array(column["values"], pa.string()))
        if column["pii_class"] != "NONE" or is_free_text(sample) < 0.3:
            continue
        clean += 1
        contained = {item.category for item in (*judge_contained(sample), *judge_text(sample.values))}
        wrong += bool(contained)
        said.update(contained)
    print(f"\n## Clean columns of free text said to contain something: {wrong} of {clean}\n")
    for category, count in said.most_common():
        print(f"- {category}: {count}")


if __name__ == "__main__":
    main()
