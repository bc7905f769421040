"""Kill, stop, flush, cut off and lie to an erasure at a chosen moment, many times over, and look at what is left.

    python -m benchmarks.faults [--runs 200] [--seed 1] [--only sigkill,network] [--steps delete,verify] [--run 17]

Each run has an estate of its own and a real Celery worker, and goes on, through sweeps and looks, until its requests
have ended. `--run` repeats one of them and keeps its folder.
"""

import argparse
import json
import logging
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import django

from benchmarks.faulty.choosing import FAULTS, STEPS, choose
from benchmarks.faulty.ground import Ground
from benchmarks.ground import table


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="the number of the first run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help=f"of {', '.join(FAULTS)}")
    parser.add_argument("--steps", default="", help=f"of {', '.join(STEPS)}")
    parser.add_argument("--small", action="store_true", help="no store but the quickest, one person")
    parser.add_argument("--run", type=int, help="only the run of this number")
    parser.add_argument("--json", type=Path, help="where each run is written to, a line each")
    parser.add_argument("--report", type=Path, nargs="+", help="only print the table of runs written there")
    options = parser.parse_args()
    if options.report:
        written = [line for path in options.report for line in path.read_text().splitlines()]
        print(report([json.loads(line) for line in written]))
        return
    faults = tuple(filter(None, options.only.split(","))) or FAULTS
    steps = tuple(filter(None, options.steps.split(",")))
    numbers = range(options.first, options.first + options.runs) if options.run is None else [options.run]
    results = run_all(
        [choose(number, options.seed, faults, steps, small=options.small) for number in numbers], options
    )
    print(report(results))
    sys.exit(any(result["broken"] for result in results))


def run_all(choices: list[Any], options: argparse.Namespace) -> list[dict[str, Any]]:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers and their folder go, too
    ground = Ground()
    try:
        ground.configure()
        django.setup()
        logging.disable(logging.WARNING)
        from django.core.management import call_command  # noqa: PLC0415  after django.setup
        from django.db import connection  # noqa: PLC0415

        from benchmarks.faulty.driving import Workers  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        connection.close()
        workers = Workers()
        ground.ends.callback(workers.stop)
        results = []
        for choice in choices:
            result = one(choice, ground, workers, keep=options.run is not None)
            results.append(result)
            said = "ok" if not result["broken"] else "; ".join(result["broken"])
            print(
                f"{choice.number:4} {choice.fault:8} {choice.step:14} {result['seconds']:5.1f} s "
                f"{'' if result['struck'] else '(not reached) '}{said}",
                file=sys.stderr,
                flush=True,
            )
            if options.json:
                with options.json.open("a") as lines:
                    lines.write(json.dumps(result) + "\n")
        return results
    finally:
        ground.stop()


def one(choice: Any, ground: Ground, workers: Any, *, keep: bool = False) -> dict[str, Any]:
    """A run from beginning to end, and what does not hold after it."""
    from django.db import connection  # noqa: PLC0415

    from benchmarks.faulty.checking import broken  # noqa: PLC0415
    from benchmarks.faulty.driving import Run, Stuck  # noqa: PLC0415

    started = time.monotonic()
    run = Run(choice, ground, workers)
    try:
        company = run.go()
        problems = broken(run, company)
        if keep:
            print(listing(company.rows()), file=sys.stderr)
    except Stuck as stuck:
        problems = [f"STUCK: {stuck}", *run.notes]
    except Exception as defect:
        traceback.print_exc()
        problems = [f"{type(defect).__name__}: {defect}", *run.notes]
    finally:
        connection.close()
    result = {
        **asdict(choice),
        "struck": run.was_struck,
        "broken": problems,
        "seconds": round(time.monotonic() - started, 1),
    }
    for store in run.stores:
        store.remove()
    ground.drop_console(run.name)
    if keep:
        print(run.log.read_text(), file=sys.stderr)
        print("\n".join(f"{at:5.1f} {told}" for at, told in run.story), file=sys.stderr)
        print("\n".join(f"{key}: {value}" for key, value in result.items()), file=sys.stderr)
    shutil.rmtree(run.folder, ignore_errors=True)
    return result


def listing(rows: dict[str, list[str]]) -> str:
    """The steps of all plans as they ended, and what stands in the stores."""
    from erasure.models import Step  # noqa: PLC0415

    steps = Step.objects.order_by("started_at").select_related("plan__request", "data_set__system")
    return "\n".join(
        [
            *(
                f"{step.plan} {step.position} {step.method} {step.data_set or step.target}: {step.state} "
                f"{step.rows_before} -> {step.rows_after}, {step.started_at:%T.%f} to "
                f"{step.finished_at or step.started_at:%T.%f} {step.problem} {step.facts}"
                for step in steps
                if step.started_at
            ),
            *(f"{name}: {listed}" for name, listed in rows.items()),
        ]
    )


def report(results: list[dict[str, Any]]) -> str:
    """Runs by kind of step and fault: how many struck, and how many of them left something broken."""
    faults = [fault for fault in FAULTS if any(result["fault"] == fault for result in results)]
    lines = []
    for step in STEPS:
        row = [step]
        for fault in faults:
            here = [r for r in results if r["step"] == step and r["fault"] == fault]
            row.append(_cell(here))
        if any(cell for cell in row[1:]):
            lines.append(row)
    lines.append(["all", *(_cell([r for r in results if r["fault"] == fault]) for fault in faults)])
    struck = sum(result["struck"] for result in results)
    bad = [result for result in results if result["broken"]]
    said = Counter(problem for result in bad for problem in result["broken"])
    return "\n".join(
        [
            table(["step", *faults], lines),
            "",
            f"{len(results)} runs, {struck} struck at their moment, {len(bad)} with something broken.",
            *(f"- {times} times: {problem}" for problem, times in said.most_common()),
        ]
    )


def _cell(results: list[dict[str, Any]]) -> str:
    if not results:
        return ""
    bad = sum(bool(result["broken"]) for result in results)
    return f"{len(results)}, {bad} broken" if bad else str(len(results))


if __name__ == "__main__":
    main()
