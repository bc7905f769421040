"""From a source to a delivered output, in one process."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from catalog.connectors.base import ConnectorError
from catalog.contracts.document import Document, Field
from governance.console import jobs
from governance.console.models import Job
from retention.anonymization import processing, requesting, staging
from retention.anonymization.destinations import DestinationError
from retention.anonymization.models import Run
from retention.anonymization.processing import ParquetPart
from retention.anonymization.techniques.base import TechniqueError
from tests.retention.anonymization.people import (
    RULES,
    anonymous,
    ask,
    customers,
    leftovers,
    worked,
    write,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_techniques")]


def test_a_parquet_file_comes_out_anonymous_and_in_order(tmp_path: Path):
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
    assert [check["check"] for check in run.validation["checks"] if check["result"] == "leak"] == []


def test_the_record_says_technique_and_reason_of_each_column(tmp_path: Path, sequenced):
    write(tmp_path / "in.parquet", customers(10))
    run = worked(ask(tmp_path / "in.parquet", tmp_path / "out.parquet"))
    asked, completed = (e for e in sequenced() if e.action.startswith("anonymization."))
    assert (asked.action, completed.action) == ("anonymization.requested", "anonymization.completed")
    facts = completed.content["facts"]
    assert facts["rules"] == [
        {"column": column, "technique": technique, "reason": "By hand."}
        for column, technique in RULES.items()
    ]
    assert (facts["records"], facts["output"], facts["fingerprint"]) == (10, run.digest, run.fingerprint)
    assert run.operator == "test"


def test_many_parts_become_one_file_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("retention.anonymization.planning.LOCAL_ROWS", 250)
    table = customers(1_000)
    write(tmp_path / "in.parquet", table)
    run = worked(ask(tmp_path / "in.parquet", tmp_path / "out.parquet"))
    assert len(run.plan["parts"]) == 5  # row groups of 100, as many together as fit
    assert pq.read_table(tmp_path / "out.parquet").equals(anonymous(table))


def test_a_folder_of_parts_is_one_source_and_a_folder_can_be_delivered(tmp_path: Path):
    (tmp_path / "in").mkdir()
    for number in range(3):
        write(tmp_path / "in" / f"part-{number}.parquet", customers(50, start=1 + 50 * number))
    run = worked(ask(tmp_path / "in", f"{tmp_path}/out/"))
    assert run.outcome == "delivered"
    files = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in files] == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]
    assert pa.concat_tables([pq.read_table(path) for path in files]).equals(anonymous(customers(150)))
    lines = "".join(f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)
    assert run.digest == sha256(lines.encode()).hexdigest()
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "avro"])
def test_other_formats_come_out(tmp_path: Path, suffix: str):
    write(tmp_path / "in.parquet", customers(20))
    out = tmp_path / f"out.{suffix}"
    assert worked(ask(tmp_path / "in.parquet", out)).outcome == "delivered"
    expected = anonymous(customers(20)).to_pylist()
    if suffix == "csv":
        found = pcsv.read_csv(out, convert_options=pcsv.ConvertOptions(strings_can_be_null=True)).to_pylist()
    elif suffix == "jsonl":
        found = [json.loads(line) for line in out.read_text().splitlines()]
    else:
        with out.open("rb") as file:
            found = list(fastavro.reader(file))
    assert found == expected


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_text_formats_come_in_as_text(tmp_path: Path, suffix: str):
    rows = customers(20).to_pylist()
    if suffix == "csv":
        pcsv.write_csv(customers(20), tmp_path / "in.csv")
    else:
        (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert worked(ask(tmp_path / f"in.{suffix}", tmp_path / "out.parquet")).outcome == "delivered"
    found = pq.read_table(tmp_path / "out.parquet")
    assert found.column("id").to_pylist() == [str(n) for n in range(1, 21)]
    assert found.column("email").equals(anonymous(customers(20)).column("email"))


def test_a_contract_says_which_types_a_csv_file_has(tmp_path: Path):
    pcsv.write_csv(customers(20), tmp_path / "in.csv")
    types = {"id": "integer", "name": "string", "email": "string", "city": "string", "spent": "number"}
    document = Document("1.0.0", "in", fields=tuple(Field(name, kind) for name, kind in types.items()))
    assert (
        worked(ask(tmp_path / "in.csv", tmp_path / "out.parquet", document=document)).outcome == "delivered"
    )
    assert pq.read_table(tmp_path / "out.parquet").column("id").type == pa.int64()

    wrong = Document("1.0.0", "in", fields=(Field("city", "date"),))
    run = worked(ask(tmp_path / "in.csv", tmp_path / "no.parquet", document=wrong))
    assert run.problem.startswith(
        "Column city holds text that is no date32[day], as the contract says it is."
    )
    assert not (tmp_path / "no.parquet").exists()


@pytest.mark.parametrize(
    "table", [customers(0), customers(1), customers(3).set_column(2, "email", pa.nulls(3, pa.string()))]
)
def test_few_rows_and_none_are_delivered_as_they_are(tmp_path: Path, table: pa.Table):
    write(tmp_path / "in.parquet", table)
    run = worked(ask(tmp_path / "in.parquet", tmp_path / "out.parquet"))
    assert (run.outcome, run.record_count) == ("delivered", len(table))
    assert pq.read_table(tmp_path / "out.parquet").equals(anonymous(table))


def test_an_empty_csv_file_is_refused_before_anything_is_begun(tmp_path: Path):
    (tmp_path / "in.csv").write_text("")
    with pytest.raises(ConnectorError, match="empty: it has no header"):
        ask(tmp_path / "in.csv", tmp_path / "out.parquet")
    assert not Run.objects.exists()


def test_a_part_with_other_columns_refuses_all(tmp_path: Path):
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / "a.parquet", customers(5))
    run = ask(tmp_path / "in", tmp_path / "out.parquet")
    write(tmp_path / "in" / "b.parquet", customers(5).drop_columns(["city"]))
    ended = worked(run)
    assert ended.outcome == "failed"
    assert "b.parquet has other columns than the data sets before it: city is gone." in ended.problem
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"email": "digest"}, "Nobody decided what becomes of"),
        (dict.fromkeys(RULES, "leave"), "Every column is dropped"),
        (RULES | {"nobody": "keep"}, "There is no column nobody in the source."),
        (RULES | {"email": "rot13"}, "There is no kind 'rot13'"),
        (
            RULES | {"email": {"technique": "pseudonym", "parameters": {"key": "no-such"}}},
            "has no key no-such",
        ),
    ],
)
def test_rules_that_cannot_hold_are_refused_before_anything_is_begun(tmp_path: Path, rules: Any, said: str):
    write(tmp_path / "in.parquet", customers(5))
    with pytest.raises(TechniqueError, match=said):
        ask(tmp_path / "in.parquet", tmp_path / "out.parquet", rules=rules)
    assert not Run.objects.exists()


def test_a_leak_refuses_all_and_says_where_and_how_many(tmp_path: Path, sequenced):
    write(tmp_path / "in.parquet", customers(70))
    rules = RULES | {"email": "shout"}
    document = Document("1.0.0", "in", fields=(Field("email", category="contact.email"),))
    run = worked(ask(tmp_path / "in.parquet", tmp_path / "out.parquet", rules=rules, document=document))
    assert run.outcome == "refused"
    assert "email: 60 of its 60 values came out of the source" in run.problem
    assert "@" not in run.problem
    assert "@" not in json.dumps(run.validation)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet"]
    (entry,) = (entry for entry in sequenced() if entry.action == "anonymization.refused")
    assert entry.content["facts"]["columns"] == ["email"]


def test_nulls_that_come_out_with_a_value_are_a_leak(tmp_path: Path):
    write(tmp_path / "in.parquet", customers(14))
    run = worked(ask(tmp_path / "in.parquet", tmp_path / "out.parquet", rules=RULES | {"email": "fill"}))
    assert "email: 2 empty cells came out with a value" in run.problem
    assert not (tmp_path / "out.parquet").exists()


def test_values_nobody_tagged_that_look_like_addresses_are_a_leak(tmp_path: Path):
    write(tmp_path / "in.parquet", customers(70))
    run = worked(ask(tmp_path / "in.parquet", tmp_path / "out.parquet", rules=RULES | {"email": "keep"}))
    assert run.outcome == "refused"
    assert "E-mail address" in run.problem


@pytest.mark.parametrize("where", ["in.parquet", "in/sub.parquet", "link/out.parquet", "out-link.parquet"])
def test_a_destination_in_the_source_is_refused(tmp_path: Path, where: str):
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / "a.parquet", customers(5))
    write(tmp_path / "in.parquet", customers(5))
    (tmp_path / "link").symlink_to(tmp_path / "in")
    (tmp_path / "out-link.parquet").symlink_to(tmp_path / "in.parquet")
    source = tmp_path / ("in.parquet" if where in ("in.parquet", "out-link.parquet") else "in")
    with pytest.raises(DestinationError, match="is the source, or lies in it, or holds it"):
        ask(source, tmp_path / where, overwrite=True)


def test_only_what_a_job_delivered_is_replaced(tmp_path: Path):
    write(tmp_path / "in.parquet", customers(5))
    out = tmp_path / "out.parquet"
    out.write_text("somebody's own")
    with pytest.raises(DestinationError, match="is there already"):
        ask(tmp_path / "in.parquet", out)
    with pytest.raises(DestinationError, match="is not what an earlier job delivered"):
        ask(tmp_path / "in.parquet", out, overwrite=True)
    out.unlink()
    worked(ask(tmp_path / "in.parquet", out))
    write(tmp_path / "in.parquet", customers(6))
    assert worked(ask(tmp_path / "in.parquet", out, overwrite=True)).outcome == "delivered"
    assert pq.read_metadata(out).num_rows == 6


def test_a_folder_that_a_job_delivered_is_replaced_whole(tmp_path: Path):
    write(tmp_path / "in.parquet", customers(5))
    worked(ask(tmp_path / "in.parquet", f"{tmp_path}/out/"))
    with pytest.raises(DestinationError, match="is there already"):
        ask(tmp_path / "in.parquet", f"{tmp_path}/out/")
    write(tmp_path / "in.parquet", customers(6))
    assert worked(ask(tmp_path / "in.parquet", f"{tmp_path}/out/", overwrite=True)).outcome == "delivered"
    assert pq.read_table(tmp_path / "out").num_rows == 6
    (tmp_path / "out" / "note.txt").write_text("mine")
    with pytest.raises(DestinationError, match="is not what an earlier job delivered"):
        ask(tmp_path / "in.parquet", f"{tmp_path}/out/", overwrite=True)


def test_what_appears_meanwhile_is_not_replaced(tmp_path: Path):
    write(tmp_path / "in.parquet", customers(5))
    run = ask(tmp_path / "in.parquet", tmp_path / "out.parquet")
    for step in jobs_steps(run):
        if step.message == "Validating":
            (tmp_path / "out.parquet").write_text("mine")
    assert (tmp_path / "out.parquet").read_text() == "mine"
    assert leftovers(tmp_path) == []


def jobs_steps(run: Run):
    """The job's work step by step; what it raises ends it."""
    work = jobs.KINDS["anonymization.run"].work
    assert run.job is not None
    with pytest.raises(jobs.JobFailed, match="appeared meanwhile"):
        yield from work(run.job, run=str(run.pk))


