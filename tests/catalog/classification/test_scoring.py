import time

import pyarrow as pa
import pytest

from catalog.classification.sample import LONGEST, take
from catalog.classification.scoring import classify
from catalog.classification.vocabulary import Sensitivity


def judge(column, values, *, table="", kind="text", **options):
    return classify(
        column, table=table, kind=kind, values=pa.array(values, pa.string()), use_entities=False, **options
    )


def best(column, values, **options):
    finding = judge(column, values, **options).best
    return finding.category if finding else None


EMAILS = ["ana@example.org", "bob@example.com", "carla@example.net", "dora@mail.example.org"]


def test_two_witnesses_are_surer_than_either():
    both = judge("email", EMAILS).best
    name_only = judge("email", []).best
    values_only = judge("column_7", EMAILS).best
    assert both.category == name_only.category == values_only.category == "contact.email"
    assert both.confidence > max(name_only.confidence, values_only.confidence)
    assert {item.origin for item in both.evidence} == {"name", "pattern"}
    assert both.sensitivity is Sensitivity.DIRECT


def test_names_can_be_left_out():
    verdict = judge("email", EMAILS, use_names=False)
    assert [item.origin for item in verdict.best.evidence] == ["pattern"]
    assert judge("email", [], use_names=False).findings == ()


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("email", ["0", "1", "1"]),
        ("email", ["yes", "no"]),
        ("phone", ["2019", "2020", "2021", "1998"]),
        ("first_name", ["09:30", "10:45:00", "23:59"]),
        ("address", ["2020-01-01", "2021-05-06", "2022-07-08"]),
        ("last_name", ["17", "23", "99", "104"]),
    ],
)
def test_values_veto_a_name(column, values):
    verdict = judge(column, values)
    personal = [one for one in verdict.findings if one.sensitivity is not Sensitivity.NONE]
    assert all(one.confidence < 0.2 for one in personal)


def test_a_flag_does_not_veto_a_fact_about_health():
    assert best("disability", ["0", "1"]) == "health.condition"


def test_sparse_values_still_speak():
    values = [*EMAILS, "n/a", "unknown", "-"]
    assert best("column_7", values) == "contact.email"


def test_one_valid_number_in_a_thousand_notes_is_contained():
    notes = [f"Customer called about order {n} and was asked to wait." for n in range(1_000)]
    notes[637] = "She left her card 4111 1111 1111 1111 on the phone, please remove."
    verdict = judge("notes", notes)
    assert verdict.best.category == "content.free_text"
    assert verdict.contains == ("finance.card",)
    (evidence,) = verdict.contained
    assert (evidence.sampled, evidence.matched, evidence.valid, evidence.examples) == (
        1000,
        1,
        1,
        ("4*** **** **** ****",),
    )


def test_more_rows_never_lower_contains():
    notes = ["Write to ana@example.org or bob@example.org about this matter, please."]
    more = notes + [f"Nothing to see in ticket number {n} of this week." for n in range(3_000)]
    assert judge("notes", notes).contains == judge("notes", more[:2_000]).contains == ("contact.email",)


def test_a_product_code_in_text_is_nothing():
    notes = [f"Replaced part SCN-{n} in the scanner of floor {n % 7} again." for n in range(50)]
    assert judge("notes", notes).contains == ()


def test_examples_are_masked_and_details_hold_no_value():
    evidence = judge("kontakt", EMAILS).best.evidence
    shown = " ".join(f"{item.detail} {item.examples}" for item in evidence)
    assert not any(value in shown for value in EMAILS)
    assert "a**@e******.org" in shown


