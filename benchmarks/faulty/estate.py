"""A small company of several stores, in each of which every person stands; read without the console."""

from __future__ import annotations

import csv
import json
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.utils import timezone
from pyiceberg.catalog.sql import SqlCatalog
from redis import Redis

from benchmarks.faulty.ground import Ground
from catalog.crawling import crawl
from catalog.models import Column, DataSet, Edge, Link, System
from erasure.custodians import connecting
from erasure.custodians.models import Recipient
from erasure.recomputing import declaring
from erasure.training import hashes
from erasure.training.models import TrainedModel, TrainingSet, Version
from erasure.training.registering import add_set
from governance.console.models import User
from governance.keyring.lookups import lookup_of
from retention import holds
from retention.vault.tokens import TokenVault
from tests.services.custodian_webhook import CustodianSystem

PERSONS = 24
DAY = 86_400_000
SHOP = """
CREATE TABLE customer (id integer PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE, phone text);
CREATE TABLE purchase (
    id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES customer, total integer NOT NULL, ship_to text
);
CREATE TABLE purchase_line (
    purchase_id integer NOT NULL REFERENCES purchase, position integer, article text NOT NULL,
    PRIMARY KEY (purchase_id, position)
);
CREATE TABLE newsletter (email text, topic text);
CREATE TABLE article_totals (article text, customers bigint, total bigint);
"""
TOTALS = """
    SELECT l.article, count(DISTINCT p.customer_id) AS customers, sum(p.total) AS total
    FROM purchase AS p JOIN purchase_line AS l ON l.purchase_id = p.id GROUP BY l.article
"""
LABELS = {
    "customer.id": "id.customer",
    "customer.name": "name.full",
    "customer.email": "contact.email",
    "customer.phone": "contact.phone",
    "purchase.customer_id": "id.customer",
    "purchase.ship_to": "contact.address.street",
    "newsletter.email": "contact.email",
}
Rows = dict[str, list[str]]


@dataclass(frozen=True)
class Person:
    """Each value of theirs stands nowhere else, so that it can be looked for in bytes."""

    number: int

    @property
    def email(self) -> str:
        return f"p{self.number:03}x@example.org"

    @property
    def phone(self) -> str:
        return f"+49 30 55{self.number:03}77"

    @property
    def name(self) -> str:
        return f"Nemo{self.number:03}x Quidam"

    @property
    def street(self) -> str:
        return f"Street{self.number:03}x 1"

    @property
    def marks(self) -> list[str]:
        return [self.email, self.phone, self.name, self.street]


PEOPLE = [Person(number) for number in range(1, PERSONS + 1)]


@dataclass
class Store:
    """One store of the estate: how it reads without the console, and how it is cut off and comes back."""

    kind: str
    system: System | None
    rows: Callable[[], Rows]
    down: Callable[[], None] | None = None
    up: Callable[[], None] | None = None
    remove: Callable[[], None] = lambda: None
    ages: Callable[[list[Person]], None] | None = (
        None  # time passes, and the store removes what it was told to
    )


@dataclass
class Company:
    """The estate of one run. `custodian` takes tasks by webhook, where there is one."""

    ground: Ground
    folder: Path
    staff: dict[str, User]
    stores: list[Store] = field(default_factory=list)
    custodian: CustodianSystem | None = None
    version: Version | None = None
    tokens: bool = False
    held: bool = False

    def rows(self) -> Rows:
        """Everything that stands anywhere: rows as text, by data set."""
        return {name: rows for store in self.stores for name, rows in store.rows().items()}


def build(company: Company, wanted: Iterable[str]) -> Company:
    """The shop, and of the rest what is wanted."""
    wanted, staff = list(wanted), company.staff
    company.held = "hold" in wanted
    company.stores.append(_shop(company, wanted))
    makers = {
        "sqlite": _sqlite,
        "duckdb": _duckdb,
        "folder": _folder,
        "redis": _redis,
        "s3": _s3,
        "clicks": partial(_topic, compacted=False),
        "carts": partial(_topic, compacted=True),
        "iceberg": _iceberg,
    }
    for each in wanted:
        if each in makers:
            company.stores.append(makers[each](company))
    if "crm" in wanted or "crm by letter" in wanted:
        _crm(company, by_letter="crm by letter" in wanted)
    if "recipient" in wanted:
        _recipient()
    if "vault" in wanted:
        TokenVault(category="contact.email").issue(
            "email",
            [each.email for each in PEOPLE],
            fresh=lambda count: [secrets.token_hex(8) for _ in range(count)],
            persons=[each.email for each in PEOPLE],
        )
        company.tokens = True
    if "training" in wanted:
        company.version = _training(staff["emil"])
    return company


