"""Measures against known answers, and against their definitions in plain Python."""

from collections import Counter, defaultdict
from itertools import combinations as subsets
from math import exp, log

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.risk.classes import classes_of
from retention.risk.collapsing import Collapser, RiskProblem, collapse
from retention.risk.distances import Distance
from retention.risk.measuring import measure
from retention.risk.targets import Targets
from tests.retention.risk import adult
from tests.retention.risk.test_searching import far


def batch_of(rows, names="abs"):
    return pa.record_batch(
        [pa.array([row[place] for row in rows], pa.string()) for place in range(len(names))],
        names=list(names),
    )


def test_adult_has_the_known_risks():
    found = measure(adult.combinations([*adult.QUASI, "salary-class"]), adult.QUASI, "salary-class")
    assert found.t == pytest.approx(0.7510775147536636, abs=1e-15)
    assert found.risk.marketer == pytest.approx(0.43279623367150720, abs=1e-15)
    assert found.risk.uniques == pytest.approx(0.28910549698295870, abs=1e-15)
    assert found.risk.above == pytest.approx(0.71968039254691330, abs=1e-15)
    assert (found.k, found.diversity.distinct, found.rows, found.classes) == (1, 1, 30_162, 13_054)
    assert found.risk.prosecutor_highest == 1.0


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["x", "y", None]), st.sampled_from("12"), st.sampled_from("1234")),
        min_size=1,
    ),
    st.integers(1, 7),
)
def test_measures_are_those_of_the_definitions(rows, pieces):
    batches = [batch_of(rows[start::pieces]) for start in range(pieces)]
    found = measure(collapse(batches, ["a", "b", "s"]), ["a", "b"], "s", threshold=0.25, sampled=0.5)
    classes = defaultdict(list)
    for a, b, s in rows:
        classes[a, b].append(s)
    sizes = [len(members) for members in classes.values()]
    counts = [sorted(Counter(members).values(), reverse=True) for members in classes.values()]
    whole = [row[-1] for row in rows]
    assert (found.k, found.largest, found.classes, found.rows) == (
        min(sizes),
        max(sizes),
        len(sizes),
        len(rows),
    )
    assert found.discernibility == sum(size**2 for size in sizes)
    assert found.diversity.distinct == min(map(len, counts))
    entropy = min(-sum(c / sum(each) * log(c / sum(each)) for c in each) for each in counts)
    assert found.diversity.entropy == pytest.approx(exp(entropy))
    for wanted, c in found.diversity.recursive.items():
        assert c == pytest.approx(max(each[0] / sum(each[wanted - 1 :]) for each in counts))
    assert found.t == pytest.approx(float(max(far(m, whole, Distance.EQUAL) for m in classes.values())))
    assert found.ordered_t == pytest.approx(
        float(max(far(m, whole, Distance.ORDERED) for m in classes.values()))
    )
    assert found.risk.uniques == pytest.approx(sizes.count(1) / len(rows))
    assert found.risk.above == pytest.approx(sum(size for size in sizes if 1 / size > 0.25) / len(rows))
    assert found.risk.marketer == pytest.approx(len(sizes) / len(rows) / 2)
    assert found.risk.journalist_highest == pytest.approx(1 / min(sizes) / 2)
    inference = found.attacks[2]
    assert inference.average == pytest.approx(sum(each[0] for each in counts) / len(rows))
    assert inference.without == pytest.approx(max(Counter(whole).values()) / len(rows))
    assert inference.rows == pytest.approx(sum(sum(each) for each in counts if len(each) == 1) / len(rows))
    assert sum(rows for *_, rows in found.histogram) == len(rows)
    for subset in found.subsets:
        places = ["ab".index(name) for name in subset.columns]
        alone = Counter(tuple(row[place] for place in places) for row in rows)
        assert subset.unique_rows == list(alone.values()).count(1)
    assert len(found.subsets) == 3


def test_every_subset_of_up_to_three_columns_is_told_the_worst_first():
    found = measure(adult.combinations(list(adult.QUASI)), adult.QUASI).subsets
    expected = {subset for size in (1, 2, 3) for subset in subsets(adult.QUASI, size)}
    assert {subset.columns for subset in found} == expected
    unique = [subset.unique_rows for subset in found]
    assert unique == sorted(unique, reverse=True)
    assert (found[0].columns, found[0].unique_rows) == (("age", "education", "occupation"), 1_907)


