from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.cloudpickle import dumps as cloudpickled

from retention.anonymization import planning, sources
from retention.anonymization.planning import work_of
from retention.anonymization.processing import process
from retention.anonymization.runners.spark import Spark
from retention.anonymization.spark import parts
from retention.anonymization.spark.session import SparkMissing, require_spark
from retention.anonymization.spark.task import PartFailed, PartsTask
from retention.anonymization.techniques.base import TechniqueError
from tests.retention.anonymization.people import ask, worked

ROWS = 20_000
RULES = {
    "id": "keep",
    "email": "pseudonym",
    "city": {"technique": "pseudonym", "parameters": {"domain": "city", "encoding": "base64url"}},
    "born": {"technique": "generalize_date", "parameters": {"unit": "month"}},
    "note": "drop",
    "at": "keep",
}


def people(count: int = ROWS) -> pa.Table:
    """Every seventh without an e-mail address; types that not every engine has."""
    numbers = range(count)
    return pa.table(
        {
            "id": pa.array([2**63 + n for n in numbers], pa.uint64()),
            "email": pa.array(
                [None if n % 7 == 0 else f"p{n % 5000}@example.org" for n in numbers], pa.string()
            ),
            "city": pa.array([("Lyon", "Oslo", "Bonn")[n % 3] for n in numbers]).dictionary_encode(),
            "born": pa.array([f"19{n % 90 + 10}-0{n % 9 + 1}-11" for n in numbers]).cast(pa.date32()),
            "note": pa.array([f"note {n}" for n in numbers]),
            "at": pa.array([datetime(2026, 1, 1)] * count, pa.timestamp("ns")),
        }
    )


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: None, somebody_acts: None) -> Path:
    """Seven row groups, which become seven parts."""
    monkeypatch.setattr(planning, "SHARED_ROWS", 3_000)
    pq.write_table(people(), tmp_path / "people.parquet", row_group_size=3_000)
    return tmp_path / "people.parquet"


@pytest.fixture
def work(source: Path) -> Any:
    """A planned work that nobody has begun."""
    run = ask(source, source.parent / "out.parquet", rules=RULES, runner="spark")
    with sources.open_source(run.source_spec) as opened:
        run.plan = planning.plan(run, opened, distributed=True)
    return replace(work_of(run), staging=source.parent / "staging")


@contextmanager
def fake_session(*_: Any) -> Iterator[Any]:
    yield SimpleNamespace(sparkContext=SimpleNamespace(defaultParallelism=1))


def listening(pid: int) -> set[str]:
    """The addresses that sockets of a process wait for connections at."""
    inodes = {link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == "0A" and f"socket:[{inode}]" in inodes:
                number = local.split(":")[0]
                packed = b"".join(bytes.fromhex(number[at : at + 8])[::-1] for at in range(0, len(number), 8))
                address = ip_address(packed)
                found.add(str(getattr(address, "ipv4_mapped", None) or address))
    return found


def test_rows_are_those_of_every_other_runner(spark, source):
    outputs = {}
    for runner in ("local", "celery", "spark"):
        run = worked(ask(source, source.parent / f"{runner}.parquet", rules=RULES, runner=runner))
        assert (run.outcome, run.problem) == ("delivered", "")
        outputs[runner] = pq.read_table(source.parent / f"{runner}.parquet")
    assert outputs["spark"].equals(outputs["local"])
    assert outputs["celery"].equals(outputs["local"])
    assert outputs["spark"].num_rows == ROWS
    assert outputs["spark"].column("id").equals(people().column("id"))
    assert outputs["spark"].column("email").null_count == people().column("email").null_count
    assert len(set(outputs["spark"].column("email").to_pylist())) == 5_001


def test_each_part_is_a_task_and_what_is_staged_is_left_alone(spark, work):
    for _ in process(work, work.parts[2]):
        pass
    before = work.staged(work.parts[2]).stat().st_mtime_ns
    said = list(Spark().run(work))
    assert [progress.done for progress in said] == [3_000, ROWS]
    assert said[-1].message == "Anonymizing: 6 of 6 parts"
    assert len(work.parts) == 7
    assert work.staged(work.parts[2]).stat().st_mtime_ns == before
    rows = sum(pq.read_metadata(work.staged(part)).num_rows for part in work.parts)
    assert rows == ROWS
    assert [progress.done for progress in Spark().run(work)] == [ROWS]


def test_nothing_secret_travels(spark, work):
    pickled = cloudpickled(PartsTask(parts.plain(work), (0, 1)))
    material = work.keys.current("anonymization").material
    for secret in (material, material.hex().encode(), base64.b64encode(material), work.hash_key.encode()):
        assert secret not in pickled
    assert b"anonymization/1" in pickled


def test_keys_that_could_only_travel_in_the_clear_are_refused(work):
    with pytest.raises(TechniqueError, match="cannot go to another process"):
        parts.plain(replace(work, keys=SimpleNamespace()))


def test_a_problem_of_a_part_is_told(spark, work, tmp_path):
    pq.write_table(people(10).drop_columns(["born"]), tmp_path / "other.parquet")
    other = replace(work.parts[1], path=str(tmp_path / "other.parquet"), first=0, last=1)
    with pytest.raises(TechniqueError, match="The columns changed on the way: born is gone"):
        list(Spark().run(replace(work, parts=(work.parts[0], other))))


def test_what_may_pass_is_tried_again_and_then_told(spark, work):
    gone = replace(work.parts[1], path=work.parts[1].path + ".gone")
    with pytest.raises(TechniqueError, match=r"Spark gave up on a part \(FileNotFoundError\)"):
        list(Spark().run(replace(work, parts=(work.parts[0], gone))))


def test_a_part_staged_twice_is_the_same(work):
    text = parts.plain(work)
    assert parts.stage(text, 0) == ""
    first = work.staged(work.parts[0]).read_bytes()
    for _ in process(work, work.parts[0]):
        pass
    assert work.staged(work.parts[0]).read_bytes() == first
    assert sorted(path.name for path in work.staged(work.parts[0]).parent.iterdir()) == [
        "part-00000.json",
        "part-00000.parquet",
    ]


def test_what_a_defect_says_stays_in_the_executor(monkeypatch):
    def stage(work: bytes, number: int) -> str:
        raise ValueError("@".join(["anna", "example.org"]))

    monkeypatch.setattr(parts, "stage", stage)
    with pytest.raises(PartFailed) as failed:
        list(PartsTask(b"", (0,))(iter([pa.record_batch({"id": [0]})])))
    assert "ValueError at" in str(failed.value)
    assert "anna@example.org" not in str(failed.value)


def test_an_executor_that_does_not_share_the_folder_is_noticed(work, monkeypatch):
    monkeypatch.setattr("retention.anonymization.runners.spark._stage", lambda *_: None)
    monkeypatch.setattr("retention.anonymization.runners.spark.spark_session", fake_session)
    with pytest.raises(TechniqueError, match="share that folder"):
        list(Spark().run(work))


def test_it_listens_on_loopback_only(spark):
    assert spark.conf.get("spark.ui.enabled") == "false"
    assert listening(spark.sparkContext._gateway.proc.pid) == {"127.0.0.1"}


def test_without_java_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SparkMissing, match=r"there is no Java here\. Install openjdk-17-jre-headless"):
        require_spark()


def test_an_old_java_is_refused(monkeypatch, tmp_path):
    program = tmp_path / "bin/java"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_392\"' >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(SparkMissing, match="Java 17 or later, and Java 8 is here"):
        require_spark()