@pytest.mark.parametrize(
    ("column", "kind", "values"),
    [
        ("unit_price", "decimal", ["0.99", "1.99", "12.50"]),
        ("quantity", "integer", ["1", "2", "3"]),
        ("milliseconds", "integer", ["343719", "342562"]),
        ("album_id", "integer", ["1", "2", "3"]),
        ("is_active", "boolean", ["true", "false"]),
        ("zz", "float", ["0.5", "0.25"]),
    ],
)
def test_operational_columns_can_be_confirmed_in_bulk(column, kind, values):
    finding = judge(column, values, kind=kind, table="invoice_line").best
    assert finding.category == "none.operational"
    assert finding.confidence >= 0.5


def test_births_are_told_from_other_dates():
    births = ["1947-09-19", "1951-05-22", "1962-02-18", "1973-07-01", "1990-11-30"]
    assert best("geburtsdatum", births, kind="date") == "demographic.birth_date"
    assert best("invoice_date", ["2024-01-01", "2024-02-11"], table="invoice") == "finance.transaction"
    assert best("hire_date", ["2002-08-14", "2003-10-17"], table="employee") == "none.operational"


def test_values_without_a_name():
    given = ["Ana", "Michael", "Jennifer", "Thomas", "Ingrid", "Carlos", "Julia", "Pedro", "Anna", "William"]
    family = [
        "Smith",
        "Johnson",
        "Müller",
        "Schneider",
        "Fernandez",
        "Kowalski",
        "Rossi",
        "Hansen",
        "Dupont",
        "O'Brien",
    ]
    full = [f"{one} {other}" for one, other in zip(given, family, strict=True)]
    assert best("c1", given) == "name.given"
    assert best("c2", family) == "name.family"
    assert best("c3", full) == "name.full"
    assert (
        best("c4", ["Rock", "Jazz", "Metal", "Blues", "Latin", "Reggae", "Pop", "Soundtrack", "Classical"])
        is None
    )
    assert (
        best("c5", ["11120 Jasper Ave NW", "Theodor-Heuss-Straße 34", "8, Rue Hanovre"])
        == "contact.address.street"
    )


@pytest.mark.parametrize(
    "values",
    [
        pa.array([], pa.string()),
        pa.array([None, None], pa.string()),
        pa.nulls(3),
        pa.chunked_array([], pa.string()),
        pa.chunked_array([["a"], [None], []], pa.string()),
        pa.array(["x" * 10_000_000]),
        pa.array(["a@" * 5_000_000, "(" * 5_000_000, "1 " * 5_000_000]),
        pa.array([b"\x00\xff\xfe", b"\x80" * 100_000], pa.binary()),
        pa.array(["🎉", "👩‍👩‍👧", "\u202e", "\x00"]),
        pa.array(["robert'); drop table--", "' OR 1=1 --"]),
        pa.array([1, 2, None], pa.int64()),
        pa.array([[1], None], pa.list_(pa.int64())),
        pa.array([{"a": 1}], pa.struct({"a": pa.int64()})),
        pa.array(["a", "b", "a"]).dictionary_encode(),
        pa.array(["x"], pa.large_string()),
    ],
    ids=range(15),
)
def test_odd_values_do_no_harm(values):
    start = time.process_time()
    verdict = classify("payload", table="t", kind="unknown", values=values, use_entities=False)
    assert all(0 < one.confidence <= 1 for one in verdict.findings)
    assert time.process_time() - start < 2


def test_values_are_cut_and_placeholders_dropped():
    sample = take(pa.array(["  a ", "a", "N/A", "", None, "x" * 10_000]))
    assert sample.values == ("a", "x" * LONGEST)
    assert sample.rows == 5


def test_the_same_input_gives_the_same_verdict():
    assert judge("kontakt", EMAILS) == judge("kontakt", EMAILS)


@pytest.mark.parametrize(
    ("text", "contains"),
    [
        ("Call me at (416) 363-8888 or at +49 30 123456 in the evening.", ("contact.phone",)),
        ("Transfer it to GR16 0110 1050 0000 1054 7023 795 by Friday.", ("finance.iban",)),
        ("The number was 536-90-4399 according to the form she sent.", ("id.national",)),
        ("Send it to 11120 Jasper Avenue, or else to 825 Main Street.", ("contact.address.street",)),
        ("Measured 33 44 12 12 33 44 33 12 and then 12 33 44 33 again.", ()),
        ("Order 2024-01-05 was late, order 2024-02-07 came in time.", ()),
    ],
)
def test_what_a_text_contains(text, contains):
    assert judge("note", [text]).contains == contains


