import pytest

from catalog.models import Contract, DataSet, System
from governance.console.models import User
from retention import holds
from retention.policies import keeping
from retention.policies.models import Policy
from retention.policies.resolving import resolve, resolve_all
from tests.erasure import estate
from tests.services.fixtures import Database


@pytest.fixture
def customers(db: None, pg_database: Database, somebody_acts) -> DataSet:
    pg_database.execute(estate.SHOP)
    system: System = estate.register(pg_database)
    estate.label(system, estate.LABELS)
    return DataSet.objects.get(system=system, name="public.customer")


def add(by: User, name: str, scope: str, number: int, **values) -> Policy:
    given = {"unit": "day", "bound": "at most", "action": "delete", "reason": "Purpose is over."} | values
    return keeping.add(by=by, name=name, scope=scope, number=number, **given)


def verdicts(data_set: DataSet) -> dict[str, str]:
    return {each.policy.name: each.verdict for each in resolve(data_set).candidates}


def test_the_most_specific_decides_and_the_others_say_why_not(customers: DataSet, dana: User) -> None:
    add(dana, "all", "everything", 3)
    add(dana, "direct", "sensitivity", 30, value="direct")
    assert resolve(customers).policy.name == "direct"
    add(dana, "contact", "category", 20, value="contact")
    add(dana, "e-mail", "category", 10, value="contact.email")
    assert resolve(customers).policy.name == "e-mail"
    add(dana, "this one", "data_set", 400, data_set=customers)
    assert verdicts(customers) == {
        "this one": "decides",
        "e-mail": "overruled by this one, which is more specific",
        "contact": "overruled by this one, which is more specific",
        "direct": "overruled by this one, which is more specific",
        "all": "overruled by this one, which is more specific",
    }


def test_among_equals_the_shortest_decides(customers: DataSet, dana: User) -> None:
    add(dana, "a year", "tag", 1, unit="year", value="shop")
    add(dana, "ten months", "tag", 10, unit="month", value="crm")
    keeping.set_terms(customers, by=dana, tags=["CRM ", "shop"], tier="raw")
    assert verdicts(customers) == {
        "ten months": "decides",
        "a year": "overruled by ten months, which is shorter",
    }
    assert resolve(customers).candidates[0].because == "tag crm"


def test_a_category_that_only_sounds_alike_is_not_covered(customers: DataSet, dana: User) -> None:
    add(dana, "cookies", "category", 10, value="id.cookie")
    assert resolve(customers).candidates == []
    assert resolve(customers).policy is None


def test_a_minimum_that_is_longer_is_a_conflict(customers: DataSet, dana: User) -> None:
    add(dana, "short", "everything", 30)
    add(dana, "tax", "tier", 8, unit="year", value="raw", bound="at least")
    keeping.set_terms(customers, by=dana, tier="raw")
    found = resolve(customers)
    assert found.policy is None
    assert found.conflict == (
        "tax requires at least 8 years, short allows at most 30 days: "
        "retire one of them, make it more specific, or place a hold."
    )
    assert verdicts(customers) == {"short": "decides", "tax": "conflicts with short"}


def test_a_contract_that_allows_less_is_a_conflict(customers: DataSet, dana: User) -> None:
    add(dana, "a year", "everything", 1, unit="year")
    document = {
        "apiVersion": "privacy-console/v1",
        "version": "1.0.0",
        "dataset": {"name": customers.name, "system": customers.system.name},
        "retention_days": 90,
        "tags": ["crm"],
        "fields": [],
    }
    Contract.objects.create(
        data_set=customers, version="1.0.0", state="active", document=document, format="yaml"
    )
    assert resolve(customers).conflict == (
        "The contract in force allows 90 days, a year 1 year: "
        "make a policy for this data set that says which of the two holds."
    )
    add(dana, "by tag", "tag", 60, value="crm")
    assert resolve(customers).policy.name == "by tag"


def test_a_hold_is_shown_beside_the_policy(customers: DataSet, dana: User, petra: User) -> None:
    add(dana, "all", "everything", 3)
    held = holds.place(customers, keep_columns=[], exemption="b", reason="Tax law.", placed_by=petra)
    assert resolve(customers).hold == held
    assert resolve(customers).policy.name == "all"


def test_resolving_many_costs_the_same_queries(
    customers: DataSet, dana: User, django_assert_num_queries
) -> None:
    add(dana, "all", "everything", 3)
    with django_assert_num_queries(5):
        resolve_all([customers])
    everything = list(DataSet.objects.select_related("system"))
    with django_assert_num_queries(5):
        assert len(resolve_all(everything)) == len(everything) > 1