def test_a_full_disk_says_so_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    class OnFullDisk(ParquetPart):
        def __init__(self, path: Path, schema: pa.Schema) -> None:
            super().__init__(Path("/dev/full"), schema)

    write(tmp_path / "in.parquet", customers(100_000), group=50_000)
    run = ask(tmp_path / "in.parquet", tmp_path / "out.parquet")
    monkeypatch.setattr(processing, "ParquetPart", OnFullDisk)
    ended = worked(run)
    assert ended.outcome == "failed"
    assert ended.problem == (
        f"The disk of {tmp_path} is full; nothing was delivered. Make room, then start the job again."
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet"]


def test_a_job_that_failed_goes_on_from_what_is_staged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As when the key management service does not answer in the middle."""
    monkeypatch.setattr("retention.anonymization.planning.LOCAL_ROWS", 100)
    write(tmp_path / "in.parquet", customers(1_000))
    run = ask(tmp_path / "in.parquet", tmp_path / "out.parquet")
    treat = processing.process
    seen: list[int] = []

    def failing(work: Any, part: Any):
        if part.number == 4 and not seen.count(4):
            seen.append(4)
            raise TechniqueError("The key management service does not answer.", "Start it.")
        seen.append(part.number)
        yield from treat(work, part)

    monkeypatch.setattr("retention.anonymization.runners.local.process", failing)
    ended = worked(run)
    assert (ended.outcome, ended.problem) == (
        "failed",
        "The key management service does not answer. Start it.",
    )
    assert not (tmp_path / "out.parquet").exists()
    assert staging.staging_of(ended).exists()

    ended = worked(requesting.resume(ended))
    assert ended.outcome == "delivered"
    assert seen == [0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9]
    assert pq.read_table(tmp_path / "out.parquet").equals(anonymous(customers(1_000)))
    with pytest.raises(ValueError, match="ended for good"):
        requesting.resume(ended)


def test_a_source_that_changed_is_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("retention.anonymization.planning.LOCAL_ROWS", 100)
    write(tmp_path / "in.parquet", customers(300))
    run = ask(tmp_path / "in.parquet", tmp_path / "out.parquet")
    treat = processing.process

    def failing(work: Any, part: Any):
        if part.number == 2:
            raise TechniqueError("Down.")
        yield from treat(work, part)

    with monkeypatch.context() as patched:
        patched.setattr("retention.anonymization.runners.local.process", failing)
        ended = worked(run)
    write(tmp_path / "in.parquet", customers(250, start=1_000))
    assert worked(requesting.resume(ended)).outcome == "delivered"
    assert pq.read_table(tmp_path / "out.parquet").equals(anonymous(customers(250, start=1_000)))


def test_what_a_cancelled_job_staged_is_swept(tmp_path: Path):
    write(tmp_path / "in.parquet", customers(5))
    run = ask(tmp_path / "in.parquet", tmp_path / "out.parquet")
    staging.prepare(run)
    assert len(leftovers(tmp_path)) == 1
    assert run.job is not None
    jobs.cancel(run.job)
    assert staging.sweep() == 1
    assert leftovers(tmp_path) == []
    assert Job.objects.get().state == "cancelled"
