"""Decisions carried to like columns: as suggestions, revocable, and never against a person's own word."""

from collections.abc import Callable

from catalog import reviewing, scanning
from catalog.models import Column, Label, Precedent, System
from governance.console.models import Job, User
from tests.services.fixtures import Database

Find = Callable[[str], Column]
Work = Callable[[], list[Job]]


def carried(column: Column) -> list[tuple[str, str]]:
    return list(
        column.labels.filter(origin=Label.Origin.PRECEDENT).order_by("pk").values_list("category", "state")
    )


def test_a_decision_is_carried_to_a_like_column(scanned: System, column: Find, dana: User, work: Work):
    assert column("employee.phone").category == "contact.phone"
    reviewing.classify([column("customer.phone")], category="contact.fax", by=dana)
    work()
    employee = column("employee.phone")
    assert (employee.category, employee.state, employee.confidence) == ("contact.fax", "unreviewed", 0.95)
    assert employee.personal
    (label,) = employee.labels.filter(origin=Label.Origin.PRECEDENT)
    assert "Dana" in label.evidence[0]["detail"]
    assert "public.customer" in label.evidence[0]["detail"]
    assert carried(column("customer.phone")) == []


def test_a_decision_that_is_taken_back_takes_its_copies_back(
    scanned: System, column: Find, dana: User, work: Work
):
    reviewing.classify([column("customer.phone")], category="contact.fax", by=dana)
    work()
    reviewing.reopen([column("customer.phone")], by=dana)
    work()
    assert column("employee.phone").category == "contact.phone"
    assert carried(column("employee.phone")) == [("contact.fax", "superseded")]
    assert Precedent.objects.filter(withdrawn_at=None).count() == 0


def test_people_who_disagree_rule_nothing(scanned: System, column: Find, dana: User, amir: User, work: Work):
    reviewing.classify([column("customer.phone")], category="contact.fax", by=dana)
    reviewing.classify([column("employee.phone")], category="none", by=amir)
    work()
    assert column("employee.phone").category == "none"
    assert carried(column("employee.phone")) == []


def test_a_persons_own_word_stands(scanned: System, column: Find, dana: User, amir: User, work: Work):
    reviewing.confirm([column("employee.phone")], by=amir)
    reviewing.classify([column("customer.phone")], category="contact.fax", by=dana)
    work()
    employee = column("employee.phone")
    assert (employee.category, employee.state) == ("contact.phone", "confirmed")
    assert carried(employee) == []


def test_a_rejection_is_not_carried(scanned: System, column: Find, dana: User, work: Work):
    reviewing.reject([column("customer.phone")], by=dana)
    work()
    assert column("employee.phone").category == "contact.phone"
    assert Precedent.objects.count() == 0


def test_a_column_that_comes_later_is_judged_by_it(
    scanned: System, pg_database: Database, column: Find, dana: User, work: Work
):
    reviewing.classify([column("customer.phone")], category="contact.fax", by=dana)
    work()
    pg_database.execute("CREATE TABLE branch (id int PRIMARY KEY, phone text)")
    pg_database.execute(
        "INSERT INTO branch SELECT row_number() OVER (), phone FROM (SELECT DISTINCT phone FROM customer) c"
    )
    scanning.request(scanned)
    work()
    branch = column("branch.phone")
    assert (branch.category, branch.state) == ("contact.fax", "unreviewed")
    assert carried(branch) == [("contact.fax", "suggested")]
    scanning.request(scanned)
    work()
    assert carried(column("branch.phone")) == [("contact.fax", "suggested")]
