"""Many persons erased at once: each plan ends as it would alone, and what befalls one befalls nobody else."""

from collections import Counter

import pytest

from catalog.connectors.postgresql import PostgresqlConnector
from catalog.models import System
from erasure import approving
from erasure.executing import execute_many
from erasure.models import Plan, Step, SubjectRequest
from governance.console.models import User
from tests.erasure.estate import entries, find, request_of
from tests.services.fixtures import Database

NAMES = ("ana", "bo", "robert")


@pytest.fixture
def plans(shop: System, amir: User, petra: User, work) -> list[Plan]:
    """Of ana, bo and robert, approved."""
    requests = [find(request_of(f"{name}@example.org", amir), amir, work) for name in NAMES]
    made = [request.plans.get() for request in requests]
    approved, refused = approving.approve_many({plan.pk: plan.fingerprint for plan in made}, by=petra)
    assert (len(approved), refused) == (3, {})
    return approved


def carry_out(plans: list[Plan]) -> None:
    for _ in execute_many([Plan.objects.select_related("request").get(pk=plan.pk) for plan in plans]):
        pass


def ended(plans: list[Plan]) -> list[tuple[str, str]]:
    """How the plan and the request of each stand."""
    found = Plan.objects.in_bulk([plan.pk for plan in plans])
    requests = SubjectRequest.objects.in_bulk([plan.request_id for plan in plans])
    return [(found[plan.pk].state, requests[plan.request_id].state) for plan in plans]


def test_each_data_set_is_changed_by_the_same_statements_as_for_one(
    plans: list[Plan], shop_database: Database, monkeypatch
):
    statements: Counter = Counter()
    delete = PostgresqlConnector.delete

    def counted(self: PostgresqlConnector, data_set: str, matches: list) -> int:
        statements[data_set] += 1
        return delete(self, data_set, matches)

    monkeypatch.setattr(PostgresqlConnector, "delete", counted)
    carry_out(plans)
    assert ended(plans) == [("executed", "complete")] * 3
    assert statements == {
        "public.purchase_line": 1,
        "public.purchase": 1,
        "public.customer": 1,
        "public.newsletter": 2,  # for the address in its own column, and in one that nobody has reviewed
    }
    for table in ("customer", "purchase", "purchase_line", "newsletter"):
        assert shop_database.execute(f"SELECT count(*) FROM {table}") == [(0,)]


def test_each_plan_has_its_own_entries(plans: list[Plan]):
    carry_out(plans)
    assert [facts["fingerprint"] for facts in entries("plan.started")] == [plan.fingerprint for plan in plans]
    done = Counter((facts["data_set"], facts["rows_before"]) for facts in entries("step.done"))
    steps = Counter((str(step.data_set), step.rows_before) for step in Step.objects.all())
    assert done == steps
    assert [facts["rows_left"] for facts in entries("erasure.verified")] == [0, 0, 0]
    assert [facts["outcome"] for facts in entries("request.completed")] == ["erased"] * 3
    assert set(Step.objects.values_list("state", "rows_after")) == {("done", 0)}


def test_done_again_nothing_happens(plans: list[Plan]):
    carry_out(plans)
    carry_out(plans)
    assert len(entries("plan.started")) == len(entries("request.completed")) == 3
    assert len(entries("step.done")) == Step.objects.count()


def test_one_that_was_overtaken_is_set_aside_alone(plans: list[Plan], shop_database: Database):
    shop_database.execute("UPDATE customer SET email = 'other@example.org' WHERE id = 2")
    shop_database.execute("DELETE FROM purchase_line WHERE purchase_id = 20")
    carry_out(plans)
    assert ended(plans) == [("executed", "complete"), ("stale", "found"), ("executed", "complete")]
    assert shop_database.execute("SELECT id FROM customer") == [(2,)]
    assert shop_database.execute("SELECT id FROM purchase") == [(20,)]


def test_a_row_more_of_one_person_is_not_made_up_for_by_one_less_of_another(
    plans: list[Plan], shop_database: Database
):
    """Rows without a key are selected by what stands in them: their number is asked of each person."""
    shop_database.execute("INSERT INTO newsletter VALUES ('ana@example.org', 'sugar')")
    shop_database.execute("DELETE FROM newsletter WHERE email = 'bo@example.org'")
    carry_out(plans)
    assert ended(plans) == [("stale", "found"), ("stale", "found"), ("executed", "complete")]
    reasons = [plan.decision_reason for plan in Plan.objects.filter(state="stale").order_by("pk")]
    assert reasons == [
        "shop / public.newsletter had 2 rows of the person and has 3 now.",
        "shop / public.newsletter had 1 rows of the person and has 0 now.",
    ]
    assert shop_database.execute("SELECT count(*) FROM customer WHERE id IN (1, 2)") == [(2,)]


