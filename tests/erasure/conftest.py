import pytest

from catalog.models import System
from tests.erasure import estate
from tests.erasure.officers import asked, officer, planned, second
from tests.services.fixtures import Database

__all__ = ["asked", "officer", "planned", "second"]


@pytest.fixture
def shop_database(pg_database: Database) -> Database:
    pg_database.execute(estate.SHOP)
    return pg_database


@pytest.fixture
def shop(db: None, shop_database: Database) -> System:
    """The shop, crawled and reviewed; `purchase.ip`, `newsletter.topic` are left unreviewed."""
    system = estate.register(shop_database)
    estate.label(system, estate.LABELS)
    estate.own_all_links(system)
    return system
