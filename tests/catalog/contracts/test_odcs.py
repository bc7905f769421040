"""The Open Data Contract Standard: in, out, and nothing lost."""

from dataclasses import replace
from pathlib import Path

import pytest

from catalog.contracts.document import Field
from catalog.contracts.exporting import export
from catalog.contracts.loading import load
from catalog.contracts.odcs import from_odcs, to_odcs
from catalog.contracts.problems import ContractError
from catalog.contracts.reading import Text, read_texts
from catalog.contracts.validating import require_odcs

EXAMPLES = Path(__file__).with_name("odcs")
COUNTS = {
    "all-schema-types": 3,
    "basic-four-dpo": 1,
    "full-example": 2,
    "postgresql-adventureworks-contract": 68,
}


def example(name: str) -> bytes:
    return (EXAMPLES / f"{name}.odcs.yaml").read_bytes()


@pytest.mark.parametrize("name", COUNTS)
def test_an_example_comes_out_as_it_went_in_also_through_our_own_yaml(name: str):
    original = read_texts(example(name))[0].value
    loaded = load(example(name), name=name)
    assert {each.format for each in loaded} == {"odcs"}
    assert len(loaded) == COUNTS[name]
    ours = export([each.document for each in loaded], form="yaml")
    back = [each.document for each in load(ours.encode(), name="ours.yaml")]
    assert back == [each.document for each in loaded]
    exported = read_texts(export(back, form="odcs").encode())[0]
    assert exported.value == original
    require_odcs(exported)


def test_terms_are_found_where_odcs_has_them():
    first, second = from_odcs(read_texts(example("full-example"))[0].value)
    assert (first.name, first.system, first.owner, first.version) == (
        "tbl_1",
        "my-postgres",
        "my-team",
        "1.1.0",
    )
    assert first.purposes == ("Views built on top of the seller tables.",)
    assert first.retention_days == 3 * 365
    assert [item.name for item in first.fields] == ["txn_ref_dt", "rcvr_id", "rcvr_cntry_code"]
    assert (second.name, second.retention_days) == ("receivers_master", None)
    assert second.fields[0] == Field(
        "id", "varchar(18)", nullable=False, unique=True, description="Unique identifier for receiver"
    )


def test_what_is_nested_gets_paths():
    *_, last = from_odcs(read_texts(example("all-schema-types"))[0].value)
    assert [(item.name, item.type) for item in last.fields] == [
        ("x", "array"),
        ("x[]", "object"),
        ("x[].id", "VARCHAR(40)"),
        ("x[].zip", "VARCHAR(15)"),
    ]


def test_a_change_changes_only_what_it_means():
    value = read_texts(example("full-example"))[0].value
    first, second = from_odcs(value)
    item = replace(
        first.fields[1], category="id.account", sensitivity="direct", nullable=False, retention_days=30
    )
    out = to_odcs([replace(first, fields=(first.fields[0], item, first.fields[2])), second])
    require_odcs(Text(out))
    place = out["schema"][0]["properties"][1]
    assert (place["classification"], place["required"]) == ("restricted", True)  # another scheme: left alone
    assert {one["property"]: one["value"] for one in place["customProperties"]} == {
        "sensitivity": "direct",
        "category": "id.account",
        "retentionDays": 30,
    }
    place["required"] = False
    del place["customProperties"]
    assert out == value


@pytest.mark.parametrize("days", [30, 2_000, None])
def test_a_changed_retention_is_the_one_that_comes_back(days: int | None):
    first, second = from_odcs(read_texts(example("full-example"))[0].value)
    back, other = from_odcs(to_odcs([replace(first, retention_days=days), second]))
    assert (back.retention_days, other.retention_days) == (days, second.retention_days)


def test_what_is_not_valid_is_said_with_its_line():
    text = example("full-example").replace(b"classification: public", b"clasification: public", 1)
    with pytest.raises(ContractError) as refused:
        load(text.replace(b"status: active", b"statis: active"), name="x.yaml")
    assert [(problem.line, problem.field, problem.remedy) for problem in refused.value.problems] == [
        (2, "", "Add it."),
        (5, "statis", "Did you mean status?"),
        (79, "schema[0].properties[0].clasification", "Did you mean classification?"),
    ]


def test_an_older_standard_is_refused():
    text = b"apiVersion: v2.2.2\nkind: DataContract\nid: x\nversion: 1.0.0\nstatus: active\n"
    with pytest.raises(ContractError, match=r"ODCS v2\.2\.2 is too old"):
        load(text, name="x.yaml")


def test_a_breach_of_an_imported_contract_has_the_line_of_its_property():
    (first, _second) = load(example("full-example"), name="x.yaml")
    assert first.line_of("rcvr_id") == 92
    assert first.line_of("rcvr_id", "classification") == 105
