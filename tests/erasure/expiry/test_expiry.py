from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.utils import timezone

from catalog import registering, scanning
from catalog.connectors.sql import SqlConnector
from catalog.models import DataSet, System
from erasure.approving import SamePerson
from erasure.executing import execute
from erasure.expiry import approving, jobs
from erasure.expiry.models import Run
from erasure.models import Plan
from erasure.registry.registering import register
from governance.console.models import User
from governance.keyring.lookups import lookup_of
from retention import holds
from retention.anonymization import allowing
from retention.anonymization.models import Outlet
from retention.policies import keeping
from retention.policies.due import count_due, governed
from retention.policies.models import Due, Policy
from tests.erasure import estate
from tests.erasure.officers import request_of
from tests.people import client_of
from tests.services.fixtures import Database

TABLE = """
CREATE TABLE visit (id integer PRIMARY KEY, email text, page text NOT NULL, spent integer, at timestamptz);
"""
LABELS = {
    "visit.id": ("none.operational", "none"),
    "visit.email": ("contact.email", "direct"),
    "visit.page": ("contact", "quasi"),
    "visit.spent": ("none.operational", "none"),
    "visit.at": ("none.operational", "none"),
}
OLD = "FROM visit WHERE at < now() - interval '30 days'"
YOUNG = "SELECT * FROM visit WHERE at > now() - interval '30 days' ORDER BY id"


def fill(database: Database, *, days: list[int]) -> None:
    for number, ago in enumerate(days):
        database.execute(
            f"INSERT INTO visit SELECT coalesce(max(id), 0) + 1, 'p{number % 7}@example.org', "
            f"'{'/a' if number % 2 else '/b'}', {number}, now() - interval '{ago} days' FROM visit"
        )


@pytest.fixture
def visits(db: None, pg_database: Database, dana: User, somebody_acts) -> DataSet:
    pg_database.execute(TABLE)
    fill(pg_database, days=[40] * 25 + [31] * 3 + [29] * 4 + [0] * 5)
    system = estate.register(pg_database)
    estate.label(system, LABELS)
    data_set = DataSet.objects.get(system=system, name="public.visit")
    keeping.set_terms(data_set, by=dana, age_column="at", tier="raw")
    return data_set


def policy(by: User, action: str = "delete") -> Policy:
    return keeping.add(
        by=by,
        name="Raw",
        scope="tier",
        value="raw",
        number=30,
        unit="day",
        bound="at most",
        action=action,
        reason="The purpose is over.",
    )


def count() -> Due | None:
    for _ in count_due(governed()):
        pass
    return Due.objects.first()


def planned(data_set: DataSet, by: User, work) -> Run:
    """Planned by a job that `by` started."""
    due = Due.objects.get(data_set=data_set)
    client_of(by).post("/retention/runs/plan/", {"ids": [due.pk], "action": "plan"})
    work()
    return Run.objects.get(plan__state__in=["proposed", "blocked"])


def carried_out(run: Run, by: User, work) -> str:
    """The state its plan ends in."""
    approving.approve(run, fingerprint=run.plan.fingerprint, by=by)
    work()
    run.refresh_from_db()
    return Plan.objects.get(pk=run.plan_id).state


def rows(database: Database, query: str = "SELECT count(*) FROM visit") -> list:
    return database.execute(query)


def test_what_is_due_is_counted_planned_approved_and_gone(
    visits: DataSet, pg_database: Database, dana: User, amir: User, petra: User, work, sequenced
) -> None:
    policy(dana)
    due = count()
    assert (due.state, due.rows) == ("due", 28)
    run = planned(visits, amir, work)
    assert (run.state, run.rows) == ("proposed", 28)
    assert rows(pg_database) == [(37,)]
    first, second = client_of(amir), client_of(petra)
    url = f"{run.get_absolute_url()}approve/"
    given = {"fingerprint": run.plan.fingerprint, "typed": str(run.plan).partition(",")[0]}
    refused = first.post(url, given, follow=True).content.decode()
    assert "You planned this run: somebody else has to approve it." in refused
    assert second.post(url, given | {"typed": "yes"}).status_code == 422
    second.post(url, given)
    work()
    run.plan.refresh_from_db()
    step = run.plan.steps.get()
    assert (run.plan.state, step.state, step.rows_after) == ("executed", "done", 0)
    assert rows(pg_database) == [(9,)]
    assert count().state == "nothing due"
    expected = ["expiry.planned", "plan.approved", "expiry.started", "expiry.step_done", "expiry.ended"]
    assert [entry.action for entry in sequenced() if entry.action in expected] == expected
    assert str(run) in second.get("/retention/runs/?state=executed").content.decode()