@pytest.mark.parametrize("column", ["owner", "contact", "customer_name", "email", "title", "column_7"])
def test_a_column_of_email_addresses_holds_no_names(column):
    values = ["ana.silva@example.org", "john.smith@example.com", "mary.jones@example.net"]
    verdict = judge(column, values)
    assert verdict.best.category == "contact.email"
    others = [one for one in verdict.findings[1:] if one.confidence >= 0.2]
    assert others == []


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("cell_phone", ["105", "114", "118", "134"]),
        ("last_name", ["http://a.example/x", "https://b.example/y", "http://c.example/z"]),
        ("licensee_name", ["Blue Moon LLC", "Acme Inc.", "Corner Cafe Ltd", "Sunny Holdings LLC"]),
        ("sex_place", [f"{place}/198" for place in range(1, 40)]),
        ("street_name", ["Aberdeen", "Center", "First", "Kedzie"]),
        ("age", ["12", "950", "430"]),
        ("fuel_description", ["Diesel", "Electric", "Gasoline"]),
    ],
)
def test_values_that_cannot_be_what_the_name_says_leave_it_doubtful(column, values):
    assert all(
        one.confidence < 0.5 for one in judge(column, values).findings if one.category != "none.operational"
    )


def test_people_where_the_name_speaks_of_something_else_are_doubtful():
    people = ["Ana Silva", "John Smith", "Mary Jones", "Carlos Rossi", "Julia Schneider", "Pedro Fernandez"]
    hidden, doubtful = judge("column_7", people).best, judge("vessel", people).best
    assert hidden.category == doubtful.category == "name.full"
    assert hidden.confidence > 0.8 > doubtful.confidence


def test_a_whole_address_with_its_point_is_an_address_and_not_its_street():
    values = [f"{n} Main St\nSpringfield, OR 97477\n(44.0{n}, -123.0{n})" for n in range(11, 20)]
    assert best("location_1", values) == "contact.address"
    assert best("street_address", values) in ("contact.address", "contact.address.street")


@pytest.mark.parametrize("value", ["FLPD", "OFFICE", "LOTUS", "CL 8", "KR 12 E"])
def test_no_house_is_numbered_here(value):
    assert best("column_7", [value] * 3) != "contact.address.street"


@pytest.mark.parametrize(
    "value", ["Suite 300", "APT#260", "FL 1", "CL 18 SUR 23 39", "Carrera 19 No. 33 - 17"]
)
def test_here_it_is(value):
    assert best("address_2", [value, value + "1", value + "2"]) == "contact.address.street"


def test_names_people_sign_in_with():
    values = ["angela.smith", "carolyn.jones", "maria.garcia", "john.miller"]
    assert best("created_by_user", values) == "id.username"


def test_positions_are_told_by_their_nouns():
    values = ["Deputy Director", "Account Clerk II", "Housing Inspector", "Mayor", "Senior Engineer"]
    assert best("title", values) == "employment.occupation"
    assert judge("title", values).best.confidence > judge("title", []).best.confidence


@pytest.mark.parametrize("region", ["ES", "es"])
def test_regions_are_iso_codes_in_any_case(region):
    values = ["612 34 56 78", "934 12 34 56", "698 76 54 32"]
    assert best("column_7", values, regions=(region,)) == "contact.phone"


def test_the_united_kingdom_has_two_codes():
    values = ["20 7946 0958", "121 496 0123", "161 496 0456"]
    assert judge("c1", values, regions=("UK",)) == judge("c1", values, regions=("GB",))
