"""Exact totals with bounded contributions, against counting by hand and against what one person can change."""

from collections import defaultdict
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.statistics import aggregates, groups, persons
from retention.statistics.aggregates import aggregate, exact
from retention.statistics.answering import scores
from retention.statistics.pricing import plan
from retention.statistics.queries import Query

TODAY = date(2026, 3, 10)
KEY = bytes(range(32))
BASE = {"unit": "epsilon", "amount": 10**9, "person": "person"}
BY_CITY = {"grouping": "keys", "group": "city", "keys": ("a", "b", "c")}
SPEND = {"value": "spend", "lower": 0, "upper": 1000, "decimals": 2}


def totals(table, query, *, batch=7, run=aggregate, **options):
    reading = run(lambda: iter(table.to_batches(max_chunksize=batch)), query, today=TODAY, **options)
    while True:
        try:
            next(reading)
        except StopIteration as done:
            return done.value


def rows(*listed):
    names = ("person", "city", "spend")
    columns = zip(*listed, strict=True) if listed else ((), (), ())
    types = (pa.int64(), pa.string(), pa.float64())
    return pa.table({n: pa.array(c, t) for n, c, t in zip(names, columns, types, strict=True)})


def test_values_are_clamped_and_scaled():
    table = rows((1, "a", 3.14), (2, "a", 99.0), (3, "b", -5.0), (4, "b", 0.015), (5, "z", 1.0))
    found = totals(table, Query(kind="sum", **BASE, **BY_CITY, **SPEND))
    assert found.labels == ["a", "b", "c"]
    assert found.counts.tolist() == [2, 2, 0]
    assert found.sums.tolist() == [314 + 1000, 0 + 2, 0]


def test_rows_without_value_group_or_person_drop_out():
    table = rows((1, "a", None), (2, None, 1.0), (None, "a", 1.0), (4, "a", float("nan")), (5, "a", 2.0))
    found = totals(table, Query(kind="sum", **BASE, **BY_CITY, **SPEND))
    assert (found.counts.tolist(), found.sums.tolist()) == ([1, 0, 0], [200, 0, 0])


@pytest.mark.parametrize("table", [rows(), rows((1, None, None), (2, None, None))], ids=["empty", "all null"])
@pytest.mark.parametrize("kind", ["count", "people", "sum", "mean", "quantile"])
def test_nothing_to_count_gives_every_group_as_nought(kind, table):
    found = totals(table, Query(kind=kind, **BASE, **BY_CITY, **SPEND))
    assert found.counts.tolist() == [0, 0, 0]
    assert found.cells.sum() == found.sums.sum() == 0


def test_nobody_counts_more_often_than_allowed():
    table = rows(*[(person, "abc"[row % 3], 1.0) for person in range(20) for row in range(30)])
    query = Query(kind="count", **BASE, **BY_CITY, rows_per_person=4, groups_per_person=2)
    found = totals(table, query)
    assert 20 * 2 <= found.counts.sum() <= 20 * 4
    one = totals(table, Query(kind="count", **BASE, **BY_CITY, rows_per_person=5, groups_per_person=5))
    assert one.counts.sum() == 20 * 5


def test_people_count_once_in_a_group_and_in_so_many_groups():
    table = rows(*[(person, "abc"[row % 3], 1.0) for person in range(20) for row in range(30)])
    assert (
        totals(
            table, Query(kind="people", **BASE, **BY_CITY, rows_per_person=9, groups_per_person=3)
        ).counts.tolist()
        == [20] * 3
    )
    two = totals(table, Query(kind="people", **BASE, **BY_CITY, rows_per_person=9, groups_per_person=2))
    assert two.counts.sum() == 40


def test_which_rows_stay_is_a_matter_of_chance_not_of_place():
    table = rows(*[(person, "abc"[row], 1.0) for person in range(3_000) for row in range(3)])
    found = totals(table, Query(kind="count", **BASE, **BY_CITY), batch=1_000)
    assert found.counts.sum() == 3_000
    # Each of three groups has 1,000 of 3,000 in the mean; 150 are nearly six standard deviations.
    assert np.abs(found.counts - 1_000).max() < 150


@pytest.mark.parametrize("kind", ["count", "people", "sum", "mean", "quantile"])
@pytest.mark.parametrize("chunk", [1, 50, 10_000])
def test_the_size_of_batches_and_chunks_changes_nothing(kind, chunk, monkeypatch):
    random = np.random.default_rng(5)
    table = rows(
        *[
            (int(p), "abcz"[c], float(v))
            for p, c, v in zip(
                random.integers(0, 30, 300), random.integers(0, 4, 300), random.random(300) * 12, strict=True
            )
        ]
    )
    query = Query(kind=kind, **BASE, **BY_CITY, **SPEND, rows_per_person=4, groups_per_person=2)
    whole = totals(table, query, batch=300, lots_key=KEY)
    monkeypatch.setattr(persons, "CHUNK", chunk)
    found = totals(table, query, batch=11, lots_key=KEY)
    assert found.counts.tolist() == whole.counts.tolist()
    assert found.sums.tolist() == whole.sums.tolist()
    assert (found.cells == whole.cells).all()


