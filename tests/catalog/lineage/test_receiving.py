"""What events do to the catalog: edges come and go, in whatever order; columns drift; labels follow tags."""

from datetime import UTC, datetime
from itertools import permutations
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.lineage.receiving import Failure, receive
from catalog.models import Change, Column, DataSet, Edge, Label, LineageEvent, LineageJob, LineageRun, System
from governance.console.models import Job, User
from tests.catalog.ledger import facts_of
from tests.catalog.lineage.openlineage import (
    DB,
    PRODUCER,
    SCHEMA,
    columns,
    data_set,
    data_set_event,
    edges,
    facet,
    input_field,
    lineage,
    run_event,
    send,
)

IDENTITY = ("DIRECT", "IDENTITY", False)


def loading(at: str, *, event_type: str = "COMPLETE", **fields: str) -> dict:
    """A run that fills columns of `shop.report` from columns of `shop.people`."""
    how = {name: (source, *IDENTITY) for name, source in fields.items()}
    return run_event(
        event_type, at=at, outputs=[data_set("shop.report", columnLineage=lineage("shop.people", **how))]
    )


def flow(source: str, target: str) -> tuple[str, str, str, str, bool]:
    return f"shop.people:{source}", f"shop.report:{target}", "direct", "IDENTITY", False


def test_edges_live_while_complete_runs_tell_them(db: None):
    send(loading("2026-03-01T10:00:00Z", mail="email", city="town"))
    send(loading("2026-03-02T10:00:00Z", mail="email"))
    assert edges() == {flow("email", "mail")}
    assert edges(live=False) == {flow("town", "city")}
    gone = Edge.objects.get(gone_at__isnull=False)
    assert gone.gone_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    send(loading("2026-03-03T10:00:00Z", mail="email", city="town"))
    assert edges() == {flow("email", "mail"), flow("town", "city")}
    back = Edge.objects.get(target_column__name="city")
    assert back.first_seen_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert back.last_seen_at == datetime(2026, 3, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize("order", list(permutations(range(4))))
@pytest.mark.parametrize("together", [True, False])
def test_order_of_arrival_does_not_matter(order: tuple[int, ...], together: bool, db: None):
    told = [
        loading("2026-03-01T10:00:00Z", mail="email", city="town"),
        loading("2026-03-02T10:00:00Z", mail="email"),
        loading("2026-03-03T10:00:00Z", event_type="RUNNING", phone="phone"),
        loading("2026-03-04T10:00:00Z", event_type="FAIL", name="name"),
    ]
    if together:
        send(*(told[index] for index in order))
    else:
        for index in order:
            send(told[index])
    assert edges() == {flow("email", "mail"), flow("phone", "phone"), flow("name", "name")}
    assert edges(live=False) == {flow("town", "city")}


def test_other_jobs_edges_stay(db: None):
    send(loading("2026-03-01T10:00:00Z", mail="email"))
    other = loading("2026-03-02T10:00:00Z", city="town")
    other["job"]["name"] = "another"
    send(other)
    assert edges() == {flow("email", "mail"), flow("town", "city")}


def test_deleted_facet_withdraws_its_edges(db: None):
    send(loading("2026-03-01T10:00:00Z", mail="email"))
    send(
        run_event(
            at="2026-03-02T10:00:00Z", outputs=[data_set("shop.report", columnLineage={"_deleted": True})]
        )
    )
    assert edges() == set()
    assert edges(live=False) == {flow("email", "mail")}


def test_masking_indirect_and_dataset_wide_dependencies(db: None):
    told = lineage(
        "shop.people",
        dataset=[input_field("shop.people", "country", "INDIRECT", "FILTER")],
        key=("email", "DIRECT", "TRANSFORMATION", True),
        town=("city", "INDIRECT", "CONDITIONAL"),
    )
    send(run_event(outputs=[data_set("shop.report", columnLineage=told)]))
    assert edges() == {
        ("shop.people:email", "shop.report:key", "direct", "TRANSFORMATION", True),
        ("shop.people:city", "shop.report:town", "indirect", "CONDITIONAL", False),
        ("shop.people:country", "shop.report", "indirect", "FILTER", False),
    }


def test_older_form_of_column_lineage(db: None):
    told = lineage("shop.people", key=("email",), mail=("email",), bare=("email",))
    told["fields"]["key"] |= {"transformationType": "MASKED", "transformationDescription": "sha256(email)"}
    told["fields"]["mail"] |= {"transformationType": "IDENTITY"}
    send(run_event(outputs=[data_set("shop.report", columnLineage=told)]))
    assert edges() == {
        ("shop.people:email", "shop.report:key", "direct", "TRANSFORMATION", True),
        ("shop.people:email", "shop.report:mail", "direct", "IDENTITY", False),
        ("shop.people:email", "shop.report:bare", "direct", "", False),
    }
    assert Edge.objects.get(masking=True).evidence == "sha256(email)"


def test_facet_lineage_of_data_sets_and_jobs(db: None):
    source = {"namespace": DB, "name": "shop.people", "type": "DATASET"}
    told = {
        "inputs": [source, {**source, "name": "shop.towns"}, {**source, "field": "country"}],
        "fields": {"mail": {"inputs": [{**source, "field": "email"}, {"type": "JOB"}]}},
    }
    entries = [
        {"namespace": DB, "name": "shop.daily", "type": "DATASET", "inputs": [source]},
        {"type": "JOB", "inputs": [source]},
    ]
    send(
        run_event(
            outputs=[data_set("shop.report", lineage=told)], job_facets={"lineage": facet(entries=entries)}
        )
    )
    assert edges() == {
        ("shop.people:email", "shop.report:mail", "direct", "", False),
        ("shop.people:country", "shop.report", "indirect", "", False),
        ("shop.towns", "shop.report", "direct", "", False),
        ("shop.people", "shop.daily", "direct", "", False),
    }


def test_sql_is_read_where_no_facet_tells(db: None):
    people = data_set("db.shop.people", schema=columns(email="text", town="text", age="int"))
    query = "INSERT INTO shop.report (key, place) SELECT md5(email), town FROM shop.people WHERE age > 17"
    event = run_event(
        inputs=[people], outputs=[data_set("db.shop.report")], job_facets={"sql": facet(query=query)}
    )
    send(event)
    assert edges() == {
        ("db.shop.people:email", "db.shop.report:key", "direct", "TRANSFORMATION", True),
        ("db.shop.people:town", "db.shop.report:place", "direct", "IDENTITY", False),
        ("db.shop.people:age", "db.shop.report", "indirect", "FILTER", False),
    }
    assert set(Edge.objects.values_list("origin", flat=True)) == {"sql"}
    job = LineageJob.objects.get()
    assert (job.sql, job.problem) == (query, "")


def test_facets_of_a_later_run_replace_what_the_sql_told(db: None):
    people = data_set("shop.people", schema=columns(email="text"))
    sql = {"sql": facet(query="INSERT INTO report (mail) SELECT email FROM people")}
    send(
        run_event(
            at="2026-03-01T10:00:00Z", inputs=[people], outputs=[data_set("shop.report")], job_facets=sql
        )
    )
    assert list(Edge.objects.values_list("origin", "gone_at")) == [("sql", None)]
    send(loading("2026-03-02T10:00:00Z", mail="email"))
    assert list(Edge.objects.filter(gone_at=None).values_list("origin", flat=True)) == ["event"]
    assert Edge.objects.get(origin="sql").gone_at == datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_sql_that_cannot_be_read_is_told_and_leaves_data_set_edges(db: None):
    event = run_event(
        inputs=[data_set("shop.people")],
        outputs=[data_set("shop.report")],
        job_facets={"sql": facet(query="INSERT INTO report SELECT FROM WHERE ((")},
    )
    send(event)
    assert edges() == {("shop.people", "shop.report", "direct", "", False)}
    assert LineageJob.objects.get().problem != ""


def test_job_and_data_set_events_tell_lineage_without_a_run(db: None):
    report = data_set("shop.report", columnLineage=lineage("shop.people", mail=("email", *IDENTITY)))
    job_event = {
        "eventTime": "2026-03-01T10:00:00Z",
        "producer": PRODUCER,
        "schemaURL": SCHEMA + "JobEvent",
        "job": {"namespace": "nightly", "name": "load"},
        "inputs": [data_set("shop.people")],
        "outputs": [data_set("shop.daily")],
    }
    send(job_event, data_set_event(report))
    assert edges() == {flow("email", "mail"), ("shop.people", "shop.daily", "direct", "", False)}
    assert edges(job="load") == {("shop.people", "shop.daily", "direct", "", False)}
    send(data_set_event(data_set("shop.report", columnLineage={"fields": {}}), at="2026-03-02T10:00:00Z"))
    send(data_set_event(data_set("shop.report", columnLineage=lineage("shop.people", late=("x",)))))
    assert edges() == {("shop.people", "shop.daily", "direct", "", False)}
    assert LineageRun.objects.count() == 0


def test_columns_of_external_data_sets_drift(db: None):
    def told(at: str, **types: str) -> dict:
        return run_event(at=at, outputs=[data_set("shop.report", schema=columns(**types))])

    send(told("2026-03-01T10:00:00Z", id="int", mail="varchar", town="varchar"))
    assert Change.objects.count() == 0
    send(told("2026-03-03T10:00:00Z", id="bigint", mail="varchar", born="date"))
    send(told("2026-03-02T10:00:00Z", id="int", mail="varchar", town="varchar", old="int"))
    found = {one.name: (one.data_type, one.kind, one.gone_at is None) for one in Column.objects.all()}
    assert found == {
        "id": ("bigint", "integer", True),
        "mail": ("varchar", "text", True),
        "town": ("varchar", "text", False),
        "born": ("date", "date", True),
    }
    assert sorted(Change.objects.values_list("sort", "column_name")) == [
        ("column_added", "born"),
        ("column_changed", "id"),
        ("column_gone", "town"),
    ]


def test_review_of_a_column_that_turns_into_another_counts_no_more(db: None, dana: User):
    def told(at: str, mail: str) -> dict:
        return run_event(at=at, outputs=[data_set("shop.report", schema=columns(id="int", mail=mail))])

    def reviewed() -> dict[str, tuple[str, int | None]]:
        return {one.name: (one.state, one.reviewed_by_id) for one in Column.objects.all()}

    send(told("2026-03-01T10:00:00Z", "varchar"))
    Column.objects.update(state="confirmed", reviewed_by=dana, questioned=True)
    send(told("2026-03-02T10:00:00Z", "varchar(40)"))
    assert reviewed() == {"id": ("confirmed", dana.pk), "mail": ("confirmed", dana.pk)}
    send(told("2026-03-03T10:00:00Z", "int"))
    assert reviewed() == {"id": ("confirmed", dana.pk), "mail": ("unreviewed", None)}
    assert dict(Column.objects.values_list("name", "questioned")) == {"id": True, "mail": False}


def test_data_set_that_is_read_may_be_described_in_part(db: None):
    send(run_event(inputs=[data_set("shop.people", schema=columns(id="int", mail="text"))]))
    send(run_event(at="2026-03-02T10:00:00Z", inputs=[data_set("shop.people", schema=columns(town="text"))]))
    assert set(Column.objects.filter(gone_at=None).values_list("name", flat=True)) == {"id", "mail", "town"}


def test_nested_columns_are_named_by_their_path(db: None):
    address = {"name": "address", "type": "struct", "fields": [{"name": "city", "type": "string"}]}
    item = {"name": "_element", "type": "struct", "fields": [{"name": "ip", "type": "string"}]}
    visits = {"name": "visits", "type": "array", "fields": [item]}
    send(run_event(outputs=[data_set("lake.people", schema={"fields": [address, visits]})]))
    found = {
        one.name: one.nested_in.name if one.nested_in else ""
        for one in Column.objects.select_related("nested_in")
    }
    assert found == {"address": "", "address.city": "address", "visits": "", "visits[].ip": "visits"}


def test_dropped_created_again_and_renamed(db: None):
    def change(at: str, name: str, state: str, **more: object) -> dict:
        return run_event(
            at=at,
            job=state,
            outputs=[data_set(name, lifecycleStateChange={"lifecycleStateChange": state, **more})],
        )

    send(change("2026-03-02T10:00:00Z", "shop.t", "CREATE"), change("2026-03-01T10:00:00Z", "shop.t", "DROP"))
    assert DataSet.objects.get().gone_at is None
    send(change("2026-03-03T10:00:00Z", "shop.t", "DROP"))
    assert DataSet.objects.get().gone_at == datetime(2026, 3, 3, 10, tzinfo=UTC)
    send(change("2026-03-04T10:00:00Z", "shop.t", "TRUNCATE"))
    assert DataSet.objects.get().gone_at is None
    before = {"name": "shop.t", "namespace": DB}
    send(change("2026-03-05T10:00:00Z", "shop.u", "RENAME", previousIdentifier=before))
    renamed = DataSet.objects.get()
    assert (renamed.name, renamed.gone_at) == ("shop.u", None)
    assert set(renamed.lineage_names.values_list("name", flat=True)) == {"shop.t", "shop.u"}


def tags(at: str, *given: tuple[str, str, str], producer: str = PRODUCER) -> dict:
    told = [{"key": key, "value": value, "field": field} for field, key, value in given]
    schema = columns(mail="text", code="text", birth="date")
    return {
        **data_set_event(data_set("shop.people", schema=schema, tags={"tags": told}), at=at),
        "producer": producer,
    }


def live_labels() -> set[tuple[str, str, str]]:
    found = Label.objects.filter(origin="facet", state="suggested").select_related("column")
    return {(one.column.name, one.category, one.sensitivity) for one in found}


def test_tags_become_labels_and_go_with_them(db: None):
    send(
        tags(
            "2026-03-01T10:00:00Z",
            ("mail", "pii", "email"),
            ("code", "pii", "true"),
            ("birth", "sensitivity", "sensitive"),
        )
    )
    assert live_labels() == {
        ("mail", "contact.email", "direct"),
        ("birth", "demographic.birth_date", "sensitive"),
    }
    mail = Column.objects.get(name="mail")
    assert (mail.category, mail.sensitivity, mail.confidence, mail.state) == (
        "contact.email",
        "direct",
        0.9,
        "unreviewed",
    )
    send(tags("2026-03-02T10:00:00Z", ("mail", "pii", "email")))
    assert live_labels() == {("mail", "contact.email", "direct")}
    assert Label.objects.filter(origin="facet").count() == 2
    send(
        tags("2026-03-02T12:00:00Z", ("code", "classification", "user.contact.phone"), producer="https://dbt")
    )
    send(tags("2026-03-01T12:00:00Z"))  # comes late: the same producer has said something newer
    assert live_labels() == {("mail", "contact.email", "direct"), ("code", "contact.phone", "direct")}
    send(data_set_event(data_set("shop.people", tags={"_deleted": True}), at="2026-03-03T10:00:00Z"))
    assert live_labels() == {("code", "contact.phone", "direct")}
    mail.refresh_from_db()
    assert mail.category == ""


def test_what_a_person_rejected_is_not_tagged_again(db: None):
    send(tags("2026-03-01T10:00:00Z", ("mail", "pii", "email")))
    Label.objects.update(state="rejected")
    send(tags("2026-03-02T10:00:00Z", ("mail", "pii", "email")))
    assert list(Label.objects.values_list("state", flat=True)) == ["rejected"]


def test_jobs_keep_their_latest_facets_and_runs_their_state(db: None):
    run = uuid4()
    older = {"documentation": facet(description="Old words"), "custom": facet(a=1)}
    newer = {
        "documentation": facet(description="Loads the report"),
        "jobType": facet(integration="DBT", jobType="MODEL"),
    }
    parent = {"parent": facet(run={"runId": str(uuid4())}, job={"namespace": "nightly", "name": "all"})}
    send(run_event("COMPLETE", at="2026-03-02T10:05:00Z", run=run, job_facets=newer, run_facets=parent))
    send(run_event("START", at="2026-03-02T10:00:00Z", run=run, job_facets=older))
    send(run_event("OTHER", at="2026-03-02T10:09:00Z", run=run))
    job = LineageJob.objects.get(name="load")
    assert (job.description, job.kind, job.parent.name) == ("Loads the report", "DBT MODEL", "all")
    assert (job.facets["custom"]["a"], job.facets["documentation"]["description"]) == (1, "Loads the report")
    found = LineageRun.objects.get()
    assert (found.run_id, found.state) == (run, "COMPLETE")
    assert (found.started_at.minute, found.ended_at.minute, found.last_event_at.minute) == (0, 5, 9)
    assert str(found.parent_run_id) == parent["parent"]["run"]["runId"]


def test_received_twice_is_stored_once(db: None):
    event = loading("2026-03-01T10:00:00Z", mail="email")
    send(event, event)
    before = list(Edge.objects.values())
    send(dict(reversed(event.items())))  # the same, spelled in another order
    assert LineageEvent.objects.count() == 1
    assert list(Edge.objects.values()) == before


def test_one_bad_event_does_not_lose_the_others(db: None):
    good = [
        loading("2026-03-01T10:00:00Z", mail="email"),
        loading("2026-03-02T10:00:00Z", mail="email", city="town"),
    ]
    bad = {**loading("2026-03-03T10:00:00Z"), "eventTime": "yesterday"}
    failures = receive([good[0], bad, good[1]])
    assert [(one.index, one.reason, one.retriable) for one in failures] == [
        (1, "eventTime: must be a date and time as ISO 8601 has it.", False)
    ]
    assert edges() == {flow("email", "mail"), flow("town", "city")}


def test_one_event_that_the_database_refuses_does_not_lose_the_others(db: None):
    """A store may refuse what no check foresees: here a trigger does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN IF NEW.name = 'cursed' THEN RAISE EXCEPTION 'no' USING ERRCODE = '22000'; END IF; "
            "RETURN NEW; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON catalog_lineage_job FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    batch = [run_event(job=f"job {number}") for number in range(20)]
    batch[13]["job"]["name"] = "cursed"
    failures = receive(batch)
    assert failures == [Failure(13, "The catalog could not store it.")]
    assert LineageJob.objects.count() == LineageEvent.objects.count() == 19


def test_statements_do_not_grow_with_events(db: None):
    def batch(size: int, day: int) -> list[dict]:
        return [
            run_event(
                at=f"2026-03-{day:02}T10:00:00Z",
                job=f"job {day} {number}",
                inputs=[data_set(f"in{day}.{number}", schema=columns(a="int"))],
                outputs=[
                    data_set(
                        f"out{day}.{number}",
                        schema=columns(b="int"),
                        tags={"tags": [{"key": "pii", "value": "email", "field": "b"}]},
                        columnLineage=lineage(f"in{day}.{number}", b=("a", *IDENTITY)),
                    )
                ],
                run_facets={"parent": facet(run={"runId": "r"}, job={"namespace": "n", "name": "p"})},
            )
            for number in range(size)
        ]

    send(*batch(1, 1))  # the namespace is known from now on
    counts = []
    for size, day in ((2, 2), (100, 3)):
        with CaptureQueriesContext(connection) as queries:
            send(*batch(size, day))
        counts.append(len(queries))
    assert counts[0] == counts[1] < 45


def test_ten_thousand_columns_in_one_event(db: None):
    names = {f"c{number}": "text" for number in range(10_000)}
    told = lineage("shop.wide", **{name: (name, *IDENTITY) for name in names})
    event = run_event(
        inputs=[data_set("shop.wide", schema=columns(**names))],
        outputs=[data_set("shop.copy", schema=columns(**names), columnLineage=told)],
    )
    with CaptureQueriesContext(connection) as queries:
        send(event)
    assert Edge.objects.count() == 10_000
    assert Column.objects.count() == 20_000
    assert len(queries) < 80


def test_changes_are_recorded_and_labels_are_asked_to_follow(db: None, sequenced, work):
    send(loading("2026-03-01T10:00:00Z", mail="email"))
    assert [facts_of(entry) for entry in sequenced()] == [
        ("lineage.named", {"data_sets": 2, "systems": [DB]}),
        ("lineage.received", {"events": 1, "edges_changed": True, "labels": 0}),
    ]
    assert list(Job.objects.values_list("kind", flat=True)) == ["catalog.propagate"]
    work()
    send(loading("2026-03-02T10:00:00Z", mail="email"))  # nothing new
    assert Job.objects.count() == 1
    assert System.objects.get().kind == "external"
