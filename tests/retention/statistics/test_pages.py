"""The pages: budget, question, price, answer, true values, ledger, shares."""

import re

import orjson
import pytest
from django.core.exceptions import ValidationError

from retention.statistics import allotments, asking, budgets, charts
from retention.statistics.models import Allotment, Budget, Charge, Release
from retention.statistics.units import NANO
from tests.people import client_of
from tests.retention.statistics.conftest import MEAN

FORM = {
    "kind": "mean",
    "value": "spend",
    "lower": "0",
    "upper": "20",
    "decimals": "2",
    "grouping": "bands",
    "group": "age",
    "edges": "30, 45 60",
    "person": "person",
    "rows_per_person": "3",
    "groups_per_person": "1",
    "amount": "0.5",
}
TERMS = {
    "unit": "epsilon",
    "limit": "1",
    "delta": "0",
    "period": "month",
    "accounting": "basic",
    "reason": "For the board",
}


def text_of(answer):
    return answer.content.decode()


@pytest.fixture
def release(budget, work):
    asked, _ = asking.ask(budget, asking.understand(budget, MEAN))
    work()
    asked.refresh_from_db()
    return asked


def test_empty_lists_offer_the_next_step_to_those_who_may_take_it(amir, vera, db):
    for path, step in (
        ("/anonymization/statistics/", "Ask for a statistic"),
        ("/anonymization/statistics/budgets/", "Set a budget"),
    ):
        assert step in text_of(client_of(amir).get(path))
        assert step not in text_of(client_of(vera).get(path))
    assert "No data set has a budget" in text_of(client_of(amir).get("/anonymization/statistics/ask/"))


def test_officer_sets_and_changes_a_budget(amir, dana, shop, sequenced):
    browser = client_of(amir)
    chosen = browser.get(f"/anonymization/statistics/budgets/set/?data_set={shop.pk}")
    url = chosen["Location"]
    assert url == f"/anonymization/statistics/budgets/set/{shop.pk}/"
    assert client_of(dana).post(url, TERMS).status_code == 403
    made = browser.post(url, TERMS)
    budget = Budget.objects.get()
    assert (made["Location"], budget.limit, budget.set_by) == (budget.get_absolute_url(), NANO, amir)
    assert 'value="1"' in text_of(browser.get(url))
    browser.post(url, {**TERMS, "limit": "2.5", "period": "once"})
    budget.refresh_from_db()
    assert (budget.limit, budget.period) == (25 * NANO // 10, "once")
    assert [entry.action for entry in sequenced()] == ["budget.set", "budget.set"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"limit": "0"}, "A budget must be more than 0."),
        ({"limit": "-3"}, "A budget must be more than 0."),
        ({"delta": "2"}, "δ must be at least 0 and below 1."),
        ({"accounting": "pld"}, "Privacy loss distributions give an ε at a δ above 0"),
        ({"reason": ""}, "This field is required."),
    ],
)
def test_budget_that_cannot_be_is_refused(change, problem, amir, shop):
    answer = client_of(amir).post(f"/anonymization/statistics/budgets/set/{shop.pk}/", TERMS | change)
    assert answer.status_code == 422
    assert problem in text_of(answer)
    assert not Budget.objects.exists()


def test_price_and_error_are_shown_before_anything_is_spent(dana, budget):
    browser, url = client_of(dana), f"/anonymization/statistics/ask/{budget.pk}/"
    assert "Spend it and release" not in text_of(browser.get(url))
    text = text_of(browser.post(url, {**FORM, "action": "preview"}))
    assert "<dt>Cost</dt><dd>ε 0.5</dd>" in text
    assert "<dt>Mean of a group with 1,000 rows</dt><dd>± 0.69</dd>" in text
    assert "Spend it and release" in text
    assert not Charge.objects.exists()


def test_question_is_released_and_shown_with_bars_and_a_table(dana, vera, budget, work):
    url = f"/anonymization/statistics/ask/{budget.pk}/"
    answer = client_of(dana).post(url, {**FORM, "action": "release"})
    release = Release.objects.get()
    assert answer["Location"] == release.get_absolute_url()
    waiting = text_of(client_of(vera).get(release.get_absolute_url()))
    assert f'hx-get="/anonymization/statistics/{release.pk}/progress/" hx-trigger="every 1s"' in waiting
    work()
    done = client_of(vera).get(f"/anonymization/statistics/{release.pk}/progress/")
    assert (done["HX-Refresh"], done.content) == ("true", b"")
    text = text_of(client_of(vera).get(release.get_absolute_url()))
    assert "hx-trigger" not in text
    assert text.count("<rect ") == 4
    assert re.search(r"<td[^>]*>30 to under 45</td>", text)
    assert "True value" not in text
    assert "Mean of spend by age" in text_of(client_of(vera).get("/anonymization/statistics/"))


