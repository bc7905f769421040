"""A table of customers, and runs over it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from governance.console import jobs
from retention.anonymization import requesting, sources
from retention.anonymization.destinations.parsing import parse
from retention.anonymization.models import Run
from retention.anonymization.rule_files import rules_from

RULES = {
    "id": "keep",
    "name": "leave",
    "email": "digest",
    "city": "keep",
    "spent": "keep",
}


def customers(count: int, *, start: int = 1) -> pa.Table:
    """Every seventh without an e-mail address."""
    numbers = range(start, start + count)
    return pa.table(
        {
            "id": pa.array(numbers, pa.int64()),
            "name": pa.array([f"Person Number{n}" for n in numbers]),
            "email": pa.array([None if n % 7 == 0 else f"p{n}@example.org" for n in numbers], pa.string()),
            "city": pa.array([("Lyon", "Oslo", "Bonn")[n % 3] for n in numbers]),
            "spent": pa.array([n / 4 for n in numbers], pa.float64()),
        }
    )


def write(path: Path, table: pa.Table, *, group: int = 100) -> Path:
    pq.write_table(table, path, row_group_size=group)
    return path


def ask(
    source: Path | str, destination: Path | str, *, rules: Any = RULES, runner: str = "local", **more: Any
) -> Run:
    """A run that waits to be worked on."""
    spec = sources.parse(str(source))
    person = more.pop("person", "")
    overwrite = more.pop("overwrite", False)
    made = requesting.draft(
        spec, use="analytics", given=rules_from(rules, reason="By hand."), person=person, **more
    )
    target = parse(str(destination))
    requesting.check(made, target, runner=runner, overwrite=overwrite)
    return requesting.start(made, target, runner=runner, overwrite=overwrite)


def worked(run: Run) -> Run:
    """The run after its job has ended in this process."""
    jobs.run(str(run.job_id))
    run.refresh_from_db()
    return run


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def anonymous(table: pa.Table) -> pa.Table:
    """What `RULES` make of it."""
    emails = [
        e if e is None else sha256(e.encode()).hexdigest()[:16] for e in table.column("email").to_pylist()
    ]
    return table.drop_columns(["name"]).set_column(1, "email", pa.array(emails, pa.string()))