def _connected(name: str, kind: str, settings: dict[str, Any], labels: dict[str, str]) -> System:
    """Registered, crawled and reviewed: what `labels` does not name is nobody's."""
    system = System.objects.create(name=name, kind=kind, region="EU")  # secrets are bound to its key
    system.set_settings(settings)
    system.save()
    with system.connect() as connector:
        crawl(system, connector)
    columns = Column.objects.filter(data_set__system=system)
    columns.update(category="none.operational", sensitivity="none", state=Column.State.CONFIRMED)
    for path, category in labels.items():
        table, _, column = path.rpartition(".")
        labelled = columns.filter(name=column)
        if table:
            labelled = labelled.filter(data_set__name=f"public.{table}")
        assert labelled.update(
            category=category, sensitivity="pseudonymous" if category.startswith("id.") else "direct"
        ), path
    return system


def _shop(company: Company, wanted: list[str]) -> Store:
    server = company.ground.store_server
    database = server.create_database()
    relay = company.ground.relay("postgresql", database.port)
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(SHOP)
        for each in PEOPLE:
            n = each.number
            cursor.execute(
                "INSERT INTO customer VALUES (%s, %s, %s, %s)", [n, each.name, each.email, each.phone]
            )
            for k in range(3):
                cursor.execute(
                    "INSERT INTO purchase VALUES (%s, %s, %s, %s)", [n * 10 + k, n, k + n, each.street]
                )
                cursor.execute("INSERT INTO purchase_line VALUES (%s, 1, 'tea')", [n * 10 + k])
            cursor.executemany(
                "INSERT INTO newsletter VALUES (%s, %s)", [(each.email, "tea"), (each.email.upper(), "cups")]
            )
        cursor.execute(f"INSERT INTO article_totals {TOTALS}")
    system = _connected(
        "shop",
        "postgresql",
        {
            "host": "127.0.0.1",
            "port": relay.port,
            "database": database.name,
            "user": database.user,
            "password": database.password,
            "sslmode": "disable",
        },
        LABELS,
    )
    Link.objects.filter(source__system=system).update(follow=Link.Follow.OWNED)
    table = {each.name: each for each in DataSet.objects.filter(system=system)}
    if "hold" in wanted:
        holds.place(
            table["public.purchase"],
            keep_columns=["id", "customer_id", "total"],
            exemption="b",
            reason="Tax law",
        )
    if "totals" in wanted:
        for source in ("purchase", "purchase_line"):
            flow(table[f"public.{source}"], table["public.article_totals"])
        made = declaring.declare(table["public.article_totals"], query=TOTALS, by=company.staff["emil"])
        declaring.approve(made, digest=made.digest, by=company.staff["dana"])

    def rows() -> Rows:
        names = ("customer", "purchase", "purchase_line", "newsletter", "article_totals")
        with database.connect() as connection:
            found = {
                name: sorted(str(row) for row in connection.execute(f"SELECT * FROM {name}"))
                for name in names
            }
            if "totals" in wanted:
                found["what the totals should be"] = sorted(
                    str(row)
                    for row in connection.execute(
                        f"SELECT article, customers, total::bigint FROM ({TOTALS}) t"
                    )
                )
            else:
                del found["article_totals"]
        return found

    return Store(
        "postgresql", system, rows, relay.down, relay.up, remove=partial(server.drop_database, database)
    )


def flow(source: DataSet, target: DataSet) -> None:
    now = timezone.now()
    Edge.objects.create(
        source=source,
        target=target,
        origin=Edge.Origin.SQL,
        kind=Edge.Kind.DIRECT,
        subtype="AGGREGATION",
        first_seen_at=now,
        last_seen_at=now,
    )


CONTACTS = [(each.number, each.email, f"Likes {each.name}") for each in PEOPLE]


def _sqlite(company: Company) -> Store:
    place = company.folder / "desk"
    place.mkdir()
    path = place / "contacts.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE contact (id integer PRIMARY KEY, email text, note text)")
        connection.executemany("INSERT INTO contact VALUES (?, ?, ?)", CONTACTS)
    system = _connected(
        "desk", "sqlite", {"path": str(path)}, {"email": "contact.email", "note": "content.free_text"}
    )

    def rows() -> Rows:
        with closing(sqlite3.connect(path)) as connection:
            listed = [str(row) for row in connection.execute("SELECT * FROM contact ORDER BY 1")]
        return {"contact": listed} | _bytes(place)

    return Store("sqlite", system, rows, *_unmounted(place))


