"""Figures over batches: the same as one SQL database gives for the same rows."""

import sqlite3

import pyarrow as pa
import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from erasure.recomputing.aggregating import aggregate, asked
from erasure.recomputing.figures import Figure, parse, parse_lines

COLUMNS = {
    "place": "city",
    "many": "count(*)",
    "paid": "count(total)",
    "sum": "sum(total)",
    "mean": "avg( total )",
    "least": "min(total)",
    "most": "max(total)",
    "people": "COUNT(DISTINCT person)",
    "cities": "count(distinct city)",
}
SQL = ", ".join(written for name, written in COLUMNS.items() if name != "place")
SCHEMA = pa.schema(
    [("city", pa.string()), ("total", pa.int64()), ("person", pa.string()), ("count_all", pa.int8())]
)

small = st.sampled_from([None, "a", "b", "c"])
row = st.tuples(small, st.one_of(st.none(), st.integers(-50, 50)), small, st.just(1))


@given(rows=st.lists(row, max_size=30), size=st.integers(1, 7))
@settings(max_examples=60, deadline=None)
def test_the_same_as_in_sql(rows: list[tuple], size: int) -> None:
    table = pa.Table.from_pylist([dict(zip(SCHEMA.names, each, strict=True)) for each in rows], SCHEMA)
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE t (city, total, person, count_all)")
    database.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows)
    batches = table.to_batches(max_chunksize=size)
    found = aggregate(batches, parse(COLUMNS), SCHEMA)
    expected = database.execute(f"SELECT city, {SQL} FROM t GROUP BY city").fetchall()
    assert sorted(map(tuple, rows_of(found)), key=str) == sorted(expected, key=str)
    whole = {name: written for name, written in COLUMNS.items() if name != "place"}
    assert (
        rows_of(aggregate(batches, parse(whole), SCHEMA))
        == database.execute(f"SELECT {SQL} FROM t").fetchall()
    )


def rows_of(table: pa.Table) -> list[tuple]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def test_figures_as_they_are_written() -> None:
    lines = parse_lines("country = country\n\n readers = count( * )\npersons=count(distinct e mail)")
    assert parse(lines) == [
        Figure("country", "", "country"),
        Figure("readers", "count", "*"),
        Figure("persons", "count", "e mail", distinct=True),
    ]
    assert asked(parse(lines)) == ["country", "e mail"]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("median(total)", "no figure median"),
        ("sum(distinct total)", "only count takes distinct"),
        ("sum(*)", "only count takes"),
        ("min()", "of which column"),
    ],
)
def test_figures_that_cannot_be_computed(written: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        parse({"x": written})


@pytest.mark.parametrize("text", ["country", "= count(*)", "a = ", "a = b\na = c"])
def test_lines_that_say_nothing(text: str) -> None:
    with pytest.raises(ValidationError):
        parse_lines(text)
