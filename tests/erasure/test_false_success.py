"""The traps in which the field's best-known open system reports success over data that are still there.

None may end `complete` with anything left, and no ledger entry may name a column that was not written.
"""

from collections.abc import Iterator

import pytest

from audit.ledger.context import acting
from catalog.models import System
from erasure import approving, executing
from erasure.models import Plan, SubjectRequest
from governance.console.jobs import Progress
from retention import holds
from tests.erasure.estate import (
    approve,
    crawl_again,
    data_set,
    entries,
    find,
    label,
    register,
    request_of,
)
from tests.services.fixtures import Database

State = SubjectRequest.State
ANA = "ana@example.org"


def hold_purchases(shop: System) -> None:
    holds.place(
        data_set(shop, "purchase"),
        keep_columns=["id", "customer_id", "placed", "total"],
        exemption="b",
        reason="Tax law",
    )


def test_a_personal_column_of_unknown_type_is_overwritten(shop, shop_database: Database, amir, petra, work):
    shop_database.execute("CREATE TYPE place AS (street text, town text)")
    shop_database.execute("ALTER TABLE purchase ADD COLUMN home place")
    shop_database.execute("UPDATE purchase SET home = ROW('Rua A 1', 'Recife')")
    crawl_again(shop)
    assert data_set(shop, "purchase").columns.get(name="home").kind == "unknown"
    hold_purchases(shop)

    request = approve(find(request_of(ANA, amir), amir, work), petra, work)

    assert request.state == State.COMPLETE
    assert shop_database.execute("SELECT home FROM purchase WHERE customer_id = 1") == [(None,), (None,)]
    assert shop_database.execute("SELECT count(*) FROM purchase WHERE home IS NULL") == [(2,)]
    written = {facts["data_set"]: facts["columns"] for facts in entries("step.done")}
    assert written["shop / public.purchase"] == ["home", "ip", "ship_to"]


def test_an_unknown_type_that_may_not_be_empty_blocks_the_plan(shop, shop_database, amir, work):
    shop_database.execute("CREATE TYPE place AS (street text, town text)")
    shop_database.execute(
        "ALTER TABLE purchase ADD COLUMN home place NOT NULL DEFAULT ROW('Rua A 1', 'Recife')"
    )
    crawl_again(shop)
    hold_purchases(shop)

    request = find(request_of(ANA, amir), amir, work)

    assert request.state == State.FOUND
    plan = request.plans.get()
    assert plan.state == Plan.State.BLOCKED
    assert [(problem["where"], problem["message"].split(",")[0]) for problem in plan.problems] == [
        ("shop / public.purchase", "home has the type place")
    ]
    assert shop_database.execute("SELECT count(*) FROM purchase WHERE home IS NOT NULL") == [(4,)]


def test_a_replacement_always_fits_its_column(shop, shop_database, amir, petra, work):
    shop_database.execute("ALTER TABLE purchase ADD COLUMN state varchar(2) NOT NULL DEFAULT 'PE'")
    crawl_again(shop)
    hold_purchases(shop)

    request = approve(find(request_of(ANA, amir), amir, work), petra, work)

    assert request.state == State.COMPLETE
    assert shop_database.execute("SELECT DISTINCT state FROM purchase WHERE customer_id = 1") == [("er",)]
    assert shop_database.execute("SELECT DISTINCT state FROM purchase WHERE customer_id > 1") == [("PE",)]


CONSTRAINTS = {
    "check": "ALTER TABLE customer ADD CONSTRAINT looks_like_mail CHECK (email LIKE '%@%')",
    "trigger": """
        CREATE FUNCTION no_anonymous() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'check_violation'; END $$;
        CREATE TRIGGER guard BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION no_anonymous()""",
}


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_a_constraint_in_the_way_is_found_when_planning(constraint, shop, shop_database, amir, work):
    shop_database.execute(CONSTRAINTS[constraint])
    hold_purchases(shop)
    before = shop_database.execute("SELECT * FROM customer ORDER BY id")

    request = find(request_of(ANA, amir), amir, work)

    assert request.state == State.FOUND
    assert request.plans.get().state == Plan.State.BLOCKED
    assert shop_database.execute("SELECT * FROM customer ORDER BY id") == before
    assert entries("plan.started") == []


