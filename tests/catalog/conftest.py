from collections.abc import Callable

import pytest

from catalog import registering, scanning
from catalog.models import Column, System
from governance.console.models import Job
from tests.catalog.chinook import fill, settings_of
from tests.services.fixtures import Database


@pytest.fixture
def shop(pg_database: Database, db: None) -> System:
    """A registered system, not scanned yet: PostgreSQL with the small Chinook."""
    fill(pg_database)
    return registering.add(name="Shop", kind="postgresql", settings=settings_of(pg_database), region="EU")


@pytest.fixture
def scanned(shop: System, work: Callable[[], list[Job]]) -> System:
    """The shop after its first scan."""
    scanning.request(shop)
    (ended,) = work()
    assert (ended.state, ended.message[:7]) == ("done", "Scanned"), ended.message
    shop.refresh_from_db()
    return shop


@pytest.fixture
def column(db: None) -> Callable[[str], Column]:
    """`column("customer.email")`: a column of the catalog as it is now."""

    def find(path: str) -> Column:
        data_set, _, name = path.rpartition(".")
        return Column.objects.get(data_set__name__endswith=data_set, name=name)

    return find
