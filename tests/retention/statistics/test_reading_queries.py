"""Questions that cannot be asked, and which questions are the same."""

from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError

from retention.statistics.pricing import expected_errors, plan
from retention.statistics.queries import Query
from retention.statistics.reading_queries import ColumnKind, read_query
from retention.statistics.units import NANO
from tests.retention.statistics.conftest import KINDS, MEAN

COLUMNS = [ColumnKind(name, kind) for name, kind in KINDS.items()]
BOUND = "A bound is needed: values outside it are moved to it. Do not read it off the data."
LIST = "List the values to group by. All of them will be in the answer, also empty ones."
QUANTILE = "A quantile lies between 0.001 and 0.999, in steps of 0.001."
MANY = [str(number) for number in range(10_001)]


def read(*, unit="epsilon", **change):
    return read_query({**MEAN, **change}, columns=COLUMNS, unit=unit)


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"epsilon": ""}, "epsilon", "ε must be a number."),
        ({"epsilon": "0"}, "epsilon", "ε must be more than 0."),
        ({"epsilon": "-1"}, "epsilon", "ε must be more than 0."),
        ({"epsilon": "nan"}, "epsilon", "ε must be a finite number."),
        ({"epsilon": "inf"}, "epsilon", "ε must be a finite number."),
        ({"epsilon": 0.1 + 0.2}, "epsilon", "ε is counted in steps of 0.000000001."),
        ({"rho": "1"}, "rho", "This budget is kept in ε; say how much of that."),
        (
            {"lower": ""},
            "lower",
            BOUND,
        ),
        (
            {"upper": None},
            "upper",
            BOUND,
        ),
        ({"lower": "20", "upper": "20"}, "upper", "The upper bound must be above the lower one."),
        ({"lower": "30"}, "upper", "The upper bound must be above the lower one."),
        ({"lower": "nan"}, "lower", "This must be a finite number."),
        ({"upper": "many"}, "upper", "This is not a number."),
        ({"upper": "19.999"}, "upper", "This has more decimals than the 2 that values are counted in."),
        ({"upper": "1e20"}, "upper", "With 2 decimals a bound may be 10,995,116,277 at most."),
        ({"value": ""}, "value", "Choose a column."),
        ({"value": "salary"}, "value", "The data set has no column salary; choose among its columns."),
        ({"value": "city"}, "value", "city is of the kind text, which holds no numbers."),
        (
            {"person": ""},
            "person",
            "Name the column that tells persons apart, or declare that each row is one person.",
        ),
        ({"person": "note"}, "person", "note is of the kind json, which cannot tell persons apart."),
        ({"each_row": True}, "person", "Either a column tells persons apart or each row is one: not both."),
        ({"rows_per_person": 0}, "rows_per_person", "This must be a whole number from 1 to 100,000."),
        ({"rows_per_person": "--1"}, "rows_per_person", "This must be a whole number from 1 to 100,000."),
        ({"grouping": "keys", "keys": ["a\0"]}, "keys", "This holds a character that is none."),
        ({"edition": "\ud800"}, "edition", "This holds a character that is none."),
        ({"rows_per_person": "2.5"}, "rows_per_person", "This must be a whole number from 1 to 100,000."),
        ({"group": "city"}, "group", "city is of the kind text, which holds neither numbers nor dates."),
        ({"edges": []}, "edges", "Say where the bands begin, such as 18, 30, 45, 60."),
        ({"edges": ["30", "18"]}, "edges", "The edges must rise, each once."),
        ({"edges": ["30", "x"]}, "edges", "This is not a number."),
        ({"edges": MANY}, "edges", "There may be 10,000 bands at most; give fewer edges."),
        (
            {"grouping": "keys"},
            "keys",
            LIST,
        ),
        ({"grouping": "keys", "keys": MANY}, "keys", "There may be 10,000 groups at most; list fewer."),
        ({"grouping": "keys", "keys": ["a", " a"]}, "keys", "A value is listed twice."),
        ({"grouping": "found"}, "delta", "Finding groups in the data needs a δ above 0, such as 0.000001."),
        ({"grouping": "found", "delta": "1"}, "delta", "δ must be at least 0 and below 1."),
        (
            {"grouping": "none"},
            "grouping",
            "Say how the column becomes groups: bands, listed or found values.",
        ),
        ({"kind": "variance"}, "kind", "Choose one of mean, sum, count, people, quantile, histogram."),
        (
            {"kind": "quantile", "quantile": "1"},
            "quantile",
            QUANTILE,
        ),
        ({"kind": "quantile", "steps": 1}, "steps", "This must be a whole number from 2 to 10,000."),
    ],
)
def test_question_that_cannot_be_asked_says_why(change, field, problem):
    with pytest.raises(ValidationError) as refused:
        read(**change)
    assert refused.value.message_dict == {field: [problem]}


