"""Many workers, and one that is killed: the same rows in the same order."""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from governance.console import jobs
from governance.console.models import Job
from retention.anonymization import planning, taking
from retention.anonymization.models import Run, RunPart
from retention.anonymization.sources import open_source
from retention.anonymization.techniques.base import TechniqueError
from tests.retention.anonymization.people import ask, customers, leftovers, worked, write
from tests.services.worker import worker

REAL = {
    "id": "keep",
    "name": "drop",
    "email": "pseudonym",
    "city": "keep",
    "spent": {"technique": "generalize_band", "parameters": {"width": 10.0}},
}


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "SHARED_ROWS", 100)


@pytest.mark.django_db
@pytest.mark.usefixtures("small_techniques", "small_parts")
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_the_coordinator_alone_does_all_parts(tmp_path: Path, suffix: str):
    table = customers(1_050)
    source = tmp_path / f"in.{suffix}"
    write(source, table) if suffix == "parquet" else pcsv.write_csv(table, source)
    shared = worked(ask(source, tmp_path / "shared.parquet", runner="celery"))
    alone = worked(ask(source, tmp_path / "alone.parquet"))
    assert (shared.outcome, alone.outcome) == ("delivered", "delivered")
    assert len(shared.plan["parts"]) >= (11 if suffix == "parquet" else 1)
    assert pq.read_table(tmp_path / "shared.parquet").equals(pq.read_table(tmp_path / "alone.parquet"))
    assert set(shared.parts.values_list("state", flat=True)) == {"done"}
    assert leftovers(tmp_path) == []


@pytest.mark.django_db
@pytest.mark.usefixtures("small_techniques", "small_parts")
def test_a_part_is_taken_once_and_given_out_again_when_its_worker_is_silent(tmp_path: Path, settings):
    write(tmp_path / "in.parquet", customers(300))
    run = ask(tmp_path / "in.parquet", tmp_path / "out.parquet", runner="celery")
    work = _begun(run)
    first, second = taking.take(run), taking.take(run)
    assert (first.number, second.number) == (0, 1)
    assert taking.take(run).number == 2
    assert taking.take(run) is None
    settings.JOB_STALE_SECONDS = 0
    assert taking.give_out_again(run) == 3
    again = taking.take(run)
    assert (again.number, again.attempt) == (0, 2)
    for _ in taking.do(again, work):
        pass
    for _ in taking.do(first, work):  # comes back from the dead: stages the same, and changes no row
        pass
    part = RunPart.objects.get(run=run, number=0)
    assert (part.state, part.attempt, part.rows) == ("done", 2, 100)


@pytest.mark.django_db
@pytest.mark.usefixtures("small_techniques", "small_parts")
def test_a_part_that_fails_fails_the_job_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path / "in.parquet", customers(300))
    run = ask(tmp_path / "in.parquet", tmp_path / "out.parquet", runner="celery")

    def failing(*args: object):
        raise TechniqueError("The key management service does not answer.")
        yield

    with monkeypatch.context() as patched:
        patched.setattr(taking, "process", failing)
        ended = worked(run)
    assert (ended.outcome, ended.problem) == ("failed", "The key management service does not answer.")
    assert not (tmp_path / "out.parquet").exists()


def _begun(run: Run):
    """The run as its coordinator leaves it when parts are offered."""
    with open_source(run.source_spec) as source:
        run.plan = planning.plan(run, source, distributed=True)
        run.save()
    work = planning.work_of(run)
    taking.offer(run, work)
    return work


@pytest.mark.django_db(transaction=True)
def test_the_same_rows_come_out_after_workers_were_killed(tmp_path: Path):
    """Two workers are killed in the middle; a third ends what they began."""
    table = customers(
        3 * planning.SHARED_ROWS
    )  # more parts than a worker does at once: a middle to kill it in
    write(tmp_path / "in.parquet", table, group=50_000)
    alone = worked(ask(tmp_path / "in.parquet", tmp_path / "alone.parquet", rules=REAL))
    assert alone.outcome == "delivered"
    run = ask(tmp_path / "in.parquet", tmp_path / "shared.parquet", rules=REAL, runner="celery")
    for kill in range(2):
        with worker():
            _wait(
                run,
                lambda kill=kill: (
                    RunPart.objects.filter(run=run, state="taken").exists()
                    and RunPart.objects.filter(run=run, state="done").count() >= kill
                ),
            )
    assert not (tmp_path / "shared.parquet").exists()
    with worker():
        _wait(run, lambda: Job.objects.get(pk=run.job_id).finished)  # and has tidied up
    run.refresh_from_db()
    assert (run.outcome, run.problem) == ("delivered", "")
    assert Job.objects.get(pk=run.job_id).attempt > 1, "no kill hit the coordinator"
    assert pq.read_table(tmp_path / "shared.parquet").equals(pq.read_table(tmp_path / "alone.parquet"))
    assert run.record_count == len(table)
    assert leftovers(tmp_path) == []


def _wait(run: Run, until, *, seconds: int = 400) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, f"stuck: {run.parts.values_list('number', 'state')}"
        jobs.revive()
        time.sleep(0.1)