def test_what_the_store_refuses_for_one_it_does_for_the_others(plans: list[Plan], shop_database: Database):
    shop_database.execute(
        """
        CREATE FUNCTION keep_bo() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF OLD.id = 20 THEN RAISE EXCEPTION 'not this one' USING ERRCODE = '23514'; END IF;
            RETURN OLD; END $$;
        CREATE TRIGGER keep_bo BEFORE DELETE ON purchase FOR EACH ROW EXECUTE FUNCTION keep_bo();
        """
    )
    carry_out(plans)
    assert ended(plans) == [
        ("executed", "complete"),
        ("stopped", "residual found"),
        ("executed", "complete"),
    ]
    assert shop_database.execute("SELECT id FROM customer") == [(2,)]
    assert shop_database.execute("SELECT id FROM purchase") == [(20,)]
    failed = Step.objects.get(state="failed")
    assert (failed.plan, failed.rows_after) == (plans[1], 1)
    assert [facts["data_set"] for facts in entries("step.failed")] == ["shop / public.purchase"]
    assert len(entries("request.completed")) == 2


def test_rows_that_a_store_only_says_it_has_deleted_are_their_owner_s_failure(
    plans: list[Plan], shop_database: Database
):
    shop_database.execute(
        """
        CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF OLD.email = 'bo@example.org' THEN RETURN NULL; END IF; RETURN OLD; END $$;
        CREATE TRIGGER swallow BEFORE DELETE ON newsletter FOR EACH ROW EXECUTE FUNCTION swallow();
        """
    )
    carry_out(plans)
    assert ended(plans) == [
        ("executed", "complete"),
        ("stopped", "residual found"),
        ("executed", "complete"),
    ]
    problem = Step.objects.get(state="failed").problem
    assert problem == "The store reported success, and 1 rows still hold the person."


def test_who_comes_back_meanwhile_keeps_their_identity_and_nobody_else_does(
    plans: list[Plan], shop_database: Database, monkeypatch
):
    """A purchase of bo's comes in after the purchases are gone, before the customers go."""
    delete = PostgresqlConnector.delete

    def with_a_late_row(self: PostgresqlConnector, data_set: str, matches: list) -> int:
        gone = delete(self, data_set, matches)
        if data_set == "public.purchase":
            shop_database.execute("INSERT INTO purchase VALUES (99, 2, '2024-05-05', 1, 'Gata 2', NULL)")
        return gone

    monkeypatch.setattr(PostgresqlConnector, "delete", with_a_late_row)
    carry_out(plans)
    assert ended(plans) == [
        ("executed", "complete"),
        ("stopped", "residual found"),
        ("executed", "complete"),
    ]
    assert shop_database.execute("SELECT id FROM customer") == [(2,)]
    residue = SubjectRequest.objects.get(pk=plans[1].request_id).residue
    assert {entry["data_set"]: entry["rows"] for entry in residue} == {
        "shop / public.customer": 1,
        "shop / public.newsletter": 1,
        "shop / public.purchase": 1,
    }


def test_what_comes_after_all_is_found_by_the_second_search_of_its_person(
    plans: list[Plan], shop_database: Database, monkeypatch
):
    delete = PostgresqlConnector.delete

    def with_a_late_row(self: PostgresqlConnector, data_set: str, matches: list) -> int:
        gone = delete(self, data_set, matches)
        if data_set == "public.newsletter":
            shop_database.execute(
                "INSERT INTO newsletter SELECT 'BO@example.org', 'late' "
                "WHERE NOT EXISTS (SELECT FROM newsletter WHERE topic = 'late')"
            )
        return gone

    monkeypatch.setattr(PostgresqlConnector, "delete", with_a_late_row)
    carry_out(plans)
    states = [state for _, state in ended(plans)]
    assert states == ["complete", "residual found", "complete"]
    residue = SubjectRequest.objects.get(pk=plans[1].request_id).residue
    assert [(entry["data_set"], entry["rows"]) for entry in residue] == [("shop / public.newsletter", 1)]


def test_keys_of_many_go_in_chunks(plans: list[Plan], shop_database: Database, monkeypatch):
    monkeypatch.setattr(PostgresqlConnector, "keys_per_change", 2)
    carry_out(plans)
    assert ended(plans) == [("executed", "complete")] * 3
    assert shop_database.execute("SELECT count(*) FROM purchase_line") == [(0,)]


def test_one_taken_out_between_two_steps_goes_no_farther(plans: list[Plan], shop_database: Database):
    """Its job was cancelled, or another worker has it."""
    loaded = [Plan.objects.select_related("request").get(pk=plan.pk) for plan in plans]
    live = {plan.pk for plan in plans}
    for progress in execute_many(loaded, live=lambda: live):
        if "public.purchase" in progress.message:
            live.discard(plans[1].pk)
    assert ended(plans) == [
        ("executed", "complete"),
        ("executing", "executing"),
        ("executed", "complete"),
    ]
    assert shop_database.execute("SELECT id FROM customer") == [(2,)]
    carry_out(plans)
    assert ended(plans) == [("executed", "complete")] * 3
    assert len(entries("step.done")) == Step.objects.count()