def test_a_constraint_that_appears_half_way_and_then_a_second_request(shop, shop_database, amir, petra, work):
    """Rows that carry the identity go last: the second request still finds everything the first one left."""
    request = find(request_of(ANA, amir), amir, work)
    shop_database.execute("""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'check_violation'; END $$;
        CREATE TRIGGER guard BEFORE DELETE ON purchase FOR EACH ROW EXECUTE FUNCTION refuse()""")
    request = approve(request, petra, work)

    assert request.state == State.RESIDUAL
    left = {entry["data_set"]: entry["rows"] for entry in request.residue}
    assert left == {"shop / public.customer": 1, "shop / public.newsletter": 2, "shop / public.purchase": 2}
    assert [facts["data_set"] for facts in entries("step.done")] == ["shop / public.purchase_line"]
    assert shop_database.execute("SELECT email FROM customer WHERE id = 1") == [(ANA,)]

    shop_database.execute("DROP TRIGGER guard ON purchase")
    request = approve(find(request, amir, work), petra, work)

    assert request.state == State.COMPLETE
    assert shop_database.execute("SELECT count(*) FROM purchase WHERE customer_id = 1") == [(0,)]
    assert shop_database.execute("SELECT count(*) FROM customer WHERE id = 1") == [(0,)]


@pytest.mark.parametrize("held", [False, True])
def test_a_row_inserted_while_the_erasure_runs(held, shop, shop_database, amir, petra, work):
    if held:
        hold_purchases(shop)
    request = find(request_of(ANA, amir), amir, work)
    approve(request, petra)
    plan = request.plans.get(state=Plan.State.APPROVED)
    with acting(petra.as_actor()):
        progress: Iterator[Progress] = executing.execute(plan)
        for step in progress:
            if step.message.endswith("public.purchase"):
                break
        shop_database.execute(
            "INSERT INTO purchase VALUES (12, 1, '2024-05-06', 3, 'Rua A 1', '10.9.9.9')"
            if held
            else "INSERT INTO newsletter VALUES ('ana@example.org', 'late')"
        )
        for _ in progress:
            pass
    request.refresh_from_db()

    if held:
        assert request.state == State.RESIDUAL
        assert [entry["data_set"] for entry in request.residue if "purchase" in entry["data_set"]] == [
            "shop / public.purchase"
        ]
        assert shop_database.execute("SELECT email FROM customer WHERE id = 1") == [(ANA,)], (
            "identity goes last"
        )
        request = approve(find(request, amir, work), petra, work)
    assert request.state == State.COMPLETE
    assert shop_database.execute("SELECT count(*) FROM newsletter WHERE email ILIKE 'ana@%'") == [(0,)]
    assert shop_database.execute("SELECT count(*) FROM purchase WHERE ship_to = 'Rua A 1'") == [(0,)]


def test_a_repeat_of_a_finished_request_claims_nothing(shop, shop_database, amir, petra, work):
    hold_purchases(shop)
    first = approve(find(request_of(ANA, amir), amir, work), petra, work)
    assert first.state == State.COMPLETE
    done = entries("step.done")

    second = find(request_of(ANA, amir), amir, work)

    assert (second.state, second.outcome) == (State.COMPLETE, "no data found")
    assert not second.plans.exists()
    assert entries("step.done") == done


def test_a_table_without_primary_key_is_erased(db, pg_database, amir, petra, work):
    pg_database.execute("CREATE TABLE visit (mail text, page text)")
    pg_database.execute("INSERT INTO visit VALUES ('ANA@example.org ', '/a'), ('bo@example.org', '/b')")
    system = register(pg_database)
    label(system, {"visit.mail": ("contact.email", "direct")})

    request = approve(find(request_of(ANA, amir), amir, work), petra, work)

    assert request.state == State.COMPLETE
    assert pg_database.execute("SELECT mail FROM visit") == [("bo@example.org",)]


