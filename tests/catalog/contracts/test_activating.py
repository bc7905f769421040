"""Contracts in force: labels that come and go, decisions of people that stay, and what the ledger keeps."""

from collections.abc import Callable

import pytest

from audit.ledger.models import Entry
from catalog import reviewing, scanning
from catalog.contracts.activating import activate, propose, retire
from catalog.contracts.document import Document, from_plain
from catalog.contracts.loading import load
from catalog.contracts.problems import ContractError
from catalog.contracts.standing import drafted, find_data_set, standing
from catalog.models import Column, Contract, DataSet, Label, System
from governance.console.models import Job, User
from tests.catalog.contracts.texts import CUSTOMER
from tests.catalog.ledger import facts_of

Find = Callable[[str], Column]
Sequenced = Callable[[], list[Entry]]


def document(*changes: tuple[bytes, bytes], version: bytes = b"1.0.0") -> Document:
    text = CUSTOMER.replace(b"version: 1.0.0", b"version: " + version)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return load(text, name="c.yaml")[0].document


def labels(column: Column) -> list[tuple[str, str, str]]:
    made = column.labels.filter(origin=Label.Origin.CONTRACT).order_by("made_at", "pk")
    return [(label.category, label.sensitivity, label.state) for label in made]


def test_a_version_becomes_a_draft_once(scanned: System, dana: User):
    first = propose(document(), format="yaml", by=dana)
    assert (first.state, first.version, first.format, first.made_by) == ("draft", "1.0.0", "yaml", dana)
    assert from_plain(first.document) == document()
    assert propose(document(), format="yaml", by=dana) == first
    with pytest.raises(ContractError, match=r"Version 1\.0\.0 of Shop / public\.customer is there already"):
        propose(document((b"crm team", b"sales team")), format="yaml", by=dana)
    assert Contract.objects.count() == 1


def test_in_force_it_labels_its_columns(scanned: System, dana: User, column: Find, sequenced: Sequenced):
    odd = document((b"category: contact.address.city", b"category: location"))
    effect = activate(propose(odd, format="yaml", by=dana))
    assert (len(effect.added), effect.withdrawn, effect.questioned) == (9, [], [])
    city = column("customer.city")
    assert labels(city) == [("location", "quasi", "suggested")]
    assert (city.category, city.sensitivity, city.confidence, city.state) == (
        "location",
        "quasi",
        1.0,
        "unreviewed",
    )
    assert city.labels.filter(origin=Label.Origin.SCAN, state="suggested").exists()
    assert [facts_of(entry)[0] for entry in sequenced()][-2:] == ["contract.proposed", "contract.activated"]
    facts = facts_of(sequenced()[-1])[1]
    assert {key: facts[key] for key in ("labels", "withdrawn", "questioned")} == {
        "labels": 9,
        "withdrawn": 0,
        "questioned": [],
    }
    assert len(facts["document"]) == 64


def test_a_scan_leaves_its_labels_alone(
    scanned: System, dana: User, column: Find, work: Callable[[], list[Job]]
):
    activate(
        propose(document((b"category: contact.address.city", b"category: location")), format="yaml", by=dana)
    )
    scanning.request(scanned)
    work()
    assert column("customer.city").category == "location"
    assert labels(column("customer.city")) == [("location", "quasi", "suggested")]


def test_a_later_version_retires_the_earlier_and_withdraws_what_it_drops(
    scanned: System, dana: User, column: Find, sequenced: Sequenced
):
    one = propose(
        document((b"category: contact.address.city", b"category: location")), format="yaml", by=dana
    )
    activate(one)
    two = propose(
        document((b"    category: contact.address.city\n", b""), version=b"2.0.0"), format="yaml", by=dana
    )
    effect = activate(two)
    one.refresh_from_db()
    assert (one.state, two.state) == ("retired", "active")
    assert (len(effect.added), len(effect.withdrawn)) == (0, 1)
    assert labels(column("customer.city")) == [("location", "quasi", "superseded")]
    assert column("customer.city").category == "contact.address.city"
    assert len(labels(column("customer.email"))) == 1  # it says the same: the label stays
    assert activate(two).added == []
    assert [facts_of(entry)[0] for entry in sequenced()].count("contract.activated") == 2


