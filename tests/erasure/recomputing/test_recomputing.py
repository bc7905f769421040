"""Derived data computed anew: declared, approved by somebody else, and equal to what the sources give."""

from collections.abc import Callable
from decimal import Decimal

import pyarrow as pa
import pytest
from django.core.exceptions import ValidationError

from catalog.connectors.base import Match, Unsupported
from catalog.connectors.destruction import open_writable
from catalog.models import System
from erasure.measures.base import Planned
from erasure.measures.recompute import UNAPPROVED, UNDECLARED, Recompute
from erasure.models import Step, SubjectRequest
from erasure.recomputing import declaring, jobs
from erasure.recomputing.downstream import derived_from
from erasure.recomputing.models import Recomputation
from erasure.recomputing.running import differing, recompute
from erasure.requests.states import NotNow
from governance.console.models import Job, User
from tests.erasure import estate
from tests.erasure.recomputing.conftest import FIGURES, Lake, flow
from tests.services.fixtures import Database

QUERY = """
    SELECT l.article, count(DISTINCT p.customer_id) AS customers, sum(p.total) AS total
    FROM purchase AS p JOIN purchase_line AS l ON l.purchase_id = p.id
    GROUP BY l.article
"""
ONES = "SELECT article, 1 AS customers, 1 AS total"


@pytest.fixture
def declared(totals: System, emil: User, dana: User) -> Recomputation:
    """For the articles of the shop, declared by emil and approved by dana."""
    made = declaring.declare(estate.data_set(totals, "article_totals"), query=QUERY, by=emil)
    declaring.approve(made, digest=made.digest, by=dana)
    return Recomputation.objects.get()


@pytest.fixture
def by_country(lake: Lake, emil: User, dana: User) -> Recomputation:
    made = declaring.declare(
        lake.data_set("gold.by_country"), source=lake.data_set("silver.reader"), columns=FIGURES, by=emil
    )
    declaring.approve(made, digest=made.digest, by=dana)
    return Recomputation.objects.get()


def drafts(*changed: Step) -> list[Step]:
    (steps,) = Recompute().drafts([Planned(SubjectRequest(pk=0), list(changed))])
    return steps


def deleted(data_set: object) -> Step:
    return Step(data_set=data_set, method="delete")


def test_a_table_is_filled_by_its_query(declared: Recomputation, shop_database: Database) -> None:
    assert differing(declared.data_set) == 3
    assert recompute(declared.data_set) == (3, 0)
    assert shop_database.execute("SELECT * FROM article_totals ORDER BY 1") == [
        ("cup", 1, Decimal("12.50")),
        ("pot", 1, Decimal("7.00")),
        ("tea", 3, Decimal("113.40")),
    ]
    shop_database.execute("DELETE FROM purchase_line WHERE purchase_id IN (10, 11)")
    assert differing(declared.data_set) == 4  # three old rows and the new one of tea
    assert recompute(declared.data_set) == (1, 0)
    assert recompute(declared.data_set) == (1, 0)
    assert [entry["rows"] for entry in estate.entries("recomputing.recomputed")] == [3, 1, 1]
    declared.refresh_from_db()
    assert (declared.rows, declared.problem, declared.ran_at is not None) == (1, "", True)


def test_figures_of_a_lake_without_the_person(lake: Lake, by_country: Recomputation) -> None:
    assert recompute(by_country.data_set) == (2, 0)
    assert lake.rows("gold.by_country") == [
        {"country": "Brazil", "readers": 2, "spent": 5},
        {"country": "Sweden", "readers": 1, "spent": 7},
    ]
    with open_writable("iceberg", lake.system.all_settings()) as writer:
        writer.delete("silver.reader", [Match(pa.table({"email": ["ana@example.org"]}))])
    assert differing(by_country.data_set) == 1
    (step,) = drafts(deleted(lake.data_set("silver.reader")))
    assert step.facts == {
        "made of": ["Lake / silver.reader"],
        "how": "country = country\nreaders = count(*)\nspent = sum(spent)",
        "declaration": by_country.digest,
    }
    outcome = Recompute().execute(step)
    assert (outcome.left, outcome.problem, outcome.facts) == (0, "", {"recomputed": True, "rows": 2})
    assert Recompute().check(step).left == 0
    assert lake.rows("gold.by_country") == [
        {"country": "Brazil", "readers": 1, "spent": None},
        {"country": "Sweden", "readers": 1, "spent": 7},
    ]
    assert len(lake.catalog.load_table("gold.by_country").snapshots()) == 1