def _duckdb(company: Company) -> Store:
    place = company.folder / "analysis"
    place.mkdir()
    path = place / "visits.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE visit (id integer PRIMARY KEY, email text, note text)")
        connection.executemany("INSERT INTO visit VALUES (?, ?, ?)", CONTACTS)
    system = _connected(
        "analysis", "duckdb", {"path": str(path)}, {"email": "contact.email", "note": "content.free_text"}
    )

    def rows() -> Rows:
        copy = company.folder / "visits.copy"  # the file itself is locked while a worker writes
        shutil.copyfile(path, copy)
        with duckdb.connect(str(copy), read_only=True) as connection:
            return {
                "visit": [str(row) for row in connection.execute("SELECT * FROM visit ORDER BY 1").fetchall()]
            }

    return Store("duckdb", system, rows, *_unmounted(place))


def _table() -> pa.Table:
    return pa.table(
        {
            "id": [each.number for each in PEOPLE],
            "email": [each.email for each in PEOPLE],
            "phone": [each.phone for each in PEOPLE],
        }
    )


def _parquet() -> bytes:
    made = BytesIO()
    pq.write_table(_table(), made)
    return made.getvalue()


def _csv() -> bytes:
    lines = ["id,email,topic", *(f"{each.number},{each.email},tea" for each in PEOPLE)]
    return ("\n".join(lines) + "\n").encode()


def _read(name: str, content: bytes) -> list[str]:
    if name.endswith(".parquet"):
        return sorted(str(row) for row in pq.read_table(BytesIO(content)).to_pylist())
    return sorted(str(row) for row in csv.reader(content.decode().splitlines()))


def _folder(company: Company) -> Store:
    place = company.folder / "exports"
    place.mkdir()
    (place / "people.parquet").write_bytes(_parquet())
    (place / "mailing.csv").write_bytes(_csv())
    system = _connected("exports", "folder", {"path": str(place)}, {"email": "contact.email"})
    Column.objects.filter(data_set__system=system, name="phone").update(
        category="contact.phone", sensitivity="direct"
    )

    def rows() -> Rows:
        names = ("people.parquet", "mailing.csv")
        return {name: _read(name, (place / name).read_bytes()) for name in names} | {
            f"a file too many: {path.name}": [path.name]
            for path in place.rglob("*")
            if path.name not in names
        }

    return Store("folder", system, rows, *_unmounted(place))


def _bytes(place: Path) -> Rows:
    """Who can still be read out of the bytes of the files."""
    content = b"".join(path.read_bytes() for path in place.iterdir())
    return {f"bytes of {place.name}": [each.email for each in PEOPLE if each.email.encode() in content]}


