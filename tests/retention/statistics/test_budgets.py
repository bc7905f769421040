"""The ledger of a budget: what it refuses, what it adds up, and that fifty at once do not overspend it."""

import threading
from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum
from django.utils import timezone

from audit.ledger.context import Actor, acting
from retention.statistics import asking, budgets
from retention.statistics.models import FIRST_DAY, Budget, Charge, Period, Release
from retention.statistics.units import NANO
from tests.retention.statistics.conftest import MEAN, purchases, register

MILLI = NANO // 1000
QUERY = {"kind": "count", "unit": "epsilon", "amount": 500 * MILLI, "keys": [], "edges": []}


def paid(budget, amount, *, delta=0):
    """A release of its own kind, charged."""
    with transaction.atomic():
        release = Release.objects.create(
            budget=budget,
            title="Mean of spend",
            query={},
            fingerprint=f"{Release.objects.count()}-{threading.get_ident()}-{amount}",
            period_start=timezone.localdate(),
        )
        budgets.reserve(budget, release, amount=amount, delta=delta, what=release.title)
    return release


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_spend_exactly_the_budget(folder):
    budget = budgets.set_budget(register(folder, "p.parquet", purchases(1)), limit="1.0")
    outcomes, start = [], threading.Barrier(50)

    def charge(number: int) -> None:
        try:
            with acting(Actor("system", f"thread {number}")):
                start.wait()
                with transaction.atomic():
                    release = Release.objects.create(
                        budget=budget, title="Sum", query={}, fingerprint=str(number), period_start=FIRST_DAY
                    )
                    budgets.reserve(budget, release, amount=50 * MILLI, delta=0, what="Sum")
            outcomes.append("charged")
        except budgets.Refused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=charge, args=[number]) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count("charged"), outcomes.count("refused")) == (20, 30)
    assert Charge.objects.aggregate(sum=Sum("amount"))["sum"] == 1_000_000_000
    assert Release.objects.count() == 20
    assert budgets.standing(budget).left == 0


def test_refused_charge_leaves_what_was_left(budget):
    paid(budget, 600 * MILLI)
    with pytest.raises(budgets.Refused) as refused:
        paid(budget, 500 * MILLI)
    renews = budget.renews(timezone.localdate())
    assert str(refused.value) == (
        f"This takes ε 0.5; ε 0.4, δ 0.00001 is left of the budget of Shop / purchases.parquet. "
        f"It renews on {renews:%-d %B %Y}."
    )
    assert budgets.standing(budget).left == 400 * MILLI
    paid(budget, 400 * MILLI)
    assert budgets.standing(budget).left == 0


def test_twentieth_twentieth_fits_and_the_next_nano_does_not(budget):
    for _ in range(20):
        paid(budget, 50 * MILLI)
    with pytest.raises(budgets.Refused):
        paid(budget, 1)


def test_delta_is_a_limit_of_its_own(budget):
    paid(budget, MILLI, delta=10_000_000)
    with pytest.raises(budgets.Refused, match=r"δ 0\.000000000001"):
        paid(budget, MILLI, delta=1)


@pytest.mark.parametrize(
    ("period", "start", "renews"),
    [
        (Period.MONTH, date(2026, 12, 1), date(2027, 1, 1)),
        (Period.QUARTER, date(2026, 10, 1), date(2027, 1, 1)),
        (Period.YEAR, date(2026, 1, 1), date(2027, 1, 1)),
        (Period.ONCE, FIRST_DAY, None),
    ],
)
def test_periods_begin_and_renew(period, start, renews):
    budget = Budget(period=period)
    assert (budget.period_start(date(2026, 12, 31)), budget.renews(date(2026, 12, 31))) == (start, renews)


def test_budget_renews_with_its_period(budget, monkeypatch):
    paid(budget, 900 * MILLI)
    later = timezone.localdate() + timedelta(days=40)
    monkeypatch.setattr(budgets.timezone, "localdate", lambda: later)
    assert budgets.standing(budget).left == NANO


def test_longer_period_counts_what_the_shorter_one_forgot(budget, shop, monkeypatch):
    long_ago = timezone.now() - timedelta(days=3_000)
    monkeypatch.setattr("retention.statistics.models.timezone.now", lambda: long_ago)
    Charge.objects.create(budget=budget, kind="reserve", amount=7, what="x", actor="x", made_at=long_ago)
    monkeypatch.undo()
    assert budgets.standing(budget).spent == 0
    once = budgets.set_budget(shop, limit="1", period="once")
    assert budgets.standing(once).spent == 7


@pytest.mark.parametrize(
    ("limit", "problem"),
    [
        ("0", "A budget must be more than 0."),
        ("-1", "A budget must be more than 0."),
        ("nan", "A budget must be a finite number."),
        ("inf", "A budget must be a finite number."),
        ("many", "A budget must be a number."),
        ("", "A budget must be a number."),
        (True, "A budget must be a number."),
        ("0.0000000001", "A budget is counted in steps of 0.000000001."),
        ("1001", "A budget must be at most 1,000; above 10 it protects nobody."),
        ("1e400", "A budget is out of range."),
    ],
)
def test_budget_of_nothing_is_refused(limit, problem, shop):
    with pytest.raises(ValidationError) as refused:
        budgets.set_budget(shop, limit=limit)
    assert refused.value.message_dict == {"limit": [problem]}
    assert not Budget.objects.exists()