@pytest.mark.parametrize("text", [False, True])
def test_more_persons_than_memory_are_taken_in_parts(text, monkeypatch):
    table = rows(*[(person, "abc"[person % 3], 1.0) for person in range(5_000) for _ in range(2)])
    if text:
        table = table.set_column(0, "person", table["person"].cast(pa.string()))
    monkeypatch.setattr(persons, "CHUNK", 100)
    monkeypatch.setattr(persons, "MEMORY_ROWS", 700)
    found = totals(table, Query(kind="count", **BASE, **BY_CITY), batch=500)
    assert found.counts.tolist() == [1667, 1667, 1666]


people = st.integers(0, 4)
cells = st.tuples(people, st.sampled_from("abcz"), st.one_of(st.none(), st.floats(-30, 30)))


@settings(max_examples=150, deadline=None)
@given(
    everybody=st.lists(cells, max_size=40),
    newcomer=st.lists(st.tuples(st.just(99), st.sampled_from("abc"), st.floats(-1e12, 1e12)), max_size=30),
    kind=st.sampled_from(["count", "people", "sum", "mean"]),
    most=st.tuples(st.integers(1, 6), st.integers(1, 3)),
)
def test_one_person_changes_the_totals_by_the_sensitivity_at_most(everybody, newcomer, kind, most):
    query = Query(
        kind=kind,
        **BASE,
        **BY_CITY,
        value="spend",
        lower=-700,
        upper=1000,
        decimals=2,
        rows_per_person=most[0],
        groups_per_person=min(most),
    )
    without = totals(rows(*everybody), query, lots_key=KEY)
    with_them = totals(rows(*everybody, *newcomer), query, lots_key=KEY)
    changed = {"count": with_them.counts - without.counts, "sum": with_them.sums - without.sums}
    for part in plan(query).parts:
        far = changed[part.name]
        assert np.abs(far).sum() <= part.l1
        assert (far**2).sum() <= part.l2_squared


@settings(max_examples=60, deadline=None)
@given(
    everybody=st.lists(st.tuples(people, st.sampled_from("ab"), st.floats(-3, 13)), max_size=30),
    newcomer=st.lists(st.tuples(st.just(99), st.sampled_from("ab"), st.floats(-3, 13)), max_size=12),
    quantile=st.sampled_from([100, 500, 900]),
    most=st.integers(1, 4),
)
def test_one_person_changes_the_scores_of_a_quantile_by_the_sensitivity_at_most(
    everybody, newcomer, quantile, most
):
    query = Query(
        kind="quantile",
        **BASE,
        **BY_CITY,
        **SPEND,
        quantile=quantile,
        steps=11,
        rows_per_person=most,
        groups_per_person=most,
    )
    without = totals(rows(*everybody), query, lots_key=KEY)
    with_them = totals(rows(*everybody, *newcomer), query, lots_key=KEY)
    far = [
        np.abs(np.array(b) - np.array(a)).max()
        for a, b in zip(scores(query, without), scores(query, with_them), strict=True)
    ]
    # All groups together: their mechanisms compose.
    assert sum(far) <= plan(query).part("choice").l1


def test_quantile_cells_hold_what_is_below_and_equal():
    values = [0.0, 1.0, 2.0, 2.0, 2.0, 7.0, 10.0]
    query = Query(
        kind="quantile", unit="epsilon", amount=1, value="spend", lower=0, upper=1000, decimals=2, steps=11
    )
    found = totals(rows(*[(n, "a", v) for n, v in enumerate(values)]), query)
    by_hand = [abs(500 * sum(v < c for v in values) - 500 * sum(v > c for v in values)) for c in range(11)]
    assert list(scores(query, found)) == [by_hand]
    assert by_hand.index(0) == 2