def test_numbers_and_dates_are_overwritten_too(shop, shop_database, amir, petra, work):
    shop_database.execute("ALTER TABLE purchase ADD COLUMN born date NOT NULL DEFAULT '1980-05-06'")
    shop_database.execute("ALTER TABLE purchase ADD COLUMN income integer NOT NULL DEFAULT 52000")
    crawl_again(shop)
    hold_purchases(shop)

    request = approve(find(request_of(ANA, amir), amir, work), petra, work)

    assert request.state == State.COMPLETE
    rows = shop_database.execute("SELECT DISTINCT born::text, income FROM purchase WHERE customer_id = 1")
    assert rows == [("1900-01-01", 0)]


def test_a_store_that_says_yes_and_keeps_the_rows(shop, shop_database, amir, petra, work):
    """A trigger that swallows deletes: PostgreSQL reports success and nothing has gone."""
    request = find(request_of(ANA, amir), amir, work)
    shop_database.execute("""
        CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER swallow BEFORE DELETE ON newsletter FOR EACH ROW EXECUTE FUNCTION swallow()""")
    request = approve(request, petra, work)

    assert request.state == State.RESIDUAL
    assert [entry["data_set"] for entry in request.residue] == ["shop / public.newsletter"]
    assert [facts["data_set"] for facts in entries("step.failed")] == ["shop / public.newsletter"]


def test_a_table_that_cannot_be_read_blocks_the_plan(db, pg_server, pg_database, amir, work):
    pg_database.execute(
        "CREATE TABLE customer (id int PRIMARY KEY, email text); CREATE TABLE secret (email text)"
    )
    pg_database.execute(
        "INSERT INTO customer VALUES (1, 'ana@example.org'); INSERT INTO secret VALUES ('ana@example.org')"
    )
    reader = pg_server.create_login(pg_database)
    pg_database.execute(f'GRANT SELECT, DELETE ON customer TO "{reader.user}"')
    register(reader)

    request = find(request_of(ANA, amir), amir, work)

    assert request.state == State.FOUND
    plan = request.plans.get()
    assert plan.state == Plan.State.BLOCKED
    assert [problem["where"] for problem in plan.problems] == ["shop / public.secret"]


def test_without_the_right_to_delete_the_plan_is_blocked(db, pg_server, pg_database, amir, work):
    pg_database.execute("CREATE TABLE customer (id int PRIMARY KEY, email text)")
    pg_database.execute("INSERT INTO customer VALUES (1, 'ana@example.org')")
    reader = pg_server.create_login(pg_database)
    pg_database.execute(f'GRANT SELECT ON customer TO "{reader.user}"')
    register(reader)

    request = find(request_of(ANA, amir), amir, work)

    assert request.plans.get().state == Plan.State.BLOCKED
    assert pg_database.execute("SELECT count(*) FROM customer") == [(1,)]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("DROP TABLE newsletter", "shop / public.newsletter is gone."),
        (
            "ALTER TABLE purchase ADD COLUMN gift text",
            "The structure of shop / public.purchase, or the settings of its system, changed.",
        ),
        (
            "INSERT INTO purchase VALUES (12, 1, '2024-05-06', 3, NULL, NULL)",
            "",
        ),
        (
            "DELETE FROM purchase_line WHERE purchase_id = 11",
            "shop / public.purchase_line had 3 rows of the person and has 2 now.",
        ),
    ],
)
def test_what_changes_between_plan_and_execution_is_never_overrun(
    change, why, shop, shop_database, amir, petra, work
):
    request = find(request_of(ANA, amir), amir, work)
    shop_database.execute(change)
    request = approve(request, petra, work)

    if why:
        assert (request.state, request.problem) == (
            State.FOUND,
            f"{why} Nothing was written. Search again and make a new plan.",
        )
        assert [facts["why"] for facts in entries("plan.overtaken")] == [why]
        assert entries("step.done") == []
    else:
        assert request.state == State.RESIDUAL
    assert shop_database.execute("SELECT email FROM customer WHERE id = 1") == [(ANA,)]


