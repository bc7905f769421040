"""The same pseudonyms from every runner: HMAC of e-mail addresses, in one process, from Celery workers and from Spark.

    python -m benchmarks.runners [--rows 1000000] [--workers 2]

Writes a Parquet file, anonymizes it with each runner, and compares what was delivered: rows and their order must be
equal. Spark is timed with the start of its Java machine and without; the last line is the same Parquet read and written
by pyarrow alone.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.ground import console, table

RULES = {"id": "keep", "email": "pseudonym", "city": "keep", "spent": "keep"}
GROUP_ROWS = 100_000


def people(rows: int) -> Iterator[pa.Table]:
    for start in range(0, rows, GROUP_ROWS):
        numbers = range(start, min(start + GROUP_ROWS, rows))
        yield pa.table(
            {
                "id": pa.array(numbers, pa.int64()),
                "email": [f"person{number}@example.org" for number in numbers],
                "city": [("Lyon", "Oslo", "Bonn")[number % 3] for number in numbers],
                "spent": [number / 4 for number in numbers],
            }
        )


def write(path: Path, rows: int) -> None:
    schema = next(people(1)).schema
    with pq.ParquetWriter(path, schema) as writer:
        for part in people(rows):
            writer.write_table(part)


@contextmanager
def workers(many: int) -> Iterator[None]:
    """Celery workers, once they are ready."""
    command = [sys.executable, "-m", "celery", "-A", "governance"]
    process = subprocess.Popen([*command, "worker", "--concurrency", str(many)], stdout=subprocess.DEVNULL)
    try:
        while subprocess.run([*command, "inspect", "ping", "-t", "2"], capture_output=True).returncode:
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait()


def anonymize(source: Path, runner: str) -> float:
    from tests.retention.anonymization.people import ask, worked  # noqa: PLC0415  after django.setup

    started = time.perf_counter()
    run = worked(ask(source, source.parent / f"{runner}.parquet", rules=RULES, runner=runner))
    assert run.outcome == "delivered", run.problem
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with console(), tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        from retention.anonymization.spark.session import spark_session  # noqa: PLC0415  after django.setup

        source = Path(name) / "people.parquet"
        write(source, options.rows)
        took = {"one process": anonymize(source, "local")}
        with workers(options.workers):
            took[f"Celery, {options.workers} workers and the coordinator"] = anonymize(source, "celery")
        started = time.perf_counter()
        stack.enter_context(spark_session())
        start = time.perf_counter() - started
        took[f"Spark, first job after {start:.0f} s of start"] = anonymize(source, "spark")
        first = pq.read_table(source.parent / "spark.parquet")
        (source.parent / "spark.parquet").unlink()
        took["Spark, second job"] = anonymize(source, "spark")
        started = time.perf_counter()
        pq.write_table(pq.read_table(source), source.parent / "plain.parquet")
        took["pyarrow alone: read and write"] = time.perf_counter() - started
        outputs = [
            first,
            *(pq.read_table(source.parent / f"{runner}.parquet") for runner in ("celery", "spark")),
        ]
        expected = pq.read_table(source.parent / "local.parquet")
        assert all(output.equals(expected) for output in outputs), "the rows differ"
    rows = [[runner, f"{seconds:.1f}", f"{options.rows / seconds:,.0f}"] for runner, seconds in took.items()]
    print(table([f"{options.rows:,} pseudonyms", "seconds", "rows/s"], rows))
    print("\nAll outputs have the same rows in the same order.")


if __name__ == "__main__":
    main()
