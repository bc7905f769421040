"""The search, the measures and local recoding on Adult, against exhaustion, ARX' times and a peer in its own Python.

    python -m benchmarks.risk [--runs 5] [--rows 3000000 10000000] [--clock cpu] [--peer-python PATH]

ARX' times are quoted from tests/data/adult/optima.csv and below, not run. `--peer-python` names a Python that has
anjana or pycanon: both cannot be installed beside what the console needs. `--clock cpu` is for a machine that others
use: it counts the processor time of all threads. Prints Markdown tables; no server is needed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median

import pyarrow as pa

from benchmarks.ground import table
from retention.risk.axes import axes_of
from retention.risk.collapsing import Combinations, collapse
from retention.risk.lattice import Lattice, Metric
from retention.risk.levels import ladders
from retention.risk.measuring import measure
from retention.risk.mondrian import divide
from retention.risk.searching import Found, rows_of, search
from retention.risk.targets import Targets
from tests.retention.risk import adult

# ARX 3.9.2 with k = 5 and 2 % suppression by loss, milliseconds: the first search of a process, and a warm one.
ARX = {6: (899, 402), 8: (1_165, 663)}
ANJANA_LOSS = 1.29  # of anjana's answer for six quasi-identifiers, k = 5, 2 %, in parts of the optimum
WITHIN = {"k, l and t on 3.0M rows": 1.0, "Mondrian on Adult, k = 5": 0.5}
EIGHT = ("sex", "age", "race", "marital-status", "education", "native-country", "workclass", "occupation")
CLOCK: list[Callable[[], float]] = [time.perf_counter]
PEER = Path(__file__).with_name("_risk_peer.py")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rows", type=int, nargs="*", default=[3_000_000, 10_000_000])
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    parser.add_argument("--peer-python", help="a Python that has anjana or pycanon")
    options = parser.parse_args()
    CLOCK[:] = [time.perf_counter if options.clock == "wall" else time.process_time]
    print(f"Seconds of {options.clock} time, medians of {options.runs} runs.\n")
    print(settings(options.runs), end="\n\n")
    print(measuring(options.runs, options.rows), end="\n\n")
    print(recoding(options.runs), end="\n\n")
    if options.peer_python:
        print(peer(options.peer_python))


def timed(work: Callable[[], object], runs: int) -> float:
    """The median time of a call."""
    seconds = []
    for _ in range(runs):
        started = CLOCK[0]()
        work()
        seconds.append(CLOCK[0]() - started)
    return median(seconds)


def verdict(met: bool) -> str:
    return "met" if met else "MISSED"


def settings(runs: int) -> str:
    """Every setting: the same optimum as ARX, and its time beside ARX' and an exhaustive search here."""
    rows, ahead, same = [], 0, 0
    known = adult.optima()
    for row in known:
        quasi, k, limit = row["quasi_identifiers"].split(), int(row["k"]), float(row["suppression_limit"])
        metric = Metric(row["metric"])
        seconds, found, exhaustive = one_setting(quasi, k, limit, metric, runs, whole=len(quasi) < 6)
        arx = float(row["arx_search_ms"]) / 1_000
        equal = found.best is not None and abs(found.best.cost(metric) / float(row["loss"]) - 1) < 1e-8
        same += equal
        ahead += seconds < arx
        rows.append(
            line(quasi, k, limit, metric, found, seconds, exhaustive, arx, "the same" if equal else "OTHER")
        )
    for quasi in (known[8]["quasi_identifiers"].split(), list(EIGHT)):
        seconds, found, exhaustive = one_setting(quasi, 5, 0.02, Metric.LOSS, runs, whole=True)
        first, warm = (each / 1_000 for each in ARX[len(quasi)])
        words = f"ARX' first {first / seconds:.1f}×: {verdict(seconds < first)}, "
        words += f"warm {warm / seconds:.1f}×: {verdict(seconds < warm)}"
        rows.append(line(quasi, 5, 0.02, Metric.LOSS, found, seconds, exhaustive, warm, words))
    header = [
        "QI",
        "k",
        "limit",
        "metric",
        "nodes",
        "visited",
        "ms",
        "exhaustive ms",
        "ARX ms",
        "ARX / ours",
        "optimum",
    ]
    total = len(known)
    said = f"Never worse than ARX: {same} of {total}, {verdict(same == total)}. "
    return (
        f"{table(header, rows)}\n\n{said}Ahead of ARX' time: {ahead} of {total}, {verdict(ahead == total)}."
    )


def line(
    quasi: list[str],
    k: int,
    limit: float,
    metric: Metric,
    found: Found,
    seconds: float,
    exhaustive: float | None,
    arx: float,
    words: str,
) -> list[str]:
    return [
        str(len(quasi)),
        str(k),
        f"{limit:g}",
        str(metric),
        f"{found.nodes:,}",
        f"{found.visited:,}",
        f"{seconds * 1_000:.0f}",
        "" if exhaustive is None else f"{exhaustive * 1_000:,.0f}",
        f"{arx * 1_000:.0f}",
        f"{arx / seconds:.1f}",
        words,
    ]


