"""Search by words: parts of the names of columns, data sets and systems, with and without the index."""

import pytest
from django.db import connection
from django.db.models import Value

from catalog.finding_columns import with_words
from catalog.grams import Grams
from catalog.models import Column, DataSet, System

pytestmark = pytest.mark.django_db

NAMES = {
    "sales.customer": ["id", "email_address", "givenName", "100%_paid", "note"],
    "sales.invoice": ["customer_id", "E-Mail", "Straße", "total"],
    "hr.employee": ["employee_id", "email", "midwife", "back\\slash"],
}


@pytest.fixture
def shop() -> System:
    system = System.objects.create(name="Shop Berlin", kind="postgresql")
    for name, columns in NAMES.items():
        data_set = DataSet.objects.create(system=system, name=name, kind="table")
        for position, column in enumerate(columns, start=1):
            Column.objects.create(
                data_set=data_set, name=column, position=position, data_type="text", kind="text"
            )
    return system


def found(words: str) -> list[str]:
    matching = with_words(Column.objects.select_related("data_set"), words).order_by(
        "data_set_id", "position"
    )
    return [f"{column.data_set.name}.{column.name}" for column in matching]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("mail_ad", ["sales.customer.email_address"]),
        ("EMAIL", ["sales.customer.email_address", "hr.employee.email"]),
        ("invoice mail", ["sales.invoice.E-Mail"]),
        ("hr note", []),
        ("berlin total", ["sales.invoice.total"]),
        ("100%_", ["sales.customer.100%_paid"]),
        ("k\\s", ["hr.employee.back\\slash"]),
        ("straß", ["sales.invoice.Straße"]),
        ("xylophone", []),
    ],
)
def test_each_word_is_part_of_a_name(shop: System, words: str, expected: list[str]) -> None:
    assert found(words) == expected


def test_two_letters_begin_a_word(shop: System) -> None:
    assert found("id") == ["sales.customer.id", "sales.invoice.customer_id", "hr.employee.employee_id"]
    assert found("na") == ["sales.customer.givenName"]


def test_no_words_leave_everything(shop: System) -> None:
    assert len(found("  ")) == 13


def test_the_index_answers(shop: System) -> None:
    with connection.cursor() as cursor:
        # Rows of other tests may have been analyzed: only a bitmap of the grams is left to choose.
        for way in ("seqscan", "indexscan", "indexonlyscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        plan = Column.objects.filter(name__has_part="mail_ad").explain()
    assert "column_by_part_of_name" in plan


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("aB_12", {"^1", "^12", "^a", "^b", "ab_", "b_1", "_12"}),
        ("ID", {"^i", "^id"}),
        ("e mail", {"e m", " ma", "mai", "ail", "^e", "^m", "^ma"}),
        ("-_", set()),
        ("", set()),
    ],
)
def test_grams_of_a_name(name: str, expected: set[str]) -> None:
    System.objects.create(name="x", kind="postgresql")
    grams = System.objects.annotate(grams=Grams(Value(name))).values_list("grams", flat=True).get()
    assert set(grams) == expected
