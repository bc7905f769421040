"""Shares of a budget that training runs draw from, with the figures of Google's accountants."""

import pytest
from django.core.exceptions import ValidationError

from retention.statistics import accounting, allotments, budgets
from retention.statistics.models import Allotment, Draw
from retention.statistics.units import NANO

EPOCH = {"noise_multiplier": 1.1, "sampling_rate": 0.01, "steps": 100}


@pytest.fixture
def share(shop):
    budget = budgets.set_budget(shop, limit="3", delta="0.0001", period="once")
    return allotments.allot(budget, name="Churn 2026-03", amount="1.8", delta="0.00001")


def test_share_is_charged_at_once(share, sequenced):
    now = budgets.standing(share.budget)
    assert (now.spent, now.delta_spent) == (18 * NANO // 10, 10_000_000)
    with pytest.raises(budgets.Refused):
        allotments.allot(share.budget, name="Another", amount="1.3", delta="0.00001")
    assert Allotment.objects.count() == 1
    assert sequenced()[-1].content["facts"] == {"amount": "ε 1.8", "delta": "0.00001", "accountant": "rdp"}


def test_run_draws_until_its_share_is_used_up(share, sequenced):
    """1,000 steps at q = .01 and σ = 1.1 are at ε = 1.71 for δ = 10⁻⁵ by Rényi divergences."""
    for _ in range(10):
        allotments.draw(share, **EPOCH)
    totals = list(Draw.objects.values_list("total", flat=True))
    assert totals == sorted(totals)
    assert totals[-1] / NANO == pytest.approx(1.7118, abs=1e-3)
    with pytest.raises(allotments.Overdrawn, match="Take fewer steps"):
        allotments.draw(share, **EPOCH | {"steps": 1_000})
    assert Draw.objects.count() == 10
    assert allotments.spent(share) == totals[-1]
    assert [entry.action for entry in sequenced()][-2:] == ["allotment.drawn", "allotment.refused"]


def test_privacy_loss_distributions_are_tighter(share):
    events = [accounting.training(1.1, 0.01, 1_000)]
    assert accounting.rdp_epsilon(events, delta=10_000_000) / NANO == pytest.approx(1.7118, abs=1e-3)
    assert accounting.composed_epsilon(events, delta=10_000_000) / NANO == pytest.approx(1.5154, abs=1e-3)


def test_unused_share_is_given_back_and_a_used_one_is_not(share):
    assert allotments.close(share) is True
    assert budgets.standing(share.budget).spent == 0
    with pytest.raises(allotments.Closed):
        allotments.draw(share, **EPOCH)
    with pytest.raises(allotments.Closed):
        allotments.close(share)
    used = allotments.allot(share.budget, name="Second", amount="1.8", delta="0.00001")
    allotments.draw(used, **EPOCH)
    assert allotments.close(used) is False
    assert budgets.standing(share.budget).spent == 18 * NANO // 10


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"noise_multiplier": 0.0}, "noise_multiplier"),
        ({"noise_multiplier": float("nan")}, "noise_multiplier"),
        ({"sampling_rate": 0.0}, "sampling_rate"),
        ({"sampling_rate": 1.5}, "sampling_rate"),
        ({"sampling_rate": float("nan")}, "sampling_rate"),
        ({"steps": 0}, "steps"),
    ],
)
def test_draw_that_makes_no_sense_is_refused(change, field, share):
    with pytest.raises(ValidationError) as refused:
        allotments.draw(share, **EPOCH | change)
    assert list(refused.value.message_dict) == [field]
    assert not Draw.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": "0"}, "amount"),
        ({"delta": "0"}, "delta"),
        ({"name": " "}, "name"),
        ({"name": "Churn 2026-03"}, "name"),
        ({"accountant": "abacus"}, "accountant"),
    ],
)
def test_share_that_makes_no_sense_is_refused(change, field, share):
    given = {"name": "Next", "amount": "0.1", "delta": "0.000001"} | change
    with pytest.raises(ValidationError) as refused:
        allotments.allot(share.budget, **given)
    assert list(refused.value.message_dict) == [field]


def test_budget_in_rho_cannot_be_shared_out(shop):
    budget = budgets.set_budget(shop, limit="1", unit="rho", delta="0.0001")
    with pytest.raises(ValidationError, match="Only a budget in ε"):
        allotments.allot(budget, name="x", amount="0.1", delta="0.00001")