def test_out_of_force_nothing_of_it_is_left(scanned: System, dana: User, column: Find):
    made = propose(
        document((b"category: contact.address.city", b"category: location")), format="yaml", by=dana
    )
    activate(made)
    assert len(retire(made).withdrawn) == 9
    assert retire(made).withdrawn == []
    assert not Label.objects.filter(origin=Label.Origin.CONTRACT, state="suggested").exists()
    assert column("customer.city").category == "contact.address.city"
    assert activate(made).added != []  # an earlier version can be put in force again


def test_a_decision_of_a_person_stands_and_is_questioned(scanned: System, dana: User, column: Find):
    reviewing.classify([column("customer.city")], category="contact.address.city", by=dana)
    reviewing.confirm([column("customer.email")], by=dana)
    odd = document((b"category: contact.address.city", b"category: none"))
    effect = activate(propose(odd, format="yaml", by=dana))
    assert effect.questioned == ["city"]
    city, email = column("customer.city"), column("customer.email")
    assert (city.category, city.state, city.questioned) == ("contact.address.city", "confirmed", True)
    assert (email.category, email.state, email.questioned) == ("contact.email", "confirmed", False)


def test_what_a_person_rejected_does_not_come_back_with_the_next_version(
    scanned: System, dana: User, column: Find
):
    change = (b"category: contact.address.city", b"category: location")
    activate(propose(document(change), format="yaml", by=dana))
    reviewing.reject([column("customer.city")], by=dana)
    assert column("customer.city").category == "contact.address.city"
    activate(propose(document(change, version=b"2.0.0"), format="yaml", by=dana))
    assert labels(column("customer.city")) == [("location", "quasi", "rejected")]
    assert column("customer.city").category == "contact.address.city"


def test_not_personal_by_contract_alone_still_counts_as_personal(scanned: System, dana: User, column: Find):
    activate(
        propose(document((b"category: contact.address.city", b"category: none")), format="yaml", by=dana)
    )
    city = column("customer.city")
    assert (city.category, city.sensitivity, city.personal) == ("none", "none", True)


def test_a_column_that_is_not_there_is_named_and_nothing_changes(scanned: System, dana: User):
    missing = document((b"- name: phone", b"- name: telephone"), (b"- name: city", b"- name: town"))
    made = propose(missing, format="yaml", by=dana)
    with pytest.raises(ContractError) as refused:
        activate(made)
    assert [problem.message for problem in refused.value.problems] == [
        "Shop / public.customer has no column town.",
        "Shop / public.customer has no column telephone.",
    ]
    made.refresh_from_db()
    assert made.state == "draft"
    assert not Label.objects.filter(origin=Label.Origin.CONTRACT).exists()


def test_a_data_set_is_found_by_its_name_or_the_last_part_of_it(scanned: System):
    customer = DataSet.objects.get(name="public.customer")
    assert find_data_set(Document("1", "public.customer", system="Shop")) == customer
    assert find_data_set(Document("1", "customer")) == customer
    with pytest.raises(ContractError, match=r"no data set Shop / customers"):
        find_data_set(Document("1", "customers", system="Shop"))
    with pytest.raises(ContractError, match=r"no data set Shop / other\.customer"):
        find_data_set(Document("1", "other.customer", system="Shop"))


def test_one_that_may_be_several_is_not_guessed(scanned: System):
    DataSet.objects.create(system=scanned, name="archive.customer", kind="table")
    with pytest.raises(
        ContractError, match=r"may be one of: Shop / archive\.customer, Shop / public\.customer"
    ):
        find_data_set(Document("1", "customer"))


def test_it_stands_until_the_catalog_says_otherwise(scanned: System, dana: User, column: Find):
    made = propose(document(), format="yaml", by=dana)
    assert standing(made) == []
    Column.objects.filter(pk=column("customer.phone").pk).update(data_type="integer", kind="integer")
    cleared = propose(
        document((b"category: contact.email", b"category: none"), version=b"2.0.0"), format="yaml", by=dana
    )
    found = [(breach.code, breach.field) for breach in standing(cleared)]
    assert found == [("type_changed", "phone"), ("declared_not_personal", "email")]
    reviewing.classify([column("customer.email")], category="none", by=dana)
    assert [breach.field for breach in standing(cleared)] == ["phone"]


def test_a_first_contract_of_what_the_catalog_knows_lacks_only_what_people_know(scanned: System, dana: User):
    first = drafted(DataSet.objects.select_related("system").get(name="public.customer"))
    assert (first.data_set, len(first.fields)) == ("Shop / public.customer", 9)
    made = propose(first, format="catalog", by=dana)
    assert {breach.code for breach in standing(made)} == {"retention_missing"}
    assert activate(made).questioned == []
