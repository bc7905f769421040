"""Setting the estate up: data outside the console first, then all of the console's own rows in one transaction.

So a console that was killed on the way is still empty and begins again, and one that has rows is set up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from catalog import registering
from catalog.connectors.base import ConnectorError
from catalog.models import System
from erasure.demo import cast, controller, database, exports, loading
from erasure.demo.database import Login
from governance.activities.models import Organisation
from governance.console.models import User
from governance.embedded import state
from governance.environment import Environment

SHOP = "Chinook shop"
EXPORTS = "Chinook exports"
REGION = "EU"  # both lie with the company; what leaves the Union is said in its activities
LOCK = 0x44454D4F

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
    if shop is None:
        say(
            "There is no place for the shop's database: set DEMO_DATABASE_URL to an empty PostgreSQL database "
            "and run `manage.py demo` again. The rest of the demo is set up without it."
        )
    elif loading.load(shop, again=reset):
        say(f"The database {shop.owner.database} is filled: customers, invoices and what they bought.")
    folder = environment.var_dir / "demo"
    if exports.write(folder, again=reset):
        say(f"The files in {folder} are written.")
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
        if shop:
            _register(SHOP, kind="postgresql", settings=_settings(shop.console))
        _register(EXPORTS, kind="folder", settings={"path": str(folder)})


def follow_server(environment: Environment, *, say: Say) -> None:
    """Tell the shop's system where the embedded server listens now, if its port has moved."""
    system = System.objects.filter(name=SHOP, settings__user=database.CONSOLE).first()
    remembered = state.load(environment.var_dir).get("DEMO_CONSOLE_URL")
    if not environment.embedded or system is None or not remembered:
        return
    now = urlsplit(environment.database_url)
    moved = {"host": now.hostname, "port": now.port, "password": urlsplit(remembered).password}
    try:
        with cast.acting_as("emil"):
            registering.change(
                system,
                name=system.name,
                settings={**system.settings, **moved},
                region=system.region,
                custodian=system.custodian,
            )
    except (ConnectorError, ValidationError):
        # The console works without its demo, and shows the problem at the next scan.
        say(f"{SHOP} does not answer at the embedded server's new address.")


def _register(name: str, *, kind: str, settings: Mapping[str, Any]) -> None:
    if System.objects.filter(name=name).exists():
        return
    with cast.acting_as("emil"):
        registering.add(
            name=name,
            kind=kind,
            settings=settings,
            region=REGION,
            custodian=User.objects.filter(username="carl", role=cast.CAST["carl"]).first(),
        )


def _settings(login: Login) -> dict[str, Any]:
    return {
        "host": login.host,
        "port": login.port,
        "database": login.database,
        "user": login.user,
        "password": login.password,
        "schemas": "public",
    }
