"""The search against exhaustion: every node, judged by plain Python from the definitions."""

from collections import Counter, defaultdict
from fractions import Fraction
from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.anonymization.hierarchies import Hierarchy, HierarchyProblem
from retention.risk.collapsing import RiskProblem, collapse
from retention.risk.distances import Distance
from retention.risk.lattice import Metric
from retention.risk.levels import ladders
from retention.risk.searching import rows_of, search
from retention.risk.targets import Targets
from tests.retention.risk import adult

LETTERS = "abcdef"
HIERARCHIES = (
    Hierarchy("four levels", (tuple(LETTERS), tuple("AABBCC"), tuple("XXXXYY"), tuple("******"))),
    Hierarchy("two levels", (tuple(LETTERS), tuple("******"))),
    Hierarchy("ends in two groups", (tuple(LETTERS), tuple("AAABBB"))),
    Hierarchy("uneven", (tuple(LETTERS), tuple("AAAAAB"), tuple("******"))),
)


def table_of(rows, columns):
    arrays = [pa.array([row[place] for row in rows], pa.string()) for place in range(len(columns))]
    return collapse([pa.record_batch(arrays, names=columns)], columns)


def generalized(value, hierarchy, level):
    """What is written, and the share lost."""
    words = hierarchy.levels[level]
    if value is None:
        alone = level == hierarchy.height and len(set(words)) == 1
        return (words[0], Fraction(1)) if alone else (None, Fraction(0))
    word = words[hierarchy.levels[0].index(value)]
    return word, Fraction(words.count(word) - 1, len(words) - 1)


def far(values, whole, distance):
    """The earth mover's distance from its definition: over all values, share by share."""
    here, there = Counter(values), Counter(whole)
    gaps = [
        Fraction(here[value], len(values)) - Fraction(there[value], len(whole))
        for value in sorted(there, key=lambda value: float(value) if distance is Distance.ORDERED else value)
    ]
    if distance is Distance.EQUAL:
        return sum(map(abs, gaps)) / 2
    moved, total = Fraction(0), Fraction(0)
    for gap in gaps:
        moved += gap
        total += abs(moved)
    return total / (len(gaps) - 1) if len(gaps) > 1 else Fraction(0)


def exhaustive(rows, hierarchies, targets, limit, metric):
    """The least cost over all nodes, or None."""
    costs = []
    whole = [row[-1] for row in rows]
    for node in product(*(range(hierarchy.height + 1) for hierarchy in hierarchies)):
        classes = defaultdict(list)
        for row in rows:
            made = [generalized(v, h, level) for v, h, level in zip(row[:-1], hierarchies, node, strict=True)]
            classes[tuple(word for word, _ in made)].append((sum(share for _, share in made), row[-1]))
        loss, dm, suppressed = Fraction(0), 0, 0
        for members in classes.values():
            sensitive = [value for _, value in members]
            fails = (
                len(members) < (targets.k or 1)
                or (targets.l is not None and len(set(sensitive)) < targets.l)
                or (
                    targets.t is not None
                    and far(sensitive, whole, targets.distance) > Fraction(str(targets.t))
                )
            )
            if fails:
                suppressed += len(members)
                loss += len(members)
                dm += len(members) * len(rows)
            else:
                loss += sum(share for share, _ in members) / len(hierarchies)
                dm += len(members) ** 2
        if suppressed <= limit:
            costs.append(loss / len(rows) if metric is Metric.LOSS else dm)
    return min(costs, default=None)


@st.composite
def cases(draw):
    """Few different values, so that classes are neither all alone nor all alike, and good ones merge with bad ones."""
    columns = draw(st.integers(1, 4))
    hierarchies = [draw(st.sampled_from(HIERARCHIES)) for _ in range(columns)]
    letters = draw(st.sampled_from(["ace", "abcd", LETTERS]))
    letter = st.sampled_from([*letters, None]) if draw(st.booleans()) else st.sampled_from(letters)
    row = st.tuples(*[letter] * columns, st.sampled_from(draw(st.sampled_from(["01", "0123"]))))
    rows = draw(st.lists(row, min_size=1, max_size=40))
    targets = Targets(
        k=draw(st.none() | st.integers(1, 12)),
        l=draw(st.none() | st.integers(1, 4)),
        t=draw(st.none() | st.sampled_from([0.0, 0.1, 0.2, 0.25, 0.5])),
        distance=draw(st.sampled_from(Distance)),
    )
    limit = draw(st.sampled_from([0.0, 0.05, 0.1, 0.29, 0.5, 1.0]))
    return rows, hierarchies, targets, limit, draw(st.sampled_from(Metric))


@settings(max_examples=120, deadline=None)
@given(cases())
def test_search_finds_what_exhaustion_finds(case):
    rows, hierarchies, targets, limit, metric = case
    columns = [f"c{place}" for place in range(len(hierarchies))]
    table = table_of(rows, [*columns, "s"])
    steps = ladders(table, columns, dict(zip(columns, hierarchies, strict=True)))
    found = search(table, steps, targets, sensitive="s", limit=limit, metric=metric)
    expected = exhaustive(rows, hierarchies, targets, rows_of(limit, len(rows)), metric)
    assert found.optimal
    assert (found.best is None) is (expected is None)
    if found.best:
        assert found.best.cost(metric) == pytest.approx(float(expected), abs=1e-9)
        assert found.bound == found.best.cost(metric)
        assert found.best.suppressed <= rows_of(limit, len(rows))


