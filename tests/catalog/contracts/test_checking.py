"""Breaches: each kind where it is one, and only there."""

import json
from pathlib import Path

import fastavro
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from catalog.connectors.base import Kind
from catalog.contracts.checking import Breach, check
from catalog.contracts.document import Field
from catalog.contracts.loading import Loaded, load
from catalog.contracts.observing import observe
from catalog.contracts.problems import ContractError
from catalog.contracts.seen import Observed, Seen
from catalog.contracts.types import same_type
from tests.catalog.contracts.texts import ALLOWED, CUSTOMER, loaded

EMAILS = [f"{name}.{n}@example.com" for n in range(20) for name in ("anna", "bjorn")]
GOOD = (
    Seen("id", "int4", nullable=False),
    Seen("email", "varchar(80)", category="contact.email"),
    Seen("note", "text"),
)


def codes(breaches: list[Breach]) -> list[tuple[str, str]]:
    return [(breach.code, breach.field) for breach in breaches]


def against(*columns: Seen, use: str = "", **changes) -> list[tuple[str, str]]:
    return codes(check(loaded(**changes), observed=Observed("here", columns), use=use))


def test_what_keeps_the_contract_has_no_breach():
    assert against(*GOOD) == []
    assert against(*GOOD, use="billing") == []
    assert check(loaded()) == []


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (GOOD[1:], [("missing_column", "id")]),
        ((*GOOD, Seen("fax", "text")), [("extra_column", "fax")]),
        ((Seen("ID", "int4"), *GOOD[1:]), [("missing_column", "id"), ("extra_column", "ID")]),
        ((Seen("id", "text", kind=Kind.TEXT, nullable=False), *GOOD[1:]), [("type_changed", "id")]),
        ((Seen("id", "bigint", kind=Kind.INTEGER, nullable=True), *GOOD[1:]), [("may_be_null", "id")]),
        ((*GOOD[:2], Seen("note", "text", category="contact.email")), [("declared_not_personal", "note")]),
        ((*GOOD[:2], Seen("note", "text", contains=("contact.phone",))), [("declared_not_personal", "note")]),
        ((*GOOD[:2], Seen("note", "text", category="none.operational")), []),
    ],
)
def test_structure_and_content(columns: tuple[Seen, ...], found: list):
    assert against(*columns) == found


def test_personal_data_that_nobody_declared():
    fields = (*ALLOWED.fields[:2], Field("note", "text"))
    columns = (*GOOD[:2], Seen("note", "text", category="health.condition", why="a scan is 95% sure"))
    (breach,) = check(loaded(fields=fields), observed=Observed("here", columns))
    assert breach == Breach(
        "undeclared",
        "note",
        "note holds diagnosis or condition (a scan is 95% sure), and the contract does not say so.",
        "Add category: health.condition, or have the column reviewed.",
    )


def test_retention_is_missing_for_personal_columns_alone():
    assert codes(check(loaded(retention_days=None))) == [
        ("retention_missing", "id"),
        ("retention_missing", "email"),
    ]


@pytest.mark.parametrize(
    ("use", "found"),
    [
        ("advertising", [("use_forbidden", "")]),
        ("research", [("use_not_allowed", "")]),
        ("support", [("masking_missing", "email")]),
        ("analytics", []),
        ("billing", []),
        ("", []),
    ],
)
def test_uses(use: str, found: list):
    document = loaded(forbidden_uses=("advertising",), allowed_uses=("support", "analytics"))
    assert codes(check(document, use=use)) == found


def test_values_that_should_be_masked_are_found_by_looking_at_them():
    plain, hashed = (
        Seen("email", "text", looks_like="contact.email"),
        Seen("email", "text", looks_like="id.pseudonym"),
    )
    assert against(GOOD[0], plain, GOOD[2], use="analytics") == [("not_masked", "email")]
    assert against(GOOD[0], hashed, GOOD[2], use="analytics") == []
    assert against(GOOD[0], plain, GOOD[2], use="billing") == []
    dropped = (
        ALLOWED.fields[0],
        Field("email", masking={"analytics": "drop"}, category="contact.email"),
        ALLOWED.fields[2],
    )
    assert against(GOOD[0], GOOD[2], use="analytics", fields=dropped) == []
    assert against(*GOOD, use="analytics", fields=dropped) == [("not_masked", "email")]


def test_what_lies_inside_a_column_is_compared_where_both_say_it():
    fields = (Field("profile", "jsonb"), Field("profile.city", category="contact.address.city"))
    assert against(Seen("profile", "jsonb"), fields=fields) == []
    assert against(Seen("profile"), Seen("profile.age"), fields=fields) == [
        ("missing_column", "profile.city"),
        ("extra_column", "profile.age"),
    ]
    assert against(Seen("profile"), Seen("profile.age"), fields=fields[:1]) == []