def test_budget_is_changed_and_what_was_charged_stays(budget, shop, sequenced):
    paid(budget, 600 * MILLI)
    lower = budgets.set_budget(shop, limit="0.5", reason="Too much was asked")
    standing = budgets.standing(lower)
    assert (lower.pk, standing.spent, standing.left) == (budget.pk, 600 * MILLI, 0)
    with pytest.raises(ValidationError, match="cannot be converted"):
        budgets.set_budget(shop, limit="0.5", unit="rho")
    first, second = (entry.content["facts"] for entry in sequenced() if entry.action == "budget.set")
    assert first == {
        "limit": "ε 1",
        "delta": "0.00001",
        "period": "month",
        "accounting": "basic",
        "person": "",
        "reason": "For the board's report",
    }
    assert (second["limit"], second["reason"]) == ("ε 0.5", "Too much was asked")


def test_privacy_loss_distributions_allow_more_small_releases(shop):
    """.05 goes into 1 twenty times by addition, and 26 times at δ = 10⁻⁶ by the worst pure mechanism."""
    budget = budgets.set_budget(shop, limit="1", delta="0.000001", accounting_by="pld", period="once")
    charged = 0
    with pytest.raises(budgets.Refused):  # noqa: PT012  the loop ends with it
        for _ in range(40):
            paid(budget, 50 * MILLI)
            charged += 1
    assert charged == 26
    assert budgets.standing(budget).spent <= NANO
    assert {str(event) for event in Charge.objects.values_list("event", flat=True)} == {
        "{'delta': 0, 'epsilon': 50000000, 'mechanism': 'any'}"
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"unit": "rho", "delta": "0.1"}, "accounting"),
        ({"delta": "0"}, "delta"),
    ],
)
def test_privacy_loss_distributions_need_epsilon_and_delta(change, field, shop):
    with pytest.raises(ValidationError) as refused:
        budgets.set_budget(shop, **{"limit": "1", "delta": "0.1", "accounting_by": "pld"} | change)
    assert list(refused.value.message_dict) == [field]


def test_charge_that_drew_nothing_can_be_given_back_once(budget, sequenced):
    release = paid(budget, 500 * MILLI)
    Release.objects.update(state="failed")
    Release.objects.update(query=QUERY)
    asking.give_back(release, reason="The store is gone")
    assert budgets.standing(budget).spent == 0
    release.refresh_from_db()
    assert release.state == "returned"
    with pytest.raises(asking.NotNow):
        asking.give_back(release, reason="Again")
    with pytest.raises(RuntimeError, match="not paid for"):
        budgets.mark(release, Charge.Kind.DRAW)
    assert [
        entry.content["facts"] for entry in sequenced() if entry.action == "statistic.charge_returned"
    ] == [{"amount": "ε 0.5", "reason": "The store is gone"}]


def test_charge_stays_where_noise_may_have_been_drawn(budget):
    release = paid(budget, 500 * MILLI)
    budgets.mark(release, Charge.Kind.DRAW)
    Release.objects.update(state="failed")
    with pytest.raises(asking.NotNow, match="its charge stays"):
        asking.give_back(release, reason="Please")
    assert budgets.standing(budget).spent == 500 * MILLI


def test_charge_of_an_earlier_period_gives_this_one_nothing(budget, monkeypatch):
    release = paid(budget, 500 * MILLI)
    Release.objects.update(state="failed", query=QUERY)
    later = timezone.localdate() + timedelta(days=40)
    monkeypatch.setattr(budgets.timezone, "localdate", lambda: later)
    monkeypatch.setattr(
        "retention.statistics.models.timezone.now",
        lambda: timezone.make_aware(datetime.combine(later, datetime.min.time())),
    )
    asking.give_back(release, reason="The store is gone")
    assert budgets.standing(budget).left == NANO


@pytest.mark.parametrize("table", ["statistics_charge", "statistics_draw"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_database_refuses_to_change_what_was_charged(table, statement, budget):
    release = paid(budget, MILLI)
    if table == "statistics_draw":
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO statistics_allotment (budget_id, name, amount, delta, accountant, made_at) "
                "VALUES (%s, 'x', 1, 1, 'rdp', now()) RETURNING id",
                [release.budget_id],
            )
            cursor.execute(
                "INSERT INTO statistics_draw "
                "(allotment_id, noise_multiplier, sampling_rate, steps, total, actor, made_at) "
                "VALUES (%s, 1, 1, 1, 1, 'x', now())",
                cursor.fetchone(),
            )
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement.format(table))
    assert Charge.objects.count() == 1


def test_replication_does_not_switch_the_protection_off(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname, tgenabled FROM pg_trigger WHERE tgname LIKE 'statistics_%' ORDER BY 1")
        assert cursor.fetchall() == [
            ("statistics_charge_rows", "A"),
            ("statistics_charge_truncate", "A"),
            ("statistics_draw_rows", "A"),
            ("statistics_draw_truncate", "A"),
        ]


def test_whoever_asks_cannot_choose_whom_a_budget_protects(shop, sequenced):
    budget = budgets.set_budget(shop, limit="1", person="person", reason="Customers")
    without = {name: value for name, value in MEAN.items() if name != "person"}
    query = asking.understand(budget, without)
    assert query.person == "person"
    for other in ({"person": "age"}, {"each_row": True}):
        with pytest.raises(ValidationError, match="This budget protects each person"):
            asking.understand(budget, without | other)
    budget.person = ""  # as read before the officer said whom it protects
    with pytest.raises(ValidationError, match="This budget protects each person"):
        asking.ask(budget, asking.understand(budget, without | {"each_row": True}))
    asking.ask(budget, query)
    facts = {entry.action: entry.content["facts"] for entry in sequenced()}
    assert facts["budget.set"]["person"] == facts["statistic.asked"]["person"] == "person"


def test_budget_protects_persons_of_a_column_that_is_there(shop):
    with pytest.raises(ValidationError, match="has no column customer"):
        budgets.set_budget(shop, limit="1", person="customer", reason="Customers")
