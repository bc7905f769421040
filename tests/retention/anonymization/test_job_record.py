"""The record of an anonymization in the ledger: complete, and no job is done without it."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from audit.ledger.models import Entry
from governance.console import jobs
from governance.console.models import Job
from retention.anonymization.models import Run
from tests.console.test_job_records import broken_ledger
from tests.retention.anonymization.people import RULES, ask, customers, worked, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_techniques")]
DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
WORDS = {"type": "string", "minLength": 1}
# Job, time, source, technique of each field, number of records, validation, place of the output, operator.
SCHEMA = {
    "type": "object",
    "required": ["id", "at", "action", "actor", "object", "facts"],
    "properties": {
        "at": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"},
        "action": {"const": "anonymization.completed"},
        "actor": {"type": "object", "required": ["kind", "id"], "properties": {"kind": WORDS, "id": WORDS}},
        "object": {
            "type": "object",
            "required": ["type", "id", "name"],
            "properties": {"type": {"const": "anonymization.run"}, "id": WORDS, "name": WORDS},
        },
        "facts": {
            "type": "object",
            "additionalProperties": False,
            "required": [
                "destination",
                "use",
                "runner",
                "fingerprint",
                "rules",
                "records",
                "checks",
                "validation",
                "output",
                "persons",
            ],
            "properties": {
                "destination": WORDS,
                "use": WORDS,
                "runner": WORDS,
                "fingerprint": DIGEST,
                "rules": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["column", "technique", "reason"],
                        "additionalProperties": False,
                        "properties": {"column": WORDS, "technique": WORDS, "reason": WORDS},
                    },
                },
                "records": {"type": "integer", "minimum": 0},
                "checks": {"type": "integer", "minimum": 1},
                "validation": {"const": "passed"},
                "output": DIGEST,
                "persons": {"type": "integer", "minimum": 0},
            },
        },
    },
}


def test_the_record_is_complete(tmp_path: Path, sequenced) -> None:
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    write(source, customers(20))
    run = worked(ask(source, out))
    sequenced()
    content = Entry.objects.get(action="anonymization.completed").content
    jsonschema.validate(content, SCHEMA)
    assert (content["object"]["id"], content["object"]["name"]) == (str(run.pk), str(source))
    assert (content["facts"]["destination"], content["facts"]["records"]) == (str(out), 20)
    assert {rule["column"]: rule["technique"] for rule in content["facts"]["rules"]} == RULES
    assert content["actor"]["id"] == "test"
    for name in SCHEMA["properties"]["facts"]["required"]:
        short = content | {"facts": {key: value for key, value in content["facts"].items() if key != name}}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(short, SCHEMA)


def test_without_it_nothing_was_delivered_and_the_job_is_not_done(tmp_path: Path) -> None:
    write(tmp_path / "in.parquet", customers(20))
    run = ask(tmp_path / "in.parquet", tmp_path / "out.parquet")
    with broken_ledger(), pytest.raises(Exception, match="no entries today"):
        jobs.run(str(run.job_id))
    run.refresh_from_db()
    assert run.outcome != Run.Outcome.DELIVERED
    assert Job.objects.get(pk=run.job_id).state == Job.State.RUNNING
    Job.objects.filter(pk=run.job_id).update(state=Job.State.QUEUED)
    ended = jobs.run(str(run.job_id))
    assert ended is not None
    assert ended.state == Job.State.DONE
    run.refresh_from_db()
    assert (run.outcome, run.record_count) == (Run.Outcome.DELIVERED, 20)
