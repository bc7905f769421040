"""Our own form: written, read, and refused with what is wrong and what helps."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.classification.vocabulary import CATEGORIES, Sensitivity
from catalog.contracts.document import SCHEMA, TECHNIQUES, Document, Field, to_plain
from catalog.contracts.exporting import export
from catalog.contracts.loading import load
from catalog.contracts.odcs import from_odcs, to_odcs
from catalog.contracts.problems import ContractError
from catalog.contracts.reading import Text
from catalog.contracts.validating import require_odcs
from tests.catalog.contracts.texts import CUSTOMER

words = (
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20)
    .map(str.strip)
    .filter(bool)
)
names = st.from_regex(r"[A-Za-zÄö_][A-Za-z0-9_]{0,12}", fullmatch=True)
BANDS = {"technique": "generalize_band", "parameters": {"width": 10.5, "written": "label"}}
days = st.none() | st.integers(1, 73_000)
columns = st.builds(
    Field,
    name=names,
    type=st.sampled_from(["", "integer", "varchar(40)", "jsonb", "number", "NO", "2024-01-01"]),
    nullable=st.booleans(),
    unique=st.booleans(),
    category=st.sampled_from(["", *CATEGORIES]),
    sensitivity=st.sampled_from(["", *map(str, Sensitivity)]),
    description=st.just("") | words,
    retention_days=days,
    masking=st.dictionaries(words, st.sampled_from([*TECHNIQUES, BANDS]), max_size=2),
    tags=st.lists(words, max_size=2).map(tuple),
)
lists = st.lists(words, max_size=2).map(tuple)
documents = st.builds(
    Document,
    version=st.sampled_from(["1.0.0", "2024-01", "1.10"]),
    name=names,
    system=st.just("") | words,
    owner=st.just("") | words,
    description=st.just("") | words,
    purposes=lists,
    lawful_basis=st.just("") | words,
    allowed_uses=lists,
    forbidden_uses=lists,
    retention_days=days,
    tags=lists,
    fields=st.lists(columns, max_size=4, unique_by=lambda item: item.name).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(documents)
def test_what_is_exported_is_read_the_same(document: Document):
    for form in ("yaml", "json"):
        (back,) = load(export([document], form=form).encode(), name="c.yaml")
        assert back.document == document


@settings(max_examples=60, deadline=None)
@given(documents)
def test_what_is_exported_as_odcs_is_valid_and_comes_back_the_same(document: Document):
    contract = to_odcs([document], status="draft")
    require_odcs(Text(contract))
    (back,) = from_odcs(contract)
    assert {**to_plain(back), "odcs": None} == {**to_plain(document), "odcs": None}
    assert to_odcs([back]) == contract


def test_the_whole_form_is_read():
    (found,) = load(CUSTOMER, name="c.yaml")
    document = found.document
    assert (document.data_set, document.version, document.retention_days) == (
        "Shop / public.customer",
        "1.0.0",
        3650,
    )
    email = next(item for item in document.fields if item.name == "email")
    assert email == Field(
        "email",
        "character varying(80)",
        nullable=False,
        category="contact.email",
        masking={"support": "mask", "analytics": "hash"},
    )
    assert (email.level, email.personal, document.retention_of(email)) == (Sensitivity.DIRECT, True, 3650)
    assert found.line_of("email", "category") == 43
    assert found.line_of("email", "nothing of the kind") == 40
    assert found.line_of("", "forbidden_uses") == 11


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"retention_days: 3650", b"retention_day: 3650", "line 12, retention_day: “retention_day” is not known"),
        (b"version: 1.0.0", b"version: 1.0", "line 3, version: It has the wrong type. Write text: put it in quotes."),
        (b"contact.email", b"contact.mail", "contact.mail” is none of the known values. Did you mean contact.email?"),
        (b"analytics: hash", b"analytics: hashed", "Did you mean hash?"),
        (b"  name: public.customer\n", b"", "line 4, dataset: name is missing. Add it."),
        (b"name: phone", b"name: city", "line 36, city: Field city stands here twice. Keep one."),
        (b"nullable: false", b"nullable: no", "line 16, fields[0].nullable: It has the wrong type."),
        (b"privacy-console/v1", b"privacy-console/v2", "line 1, apiVersion: “privacy-console/v2” is not known."),
        (b"retention_days: 3650", b"retention_days: 0", "line 12, retention_days: 0 is less than the minimum of 1."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_line_and_remedy(old: bytes, new: bytes, said: str):
    assert old in CUSTOMER
    with pytest.raises(ContractError) as refused:
        load(CUSTOMER.replace(old, new), name="c.yaml")
    assert said in str(refused.value)


@pytest.mark.parametrize("text", [b"", b"3", b"[]", b"a: 1", b"null", b"- 1\n- 2"])
def test_what_is_no_contract_is_refused(text: bytes):
    with pytest.raises(ContractError):
        load(text, name="c.yaml")


def test_the_published_schema_knows_the_vocabulary_of_the_console():
    fields = SCHEMA["$defs"]["field"]["properties"]
    assert fields["category"]["enum"] == list(CATEGORIES)
    assert fields["sensitivity"]["enum"] == list(Sensitivity)
    assert fields["masking"]["additionalProperties"]["else"]["enum"] == list(TECHNIQUES)
