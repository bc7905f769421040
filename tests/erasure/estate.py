"""A small shop in a PostgreSQL database of its own, and the way of a request through the console."""

from collections.abc import Callable

from audit.ledger.context import acting
from audit.ledger.models import Entry
from audit.ledger.sealed import open_facts
from audit.ledger.sequencing import sequence
from catalog.crawling import crawl
from catalog.models import Column, DataSet, Link, System
from erasure import approving
from erasure.models import Plan, SubjectRequest
from erasure.requests import identity, intake
from erasure.rights import right_of
from governance.console.jobs import enqueue
from governance.console.models import User
from tests.services.fixtures import Database

SHOP = """
CREATE TABLE customer (
    id integer PRIMARY KEY, name varchar(60) NOT NULL, email varchar(80) NOT NULL UNIQUE,
    phone text, address text
);
CREATE TABLE purchase (
    id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES customer, placed date NOT NULL,
    total numeric(8,2) NOT NULL, ship_to text, ip inet
);
CREATE TABLE purchase_line (
    purchase_id integer NOT NULL REFERENCES purchase, position integer NOT NULL, article text NOT NULL,
    PRIMARY KEY (purchase_id, position)
);
CREATE TABLE newsletter (email text, topic text);
INSERT INTO customer VALUES
    (1, 'Ana Lima', 'ana@example.org', '+55 11 91234', 'Rua A 1'),
    (2, 'Bo Berg', 'bo@example.org', '+46 8 1234', 'Gata 2'),
    (3, 'robert''); drop table--', 'robert@example.org', NULL, NULL);
INSERT INTO purchase VALUES
    (10, 1, '2024-01-02', 12.50, 'Rua A 1', '10.0.0.1'), (11, 1, '2024-02-03', 7.00, 'Rua A 1', NULL),
    (20, 2, '2024-03-04', 99.90, 'Gata 2', '10.0.0.2'), (30, 3, '2024-03-04', 1.00, NULL, NULL);
INSERT INTO purchase_line VALUES (10, 1, 'tea'), (10, 2, 'cup'), (11, 1, 'pot'), (20, 1, 'tea'), (30, 1, 'tea');
INSERT INTO newsletter VALUES
    ('Ana@Example.org', 'tea'), ('ana@example.org', 'cups'), ('bo@example.org', 'tea');
"""

LABELS = {
    "customer.id": ("id.customer", "pseudonymous"),
    "customer.name": ("name.full", "direct"),
    "customer.email": ("contact.email", "direct"),
    "customer.phone": ("contact.phone", "direct"),
    "customer.address": ("contact.address.street", "direct"),
    "purchase.id": ("none.operational", "none"),
    "purchase.customer_id": ("id.customer", "pseudonymous"),
    "purchase.placed": ("none.operational", "none"),
    "purchase.total": ("none.operational", "none"),
    "purchase.ship_to": ("contact.address.street", "direct"),
    "purchase_line.purchase_id": ("none.operational", "none"),
    "purchase_line.position": ("none.operational", "none"),
    "purchase_line.article": ("none.operational", "none"),
    "newsletter.email": ("contact.email", "direct"),
}


def register(database: Database, *, name: str = "shop") -> System:
    """The database as a system of the catalog, crawled."""
    system = System.objects.create(name=name, kind="postgresql", region="EU")
    system.set_settings(
        {
            "host": database.host,
            "port": database.port,
            "database": database.name,
            "user": database.user,
            "password": database.password,
            "sslmode": "disable",
        }
    )
    system.save()
    crawl_again(system)
    return system


def crawl_again(system: System) -> None:
    with system.connect() as connector:
        crawl(system, connector)


def label(system: System, labels: dict[str, tuple[str, str]]) -> None:
    """Confirm columns ({table.column: (category, sensitivity)}), as a steward would."""
    for path, (category, sensitivity) in labels.items():
        table, _, column = path.rpartition(".")
        changed = Column.objects.filter(data_set=data_set(system, table), name=column).update(
            category=category, sensitivity=sensitivity, state=Column.State.CONFIRMED
        )
        assert changed == 1, path


def data_set(system: System, table: str) -> DataSet:
    return DataSet.objects.get(system=system, name=table if system.kind == "folder" else f"public.{table}")


def own_all_links(system: System) -> None:
    Link.objects.filter(source__system=system).update(follow=Link.Follow.OWNED)


def request_of(email: str, officer: User, *, kind: str = "erasure") -> SubjectRequest:
    """A request received and verified by an officer, under a law that knows the right."""
    with acting(officer.as_actor()):
        request = intake.receive(
            kind=kind,
            identifiers=[("contact.email", email)],
            channel="officer",
            regime="CCPA" if kind == "opt out" else "EU-GDPR",
            handled_by=officer,
        )
        if right_of(kind).needs_identity:
            identity.confirm_by_officer(request, how="Came in person with a passport.")
    return request


def find(request: SubjectRequest, officer: User, work: Callable[[], object]) -> SubjectRequest:
    with acting(officer.as_actor()):
        enqueue("erasure.find", title="Find", request=request.pk)
    work()
    request.refresh_from_db()
    return request


def approve(
    request: SubjectRequest, second: User, work: Callable[[], object] | None = None
) -> SubjectRequest:
    plan = request.plans.get(state=Plan.State.PROPOSED)
    with acting(second.as_actor()):
        approving.approve(plan, fingerprint=plan.fingerprint, by=second)
    if work:
        work()
    request.refresh_from_db()
    return request


def entries(action: str) -> list[dict]:
    """The facts of all ledger entries of an action, oldest first."""
    sequence()
    return [open_facts(entry) for entry in Entry.objects.filter(action=action).order_by("number")]
