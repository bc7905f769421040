"""What is due in the stores that tell age in their own ways: from the due list to the rows, through the console."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.connectors.opening import open_connector
from catalog.crawling import crawl
from catalog.models import DataSet, System
from erasure.expiry import approving, jobs
from erasure.expiry.models import Run
from erasure.models import Plan, Step
from governance.console.models import User
from retention.policies import keeping
from retention.policies.due import count_due
from retention.policies.models import Due
from tests.services.fixtures import Database
from tests.services.kafka import KafkaBroker

DAY = 86_400_000
NOW = datetime.now(UTC)
Work = Callable[[], Any]


def registered(kind: str, settings: dict[str, Any]) -> System:
    system = System.objects.create(name=f"aged {kind}", kind=kind, region="EU", settings=settings)
    with open_connector(kind, settings) as connector:
        crawl(system, connector)
    return system


def policy(data_set: DataSet, dana: User, column: str, **more: Any) -> None:
    given = {"number": 30, "unit": "day", "bound": "at most", "action": "delete", "reason": "Over."} | more
    keeping.add(by=dana, name="month", scope="data_set", data_set=data_set, **given)
    keeping.set_terms(data_set, by=dana, age_column=column)


def due(data_set: DataSet) -> Due:
    list(count_due([data_set]))
    return Due.objects.get(data_set=data_set)


def planned(data_set: DataSet, by: User, work: Work) -> Run | None:
    job = jobs.request([data_set.pk])
    job.started_by = by
    job.save()
    work()
    return Run.objects.filter(data_set=data_set).order_by("-pk").first()


def carried_out(run: Run, by: User, work: Work) -> Run:
    approving.approve(run, fingerprint=run.plan.fingerprint, by=by)
    work()
    run.refresh_from_db()
    run.plan.refresh_from_db()
    return run


@pytest.fixture
def views(kafka_broker: KafkaBroker, db: None, somebody_acts: None) -> DataSet:
    topic = kafka_broker.create_topic("views", retention_ms=str(365 * DAY), segment_ms=str(DAY))
    for age in (400, 40, 1):
        at = int((NOW - timedelta(days=age)).timestamp() * 1000)
        kafka_broker.produce(topic, [b'{"email": "ana@example.org"}'], timestamp=at)
    settings = {"bootstrap_servers": kafka_broker.bootstrap}
    return DataSet.objects.get(system=registered("kafka", settings), name="views")


def test_a_topic_is_told_how_long_to_keep(
    views: DataSet, kafka_broker: KafkaBroker, dana: User, amir: User, work: Work, client: Client
) -> None:
    policy(views, dana, "_timestamp")
    assert (due(views).state, due(views).rows) == (Due.State.DUE, 2)
    run = planned(views, dana, work)
    assert run
    (step,) = run.plan.steps.all()
    assert (step.method, step.facts) == ("set retention", {"days": 30, "days_before": 365})
    client.force_login(dana)
    page = client.get(run.get_absolute_url()).content.decode()
    assert "After 30 days, until now after 365" in page

    run = carried_out(run, amir, work)

    assert run.plan.state == Plan.State.EXECUTED
    step = run.plan.steps.get()
    assert (step.state, step.rows_after) == (Step.State.DONE, 2)
    with open_connector("kafka", views.system.settings) as reader:
        assert reader.retention_of("views") == timedelta(days=30)
        assert reader.count("views") == 3  # which only the broker removes, in its own time
    found = due(views)
    assert (found.state, "removes these by itself" in found.why) == (Due.State.NOTHING, True)
    assert planned(views, dana, work) == run  # nothing is planned anew


def test_a_topic_whose_retention_is_short_enough_is_left_alone(
    views: DataSet, dana: User, work: Work
) -> None:
    policy(views, dana, "_timestamp", number=1, unit="year")
    assert due(views).state == Due.State.NOTHING  # 365 days, where a year may have 366
    assert planned(views, dana, work) is None


def test_totals_of_a_topic_that_removes_by_itself_are_refused(views: DataSet, dana: User, work: Work) -> None:
    policy(views, dana, "_timestamp", action="aggregate")
    run = planned(views, dana, work)
    assert run
    assert run.plan.state == Plan.State.BLOCKED
    assert any("uncounted" in problem["message"] for problem in run.plan.problems)


def test_partitions_that_go_as_wholes_are_named(
    pg_database: Database, db: None, somebody_acts: None, dana: User, amir: User, work: Work, client: Client
) -> None:
    pg_database.execute(
        """
        CREATE TABLE visit (id bigint, at date) PARTITION BY RANGE (at);
        CREATE TABLE visit_old PARTITION OF visit FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
        CREATE TABLE visit_new PARTITION OF visit FOR VALUES FROM ('2020-01-01') TO (MAXVALUE);
        INSERT INTO visit VALUES (1, '2019-05-05'), (2, '2020-05-05'), (3, current_date);
        """
    )
    settings = {
        "host": pg_database.host,
        "port": pg_database.port,
        "database": pg_database.name,
        "user": pg_database.user,
        "password": pg_database.password,
    }
    visits = DataSet.objects.get(system=registered("postgresql", settings), name="public.visit")
    policy(visits, dana, "at")
    run = planned(visits, dana, work)
    assert run
    assert run.plan.steps.get().facts == {"parts": ["public.visit_old"]}
    client.force_login(dana)
    assert "public.visit_old" in client.get(run.get_absolute_url()).content.decode()
    run = carried_out(run, amir, work)
    assert run.plan.state == Plan.State.EXECUTED
    assert pg_database.execute("SELECT id FROM visit") == [(3,)]
    assert pg_database.execute("SELECT count(*) FROM pg_class WHERE relname = 'visit_old'") == [(0,)]


def test_lines_of_a_file_expire_by_dates_that_are_text(
    tmp_path: Path, db: None, somebody_acts: None, dana: User, amir: User, work: Work
) -> None:
    today = timezone.localdate()
    days = [today - timedelta(days=age) for age in (31, 30, 0)]
    path = tmp_path / "visits.jsonl"
    path.write_text("".join(json.dumps({"at": day.isoformat(), "who": "ana"}) + "\n" for day in days))
    settings = {"path": str(tmp_path)}
    visits = DataSet.objects.get(system=registered("folder", settings), name="visits.jsonl")
    policy(visits, dana, "at")
    assert due(visits).rows == 1
    run = planned(visits, dana, work)
    assert run
    run = carried_out(run, amir, work)
    assert run.plan.state == Plan.State.EXECUTED
    left = [json.loads(line)["at"] for line in path.read_text().splitlines()]
    assert left == [day.isoformat() for day in days[1:]]


def test_words_tell_no_age_and_the_due_list_says_so(
    tmp_path: Path, db: None, somebody_acts: None, dana: User
) -> None:
    (tmp_path / "visits.csv").write_text("at,who\n2020-01-01,ana\nyesterday,bo\n")
    visits = DataSet.objects.get(system=registered("folder", {"path": str(tmp_path)}), name="visits.csv")
    policy(visits, dana, "at")
    found = due(visits)
    assert (found.state, "ISO 8601" in found.why, "yesterday" in found.why) == (
        Due.State.UNKNOWN,
        True,
        False,
    )