def test_a_standing_approval_lets_it_run_by_itself(
    visits: DataSet, pg_database: Database, amir: User, petra: User, work
) -> None:
    keeping.approve_for_good(policy(amir), by=petra)
    count()
    assert jobs.request_standing() is not None
    work()
    run = Run.objects.get()
    assert (run.standing, run.state, run.plan.decided_by) == (True, "executed", petra)
    assert rows(pg_database) == [(9,)]
    assert count().state == "nothing due"
    assert jobs.request_standing() is None


def test_a_standing_approval_is_of_terms_as_they_were(
    visits: DataSet, pg_database: Database, dana: User, amir: User, petra: User, work
) -> None:
    """Else whoever may say which column tells the age could destroy rows alone, as by that of a birth date."""
    keeping.approve_for_good(policy(amir), by=petra)
    keeping.set_terms(visits, by=dana, age_column="at", tier="raw", tags=["web"])
    count()
    assert jobs.request_standing() is None
    run = planned(visits, amir, work)
    assert (run.standing, run.state) == (False, "proposed")
    assert carried_out(run, petra, work) == "executed"
    fill(pg_database, days=[45])
    found = Policy.objects.get()
    keeping.ask_each_time(found)
    keeping.approve_for_good(found, by=petra)
    count()
    assert jobs.request_standing() is not None
    work()
    assert Run.objects.filter(standing=True, plan__state="executed").count() == 1


def test_a_plan_of_nobody_is_approved_by_nobody(visits: DataSet, amir: User, work) -> None:
    policy(amir)
    count()
    jobs.request([visits.pk])  # by the system
    work()
    run = Run.objects.get()
    assert (run.plan.state, run.plan.made_by) == ("proposed", None)
    with pytest.raises(SamePerson, match="Nobody is named as the maker"):
        approving.approve(run, fingerprint=run.plan.fingerprint, by=amir)