def _unmounted(place: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    away = place.with_name(f"{place.name}, away")

    def down() -> None:
        if place.exists():
            place.rename(away)

    def up() -> None:
        if away.exists():
            away.rename(place)

    return down, up


def _redis(company: Company) -> Store:
    server = company.ground.cache.server
    relay = company.ground.relay("redis", server.port)
    client = Redis.from_url(server.url, decode_responses=True)
    client.flushdb()
    for each in PEOPLE:
        client.hset(f"session:{secrets.token_hex(12)}", mapping={"email": each.email, "agent": "Firefox"})
        client.hset(f"session:{secrets.token_hex(12)}", mapping={"email": each.email, "agent": "Safari"})
    system = _connected(
        "sessions",
        "redis",
        {"host": "127.0.0.1", "port": relay.port, "database": 0, "user": "", "password": server.password},
        {"email": "contact.email"},
    )

    def rows() -> Rows:
        return {
            "sessions": sorted(str((key, sorted(client.hgetall(key).items()))) for key in client.keys("*"))
        }  # type: ignore[union-attr]

    return Store("redis", system, rows, relay.down, relay.up, remove=client.flushdb)


def _s3(company: Company) -> Store:
    server = company.ground.objects
    relay = company.ground.relay("s3", int(server.endpoint.rpartition(":")[2]))
    bucket = server.create_bucket()
    content = {"lake/people.parquet": _parquet(), "lake/mailing.csv": _csv()}
    for key, body in content.items():
        server.client.put_object(Bucket=bucket, Key=key, Body=body)
    system = _connected(
        "lake",
        "s3",
        {
            "endpoint": f"http://127.0.0.1:{relay.port}",
            "bucket": bucket,
            "access_key": server.access_key,
            "secret_key": server.secret_key,
            "region": server.region,
            "path_style": True,
        },
        {"email": "contact.email"},
    )
    Column.objects.filter(data_set__system=system, name="phone").update(
        category="contact.phone", sensitivity="direct"
    )

    def rows() -> Rows:
        listed = server.client.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {
            f"s3 {each['Key']}": _read(
                each["Key"], server.client.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
            )
            for each in listed
        }

    def remove() -> None:
        for each in server.client.list_objects_v2(Bucket=bucket).get("Contents", []):
            server.client.delete_object(Bucket=bucket, Key=each["Key"])
        server.remove_bucket(bucket)

    return Store("s3", system, rows, relay.down, relay.up, remove=remove)


def _topic(company: Company, *, compacted: bool) -> Store:
    broker = company.ground.kafka
    name = f"{'carts' if compacted else 'clicks'}-{secrets.token_hex(3)}"
    options = (
        {"cleanup_policy": "compact"} if compacted else {"retention_ms": str(7 * DAY), "segment_ms": str(DAY)}
    )
    broker.create_topic(name, **options)
    keys = [str(each.number).encode() for each in PEOPLE]
    broker.produce(name, [json.dumps({"email": each.email}).encode() for each in PEOPLE], keys=keys)
    system = _connected(
        name, "kafka", {"bootstrap_servers": broker.bootstrap, "topics": name}, {"email": "contact.email"}
    )

    def rows() -> Rows:
        """Tombstones of the same key are one."""
        return {name: sorted({str(each) for each in broker.messages(name)})}

    def ages(gone: list[Person]) -> None:
        """The topic as its broker leaves it: without what is too old, or what a newer message replaces."""
        last = dict(broker.messages(name)) if compacted else None
        left = list(last.items()) if last is not None else broker.messages(name)
        marks = [each.email.encode() for each in gone]
        kept = [
            (key, value)
            for key, value in left
            if value is not None and (compacted or not any(mark in value for mark in marks))
        ]
        broker.delete_topics([name])
        broker.create_topic(name, **options)
        broker.produce(name, [value for _, value in kept], keys=[key for key, _ in kept])

    return Store("kafka", system, rows, remove=partial(broker.delete_topics, [name]), ages=ages)


def _iceberg(company: Company) -> Store:
    place = company.folder / "warehouse"
    place.mkdir()
    uri = f"sqlite:///{company.folder}/iceberg.db"
    catalog = SqlCatalog("default", uri=uri, warehouse=f"file://{place}")
    catalog.create_namespace("silver")
    catalog.create_table("silver.reader", schema=_table().schema).append(_table())
    system = _connected(
        "readers",
        "iceberg",
        {"catalog": "sql", "uri": uri, "warehouse": str(place)},
        {"email": "contact.email", "phone": "contact.phone"},
    )

    def rows() -> Rows:
        fresh = SqlCatalog("default", uri=uri, warehouse=f"file://{place}")
        try:
            table = fresh.load_table("silver.reader")
            found = [table.scan().to_arrow()]
            # What an older snapshot still leads to is still there.
            found += [table.scan(snapshot_id=each.snapshot_id).to_arrow() for each in table.snapshots()]
        finally:
            fresh.engine.dispose()
        return {"silver.reader": sorted({str(row) for part in found for row in part.to_pylist()})}

    return Store("iceberg", system, rows, remove=catalog.engine.dispose)


def _crm(company: Company, *, by_letter: bool) -> None:
    """A system that only lineage speaks of; its custodian is a program, or carl."""
    system = System.objects.create(name="crm", kind="external", region="EU", custodian=company.staff["carl"])
    contacts = DataSet.objects.create(system=system, name="contacts", kind="table")
    Column.objects.create(
        data_set=contacts, name="email", position=1, data_type="text", kind="text", category="contact.email"
    )
    if not by_letter and company.custodian:
        company.custodian.people = {each.email for each in PEOPLE}
        _, company.custodian.secret = connecting.set_webhook(system, company.custodian.url)


def _recipient() -> None:
    recipient = Recipient.objects.create(
        name="Mailer GmbH", kind="processor", contact_email="privacy@mailer.example", region="DE"
    )
    recipient.data_sets.add(DataSet.objects.get(name="public.newsletter"))


def _training(by: User) -> Version:
    training_set: TrainingSet = add_set(name="Churn", category="contact.email", purpose="Churn model", by=by)
    version = Version.objects.create(
        training_set=training_set,
        number=1,
        sha256="a" * 64,
        rows=1,
        persons=PERSONS,
        left_out=0,
        method="none",
    )
    numbers = [int.from_bytes(lookup_of("contact.email", each.email)[:8], "big") for each in PEOPLE]
    hashes.keep(version, np.unique(np.array(numbers, np.uint64)))
    TrainedModel.objects.create(name="churn-1", version=version, noted_by=by)
    return version
