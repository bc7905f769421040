"""The columns of a small real company, with the names as they are and in snake case, and with hidden names."""

import csv
import re
import time
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest

import erasure
from catalog.classification.scoring import classify

FOLDER = Path(erasure.__file__).parent / "demo" / "chinook"
ADDRESS = {
    "Address": "contact.address.street",
    "City": "contact.address.city",
    "State": "contact.address.region",
    "Country": "contact.address.country",
    "PostalCode": "contact.address.postal_code",
}
PERSON = ADDRESS | {
    "FirstName": "name.given",
    "LastName": "name.family",
    "Phone": "contact.phone",
    "Fax": "contact.fax",
    "Email": "contact.email",
}
EXPECTED = {
    "Customer": PERSON
    | {"CustomerId": "id.customer", "Company": "employment.employer", "SupportRepId": "id.employee"},
    "Employee": PERSON
    | {
        "EmployeeId": "id.employee",
        "ReportsTo": "id.employee",
        "Title": "employment.occupation",
        "BirthDate": "demographic.birth_date",
        "HireDate": "none.operational",
    },
    "Invoice": {f"Billing{part}": category for part, category in ADDRESS.items()}
    | {
        "InvoiceId": "none.operational",
        "CustomerId": "id.customer",
        "InvoiceDate": "finance.transaction",
        "Total": "none.operational",
    },
    "InvoiceLine": dict.fromkeys(
        ("InvoiceLineId", "InvoiceId", "TrackId", "UnitPrice", "Quantity"), "none.operational"
    ),
    "Track": dict.fromkeys(
        ("TrackId", "Name", "AlbumId", "MediaTypeId", "GenreId", "Milliseconds", "Bytes", "UnitPrice"),
        "none.operational",
    )
    | {"Composer": "name.full"},
    "Genre": {"GenreId": "none.operational", "Name": "none.operational"},
    "MediaType": {"MediaTypeId": "none.operational", "Name": "none.operational"},
    "Album": dict.fromkeys(("AlbumId", "Title", "ArtistId"), "none.operational"),
}
COLUMNS = [(table, column) for table, columns in EXPECTED.items() for column in columns]


@cache
def rows(table):
    with (FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def judge(table, column, *, name=None, label=None, **options):
    values = pa.array([row[column] or None for row in rows(table)], pa.string())
    return classify(
        name or column, table=label or table, kind="text", values=values, use_entities=False, **options
    )


def snake(name):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def test_every_column_of_these_tables_is_expected():
    assert {table: set(rows(table)[0]) for table in EXPECTED} == {
        table: set(columns) for table, columns in EXPECTED.items()
    }


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_every_column_gets_its_category(table, column):
    verdict = judge(table, column)
    assert verdict.best.category == EXPECTED[table][column]
    assert verdict.best.confidence >= 0.5
    assert verdict.contains == ()


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_so_it_does_in_snake_case(table, column):
    verdict = judge(table, column, name=snake(column), label=f"public.{snake(table)}")
    assert verdict.best.category == EXPECTED[table][column]


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_and_without_rows(table, column):
    verdict = classify(column, table=table, kind="text", values=pa.array([], pa.string()))
    assert verdict.best.category == EXPECTED[table][column]


@pytest.mark.parametrize(
    ("column", "category"),
    [
        ("FirstName", "name.given"),
        ("LastName", "name.family"),
        ("Address", "contact.address.street"),
        ("Country", "contact.address.country"),
        ("Phone", "contact.phone"),
        ("Fax", "contact.phone"),
        ("Email", "contact.email"),
    ],
)
def test_values_alone_tell_direct_identifiers(column, category):
    assert judge("Customer", column, use_names=False).best.category == category


@pytest.mark.parametrize(
    ("table", "column"), [("Genre", "Name"), ("Track", "Name"), ("Album", "Title"), ("Track", "Bytes")]
)
def test_values_alone_do_not_make_music_personal(table, column):
    best = judge(table, column, use_names=False).best
    assert best is None or best.category == "none.operational"


def test_evidence_counts_what_it_saw():
    evidence = {item.origin: item for item in judge("Customer", "Email").best.evidence}
    assert (evidence["pattern"].sampled, evidence["pattern"].matched) == (59, 59)
    assert evidence["pattern"].examples[0] == "l****@e******.br"
    assert evidence["pattern"].detail == "59 of 59 distinct values look like e-mail addresses."


def test_the_whole_company_is_quick():
    start = time.process_time()
    for table, column in COLUMNS:
        judge(table, column)
    assert time.process_time() - start < 3