def test_a_stored_plan_that_was_altered_is_not_carried_out(shop, shop_database, amir, petra, work):
    request = find(request_of(ANA, amir), amir, work)
    plan = request.plans.get()
    with acting(petra.as_actor()):
        approving.approve(plan, fingerprint=plan.fingerprint, by=petra)
    plan.steps.filter(data_set=data_set(shop, "newsletter")).update(method="keep")
    work()
    request.refresh_from_db()

    assert request.problem.startswith("The stored plan is not the one that was approved.")
    assert shop_database.execute("SELECT count(*) FROM customer") == [(3,)]


def test_another_persons_rows_are_not_reached_through_a_reference(db, pg_database, amir, petra, work):
    """A customer names their representative: erasing the representative must not erase the customer."""
    pg_database.execute("""
        CREATE TABLE employee (id int PRIMARY KEY, email text NOT NULL, boss int REFERENCES employee);
        CREATE TABLE customer (id int PRIMARY KEY, email text, rep int REFERENCES employee);
        INSERT INTO employee VALUES (1, 'boss@example.org', NULL), (2, 'rep@example.org', 1);
        INSERT INTO customer VALUES (7, 'ana@example.org', 2), (8, 'bo@example.org', NULL)""")
    system = register(pg_database)
    label(
        system, {"employee.email": ("contact.email", "direct"), "customer.email": ("contact.email", "direct")}
    )
    crawl_again(system)

    request = approve(find(request_of("rep@example.org", amir), amir, work), petra, work)

    assert request.state == State.COMPLETE
    assert pg_database.execute("SELECT * FROM customer ORDER BY id") == [
        (7, "ana@example.org", 2),
        (8, "bo@example.org", None),
    ]
    assert pg_database.execute("SELECT id, email, boss FROM employee ORDER BY id") == [
        (1, "boss@example.org", None),
        (2, "erased", None),
    ]


def test_a_table_nobody_has_scanned_yet_is_searched_too(shop, shop_database, amir, petra, work):
    shop_database.execute("CREATE TABLE survey (id int PRIMARY KEY, who text)")
    shop_database.execute("INSERT INTO survey VALUES (1, 'Ana@example.org'), (2, 'bo@example.org')")
    System.objects.update(crawled_at="2020-01-01T00:00Z")

    request = approve(find(request_of(ANA, amir), amir, work), petra, work)

    assert request.state == State.COMPLETE
    assert shop_database.execute("SELECT id FROM survey") == [(2,)]


def test_a_table_that_appears_before_the_second_search_is_residue(shop, shop_database, amir, petra, work):
    request = find(request_of(ANA, amir), amir, work)
    shop_database.execute("CREATE TABLE survey AS SELECT 'ana@example.org'::text AS who")
    System.objects.update(crawled_at="2020-01-01T00:00Z")
    request = approve(request, petra, work)

    assert request.state == State.RESIDUAL
    assert request.residue == [
        {"data_set": "shop / public.survey", "rows": 1, "how": "found by who = contact.email"}
    ]


def test_a_value_of_ten_megabytes_is_no_obstacle(shop, shop_database, amir, petra, work):
    shop_database.execute("ALTER TABLE purchase ADD COLUMN note text")
    shop_database.execute("UPDATE purchase SET note = repeat('x', 10000000) WHERE customer_id = 1")
    crawl_again(shop)
    hold_purchases(shop)

    request = approve(find(request_of(ANA, amir), amir, work), petra, work)

    assert request.state == State.COMPLETE
    assert shop_database.execute("SELECT count(*) FROM purchase WHERE note IS NOT NULL") == [(0,)]