def test_figures_made_of_rows_that_identify_the_person_are_computed_after_these_are_gone(
    lake: Lake, by_country: Recomputation, amir: User, petra: User, work: Callable[[], object]
) -> None:
    request = estate.find(estate.request_of("ana@example.org", amir), amir, work)
    steps = request.plans.get().steps.order_by("position")
    assert [(step.method, step.data_set.name) for step in steps] == [
        ("delete", "silver.reader"),
        ("recompute", "gold.by_country"),
    ]
    assert estate.approve(request, petra, work).state == SubjectRequest.State.COMPLETE
    assert lake.rows("gold.by_country") == [
        {"country": "Brazil", "readers": 1, "spent": None},
        {"country": "Sweden", "readers": 1, "spent": 7},
    ]


def test_an_aggregate_of_nothing_is_empty(lake: Lake, by_country: Recomputation) -> None:
    lake.catalog.load_table("silver.reader").delete()
    assert recompute(by_country.data_set) == (0, 0)
    assert lake.rows("gold.by_country") == []


def test_what_a_plan_says_of_derived_data(totals: System, emil: User, dana: User, amir: User) -> None:
    changed = [deleted(estate.data_set(totals, name)) for name in ("purchase", "purchase_line", "newsletter")]
    kept = Step(data_set=estate.data_set(totals, "customer"), method="keep")
    found = {step.data_set.name: step.facts for step in drafts(*changed, kept)}
    assert {name: facts.get("warning") for name, facts in found.items()} == {
        "public.article_totals": UNDECLARED,
        "public.topic_totals": UNDECLARED,
        "public.per_day": None,
    }
    assert found["public.article_totals"]["made of"] == [
        "shop / public.purchase",
        "shop / public.purchase_line",
    ]
    made = declaring.declare(estate.data_set(totals, "article_totals"), query=QUERY, by=emil)
    topics = estate.data_set(totals, "topic_totals")
    declaring.confirm_anonymous(topics, smallest_group=20, reason="Topics with thousands of readers", by=dana)
    found = {step.data_set.name: step for step in drafts(*changed)}
    assert found["public.article_totals"].facts["warning"] == UNAPPROVED
    assert found["public.topic_totals"].facts["anonymous"] == "confirmed: at least 20 persons in each figure"
    assert Recompute().execute(found["public.topic_totals"]).facts == {"recomputed": False}
    declaring.approve(made, digest=made.digest, by=amir)
    step = {step.data_set.name: step for step in drafts(*changed)}["public.article_totals"]
    assert "warning" not in step.facts
    made = declaring.declare(estate.data_set(totals, "article_totals"), query=f"{QUERY} LIMIT 5", by=emil)
    outcome = Recompute().execute(step)
    assert (outcome.left, "was changed since the plan was approved" in outcome.problem) == (1, True)


def test_a_materialized_view_is_refreshed(totals: System, shop_database: Database) -> None:
    step = next(
        each for each in drafts(deleted(estate.data_set(totals, "purchase"))) if "per_day" in each.target
    )
    assert step.facts["how"] == "the store refreshes the materialized view"
    shop_database.execute(
        "DELETE FROM purchase_line WHERE purchase_id = 10; DELETE FROM purchase WHERE id = 10"
    )
    assert Recompute().check(step).left == 1
    assert Recompute().execute(step).facts == {"recomputed": True, "rows": 2}
    assert Recompute().check(step).left == 0
    assert shop_database.execute("SELECT orders FROM per_day ORDER BY day") == [(1,), (2,)]