def test_same_question_leads_to_the_answer_there_is(dana, release):
    url = f"/anonymization/statistics/ask/{release.budget_id}/"
    browser = client_of(dana)
    assert "nothing: it is answered already" in text_of(browser.post(url, {**FORM, "action": "preview"}))
    assert browser.post(url, {**FORM, "action": "release"})["Location"] == release.get_absolute_url()
    assert Charge.objects.filter(kind="reserve").count() == 1


def test_question_beyond_the_budget_is_a_conflict(dana, release):
    url = f"/anonymization/statistics/ask/{release.budget_id}/"
    answer = client_of(dana).post(url, {**FORM, "amount": "0.6", "action": "release"})
    assert answer.status_code == 409
    assert "This takes ε 0.6; ε 0.5, δ 0.00001 is left of the budget" in text_of(answer)
    assert "It renews on" in text_of(answer)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"amount": "-1"}, "ε must be more than 0."),
        ({"lower": ""}, "A bound is needed"),
        ({"upper": "0"}, "The upper bound must be above the lower one."),
        ({"value": "salary"}, "salary is not one of the available choices"),
        ({"person": ""}, "Name the column that tells persons apart"),
        ({"edges": "old"}, "This is not a number."),
    ],
)
def test_question_that_cannot_be_asked_is_refused(change, problem, dana, budget):
    answer = client_of(dana).post(
        f"/anonymization/statistics/ask/{budget.pk}/", {**FORM, **change, "action": "release"}
    )
    assert answer.status_code == 422
    assert problem in text_of(answer)
    assert not Charge.objects.exists()


def test_true_values_need_the_role_and_a_reason(amir, dana, release, sequenced):
    url = f"/anonymization/statistics/{release.pk}/true-values/"
    assert client_of(dana).post(url, {"reason": "Curious"}).status_code == 403
    browser = client_of(amir)
    assert browser.post(url, {"reason": ""}).status_code == 422
    assert "statistic.true_values_seen" not in [entry.action for entry in sequenced()]
    answer = browser.post(url, {"reason": "To see how far off it is"})
    text = text_of(answer)
    # How far off it may be is a dash where the noisy count leaves nothing to tell it by.
    assert re.search(r'<td class="text-wrap">under 30</td>(<td[^>]*>.*?</td>){2}<td[^>]*>5</td>', text)
    assert "no-store" in answer["Cache-Control"]
    (entry,) = (entry for entry in sequenced() if entry.action == "statistic.true_values_seen")
    assert (entry.actor, entry.content["facts"]) == (
        str(amir.public_id),
        {"reason": "To see how far off it is"},
    )
    assert ">True value</th>" not in text_of(browser.get(release.get_absolute_url()))


def test_stopped_release_is_tried_again_or_given_back(amir, dana, budget, work):
    asked, _ = asking.ask(budget, asking.understand(budget, MEAN))
    Release.objects.update(state="failed", problem="Shop does not answer.")
    steward, officer = client_of(dana), client_of(amir)
    page = text_of(steward.get(asked.get_absolute_url()))
    assert "Shop does not answer. ε 0.5 is charged, and no answer came of it." in page
    assert ("Try again for nothing" in page, "Give it back" in page) == (True, False)
    url = f"/anonymization/statistics/{asked.pk}/give-back/"
    assert steward.post(url, {"reason": "x"}).status_code == 403
    assert officer.post(url, {"reason": ""}).status_code == 422
    assert "ε 0.5 is given back." in text_of(officer.post(url, {"reason": "Never read"}, follow=True))
    assert budgets.standing(budget).spent == 0
    again = steward.post(f"/anonymization/statistics/{asked.pk}/again/", follow=True)
    assert "This is answered, or being worked on." in text_of(again)


def test_ledger_of_a_budget_names_who_and_what(amir, vera, dana, budget, work):
    client_of(dana).post(f"/anonymization/statistics/ask/{budget.pk}/", {**FORM, "action": "release"})
    work()
    text = text_of(client_of(vera).get(budget.get_absolute_url()))
    assert "ε 0.5, δ 0.00001 left" in text
    assert '<progress aria-label="Spent" value="50" max="100">' in text
    assert re.findall(r"<td>(Answered|Noise is drawn|Charged)</td>", text) == [
        "Answered",
        "Noise is drawn",
        "Charged",
    ]
    assert text.count("<td>Dana</td>") == 3
    assert "Share out" not in text
    assert "Share out" in text_of(client_of(amir).get(budget.get_absolute_url()))
    filtered = text_of(client_of(vera).get(f"{budget.get_absolute_url()}?kind=reserve"))
    assert re.findall(r"<td>(Answered|Noise is drawn|Charged)</td>", filtered) == ["Charged"]


