"""How much lineage is read out of SQL, and how fast, next to sqllineage on the same statements.

    python benchmarks/sql_lineage.py --cases cases.json [--failures]

The JSON is a list of `{kind: "column" | "table", sql, dialect}` with the truth: `expected`, pairs of (table, column),
and perhaps `metadata`, the columns of tables; or `sources` and `targets`. Column lineage of a script is compared from
its outer sources to its last targets, as the truth has it. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqllineage.core.metadata.dummy import DummyMetaDataProvider
from sqllineage.runner import LineageRunner

from benchmarks.ground import table
from catalog.lineage.sql import parse

KINDS = ("column, no schema", "column, with schema", "table")
Pairs = set[tuple[str, str, str, str]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument(
        "--failures", action="store_true", help="print the statements that came out otherwise"
    )
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")  # the peer's, for each statement it passes over
    cases = [
        case for case in json.loads(options.cases.read_text()) if isinstance(case.get("metadata") or {}, dict)
    ]
    judged = {name: judge(cases, read) for name, read in (("ours", ours), ("sqllineage", theirs))}
    header = ["", *KINDS, "statements/CPU-s"]
    rows = [
        [name, *(f"{right[kind]} of {total[kind]}" for kind in KINDS), f"{len(cases) / seconds:,.0f}"]
        for name, (right, total, seconds, _) in judged.items()
    ]
    print(table(header, rows))
    for sql in judged["ours"][3] if options.failures else []:
        print("\n---\n" + sql)


def judge(cases: list[dict[str, Any]], read: Any) -> tuple[Counter[str], Counter[str], float, list[str]]:
    """Right answers and cases by kind, CPU seconds, and the statements that came out otherwise."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    failed: list[str] = []
    seconds = 0.0
    for case in cases:
        kind = KINDS[2] if case["kind"] == "table" else KINDS[1 if case.get("metadata") else 0]
        total[kind] += 1
        started = time.process_time()
        try:
            found = read(case)
        except Exception:  # the peer raises many kinds
            found = None
        seconds += time.process_time() - started
        if found == truth(case):
            right[kind] += 1
        else:
            failed.append(case["sql"])
    return right, total, seconds, failed


def truth(case: dict[str, Any]) -> object:
    if case["kind"] == "table":
        return {plain(one) for one in case["sources"]}, {plain(one) for one in case["targets"]}
    return {(plain(a), plain(x), plain(b), plain(y)) for (a, x), (b, y) in case["expected"]}


def ours(case: dict[str, Any]) -> object:
    found = parse(case["sql"], dialect=case["dialect"], schema=case.get("metadata") or None)
    if case["kind"] == "table":
        return {plain(one) for one in found.sources}, {plain(one) for one in found.targets}
    hops = {
        (
            plain(f.source_table),
            plain(f.source_column or "*"),
            plain(f.target_table),
            plain(f.target_column or "*"),
        )
        for f in found.flows
        if f.kind == "direct"
    }
    return end_to_end(
        hops, {plain(one) for one in found.sources | {""}}, {plain(one) for one in found.targets}
    )


def end_to_end(hops: Pairs, sources: set[str], targets: set[str]) -> Pairs:
    """Hops through tables on the way, joined; what does not go from a source to a target on a way is left as it is."""
    while True:
        joined = {
            (a, x, d, w)
            for a, x, b, y in hops
            for c, z, d, w in hops
            if (b, y) == (c, z) and b not in targets and c not in sources
        }
        if joined <= hops:
            break
        hops = hops | joined
    between = ({b for _, _, b, _ in hops} - targets) & ({a for a, *_ in hops} - sources)
    return {hop for hop in hops if hop[0] not in between and hop[2] not in between}


def theirs(case: dict[str, Any]) -> object:
    metadata = DummyMetaDataProvider(case.get("metadata") or {})
    runner = LineageRunner(case["sql"], dialect=case["dialect"], metadata_provider=metadata)
    if case["kind"] == "table":
        return {plain(str(one)) for one in runner.source_tables}, {
            plain(str(one)) for one in runner.target_tables
        }
    found = set()
    for path in runner.get_column_lineage():
        source, target = path[0], path[-1]
        owner = str(source.parent) if source.parent else ""
        found.add((plain(owner), plain(source.raw_name), plain(str(target.parent)), plain(target.raw_name)))
    return found


def plain(name: str | None) -> str:
    """Without case, line breaks and the name of the default schema."""
    return " ".join((name or "").lower().replace("<default>.", "").split())


if __name__ == "__main__":
    main()
