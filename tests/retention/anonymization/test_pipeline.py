"""From a source to a delivered output, in one process."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.retention.anonymization.people import ask, customers, leftovers, worked, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_techniques")]


def anonymous(table: pa.Table) -> pa.Table:
    emails = [
        e if e is None else sha256(e.encode()).hexdigest()[:16] for e in table.column("email").to_pylist()
    ]
    return table.drop_columns(["name"]).set_column(1, "email", pa.array(emails, pa.string()))


def test_parquet_file_comes_out_anonymous_and_in_order(tmp_path: Path):
    table = customers(1_000)
    write(tmp_path / "in.parquet", table)
    before = (tmp_path / "in.parquet").read_bytes()

    run = worked(ask(tmp_path / "in.parquet", tmp_path / "out.parquet"))

    assert (run.outcome, run.problem) == ("delivered", "")
    assert pq.read_table(tmp_path / "out.parquet").equals(anonymous(table))
    assert run.record_count == 1_000
    assert run.digest == sha256((tmp_path / "out.parquet").read_bytes()).hexdigest()
    assert leftovers(tmp_path) == []
    assert (tmp_path / "in.parquet").read_bytes() == before
    assert [c["check"] for c in run.validation["checks"] if c["result"] == "leak"] == []
