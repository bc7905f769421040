"""What anonymizing a Parquet file costs beside reading and writing it, and whether memory grows with its rows.

    .venv/bin/python -m benchmarks.anonymization [MILLIONS] [--no-memory]

Twelve columns; the rules mask, pseudonymize, generalize, drop and keep. The limit is pyarrow alone: the same file read
batch by batch and written again. The pipeline does more than that: it hashes the watched columns, treats every cell,
and reads the whole output back to validate it. Each is a process of its own, so that peaks of memory are its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.ground import console

GROUP = 250_000
TOWNS = ("Lyon", "Oslo", "Bonn", "Porto", "Graz", "Turku")
RULES = {
    "id": ("pseudonym", {}),
    "name": ("drop", {}),
    "email": ("mask_email", {}),
    "phone": ("mask", {"last": 2, "hidden": 6}),
    "city": ("keep", {}),
    "postal_code": ("generalize_postal", {}),
    "born": ("generalize_date", {"unit": "year"}),
    "age": ("generalize_band", {"width": 10.0}),
    "ip": ("mask", {"first": 3, "hidden": 5}),
    "amount": ("keep", {}),
    "at": ("keep", {}),
    "plan": ("keep", {}),
}


def batch(start: int, count: int, random: np.random.Generator) -> pa.Table:
    numbers = np.arange(start, start + count)
    digits = random.integers(0, 10**8, count)
    towns = pa.array(TOWNS).take(pa.array(random.integers(0, len(TOWNS), count)))
    return pa.table(
        {
            "id": numbers,
            "name": [f"Person Number{n}" for n in numbers.tolist()],
            "email": [f"p{n}@example{n % 50}.org" for n in numbers.tolist()],
            "phone": [f"+49 30 {n:08}" for n in digits.tolist()],
            "city": towns,
            "postal_code": [f"{n % 100_000:05}" for n in digits.tolist()],
            "born": pa.array(random.integers(-18_000, 12_000, count).astype("int32"), pa.date32()),
            "age": random.integers(0, 100, count),
            "ip": [f"192.0.{n % 256}.{n % 251}" for n in digits.tolist()],
            "amount": random.random(count) * 1_000,
            "at": pa.array(1_700_000_000_000_000 + numbers * 1_000_000, pa.timestamp("us")),
            "plan": pa.array(["free", "pro", "team"]).take(pa.array(numbers % 3)),
        }
    )


def make(path: Path, rows: int) -> None:
    random = np.random.default_rng(7)
    writer = None
    for start in range(0, rows, GROUP):
        table = batch(start, min(GROUP, rows - start), random)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def copy(source: Path, target: Path) -> None:
    """pyarrow alone."""
    with pq.ParquetFile(source) as file, pq.ParquetWriter(target, file.schema_arrow) as writer:
        for group in range(file.num_row_groups):
            writer.write_table(file.read_row_group(group))


def read(source: Path) -> None:
    with pq.ParquetFile(source) as file:
        for each in file.iter_batches(50_000):
            assert each.num_columns


def transform(source: Path, target: Path) -> None:
    """The rules alone, from file to file: no hashes, no validation, no record."""
    from retention.anonymization.compiling import Compiled  # noqa: PLC0415
    from retention.anonymization.once import OnceKeys  # noqa: PLC0415
    from retention.anonymization.processing import ParquetPart  # noqa: PLC0415
    from retention.anonymization.rules import Rule, RuleSet  # noqa: PLC0415

    rules = RuleSet(tuple(Rule(name, kind, given) for name, (kind, given) in RULES.items()))
    with pq.ParquetFile(source) as file:
        compiled = Compiled(rules, file.schema_arrow, keys=OnceKeys())
        with ParquetPart(target, compiled.output_schema) as part:
            for each in file.iter_batches(50_000):
                part.add(compiled.transform(each))


def anonymize(source: Path, target: Path, runner: str) -> None:
    """The whole pipeline as `manage.py anonymize` runs it."""
    from django.core.management import call_command  # noqa: PLC0415

    rules = source.with_suffix(".rules.yaml")
    lines = [
        f"{name}: {{technique: {kind}, parameters: {_json(given)}}}" for name, (kind, given) in RULES.items()
    ]
    rules.write_text("\n".join(lines))
    call_command("anonymize", str(source), str(target), rules=rules, runner=runner)


def _json(value: object) -> str:
    import json  # noqa: PLC0415

    return json.dumps(value)


def child(task: str, source: str, target: str) -> None:
    """In a process of its own: seconds and peak of memory, beyond what was there before."""
    import django  # noqa: PLC0415

    if task in ("local", "celery", "transform"):
        django.setup()
    began, before = time.perf_counter(), _peak()
    if task == "copy":
        copy(Path(source), Path(target))
    elif task == "read":
        read(Path(source))
    elif task == "transform":
        transform(Path(source), Path(target))
    else:
        anonymize(Path(source), Path(target), task)
    print(f"RESULT {time.perf_counter() - began:.2f} {_peak():.0f} {before:.0f}")


def _peak() -> float:
    """VmHWM in MB."""
    line = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    )
    return int(line.split()[1]) / 1024


def measure(task: str, source: Path, target: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.anonymization", "--child", task, str(source), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    if not lines:
        raise SystemExit(done.stderr[-3_000:])
    _, seconds, peak, _ = lines[0].split()
    target.unlink(missing_ok=True)
    return float(seconds), float(peak)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("millions", nargs="?", type=float, default=1.0, help="of rows (%(default)s)")
    parser.add_argument("--no-memory", action="store_true", help="leave out the file of ten times the rows")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(*options.child)
        return
    sizes = [options.millions] if options.no_memory else [options.millions, 10 * options.millions]
    with console(), tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            print(report(size, Path(folder)), flush=True)


def report(millions: float, folder: Path) -> str:
    source, target = folder / "in.parquet", folder / "out.parquet"
    make(source, int(millions * 1_000_000))
    found = {task: measure(task, source, target) for task in ("read", "copy", "transform", "local")}
    limit = found["copy"][0]
    lines = [f"{millions:g} million rows × {len(RULES)} columns, {source.stat().st_size / 1e6:.0f} MB"]
    for task, (seconds, peak) in found.items():
        lines.append(f"  {task:10} {seconds:7.1f} s  {seconds / limit:5.1f}× pyarrow  peak {peak:6.0f} MB")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
