"""The events of real producers give exactly the edges that their facets tell."""

import json
import random

import pytest

from catalog.lineage.receiving import receive
from catalog.models import DataSet, DataSetName, LineageEvent, LineageJob, LineageRun
from tests.catalog.lineage.openlineage import DATA, Seen, edges, scenario, send

TBL1, SOURCE1, SOURCE2 = "/tmp/cll_test/tbl1", "/tmp/cll_test/cll_source1", "/tmp/cll_test/cll_source2"
WORDS, OUTPUT = "bigquery-public-data.samples.shakespeare", "/tmp/outputs/1729097570970"
T1, T2 = "/user/hive/warehouse/t1", "/user/hive/warehouse/t2"


def direct(source: str, target: str, subtype: str = "IDENTITY") -> Seen:
    return source, target, "direct", subtype, False


def deciding(sources: dict[str, str], targets: list[str]) -> set[Seen]:
    """INDIRECT edges of each source, by its subtypes, into each target."""
    return {
        (source, target, "indirect", subtype, False)
        for source, subtypes in sources.items()
        for subtype in subtypes.split()
        for target in targets
    }


CLL = {
    direct(f"{SOURCE1}:a", f"{TBL1}:ident"),
    direct(f"{SOURCE1}:b", f"{TBL1}:trans", "TRANSFORMATION"),
    direct(f"{SOURCE2}:c", f"{TBL1}:agg", "AGGREGATION"),
    *deciding(
        {f"{SOURCE1}:a": "FILTER GROUP_BY JOIN", f"{SOURCE1}:b": "GROUP_BY", f"{SOURCE2}:a": "FILTER JOIN"},
        [f"{TBL1}:ident", f"{TBL1}:trans", f"{TBL1}:agg"],
    ),
}
SHAKESPEARE = {
    direct(f"{WORDS}:word", f"{OUTPUT}:word"),
    direct(f"{WORDS}:word_count", f"{OUTPUT}:sum(word_count)", "AGGREGATION"),
    *deciding(
        {f"{WORDS}:word": "FILTER GROUP_BY", f"{WORDS}:word_count": "FILTER"},
        [f"{OUTPUT}:word", f"{OUTPUT}:sum(word_count)"],
    ),
}
AIRFLOW = {
    *(
        direct(f"{source}:{column}", f"{target}:{column}")
        for source, target in [
            ("copied.csv", "mock-project.test.upload"),
            ("test.csv", "mock-project.test.upload"),
            ("mock-project.test.upload", "mock-project.test.upload_cp"),
            ("mock-project.test.upload_cp", "result.csv"),
        ]
        for column in "abcd"
    ),
    direct("/files/temp/data.txt", "uploaded_file.txt", ""),
    direct("uploaded_file.txt", "/files/temp/downloaded_file.txt", ""),
    direct("uploaded_file.txt", "copy_of_uploaded_file.txt", ""),
    direct("uploaded_data.txt", "copy_of_uploaded_data.txt", ""),
    direct("uploaded_file.txt", "compose_result.txt", ""),
    direct("uploaded_data.txt", "compose_result.txt", ""),
    direct("copy_of_uploaded_file.txt", "compose_result.txt", ""),
    direct("copy_of_uploaded_data.txt", "compose_result.txt", ""),
}
HIVE = {direct(f"{T1}:a", f"{T2}:a"), direct(f"{T1}:b", f"{T2}:b")}
EXPECTED = {
    "CLL": CLL,
    "airflow": AIRFLOW,
    "simple_run_event": {direct("test.table.input", "test.table.output", "")},
    "spark_dataproc_bigquery_shakespare": SHAKESPEARE,
    "spark_dataproc_simple_producer_test": HIVE,
    "spark_dataproc_simple_producer_test_complete": HIVE,
}
# The producer tells the statement and what it writes, and not what it reads.
PROBLEMS = {
    "spark_dataproc_simple_producer_test_complete": {
        "cl_i_test_application.execute_create_hive_table_as_select_command.default_t2": (
            "Its SQL names tables that its event does not: t1."
        )
    }
}


@pytest.mark.parametrize("name", EXPECTED)
def test_scenario_gives_its_edges_and_no_others(name: str, db: None):
    send(*scenario(name))
    assert edges() == EXPECTED[name]
    assert edges(live=False) == set()
    assert set(LineageRun.objects.values_list("state", flat=True)) == {"COMPLETE"}
    problems = LineageJob.objects.exclude(problem="").values_list("name", "problem")
    assert dict(problems) == PROBLEMS.get(name, {})


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("seed", range(3))
def test_scenario_gives_the_same_in_any_order_one_by_one_and_twice(name: str, seed: int, db: None):
    events = scenario(name)
    random.Random(seed).shuffle(events)
    for event in events + events:
        send(event)
    assert edges() == EXPECTED[name]
    assert set(LineageRun.objects.values_list("state", flat=True)) == {"COMPLETE"}
    assert LineageEvent.objects.count() == len(events)
    assert set(DataSet.objects.values_list("gone_at", flat=True)) == {None}


def test_all_events_of_all_producers_in_one_batch(db: None):
    paths = sorted(DATA.glob("scenarios/*/*.json")) + sorted(DATA.glob("marquez/**/*.json"))
    templates = sorted(DATA.glob("templates/*.json"))
    payloads = [
        json.loads(path.read_text()) for path in [*paths, *templates, DATA / "example_full_event.json"]
    ]
    failures = receive(payloads)
    assert len(payloads) == 99
    assert [failure.index for failure in failures] == list(range(89, 98))
    # The last four of one scenario are another one.
    assert LineageEvent.objects.count() == 90 - 4


def test_parents_and_symlinks_of_spark(db: None):
    send(*scenario("CLL"))
    job = LineageJob.objects.get(name__endswith="default_tbl1")
    assert (job.parent.name, job.kind) == ("open_lineage_integration_create_table", "SPARK SQL_JOB")
    run = job.runs.get()
    assert str(run.parent_run_id) == "019127de-fd25-7707-bfa4-3ec02693a531"
    assert (run.started_at.isoformat(), run.ended_at.isoformat()) == (
        "2024-08-06T13:26:53.776000+00:00",
        "2024-08-06T13:26:54.340000+00:00",
    )
    names = set(DataSetName.objects.filter(data_set__name=TBL1).values_list("namespace", "name"))
    assert len(names) == 2
    assert ("file", TBL1) in names
    columns = (
        DataSet.objects.get(name=TBL1).columns.order_by("position").values_list("name", "data_type", "kind")
    )
    assert list(columns) == [
        ("ident", "integer", "integer"),
        ("trans", "string", "text"),
        ("agg", "long", "integer"),
    ]