def test_ordered_distances_are_those_of_the_paper():
    """The example of Li, Li and Venkatasubramanian, ICDE 2007, section 4.1: salaries of 3k to 11k in three classes."""
    classes = {"low": ["3", "4", "5"], "mixed": ["6", "8", "11"], "high": ["7", "9", "10"]}
    rows = [(name, value) for name, values in classes.items() for value in values]
    for name, expected in (("low", 0.375), ("mixed", 1 / 6)):
        table = collapse([batch_of([row for row in rows if row[0] == name], "as")], ["a", "s"])
        whole = {value: 1 for _, value in rows}
        assert measure(table, ["a"], "s", whole=whole).ordered_t == pytest.approx(expected)


def test_release_is_compared_with_the_table_it_was_made_from():
    table = collapse([batch_of([("x", "1"), ("x", "1")], "as")], ["a", "s"])
    assert measure(table, ["a"], "s").t == 0
    assert measure(table, ["a"], "s", whole={"1": 2, "2": 2}).t == 0.5
    assert measure(table, ["a"], "s", whole={"1": 2, "2": 1, "3": 1}).ordered_t == pytest.approx(0.375)


def test_values_of_any_type_are_collapsed():
    nested = pa.array([[1], [1], None], pa.list_(pa.int64()))
    batch = pa.record_batch(
        [
            nested,
            pa.array([b"\xff", b"\xff", b"\x00"]),
            pa.nulls(3),
            pa.array(["u", None, "u"]).dictionary_encode(),
            pa.array([1.5, 1.5, float("nan")]),
        ],
        names=list("abcde"),
    )
    table = collapse([batch, batch.slice(0, 2)], list("abcde"))
    assert sorted(table.counts.tolist()) == [1, 2, 2]
    assert table.values[0] == (None, "[1]")
    assert table.values[1] == (None, "ff", "00")
    assert table.values[2] == (None,)


def test_memory_holds_combinations_and_not_rows(monkeypatch):
    monkeypatch.setattr("retention.risk.collapsing.BATCH_ROWS", 10)
    monkeypatch.setattr("retention.risk.collapsing.MERGE_ROWS", 25)
    collapser, most = Collapser(["a", "b"]), 0
    for _ in range(200):
        collapser.add(batch_of([(str(n % 7), str(n % 3)) for n in range(30)], "ab"))
        most = max(most, sum(len(counts) for _, counts in collapser._parts))
    assert collapser.result().rows == 6_000
    assert len(collapser.result()) == 21
    assert most < 100


@pytest.mark.parametrize(
    ("rows", "quasi", "sensitive", "problem"),
    [
        ([], ["a"], "s", "no rows"),
        ([("x", "y", "z")], [], "s", "No quasi-identifier"),
        ([("x", "y", "z")], ["a", "s"], "s", "cannot be both"),
        ([("x", "y", "z")], ["a", "a"], "s", "named twice"),
    ],
)
def test_what_cannot_be_measured_is_named(rows, quasi, sensitive, problem):
    table = collapse([batch_of(rows)], ["a", "b", "s"])
    with pytest.raises(RiskProblem, match=problem):
        measure(table, quasi, sensitive)


def test_missing_column_is_named():
    with pytest.raises(RiskProblem, match=r"no column zip\. There are a, b, s"):
        collapse([batch_of([("x", "y", "z")])], ["a", "zip"])


def test_one_row_and_a_column_of_nulls():
    found = measure(collapse([batch_of([(None, "y", None)])], ["a", "b", "s"]), ["a", "b"], "s")
    assert (found.k, found.t, found.risk.uniques, found.diversity.distinct) == (1, 0.0, 1.0, 1)
    assert found.unmet(Targets(k=2, l=2, t=0.5)) == [
        "k is 1 and should be 2 at least.",
        "l is 1 and should be 2 at least.",
    ]


def test_words_have_no_order():
    table = collapse([batch_of([("x", "y", "flu"), ("x", "y", "cold")])], ["a", "b", "s"])
    assert measure(table, ["a"], "s").ordered_t is None


@pytest.mark.parametrize("wrong", [{"k": 0}, {"l": 0}, {"t": 1.5}, {"t": -0.1}])
def test_targets_out_of_range_are_refused(wrong):
    with pytest.raises(RiskProblem):
        Targets(**wrong)


def test_classes_name_each_value_once():
    table = collapse([batch_of([("x", "1", "s"), ("x", "2", "s"), ("x", "2", "r")])], ["a", "b", "s"])
    classes = classes_of(table, ["a"], "s")
    assert sorted(zip(classes.of.tolist(), classes.counts.tolist(), strict=True)) == [(0, 1), (0, 2)]
