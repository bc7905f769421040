"""Events as they are read: all that producers send, and all that is refused with the place named."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import NAMESPACE_OID, UUID, uuid5

import pytest
from jsonschema import Draft202012Validator

from catalog.lineage.canonical import canonical
from catalog.lineage.column_kinds import kind_of
from catalog.lineage.event import Kind, read_event
from catalog.lineage.typed import BadEvent
from tests.catalog.lineage.openlineage import DATA, SCHEMA, data_set, load, run_event

EVENTS = [
    *sorted(DATA.glob("scenarios/*/*.json")),
    *sorted(DATA.glob("marquez/**/*.json")),
    DATA / "example_full_event.json",
]
TEMPLATES = sorted(DATA.glob("templates/*.json"))
LENIENT = {"event_without_schema_url.json", "1.json", "2.json"}
FACETS = sorted(DATA.glob("facets/*/*.json"))


def valid(event: object) -> bool:
    return Draft202012Validator(load("OpenLineage.json")).is_valid(event)


def test_all_that_producers_send_is_read_and_templates_are_refused():
    payloads = {path: json.loads(path.read_text()) for path in EVENTS}
    assert len(payloads) == 90
    assert {path.name for path, payload in payloads.items() if not valid(payload)} == LENIENT
    kinds = [read_event(payload).kind for payload in payloads.values()]
    assert {kind: kinds.count(kind) for kind in Kind} == {Kind.RUN: 88, Kind.DATA_SET: 1, Kind.JOB: 1}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_templates_are_no_events(path: Path):
    assert len(TEMPLATES) == 9
    with pytest.raises(BadEvent, match=r"^eventTime: must be a date and time as ISO 8601 has it\.$"):
        read_event(json.loads(path.read_text()))


@pytest.mark.parametrize("path", FACETS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_each_facet_of_the_specification_is_read_and_kept(path: Path):
    facets = json.loads(path.read_text())
    event = run_event(outputs=[data_set("shop.public.t")], job_facets={}, run_facets={})
    place = {"Job": event["job"], "Run": event["run"]}.get(
        path.parent.name.removesuffix("Facet")[-3:], event["outputs"][0]
    )
    place["facets"] = facets
    assert json.loads(read_event(event).body) == event


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2020-12-28T19:52:00.001+10:00", datetime(2020, 12, 28, 9, 52, 0, 1000, UTC)),
        ("2020-12-28T19:51:01.641499", datetime(2020, 12, 28, 19, 51, 1, 641499, UTC)),
        ("2020-12-28T19:51:01.123456789Z", datetime(2020, 12, 28, 19, 51, 1, 123456, UTC)),
        ("2020-12-28t19:51:01z", datetime(2020, 12, 28, 19, 51, 1, 0, UTC)),
    ],
)
def test_times_are_read_and_one_without_a_zone_is_utc(text: str, at: datetime):
    assert read_event({**run_event(), "eventTime": text}).at == at


@pytest.mark.parametrize(
    ("schema_url", "kind"),
    [
        (SCHEMA + "JobEvent", Kind.JOB),
        ("https://openlineage.io/spec/1-0-1/OpenLineage.json#/definitions/RunEvent", Kind.RUN),
        ("https://openlineage.io/spec/2-0-2/OpenLineage.json", Kind.RUN),
        ("", Kind.RUN),
    ],
)
def test_kind_is_what_the_schema_url_says_else_what_the_shape_says(schema_url: str, kind: Kind):
    assert read_event({**run_event(), "schemaURL": schema_url}).kind == kind


def test_run_id_that_is_no_uuid_becomes_one():
    event = run_event()
    event["run"]["runId"] = "run_id"
    assert read_event(event).run == uuid5(NAMESPACE_OID, "run_id")
    event["run"]["runId"] = "43D7DB3B-8984-4CDA-B237-8C6919B36670"
    assert read_event(event).run == UUID("43d7db3b-8984-4cda-b237-8c6919b36670")


def changed(path: str, value: object) -> dict:
    """A good event with `value` put at `path`."""
    event = run_event(
        outputs=[data_set("t", schema={"fields": []}, columnLineage={"fields": {"a": {"inputFields": []}}})]
    )
    *above, last = path.replace("[0]", ".0").split(".")
    at = event
    for key in above:
        at = at[int(key)] if key == "0" else at.setdefault(key, {})  # type: ignore[index]
    at[last] = value
    return event


FACET = "outputs[0].facets"
INPUTS = f"{FACET}.columnLineage.fields.a.inputFields"
FIELD = {"namespace": "n", "name": "t", "field": "a"}


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("eventTime", None, "is missing."),
        ("eventTime", 1_700_000_000, "must be text."),
        ("eventTime", "2020-12-28", "must be a date and time as ISO 8601 has it."),
        ("eventTime", "0001-01-01T00:00:00+14:00", "must be a date and time as ISO 8601 has it."),
        ("eventTime", "2999-01-01T00:00:00Z", "lies more than a day in the future: set the producer's clock."),
        ("eventType", "DONE", "must be one of ABORT, COMPLETE, FAIL, OTHER, RUNNING, START."),
        ("producer", "", "is missing."),
        ("run", None, "is missing."),
        ("run", [], "must be an object."),
        ("run.runId", 7, "must be text."),
        ("run.facets.parent", {"run": {"runId": "x"}}, ("run.facets.parent.job", "is missing.")),
        ("job.name", "x" * 401, "may have 400 characters."),
        ("job.name", "a\0b", "has a zero byte."),
        ("job.facets", "none", "must be an object."),
        ("job.facets.sql", {"query": ["SELECT"]}, ("job.facets.sql.query", "must be text.")),
        ("job.facets.jobType", "SPARK", "must be an object."),
        ("inputs", {}, "must be a list."),
        ("inputs", ["t"], ("inputs[0]", "must be an object.")),
        ("inputs", [{}] * 2_001, "has 2,001 entries; 2,000 are allowed."),
        ("outputs[0].name", "", "is missing."),
        (f"{FACET}.schema.fields", "a", "must be a list."),
        (f"{FACET}.schema.fields", [{"type": "int"}], (f"{FACET}.schema.fields[0].name", "is missing.")),
        (f"{FACET}.schema.fields", [{}] * 20_001, "has 20,001 entries; 20,000 are allowed."),
        (INPUTS, [{"name": "t", "field": "a"}], (f"{INPUTS}[0].namespace", "is missing.")),
        (INPUTS, [{**FIELD, "transformations": [{"type": 1}]}],
         (f"{INPUTS}[0].transformations[0].type", "must be text.")),
        (INPUTS, [{**FIELD, "transformations": [{"type": "DIRECT", "masking": "no"}]}],
         (f"{INPUTS}[0].transformations[0].masking", "must be true or false.")),
        (f"{FACET}.tags.tags", [{"value": "x"}], (f"{FACET}.tags.tags[0].key", "is missing.")),
        (f"{FACET}.symlinks.identifiers", [{"name": "x"}],
         (f"{FACET}.symlinks.identifiers[0].namespace", "is missing.")),
        (f"{FACET}.lifecycleStateChange.lifecycleStateChange", "BURN",
         "must be one of ALTER, CREATE, DROP, OVERWRITE, RENAME, TRUNCATE."),
        (f"{FACET}.ownership.owners", [{"type": "team"}], (f"{FACET}.ownership.owners[0].name", "is missing.")),
        (f"{FACET}.custom.score", float("nan"), "is not a number."),
        (f"{FACET}.custom.score", float("-inf"), "is not a number."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_place(path: str, value: object, reason: str | tuple[str, str]):
    expected = f"{path}: {reason}" if isinstance(reason, str) else ": ".join(reason)
    with pytest.raises(BadEvent) as refused:
        read_event(changed(path, value))
    assert str(refused.value) == expected


@pytest.mark.parametrize("payload", [None, [], "event", 7])
def test_what_is_no_object_is_no_event(payload: object):
    with pytest.raises(BadEvent, match=r"^An event must be an object\.$"):
        read_event(payload)


def test_nested_a_thousand_deep_is_refused():
    deep: object = "bottom"
    for _ in range(1_000):
        deep = {"a": deep}
    with pytest.raises(BadEvent, match=r"is nested deeper than 64 levels\.$"):
        read_event(changed("run.facets.custom", deep))


def test_key_with_a_zero_byte_is_refused():
    with pytest.raises(BadEvent, match=r"^run\.facets: has a key with a zero byte\.$"):
        read_event(changed("run.facets.a\0b", {}))


def test_edges_of_one_event_are_bounded():
    given = [data_set(f"t{number}") for number in range(400)]
    with pytest.raises(BadEvent, match=r"^outputs: makes 160,000 edges; 100,000 are allowed in one event\.$"):
        read_event(run_event(inputs=given, outputs=given))


def test_null_is_missing_and_unknown_facets_are_kept():
    event = changed("run.facets", {"custom": {"depth": 3}, "nothing": None})
    event["inputs"] = None
    assert read_event(event).inputs() == []
    assert json.loads(read_event(event).body)["run"]["facets"]["custom"] == {"depth": 3}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("postgresql://DB.example", "shop.public.t"), ("postgres://db.example:5432", "shop.public.t")),
        (("postgres://[::1]:5433/", "a.b.c"), ("postgres://[::1]:5433", "a.b.c")),
        (("s3a://lake/", "/people/part"), ("s3://lake", "people/part")),
        (("gs://bucket", "/"), ("gs://bucket", "/")),
        (("mysql://h", "shop.t"), ("mysql://h:3306", "shop.t")),
        (("file", "/tmp/t"), ("file", "/tmp/t")),
        (("bigquery", "p.d.t"), ("bigquery", "p.d.t")),
        (("hdfs://node/", "/user/t"), ("hdfs://node", "/user/t")),
    ],
)
def test_one_spelling_of_names(given: tuple[str, str], expected: tuple[str, str]):
    assert canonical(*given) == expected
    assert canonical(*expected) == expected


@pytest.mark.parametrize(
    ("data_type", "kind"),
    [
        ("VARCHAR(40)", "text"),
        ("array<string>", "array"),
        ("text[]", "array"),
        ("decimal(10,2)", "decimal"),
        ("timestamp_ntz", "timestamp"),
        ("struct<a:int>", "json"),
        ("geometry", "unknown"),
        ("", "unknown"),
    ],
)
def test_types_of_producers_are_understood(data_type: str, kind: str):
    assert kind_of(data_type) == kind