def test_each_derived_data_set_after_what_it_is_made_of(totals: System) -> None:
    articles, topics = estate.data_set(totals, "article_totals"), estate.data_set(totals, "topic_totals")
    flow(articles, topics)
    flow(topics, articles, origin="declared")
    purchase = estate.data_set(totals, "purchase")
    assert [each.name for each, _ in derived_from({purchase.pk})][-2:] == [
        "public.article_totals",
        "public.topic_totals",
    ]
    flow(purchase, estate.data_set(totals, "customer"))
    assert "public.customer" not in [each.name for each, _ in derived_from({purchase.pk})]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("DELETE FROM purchase", "one SELECT"),
        ("SELECT 1; SELECT 2", "one SELECT"),
        ("SELECT FROM WHERE", "cannot be read as SQL"),
        (f"WITH gone AS (DELETE FROM purchase RETURNING *) {ONES} FROM gone", "more than read"),
        (f"{ONES} INTO copy FROM purchase_line", "more than read"),
        (f"{ONES} FROM purchase_line FOR UPDATE", "more than read"),
        ("SELECT article, pg_terminate_backend(1) AS customers, 1 AS total FROM purchase_line", "not known here"),
        ("SELECT article, 1 AS customers FROM purchase_line", "must give the columns article, customers, total"),
        (f"{ONES} FROM secret.purchase_line", "has no data set secret.purchase_line"),
        ("SELECT article, customers, total FROM article_totals", "reads the data set that it fills"),
        ("SELECT 'a' AS article, 1 AS customers, 1 AS total", "reads no data set"),
        (f"INSERT INTO purchase {ONES} FROM purchase_line", "something other than"),
        (f"INSERT INTO article_totals (total, article, customers) {ONES} FROM purchase_line", "one SELECT"),
        (f"CREATE VIEW article_totals AS {ONES} FROM purchase_line", "one SELECT"),
        ("DROP TABLE article_totals", "one SELECT"),
        ("COPY purchase TO PROGRAM 'id'", "one SELECT"),
    ],
)  # fmt: skip
def test_queries_that_do_more_or_something_else(totals: System, query: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        declaring.declare(estate.data_set(totals, "article_totals"), query=query)
    assert not Recomputation.objects.exists()


@pytest.mark.parametrize(
    "start",
    [
        "INSERT INTO article_totals",
        "insert into public.article_totals (article, customers, total)",
        "CREATE TABLE article_totals AS",
    ],
)
def test_statements_that_say_which_data_set(totals: System, start: str) -> None:
    made = declaring.declare(estate.data_set(totals, "article_totals"), query=f"{start} {QUERY}")
    assert made.query.startswith("SELECT l.article, COUNT(DISTINCT p.customer_id) AS customers")


def test_declarations_that_cannot_be_meant(totals: System, lake: Lake) -> None:
    gold, silver = lake.data_set("gold.by_country"), lake.data_set("silver.reader")
    articles = estate.data_set(totals, "article_totals")
    for data_set, given, why in (
        (estate.data_set(totals, "customer"), {"query": QUERY}, "holds persons of its own"),
        (estate.data_set(totals, "per_day"), {"query": QUERY}, "is a view"),
        (articles, {"source": silver, "columns": FIGURES}, "does not take all rows"),
        (gold, {"query": QUERY}, "runs no queries"),
        (gold, {}, "Give either"),
        (gold, {"source": gold, "columns": FIGURES}, "not made of itself"),
        (gold, {"source": silver, "columns": {"country": "country"}}, "each column"),
        (gold, {"source": silver, "columns": FIGURES | {"spent": "sum(gone)"}}, "has no column gone"),
    ):
        with pytest.raises(ValidationError, match=why):
            declaring.declare(data_set, **given)
    with pytest.raises(ValidationError, match="hides nobody"):
        declaring.confirm_anonymous(gold, smallest_group=1, reason="x", by=None)  # type: ignore[arg-type]


def test_nothing_runs_before_somebody_else_has_approved(totals: System, emil: User, dana: User) -> None:
    data_set = estate.data_set(totals, "article_totals")
    with pytest.raises(Unsupported, match="Nobody has said and approved"):
        recompute(data_set)
    made = declaring.declare(data_set, query=QUERY, by=emil)
    with pytest.raises(Unsupported):
        recompute(data_set)
    with pytest.raises(NotNow, match="Nobody has approved"):
        jobs.request(made)
    with pytest.raises(NotNow, match="cannot approve it"):
        declaring.approve(made, digest=made.digest, by=emil)
    with pytest.raises(NotNow, match="declared anew"):
        declaring.approve(made, digest="0" * 64, by=dana)
    assert not Recomputation.objects.filter(approved_at__isnull=False).exists()


def test_by_a_job(declared: Recomputation, work: Callable[[], list[Job]], shop_database: Database) -> None:
    jobs.request(declared)
    with pytest.raises(NotNow, match="already"):
        jobs.request(declared)
    assert [job.state for job in work() if job.kind == jobs.KIND] == [Job.State.DONE]
    shop_database.execute("ALTER TABLE article_totals ADD CHECK (customers < 2) NOT VALID")
    jobs.request(Recomputation.objects.get())
    (failed,) = work()
    assert failed.state == Job.State.FAILED
    assert len(shop_database.execute("SELECT * FROM article_totals")) == 3
    assert Recomputation.objects.get().problem
