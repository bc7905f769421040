"""Links declared and decided by persons, and the activities that use a data set."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from catalog import linking, registering, scanning
from catalog.assigning import assign
from catalog.following import follow_again
from catalog.models import DataSet, Link, System
from governance.activities.models import ProcessingActivity
from governance.console.models import Job, User
from tests.catalog.ledger import facts_of


@pytest.fixture
def customer(scanned: System) -> DataSet:
    return scanned.data_sets.get(name="public.customer")


@pytest.fixture
def export(tmp_path: Path, work: Callable[[], list[Job]], db: None) -> DataSet:
    """A file of another system: who bought what, by e-mail address."""
    (tmp_path / "orders.csv").write_text("mail,article\nanna.hansen@yahoo.no,Record\nhugo@example.org,Book\n")
    folder = registering.add(name="Exports", kind="folder", settings={"path": str(tmp_path)})
    scanning.request(folder)
    work()
    return folder.data_sets.get()


def declare(
    source: DataSet, target: DataSet, source_columns: list[str], target_columns: list[str], by: User
) -> Link:
    return linking.declare(
        source=source, target=target, source_columns=source_columns, target_columns=target_columns, by=by
    )


def test_a_link_reaches_across_systems(customer: DataSet, export: DataSet, dana: User, sequenced: Callable):
    link = declare(export, customer, ["mail"], ["email"], dana)
    assert (link.origin, link.follow, link.decided_by) == ("declared", "owned", dana)
    assert facts_of(sequenced()[-1]) == ("link.declared", {"follow": "owned"})
    with pytest.raises(ValidationError, match="linked already"):
        declare(export, customer, ["mail"], ["email"], dana)


@pytest.mark.parametrize(
    ("source_columns", "target_columns", "words"),
    [
        (["mail"], ["e_mail"], "public.customer has no column e_mail"),
        (["nothing"], ["email"], "orders.csv has no column nothing"),
        (["mail", "article"], ["email"], "Name 2, one for each column"),
        ([], [], "Name at least one column of orders.csv"),
        (["mail", "mail"], ["email", "phone"], "Name each column once"),
    ],
)
def test_columns_exist_and_pair_up(
    customer: DataSet,
    export: DataSet,
    dana: User,
    source_columns: list[str],
    target_columns: list[str],
    words: str,
):
    with pytest.raises(ValidationError, match=words):
        declare(export, customer, source_columns, target_columns, dana)
    assert not Link.objects.filter(origin="declared").exists()


def test_a_column_is_not_linked_with_itself(customer: DataSet, dana: User):
    with pytest.raises(ValidationError, match="cannot be linked with itself"):
        declare(customer, customer, ["email"], ["email"], dana)


def test_a_decision_stands_against_later_scans(scanned: System, dana: User, sequenced: Callable):
    link = Link.objects.get(source__name="public.customer")
    assert linking.decide(link, follow="owned", by=dana).follow == "owned"
    assert facts_of(sequenced()[-1]) == ("link.changed", {"follow": "owned"})
    follow_again(scanned)
    link.refresh_from_db()
    assert (link.follow, link.decided_by) == ("owned", dana)
    linking.decide(link, follow="owned", by=dana)
    assert [facts_of(entry)[0] for entry in sequenced()].count("link.changed") == 1
    with pytest.raises(ValidationError, match="Choose one of: owned, accessed, owns, accesses, reference"):
        linking.decide(link, follow="maybe", by=dana)


def test_only_declared_links_are_removed(customer: DataSet, export: DataSet, dana: User, sequenced: Callable):
    linking.remove(declare(export, customer, ["mail"], ["email"], dana))
    assert facts_of(sequenced()[-1]) == ("link.removed", {})
    with pytest.raises(ValidationError, match="A foreign key belongs to the store"):
        linking.remove(Link.objects.filter(origin="foreign_key")[0])
    assert Link.objects.count() == 7


def test_activities_are_assigned_once(customer: DataSet, sequenced: Callable):
    sales = ProcessingActivity.objects.create(
        name="Sales", purpose="Selling", lawful_basis="contract", subject_categories=["customers"]
    )
    assert assign(customer, activities=[sales])
    assert list(customer.activities.all()) == [sales]
    assert not assign(customer, activities=[sales])
    said = [facts_of(entry) for entry in sequenced()]
    assert said[-1] == ("data_set.activities_assigned", {"activities": ["Sales"]})
    assert assign(customer, activities=[])
    assert not customer.activities.exists()