def test_ages_are_full_years_on_the_day():
    born = [date(2008, 3, 10), date(2008, 3, 11), date(1996, 2, 29), None, date(2030, 1, 1)]
    table = pa.table({"born": pa.array(born, pa.date32())})
    query = Query(kind="count", unit="epsilon", amount=1, grouping="bands", group="born", edges=(18, 30))
    found = totals(table, query)
    assert found.labels == ["under 18", "18 to under 30", "30 and over"]
    assert found.counts.tolist() == [1, 1, 1]
    moments = table.set_column(0, "born", table["born"].cast(pa.timestamp("us")))
    assert totals(moments, query).counts.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([1, 2, None, 2**60], pa.int64()), [100, 200, 1000]),
        (pa.array([1, 2, None], pa.uint64()), [100, 200]),
        (pa.array(["1.005", "x", "", None, " 2 "], pa.string()), [100, 200]),
        (pa.array([1.5, float("inf"), float("-inf"), float("nan")], pa.float32()), [150, 1000, 0]),
        (pa.array([1, 2], pa.int8()).cast(pa.decimal128(9, 2)), [100, 200]),
        (pa.array(["3", "4", "3"]).dictionary_encode(), [300, 400, 300]),
        (pa.nulls(3), []),
    ],
)
def test_numbers_of_every_type_are_read(values, expected):
    query = Query(kind="sum", unit="epsilon", amount=1, **SPEND)
    found = totals(pa.table({"spend": values}), query)
    assert (found.counts.tolist(), found.sums.tolist()) == ([len(expected)], [sum(expected)])


def test_groups_may_be_values_of_any_simple_type():
    table = pa.table({"flag": [True, False, True, None], "day": pa.array([date(2024, 5, 1)] * 4)})
    query = Query(
        kind="count", unit="epsilon", amount=1, grouping="keys", group="flag", keys=("true", "false")
    )
    assert totals(table, query).counts.tolist() == [2, 1]
    query = Query(kind="count", unit="epsilon", amount=1, grouping="keys", group="day", keys=("2024-05-01",))
    assert totals(table, query).counts.tolist() == [4]


def test_found_groups_count_people_and_then_only_the_kept_ones():
    table = rows(*[(n, "a", 1.0) for n in range(5) for _ in range(3)], (7, "rare", 1.0), (8, None, 1.0))
    query = Query(
        kind="sum",
        **BASE,
        grouping="found",
        group="city",
        delta=1,
        **SPEND,
        rows_per_person=3,
        groups_per_person=1,
    )
    found = totals(table, query)
    assert (found.labels, found.counts.tolist()) == (["a", "rare"], [5, 1])
    kept = totals(table, query, keys=["a"])
    assert (kept.labels, kept.sums.tolist()) == (["a"], [1500])


def test_value_with_nul_is_a_group_of_its_own():
    table = rows((1, "a", 1.0), (2, "a\0b", 1.0))
    found = totals(table, Query(kind="people", **BASE, grouping="found", group="city", delta=1))
    assert (found.labels, found.counts.tolist()) == (["a", "a\ufffdb"], [1, 1])


def test_column_of_endless_values_is_no_column_to_group_by(monkeypatch):
    monkeypatch.setattr(groups, "MOST_FOUND", 2)
    table = rows(*[(n, str(n), 1.0) for n in range(3)])
    with pytest.raises(groups.TooManyGroups):
        totals(table, Query(kind="people", **BASE, grouping="found", group="city", delta=1))


def test_exact_totals_know_no_bounds():
    table = rows(*[(1, "a", 50.0)] * 10, (2, "b", -1.0))
    query = Query(kind="sum", **BASE, **BY_CITY, **SPEND)
    assert totals(table, query, run=exact).sums.tolist() == [50_000, -100, 0]
    of_people = Query(kind="people", **BASE, **BY_CITY)
    assert totals(table, of_people, run=exact).counts.tolist() == [1, 1, 0]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-(2**40), 2**40)), min_size=1, max_size=50))
def test_sums_are_exact(pairs):
    codes, numbers = (np.array(each, np.int64) for each in zip(*pairs, strict=True))
    by_hand = defaultdict(int)
    for code, number in pairs:
        by_hand[code] += number
    assert aggregates._sums(codes, numbers, 4).tolist() == [by_hand[code] for code in range(4)]


@pytest.mark.parametrize("highest", [10, 2**31])
def test_rows_are_ordered_by_person_then_lot_then_place(highest):
    random = np.random.default_rng(2)
    who, lots = random.integers(0, 4, 500) * highest // 4, random.integers(0, 8, 500)
    expected = np.lexsort((np.arange(500), lots, who))
    assert persons._by_person_and_lot(who, lots).tolist() == expected.tolist()
    monotone = persons._by_person_and_lot(np.array([highest] * 2**13), np.arange(2**13)[::-1])
    assert monotone.tolist() == list(range(2**13))[::-1]


def test_sums_of_very_many_rows_do_not_turn_over():
    """Of a sum that leaves 64 bits one person would change the sign, whatever the noise."""
    table = pa.Table.from_batches([pa.record_batch({"spend": pa.array(np.full(1_000_000, 2**40))})] * 9)
    query = Query(kind="sum", unit="epsilon", amount=10**9, value="spend", lower=0, upper=2**40)
    assert totals(table, query, batch=1_000_000).sums.tolist() == [9_000_000 * 2**40]
