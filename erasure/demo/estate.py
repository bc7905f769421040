"""Setting the estate up: data outside the console first, then all of the console's own rows in one transaction.

So a console that was killed on the way is still empty and begins again, and one that has rows is set up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection, transaction

from catalog.models import System
from erasure.demo import (
    cast,
    controller,
    customers,
    database,
    exports,
    features,
    lake,
    lineage,
    loading,
    page_views,
    panel,
    servers,
    sessions,
    stores,
)
from erasure.demo.database import Login, Shop
from erasure.demo.flows import EXPORTS, SHOP
from erasure.demo.stores import Store
from governance.activities.models import Organisation
from governance.console.models import User
from governance.environment import Environment
from retention.anonymization import allowing
from retention.anonymization.models import Outlet

LOCK = 0x44454D4F
LEFT_OUT = "is left out: its server does not run. `make run` starts it."

Say = Callable[[str], None]


def is_empty() -> bool:
    """Whether nobody has begun to work with this console."""
    return not any(model.objects.exists() for model in (User, System, Organisation))


def set_up(environment: Environment, *, say: Say, reset: bool = False, with_accounts: bool = False) -> None:
    """Make what is missing of the estate; with `reset`, the shop's rows and the files as they were at first.

    What stands in the catalog, in requests and in the ledger is left alone. `with_accounts` adds the cast also beside
    other people. Raises DemoProblem, ValidationError or ConnectorError with a sentence each.
    """
    shop = database.prepare(environment)
    found = list(_shop(shop, say=say, reset=reset))
    folder = environment.var_dir / "demo"
    if exports.write(folder, again=reset):
        say(f"The files in {folder} are written.")
    found.append(Store(EXPORTS, "folder", {"path": str(folder)}))
    left = customers.remaining(shop)
    found += _forgetful(environment, left, say=say, reset=reset)
    found += _lasting(environment, left, say=say, reset=reset)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if with_accounts or not cast.strangers():
            hired = cast.hire(environment.var_dir)
            if hired:
                say(f"{hired} demo accounts: see {environment.var_dir / cast.FILE_NAME}.")
        else:
            say("There are other people here, so no demo accounts are made; --with-accounts makes them.")
        with cast.acting_as("amir"):
            controller.describe()
        for store in found:
            stores.register(store)
        _allow_copies()
        lineage.tell(found)


def go_on(environment: Environment, *, say: Say) -> None:
    """After another start: follow servers whose port has moved, and fill those that forget with every stop."""
    if not environment.embedded:
        return
    shop = database.remembered(environment)
    known = set(System.objects.values_list("name", flat=True))
    found = [Store(SHOP, "postgresql", _settings(shop.console))] if shop else []
    if known & {sessions.SYSTEM, page_views.SYSTEM}:
        found += _forgetful(environment, customers.remaining(shop), say=_quiet)
    server = servers.find(servers.OBJECTS, environment.var_dir)
    if server:
        found.append(Store(lake.SYSTEM, "iceberg", lake.settings(server, environment.var_dir)))
    for store in found:
        if store.name in known and not stores.follow(store):
            say(f"{store.name} does not answer at the embedded server's new address.")


def _shop(shop: Shop | None, *, say: Say, reset: bool) -> Iterator[Store]:
    if shop is None:
        say(
            "There is no place for the shop's database: set DEMO_DATABASE_URL to an empty PostgreSQL database "
            "and run `manage.py demo` again. The rest of the demo is set up without it."
        )
        return
    if loading.load(shop, again=reset):
        say(f"The database {shop.owner.database} is filled: customers, invoices and what they bought.")
    yield Store(SHOP, "postgresql", _settings(shop.console))


def _forgetful(
    environment: Environment, left: list[customers.Customer], *, say: Say, reset: bool = False
) -> Iterator[Store]:
    """The stores whose servers hold everything in memory, filled."""
    redis = servers.find(servers.REDIS, environment.var_dir)
    if redis:
        if sessions.fill(redis, left, again=reset):
            say(f"{len(left)} customers are signed in: their sessions are in Redis.")
        yield Store(sessions.SYSTEM, "redis", sessions.settings(redis))
    else:
        say(f"{sessions.SYSTEM} {LEFT_OUT}")
    broker = servers.find(servers.BROKER, environment.var_dir)
    if broker:
        if page_views.fill(broker, customers.readers(left)):
            say(f"The topic {page_views.TOPIC} is filled.")
        yield Store(page_views.SYSTEM, "kafka", page_views.settings(broker))
    else:
        say(f"{page_views.SYSTEM} {LEFT_OUT}")


def _lasting(
    environment: Environment, left: list[customers.Customer], *, say: Say, reset: bool
) -> Iterator[Store]:
    """The stores that keep what they hold."""
    objects = servers.find(servers.OBJECTS, environment.var_dir)
    if objects:
        if lake.fill(objects, environment.var_dir, customers.readers(left), again=reset):
            say("The lake is filled: bronze, silver and gold.")
        yield Store(lake.SYSTEM, "iceberg", lake.settings(objects, environment.var_dir))
    else:
        say(f"{lake.SYSTEM} {LEFT_OUT}")
    if features.fill(environment.var_dir, customers.readers(left), again=reset):
        say("The feature store is built.")
    yield Store(features.SYSTEM, "feast", features.settings(environment.var_dir))
    if panel.write(environment.var_dir, again=reset):
        say(f"The panel has {panel.PEOPLE:,} participants.")
    yield Store(panel.SYSTEM, "folder", panel.settings(environment.var_dir))
    yield Store(panel.COPIES, "folder", panel.copies_settings(environment.var_dir))


def _allow_copies() -> None:
    """Jobs may deliver to the folder of copies, and the panel's hierarchies are there."""
    copies = System.objects.get(name=panel.COPIES)
    if not Outlet.objects.filter(system=copies).exists():
        with cast.acting_as("emil") as emil:
            allowing.open_outlet(copies, by=emil)
    with cast.acting_as("dana") as dana:
        panel.keep_hierarchies(dana)


def _quiet(line: str) -> None:
    """What is done at every start is not worth a line."""


def _settings(login: Login) -> dict[str, Any]:
    return {
        "host": login.host,
        "port": login.port,
        "database": login.database,
        "user": login.user,
        "password": login.password,
        "schemas": "public",
    }