def test_batch_is_priced_and_then_asked(dana, budget, work):
    browser, url = client_of(dana), f"/anonymization/statistics/price/{budget.pk}/"
    questions = [
        {**MEAN, "epsilon": "0.25"},
        {**MEAN, "epsilon": "0.25"},
        {**MEAN, "kind": "people", "epsilon": "0.3"},
    ]
    body = orjson.dumps(questions).decode()
    text = text_of(browser.post(url, {"questions": body, "action": "preview"}))
    assert "Together ε 0.55 of ε 1, δ 0.00001 that is left." in text
    assert not Charge.objects.exists()
    browser.post(url, {"questions": body, "action": "release"})
    work()
    assert sorted(Release.objects.values_list("title", "state")) == [
        ("Mean of spend by age", "done"),
        ("Number of people by age", "done"),
    ]
    dear = orjson.dumps([{**MEAN, "epsilon": "0.46"}]).decode()
    text = text_of(browser.post(url, {"questions": dear, "action": "release"}))
    assert "This does not suffice; the budget renews on" in text
    assert Release.objects.count() == 2


@pytest.mark.parametrize(
    ("questions", "problem"),
    [
        ("{", "This is not JSON"),
        ("[]", "A list of questions is needed"),
        ('[{"kind": "count", "epsilon": "0"}]', "Question 1, epsilon: ε must be more than 0."),
    ],
)
def test_batch_that_cannot_be_read_is_refused(questions, problem, dana, budget):
    answer = client_of(dana).post(f"/anonymization/statistics/price/{budget.pk}/", {"questions": questions})
    assert answer.status_code == 422
    assert problem in text_of(answer)


def test_share_is_made_shown_and_closed(amir, vera, budget):
    officer, url = client_of(amir), f"/anonymization/statistics/budgets/{budget.pk}/share/"
    given = {"name": "Churn", "amount": "0.9", "delta": "0.000001", "accountant": "rdp"}
    assert officer.post(url, {**given, "amount": "0"}).status_code == 422
    refused = officer.post(url, {**given, "amount": "1.1"})
    assert (refused.status_code, "ε 1, δ 0.00001 is left" in text_of(refused)) == (409, True)
    made = officer.post(url, given)
    share = Allotment.objects.get()
    assert made["Location"] == share.get_absolute_url()
    assert "No draws yet" in text_of(client_of(vera).get(share.get_absolute_url()))
    allotments.draw(share, noise_multiplier=2.0, sampling_rate=0.01, steps=10)
    text = text_of(client_of(vera).get(share.get_absolute_url()))
    assert '<td class="numeric">10</td><td class="numeric">2.0</td><td class="numeric">0.01</td>' in text
    assert "Churn" in text_of(client_of(vera).get(budget.get_absolute_url()))
    closed = officer.post(f"/anonymization/statistics/shares/{share.pk}/close/", follow=True)
    assert "Churn is closed; it drew, so its charge stays." in text_of(closed)


def test_data_set_that_left_keeps_its_ledger_and_cannot_be_asked(amir, vera, release, shop):
    budget = release.budget
    shop.system.delete()
    budget.refresh_from_db()
    assert (budget.data_set, budget.name) == (None, "Shop / purchases.parquet")
    text = text_of(client_of(vera).get(budget.get_absolute_url()))
    assert "The data set has left the catalog; what was charged is kept." in text
    assert client_of(amir).get(f"/anonymization/statistics/ask/{budget.pk}/").status_code == 404
    with pytest.raises(ValidationError, match="has left the catalog"):
        asking.columns_of(budget)
    assert text_of(client_of(amir).get(release.get_absolute_url())).count("Show the true values") == 0


def test_lists_cost_a_fixed_number_of_queries(vera, release, shop, django_assert_max_num_queries):
    browser = client_of(vera)
    with django_assert_max_num_queries(14):
        browser.get("/anonymization/statistics/")
    with django_assert_max_num_queries(16):
        browser.get("/anonymization/statistics/budgets/")


def test_bars_start_at_nought_and_reach_as_far_as_their_errors():
    rows = [
        {"group": "a", "value": 10.0, "error": 5.0},
        {"group": "b", "value": -5.0, "error": None},
        {"group": "c", "value": None, "error": None},
    ]
    chart = charts.draw(rows)
    first, second, third = chart.bars
    assert (first.x, first.x + first.width) == (chart.zero, round((first.low_x + first.high_x) / 2))
    assert second.x + second.width == chart.zero
    assert (third.width, third.words) == (0, "too few")
    assert (first.high_x, second.x) == (charts.WIDTH - charts.NUMBERS, charts.LABELS)
    assert charts.draw([rows[2]]) is None
    assert charts.draw([rows[0]] * (charts.MOST + 1)) is None
