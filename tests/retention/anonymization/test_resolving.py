"""One rule for each column, with its reason; nothing passes because nobody looked."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from catalog.contracts.document import TECHNIQUES, Document, Field
from retention.anonymization.advice import ADVICE, CONTRACT_WORDS
from retention.anonymization.advising import Described, suggest
from retention.anonymization.compiling import technique_of
from retention.anonymization.resolving import resolve
from retention.anonymization.rules import Rule, RuleSet
from retention.anonymization.techniques import registry
from retention.anonymization.techniques.base import TechniqueError
from retention.anonymization.uses import EVERY, USES

TEXT = pa.string()
EMAIL = Described("email", TEXT, "contact.email", "direct", "review")
NUMBER = Described("customer_id", pa.int64(), "id.customer", "pseudonymous", "review")
BORN = Described("born", pa.date32(), "demographic.birth_date", "quasi", "scan")
TOTAL = Described("total", pa.float64(), "none.operational", "none", "review")


def techniques(columns: list[Described], **how) -> dict[str, str]:
    resolution = resolve(columns, **{"use": "analytics", **how})
    found = {rule.column: rule.technique for rule in resolution.rules.rules}
    return found | {each.column: f"? {each.why}" for each in resolution.undecided}


def test_the_catalog_decides_and_what_a_scan_says_counts_as_personal():
    scanned = replace(TOTAL, known_by="scan")
    nothing = Described("x", TEXT)
    assert techniques([EMAIL, NUMBER, BORN, TOTAL, replace(scanned, name="seen"), nothing]) == {
        "email": "pseudonym",
        "customer_id": "pseudonym",
        "born": "generalize_date",
        "total": "keep",
        "seen": "? a scan says that it is not personal, and nobody confirmed it",
        "x": "? nobody said what it holds",
    }


def test_reasons_are_words_that_say_who_said_so():
    (email, born) = resolve([EMAIL, BORN], use="analytics").rules.rules
    assert email.reason.startswith("E-mail address (confirmed): Equal values stay equal")
    assert born.reason.startswith("Date of birth (not reviewed, so taken for it): The year is enough")


def test_the_contract_decides_before_the_advisor_and_a_person_before_both():
    column = replace(
        EMAIL, masking={"analytics": "drop", "Test data": {"technique": "mask", "parameters": {"first": 1}}}
    )
    assert techniques([column]) == {"email": "drop"}
    (rule,) = resolve([column], use="test_data").rules.rules
    assert (rule.technique, rule.parameters, rule.reason) == (
        "mask",
        {"first": 1},
        "The contract says so for test_data.",
    )
    given = {"email": Rule("email", "redact", {}, "By hand.")}
    assert techniques([column], given=given) == {"email": "redact"}


def test_free_text_with_persons_in_it_is_redacted_inside():
    note = Described("note", TEXT, contains=("name.full", "contact.email"))
    assert techniques([note, replace(note, name="n", category="content.free_text", sensitivity="quasi")]) == {
        "note": "redact_text",
        "n": "redact_text",
    }


def test_forbidden_and_unlisted_uses_are_refused():
    document = Document("1", "customer", forbidden_uses=("third party",), allowed_uses=("analytics",))
    with pytest.raises(TechniqueError, match="forbids the use third_party"):
        resolve([], use="third_party", document=document)
    with pytest.raises(TechniqueError, match="allows analytics, and not payment"):
        resolve([], use="payment", document=document)
    assert resolve([], use="Analytics", document=document).rules.rules == ()


def test_a_contract_of_other_columns_is_refused():
    document = Document("1", "customer", fields=(Field("email"), Field("gone"), Field("email.domain")))
    with pytest.raises(TechniqueError, match=r"columns that the source does not have: gone\."):
        resolve([EMAIL], use="analytics", document=document)


def test_rules_for_what_lies_inside_a_column_need_one_for_the_whole():
    document = Document("1", "c", fields=(Field("profile.email", masking={"analytics": "hash"}),))
    profile = Described("profile", pa.struct([("email", TEXT)]), "content", "quasi", "review")
    assert techniques([profile], document=document)["profile"].startswith(
        "? the contract has rules for what lies"
    )


def test_what_no_technique_can_do_is_undecided():
    generalize = replace(EMAIL, masking={"analytics": "generalize"})
    assert techniques([generalize])["email"].startswith(
        "? the contract says generalize, and no technique does that"
    )
    perturb = Described("day", pa.date32(), masking={"analytics": "perturb"})
    assert techniques([perturb])["day"].startswith("? the contract says perturb")
    assert techniques([perturb, NUMBER])["day"] == "date_shift"  # now persons are told apart


def test_columns_of_one_person_get_one_identity():
    name = Described("name", TEXT, "name.full", "direct", "review")
    user = Described("login", TEXT, "id.username", "direct", "review")
    resolution = resolve([name, EMAIL, user, NUMBER], use="test_data")
    assert resolution.rules.person == "customer_id"
    assert resolution.person_category == "id.customer"
    made = {rule.column: rule.parameters for rule in resolution.rules.rules if rule.technique == "substitute"}
    assert made == {
        "name": {"what": "full_name", "identity": True},
        "email": {"what": "email", "identity": True},
        "login": {"what": "user_name", "identity": True},
    }


def test_direct_identifiers_that_are_not_kept_are_watched():
    kept = replace(EMAIL, name="kept", masking={"analytics": "keep"})
    assert resolve([EMAIL, kept, BORN, TOTAL], use="analytics").watched == ("email",)


def test_few_different_values_put_pseudonyms_last():
    plan = Described("device", TEXT, "online", "pseudonymous", "review", distinct_share=0.001)
    first, last = suggest(plan, use="analytics")
    assert (first.technique, first.warning, last.technique) == ("drop", "", "pseudonym")
    assert last.warning.startswith("Few different values")


@pytest.mark.parametrize("use", USES)
def test_every_line_of_the_table_names_a_technique_that_exists_and_a_use(use: str):
    for category, for_use, advised in ADVICE:
        assert for_use in (*USES, EVERY), category
        assert advised, (category, for_use)
        for each in advised:
            assert each.why, (category, for_use)
            assert each.technique in registry.classes, each.technique
    for column in (EMAIL, NUMBER, BORN, TOTAL):
        for suggestion in suggest(column, use=use, person="customer_id"):
            rule = Rule(column.name, suggestion.technique, suggestion.parameters)
            technique = technique_of(RuleSet((rule,)), column.name)
            assert technique.drops or technique.output_type(column.type)


def test_every_word_of_contracts_means_something():
    assert set(CONTRACT_WORDS) == set(TECHNIQUES)