def test_a_breach_has_the_line_of_what_it_is_about():
    (contract,) = load(CUSTOMER.replace(b"retention_days: 3650\n", b""), name="c.yaml")
    found = {breach.field: breach.line for breach in check(contract)}
    assert found == {"customer_id": 13, "first_name": 18, "last_name": 22, "address": 26, "city": 29, "country": 32,
                     "email": 39, "support_rep_id": 44}  # fmt: skip


@pytest.mark.parametrize(
    ("declared", "found", "same"),
    [
        ("varchar(80)", "character varying(80)", True),
        ("varchar(80)", "varchar(40)", False),
        ("varchar", "varchar(40)", True),
        ("string", "large_string", True),
        ("string", "integer", False),
        ("number", "int4", True),
        ("number", "text", False),
        ("timestamp", "timestamp[us, tz=UTC]", True),
        ("date", "timestamp", False),
        ("numeric(10,2)", "decimal(10, 2)", True),
        ("numeric(10,2)", "numeric(12, 2)", False),
        ("varchar[15]", "varchar(15)", True),
        ("integer[]", "list<item: int32>", True),
        ("object", "struct<a: int32>", True),
        ("Name", "Name", True),
        ("Name", "OtherName", False),
        ("wibble", "wobble", False),
        ("", "anything", True),
    ],
)
def test_types_of_different_stores_are_compared(declared: str, found: str, same: bool):
    assert same_type(declared, found) is same


def file_of(folder: Path, kind: str) -> Path:
    table = pa.table({"id": list(range(40)), "email": EMAILS, "note": EMAILS})
    path = folder / f"customer.{kind}"
    if kind == "parquet":
        pq.write_table(table, path)
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    elif kind == "avro":
        kinds = {"id": "long", "email": "string", "note": "string"}
        fields = [{"name": name, "type": kind} for name, kind in kinds.items()]
        with path.open("wb") as file:
            fastavro.writer(file, {"type": "record", "name": "customer", "fields": fields}, table.to_pylist())
    else:
        pyarrow.csv.write_csv(table, path)
    return path


@pytest.mark.parametrize("kind", ["parquet", "csv", "avro", "jsonl"])
def test_values_of_a_file_are_judged(tmp_path: Path, kind: str):
    found = check(loaded(), observed=observe(file_of(tmp_path, kind), ALLOWED), use="analytics")
    assert codes(found) == [("not_masked", "email"), ("declared_not_personal", "note")]
    assert "anna" not in str(found)
    assert found[1].message == (
        "note is declared not personal; it holds e-mail address (40 of 40 distinct values look like e-mail addresses)."
    )


def test_sql_and_schemas_are_compared_with(tmp_path: Path):
    path = tmp_path / "schema.sql"
    path.write_text(
        "CREATE TABLE other (x int);\n"
        "CREATE TABLE public.customer (id text PRIMARY KEY, email varchar(80) NOT NULL, fax text);"
    )
    found = check(loaded(), observed=observe(path, ALLOWED))
    assert codes(found) == [("type_changed", "id"), ("missing_column", "note"), ("extra_column", "fax")]
    avro = tmp_path / "customer.avsc"
    avro.write_text(
        '{"type": "record", "name": "customer", "fields": [{"name": "id", "type": "long"},'
        '{"name": "email", "type": "string"},'
        '{"name": "note", "type": "string", "privacy.category": "content.free_text"}]}'
    )
    (breach,) = check(loaded(), observed=observe(avro, ALLOWED))
    assert (breach.code, breach.field) == ("declared_not_personal", "note")
    assert "(customer.avsc says so)" in breach.message


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.parquet", b"PAR1 nothing PAR1", "cannot be read as Parquet"),
        ("a.csv", b"", "a.csv"),
        ("a.sql", b"SELECT 1", "It creates no table public.customer"),
        ("a.sql", b"CREATE TABLE (((", "This is not SQL"),
        ("a.txt", b"x", "No such kind of file"),
        ("a.avsc", b"{}", "apiVersion"),
    ],
)
def test_what_cannot_be_compared_with_is_said(tmp_path: Path, name: str, content: bytes, words: str):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ContractError, match=words):
        observe(path, ALLOWED)


def test_a_contract_that_names_no_columns_only_rules_uses():
    empty = Loaded(loaded(fields=(), forbidden_uses=("x",)).document, "yaml")
    assert codes(check(empty, use="x")) == [("use_forbidden", "")]
