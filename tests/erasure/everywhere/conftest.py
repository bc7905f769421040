"""One estate of every kind of store, with everybody in it, in the catalog, reviewed and linked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from django.db import connection

from catalog import linking
from erasure.recomputing import declaring as recomputing
from erasure.training.consulting import train
from erasure.training.registering import add_set, add_version
from governance.console.models import User
from retention.vault.keyring import bundle, create
from retention.vault.tokens import TokenVault
from tests.erasure.everywhere.databases import Analysts, Loyalty, Till
from tests.erasure.everywhere.files import SCANS, Bucket, Folder
from tests.erasure.everywhere.lake import COUNTED, FIGURES, READERS, Lake
from tests.erasure.everywhere.people import EVERYBODY
from tests.erasure.everywhere.postgresql import Shop
from tests.erasure.everywhere.services import Features, Helpdesk
from tests.erasure.everywhere.store import Rows, Store
from tests.erasure.everywhere.streams import CLICKS, Cache, Search, Topics
from tests.erasure.recomputing.conftest import flow
from tests.retention.vault.test_tokens import random_tokens
from tests.services.fixtures import Database

JOINED = (("Loyalty", "member"), ("Topics", CLICKS), ("Exports", SCANS), ("Objects", SCANS))


@dataclass
class Estate:
    """All of it. `folder` is the console's own."""

    stores: dict[str, Store]
    folder: Path
    console: Database  # its own, as superuser

    def rows(self) -> dict[str, Rows]:
        return {name: store.rows() for name, store in self.stores.items()}

    def raw(self) -> Iterator[tuple[str, bytes]]:
        for store in self.stores.values():
            yield from store.raw()


@pytest.fixture
def estate(
    transactional_db,
    somebody_acts,
    tmp_path,
    settings,
    pg_database,
    pg_server,
    mariadb_server,
    s3_server,
    kafka_broker,
    redis_url,
    amir: User,
    emil: User,
    dana: User,
) -> Iterator[Estate]:
    settings.VAR_DIR = tmp_path / "var"
    settings.VAR_DIR.mkdir()
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, var_dir=settings.VAR_DIR)
    stores: list[Store] = [
        Shop(pg_database, pg_server),
        Loyalty(mariadb_server),
        Till(tmp_path / "till"),
        Analysts(tmp_path / "analysts"),
        Folder(tmp_path / "exports"),
        Bucket(s3_server),
        Lake(tmp_path / "lake", s3_server),
        Topics(kafka_broker),
        Cache(redis_url),
        Search(),
        Features(tmp_path / "features"),
        Helpdesk(tmp_path / "helpdesk"),
    ]
    console = replace(pg_server.superuser, name=connection.settings_dict["NAME"])
    made = Estate({store.name: store for store in stores}, settings.VAR_DIR, console)
    try:
        for store in stores:
            store.fill(EVERYBODY)
        learned_from(made, emil)
        for store in stores:
            store.connect()
        connected(made, emil, dana)
        in_the_vault()
        yield made
    finally:
        for store in stores:
            store.stop()


def connected(made: Estate, emil: User, dana: User) -> None:
    """What joins the stores: numbers that lead from one to the other, and figures that are made of persons."""
    shop = made.stores["Shop"]
    for name, data_set in JOINED:
        linking.declare(
            source=made.stores[name].data_set(data_set),
            target=shop.data_set("customer"),
            source_columns=["customer_id"],
            target_columns=["id"],
            by=emil,
        )
    lake = made.stores["Lake"]
    readers, counted = lake.data_set(READERS), lake.data_set(COUNTED)
    flow(readers, counted)
    flow(shop.data_set("newsletter"), shop.data_set("mailing"), origin="view")
    declared = recomputing.declare(counted, source=readers, columns=FIGURES, by=emil)
    recomputing.approve(declared, digest=declared.digest, by=dana)


def learned_from(made: Estate, emil: User) -> None:
    """A training set whose version lies among the exports, and the model that learned from it."""
    folder = made.stores["Exports"].folder
    churn = add_set(name="Churn", category="contact.email", by=emil)
    out = folder / "training.parquet"
    version = add_version(
        churn, folder / "purchases.parquet", column="email", out=out, method="None", by=emil
    )
    train(version, model="churn", sha256=version.sha256, by=emil)


def in_the_vault() -> None:
    """Tokens of everybody's e-mail address, and a key for each number."""
    create("orders")
    emails = [each.email for each in EVERYBODY]
    TokenVault(category="contact.email").issue("email", emails, fresh=random_tokens, persons=emails)
    keys = bundle(["orders"], category="id.customer")
    keys.of_persons("orders", [str(each.number) for each in EVERYBODY])