@settings(max_examples=30, deadline=None)
@given(cases())
def test_answer_that_is_not_proved_optimal_keeps_its_bound(case):
    rows, hierarchies, targets, limit, metric = case
    columns = [f"c{place}" for place in range(len(hierarchies))]
    table = table_of(rows, [*columns, "s"])
    steps = ladders(table, columns, dict(zip(columns, hierarchies, strict=True)))
    for hurried in ({"most_nodes": 1}, {"seconds": 0.0}):
        found = search(table, steps, targets, sensitive="s", limit=limit, metric=metric, **hurried)
        expected = exhaustive(rows, hierarchies, targets, rows_of(limit, len(rows)), metric)
        if expected is None:
            assert found.best is None
        else:
            assert found.bound <= float(expected) + 1e-9
            if found.best:
                assert found.best.cost(metric) >= float(expected) - 1e-9


def test_good_class_spoilt_by_merging_does_not_strike_out_the_nodes_below():
    """At the upper level all twelve rows of A are too far, at the lower one the two of b alone."""
    hierarchy = Hierarchy("c", (("a", "b", "c"), ("A", "A", "B"), ("*", "*", "*")))
    rows = [("a", "0"), ("a", "1")] * 5 + [("b", "0")] * 2 + [("c", "1")] * 51 + [("c", "0")] * 49
    targets, limit = Targets(t=0.08), 0.02
    whole = [row[-1] for row in rows]
    assert far(whole[:10], whole, Distance.EQUAL) <= Fraction("0.08") < far(whole[:12], whole, Distance.EQUAL)
    table = table_of(rows, ["c", "s"])
    found = search(table, ladders(table, ["c"], {"c": hierarchy}), targets, sensitive="s", limit=limit)
    assert (found.best.node, found.best.suppressed) == ((0,), 2)
    expected = exhaustive(rows, [hierarchy], targets, 2, Metric.LOSS)
    assert found.best.loss == pytest.approx(float(expected))


@pytest.mark.parametrize("optimum", adult.optima(), ids=lambda row: " ".join(list(row.values())[:4]))
def test_optimum_is_that_of_arx(optimum):
    quasi = optimum["quasi_identifiers"].split()
    table = adult.combinations(quasi)
    metric = Metric(optimum["metric"])
    found = search(
        table,
        ladders(table, quasi, adult.hierarchies()),
        Targets(k=int(optimum["k"])),
        limit=float(optimum["suppression_limit"]),
        metric=metric,
    )
    levels = " ".join(f"{name}={level}" for name, level in zip(quasi, found.best.node, strict=True))
    assert (levels, found.best.suppressed) == (optimum["generalization"], int(optimum["suppressed_rows"]))
    assert found.best.cost(metric) == pytest.approx(float(optimum["loss"]), abs=1e-9)  # ARX gives ten digits
    assert found.best.classes == int(optimum["classes"])
    assert found.optimal
    assert found.visited < found.nodes


def test_nine_quasi_identifiers_are_pruned_to_a_small_part():
    quasi = adult.rows().column_names
    table = adult.combinations(quasi)
    found = search(table, ladders(table, quasi, adult.hierarchies()), Targets(k=5), limit=0.02)
    assert found.optimal
    assert (found.nodes, found.best.node, found.best.suppressed) == (12_960, (0, 3, 0, 2, 2, 1, 1, 2, 0), 506)
    assert found.visited < 1_300


def test_target_that_cannot_be_reached_is_said_to_be():
    table = table_of([("a",)] * 3, ["c"])
    steps = ladders(table, ["c"], {"c": HIERARCHIES[1]})
    for limit, reached in ((0.99, False), (1.0, True)):
        found = search(table, steps, Targets(k=4), limit=limit)
        assert ((found.best is not None), found.optimal) == (reached, True)


def test_null_stays_null_until_nothing_is_left():
    table = table_of([("a",), ("b",), (None,)], ["c"])
    (step,) = ladders(table, ["c"], {"c": HIERARCHIES[0]})
    assert step.labels == (("a", "b", None), ("A", None), ("X", None), ("*",))


def test_limit_is_the_share_as_it_is_written():
    assert [rows_of(limit, 100) for limit in (0.29, 0.07, 1.0, 0.0)] == [29, 7, 100, 0]
    with pytest.raises(RiskProblem, match=r"limit of 1\.1"):
        rows_of(1.1, 100)


def test_hierarchy_that_misses_values_counts_them_and_keeps_them_apart():
    table = table_of([("a",), ("z",), ("y",)], ["c"])
    with pytest.raises(HierarchyProblem, match="misses 2 of 3 values") as refusal:
        ladders(table, ["c"], {"c": HIERARCHIES[0]})
    assert refusal.value.values == ("y", "z")
    assert "z" not in str(refusal.value).replace("hierarchy", "")


def test_columns_without_a_hierarchy_are_named():
    with pytest.raises(RiskProblem, match="no hierarchy for b"):
        ladders(table_of([("a", "b")], ["a", "b"]), ["a", "b"], {"a": HIERARCHIES[0]})