def test_a_hold_that_is_placed_in_the_middle_stops_the_run(
    visits: DataSet, pg_database: Database, amir: User, petra: User, work, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy(amir)
    count()
    run = planned(visits, amir, work)
    monkeypatch.setattr(SqlConnector, "keys_per_change", 10)
    original = SqlConnector.expire
    gone = []

    def expire(self, *args, **options):  # type: ignore[no-untyped-def]
        gone.append(original(self, *args, **options))
        holds.place(visits, keep_columns=[], exemption="e", reason="A claim.", placed_by=petra)
        return gone[-1]

    with monkeypatch.context() as patched:
        for kind in {SqlConnector, type(visits.system.connect())}:
            patched.setattr(kind, "expire", expire)
        assert carried_out(run, petra, work) == "stopped"
    assert gone == [10]
    assert "A legal hold was placed" in run.problem
    assert rows(pg_database) == [(27,)]
    assert count().state == "held"


def test_more_rows_than_were_approved_are_not_touched(
    visits: DataSet, pg_database: Database, amir: User, petra: User, work
) -> None:
    policy(amir)
    count()
    run = planned(visits, amir, work)
    fill(pg_database, days=[50])
    assert carried_out(run, petra, work) == "stale"
    assert Plan.objects.get(pk=run.plan_id).decision_reason.endswith("had 28 rows that old and has 29 now.")
    assert rows(pg_database) == [(38,)]


def test_fewer_rows_are_no_reason_to_stop(
    visits: DataSet, pg_database: Database, amir: User, petra: User, work
) -> None:
    policy(amir)
    count()
    run = planned(visits, amir, work)
    pg_database.execute("DELETE FROM visit WHERE id = 1")
    assert carried_out(run, petra, work) == "executed"
    assert rows(pg_database) == [(9,)]


def test_a_plan_that_was_tampered_with_is_not_carried_out(
    visits: DataSet, pg_database: Database, amir: User, petra: User, work
) -> None:
    policy(amir)
    count()
    run = planned(visits, amir, work)
    later = (timezone.now() + timedelta(days=1)).isoformat()
    run.plan.steps.update(condition={"column": "at", "before": later})
    assert carried_out(run, petra, work) == "stale"
    assert rows(pg_database) == [(37,)]


def test_personal_fields_are_overwritten_and_nothing_else(
    visits: DataSet, pg_database: Database, amir: User, petra: User, work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(visits.system.connect()), "keys_per_change", 8)
    policy(amir, "anonymize")
    count()
    young = rows(pg_database, YOUNG)
    run = planned(visits, amir, work)
    assert carried_out(run, petra, work) == "executed"
    assert rows(
        pg_database, f"SELECT count(*), count(email), count(DISTINCT page), max(page), count(spent) {OLD}"
    ) == [(28, 0, 1, "erased", 28)]
    assert rows(pg_database, YOUNG) == young


@pytest.fixture
def outlet(db: None, tmp_path: Path, emil: User, somebody_acts) -> Outlet:
    folder = tmp_path / "totals"
    folder.mkdir()
    system = registering.add(
        name="Totals", kind="folder", settings={"path": str(folder)}, region="EU", custodian=None
    )
    return allowing.open_outlet(system, by=emil)


def test_totals_stay_when_the_rows_go(
    visits: DataSet, pg_database: Database, dana: User, amir: User, petra: User, outlet: Outlet, work
) -> None:
    totals = {
        "group_by": ["page"],
        "figures": [{"column": "spent", "function": "sum"}, {"column": "spent", "function": "mean"}],
        "smallest": 5,
        "outlet": outlet.pk,
        "name": "visits",
    }
    keeping.set_terms(visits, by=dana, age_column="at", tier="raw", aggregate=totals)
    fill(pg_database, days=[60])
    pg_database.execute("UPDATE visit SET page = '/rare' WHERE id = (SELECT max(id) FROM visit)")
    expected = rows(
        pg_database,
        f"SELECT page, count(*), sum(spent), avg(spent)::float {OLD} AND page <> '/rare' GROUP BY page ORDER BY page",
    )
    policy(amir, "aggregate")
    count()
    run = planned(visits, amir, work)
    assert [step.method for step in run.plan.steps.all()] == ["aggregate", "expire"]
    assert carried_out(run, petra, work) == "executed"
    outcome = run.plan.steps.get(method="aggregate").facts["outcome"]
    assert (outcome["rows"], outcome["groups"], outcome["groups_too_small"]) == (29, 2, 1)
    kept = pq.read_table(outcome["location"]).sort_by("page").to_pylist()
    assert [tuple(row.values()) for row in kept] == expected
    assert rows(pg_database) == [(9,)]


def test_rows_that_come_after_the_totals_are_not_lost(
    visits: DataSet, pg_database: Database, dana: User, amir: User, petra: User, outlet: Outlet, work
) -> None:
    totals = {"group_by": ["page"], "outlet": outlet.pk, "name": "visits"}
    keeping.set_terms(visits, by=dana, age_column="at", tier="raw", aggregate=totals)
    policy(amir, "aggregate")
    count()
    run = planned(visits, amir, work)
    approving.approve(run, fingerprint=run.plan.fingerprint, by=petra)
    under_way = execute(Plan.objects.get(pk=run.plan_id))
    next(under_way)  # the totals are kept, and the worker dies
    under_way.close()
    fill(pg_database, days=[90])
    work()
    run.refresh_from_db()
    assert Plan.objects.get(pk=run.plan_id).state == "stopped"
    assert run.problem == "1 rows came after the totals were counted."
    assert rows(pg_database) == [(38,)]


def test_without_totals_nothing_is_deleted(visits: DataSet, amir: User, work) -> None:
    policy(amir, "aggregate")
    count()
    run = planned(visits, amir, work)
    assert run.state == "blocked"
    assert "Nobody has said what of" in run.plan.problems[0]["message"]


def test_restricted_persons_are_not_expired(visits: DataSet, pg_database: Database, amir: User, work) -> None:
    person = request_of("p1@example.org", amir)
    register(person, [("contact.email", lookup_of("contact.email", "p1@example.org"))], effect="restricted")
    policy(amir)
    count()
    run = planned(visits, amir, work)
    (many,) = rows(pg_database, f"SELECT count(*) {OLD} AND email = 'p1@example.org'")[0]
    assert run.state == "blocked"
    assert run.plan.problems[0]["message"] == (
        f"{many} of these rows belong to persons whose data are restricted, Art. 18."
    )


def test_a_store_that_keeps_what_it_was_told_to_delete_is_found_out(
    visits: DataSet, pg_database: Database, amir: User, petra: User, work
) -> None:
    policy(amir)
    count()
    run = planned(visits, amir, work)
    pg_database.execute(
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TRIGGER swallow BEFORE DELETE ON visit FOR EACH ROW EXECUTE FUNCTION swallow()"
    )
    assert carried_out(run, petra, work) == "stopped"
    assert run.problem == "The store reported success, and 28 rows are still there."


def test_a_store_that_is_down_is_asked_again(
    visits: DataSet, pg_database: Database, amir: User, petra: User, work
) -> None:
    policy(amir)
    count()
    run = planned(visits, amir, work)
    original = visits.system.settings
    System.objects.update(settings={**original, "port": 1})
    assert carried_out(run, petra, work) == "approved"
    assert run.job.state == "failed"
    System.objects.update(settings=original)
    assert jobs.resume_all() == 1
    work()
    assert Plan.objects.get(pk=run.plan_id).state == "executed"
    assert rows(pg_database) == [(9,)]


def test_a_killed_run_goes_on_where_it_was(
    visits: DataSet, pg_database: Database, amir: User, petra: User, work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(visits.system.connect()), "keys_per_change", 10)
    policy(amir)
    count()
    run = planned(visits, amir, work)
    approving.approve(run, fingerprint=run.plan.fingerprint, by=petra)
    under_way = execute(Plan.objects.get(pk=run.plan_id))
    next(under_way)
    next(under_way)
    under_way.close()  # as if the process were gone
    assert rows(pg_database) == [(17,)]
    work()
    assert Plan.objects.get(pk=run.plan_id).state == "executed"
    assert rows(pg_database) == [(9,)]


def test_files_expire_too(
    db: None, tmp_path: Path, dana: User, amir: User, petra: User, work, somebody_acts
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    days = [timezone.localdate() - timedelta(days=n) for n in (100, 40, 10, 0)]
    table = pa.table({"user": ["a", "b", "c", "d"], "day": pa.array(days, pa.date32())})
    pq.write_table(table, folder / "l.parquet")
    system = registering.add(
        name="Logs", kind="folder", settings={"path": str(folder)}, region="EU", custodian=None
    )
    scanning.request(system)
    work()
    data_set = DataSet.objects.get(system=system)
    keeping.set_terms(data_set, by=dana, age_column="day", tier="raw")
    policy(amir)
    assert count().rows == 2
    assert carried_out(planned(data_set, amir, work), petra, work) == "executed"
    assert pq.read_table(folder / "l.parquet").column("day").to_pylist() == days[2:]
    assert [path.name for path in folder.iterdir()] == ["l.parquet"]


def test_what_does_not_know_its_age_is_said(visits: DataSet, dana: User, amir: User) -> None:
    policy(amir)
    keeping.set_terms(visits, by=dana, tier="raw")
    due = count()
    assert (due.state, due.why) == ("unknown", "Nobody has said which column tells the age of its rows.")