def test_too_many_groups_and_steps_together_are_refused():
    with pytest.raises(ValidationError, match="Groups times steps"):
        read(kind="quantile", steps=10_000, edges=[str(number) for number in range(300)])


def test_everything_wrong_is_said_at_once():
    with pytest.raises(ValidationError) as refused:
        read(epsilon="0", lower="", value="salary", person="")
    assert sorted(refused.value.message_dict) == ["epsilon", "lower", "person", "value"]


def test_question_is_read_and_comes_back_from_its_record():
    query = read()
    assert query == Query(
        kind="mean",
        unit="epsilon",
        amount=NANO // 2,
        value="spend",
        decimals=2,
        lower=0,
        upper=2000,
        grouping="bands",
        group="age",
        edges=(30, 45, 60),
        person="person",
        rows_per_person=3,
        groups_per_person=1,
    )
    assert Query.from_json(query.as_json()) == query
    assert query.title == "Mean of spend by age"


def test_same_question_has_one_fingerprint():
    first = read(grouping="keys", group="city", keys=["b", "a"], epsilon="0.5", edges=[])
    second = read(grouping="keys", group="city", keys=[" a", "b", ""], epsilon="0.500", lower="0.00")
    assert first.fingerprint == second.fingerprint
    others = [replace(first, amount=1), replace(first, upper=1), replace(first, edition="May")]
    assert len({query.fingerprint for query in (first, *others)}) == 4


def test_text_of_a_file_without_types_may_be_a_number():
    loose = [ColumnKind(column.name, "text", loose=True) for column in COLUMNS]
    assert read_query(MEAN, columns=loose, unit="epsilon").value == "spend"


def test_parts_spend_the_whole_amount_and_no_more():
    for change in (
        {},
        {"kind": "sum"},
        {"kind": "count"},
        {"kind": "people"},
        {"kind": "quantile"},
        {"kind": "histogram"},
        {"grouping": "found", "group": "city", "delta": "0.000001", "epsilon": "0.333333333"},
        {"kind": "people", "grouping": "found", "group": "city", "delta": "0.000001"},
    ):
        query = read(**change)
        assert sum(part.amount for part in plan(query).parts) == query.amount


def test_error_is_told_before_anything_is_spent():
    # Sum: 3 rows of at most 10.00 from the middle for ε ¼, 97.5 % within ln 40 · 12,000 = 44,266 cents; number: 44.
    # A mean 5.00 from the middle: (44,266 + 500 · 44) / (100 − 44) = 1,183 cents.
    assert expected_errors(plan(read())) == [
        ("Mean of a group with 100 rows", "± 11.83"),
        ("Mean of a group with 1,000 rows", "± 0.69"),
        ("Mean of a group with 10,000 rows", "± 0.07"),
    ]
    assert expected_errors(plan(read(kind="count"))) == [("Number of rows", "± 18")]
    assert expected_errors(plan(read(kind="sum")))[0][0] == "Sum"


def test_amount_that_would_drown_the_answer_is_refused():
    with pytest.raises(ValidationError, match="larger than any answer"):
        plan(read(kind="sum", epsilon="0.000000001", upper="10995116277", rows_per_person=100_000))
    with pytest.raises(ValidationError, match="too little to be divided"):
        plan(read(epsilon="0.000000001"))