def one_setting(
    quasi: list[str], k: int, limit: float, metric: Metric, runs: int, *, whole: bool
) -> tuple[float, Found, float | None]:
    """Seconds of the search from the collapsed table, its answer, and seconds of looking at every node."""
    combinations = adult.combinations(quasi)
    hierarchies, targets = adult.hierarchies(), Targets(k=k)

    def ours() -> Found:
        steps = ladders(combinations, quasi, hierarchies)
        return search(combinations, steps, targets, limit=limit, metric=metric)

    def every_node() -> float:
        lattice = Lattice(combinations, ladders(combinations, quasi, hierarchies), "", targets)
        most = rows_of(limit, combinations.rows)
        visits = (
            lattice.visit(node, limit=most) for node in product(*(range(h + 1) for h in lattice.heights))
        )
        return min(visit.cost(metric) for visit in visits if visit.suppressed <= most)

    found = ours()
    if whole:
        assert found.best is not None
        assert abs(every_node() - found.best.cost(metric)) <= 1e-9 * found.best.cost(metric)
    return timed(ours, runs), found, timed(every_node, 1) if whole else None


def measuring(runs: int, sizes: list[int]) -> str:
    """k, l and t from rows in memory, and the search after the collapse."""
    columns = [*adult.QUASI, "salary-class"]
    one = adult.rows().select(columns)
    rows, base = [], 0.0
    for wanted in [len(one), *sizes]:
        many = pa.concat_tables([one] * -(-wanted // len(one))).slice(0, wanted).combine_chunks()
        turns = runs if wanted < 5_000_000 else 1
        gathering = timed(partial(gather, many), turns)
        combinations = gather(many)
        del many
        whole = gathering + timed(partial(measure, combinations, adult.QUASI, "salary-class"), turns)
        steps = ladders(combinations, adult.QUASI, adult.hierarchies())
        searching = timed(partial(search, combinations, steps, Targets(k=5), limit=0.02), turns)
        base = base or searching
        words = ""
        if wanted == 3_000_000:
            words = f"measures: {verdict(whole <= WITHIN['k, l and t on 3.0M rows'])}, "
            words += f"search: {verdict(searching <= 2 * base)}"
        figures = (gathering, whole, searching)
        rows.append(
            [f"{wanted:,}", f"{len(combinations):,}", *(f"{each:.3f}" for each in figures),
             f"{searching / base:.2f}", words]
        )  # fmt: skip
    header = [
        "rows",
        "combinations",
        "collapse s",
        "k, l, t and all risks s",
        "search s",
        "of the smallest",
        "target",
    ]
    return table(header, rows)


def gather(rows: pa.Table) -> Combinations:
    return collapse(rows.to_batches(), rows.column_names)


def recoding(runs: int) -> str:
    """Local recoding, and what it loses beside the best levels."""
    quasi = adult.optima()[8]["quasi_identifiers"].split()
    combinations = adult.combinations([*quasi, "salary-class"])
    hierarchies = adult.hierarchies()
    rows = []
    for targets in (Targets(k=5), Targets(k=5, l=2), Targets(k=5, t=0.2)):
        for strict in (True, False):

            def boxes(targets: Targets = targets, strict: bool = strict) -> float:
                axes = axes_of(combinations, quasi, hierarchies)
                return divide(combinations, axes, targets, sensitive="salary-class", strict=strict).loss

            seconds, loss = timed(boxes, runs), boxes()
            steps = ladders(combinations, quasi, hierarchies)
            best = search(combinations, steps, targets, sensitive="salary-class", limit=0.02).best
            asked = ", ".join(
                f"{name} = {value}" for name, value in targets.as_json().items() if name in "klt" and value
            )
            words = verdict(seconds <= WITHIN["Mondrian on Adult, k = 5"])
            rows.append(
                [asked, "strict" if strict else "relaxed", f"{seconds:.3f}", words, f"{loss:.4f}",
                 f"{best.loss:.4f}" if best else "out of reach"]
            )  # fmt: skip
    header = ["Mondrian", "", "s", "target .5 s", "loss", "loss of whole columns, 2 % suppressed"]
    return table(header, rows)


def peer(python: str) -> str:
    """anjana's k-anonymity and pycanon's measures, timed in their own process, as often as here."""
    quasi = adult.optima()[8]["quasi_identifiers"].split()
    mine, _, _ = one_setting(quasi, 5, 0.02, Metric.LOSS, 3, whole=False)
    columns = [*adult.QUASI, "salary-class"]
    rows = adult.rows().select(columns).to_batches()
    measured = timed(lambda: measure(collapse(rows, columns), adult.QUASI, "salary-class"), 3)
    with tempfile.TemporaryDirectory() as folder:
        arguments = [python, str(PEER), str(adult.FOLDER), ",".join(quasi), ",".join(adult.QUASI)]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return "The peer did not run: see above."
    lines = []
    for said in done.stdout.splitlines():
        name, seconds = said.split("\t")
        own = mine if name == "anjana" else measured
        lines.append([name, f"{float(seconds):.2f}", f"{own:.3f}", f"{float(seconds) / own:.0f}"])
    return table(["peer", "s", "ours s", "ratio"], lines)


if __name__ == "__main__":
    main()
