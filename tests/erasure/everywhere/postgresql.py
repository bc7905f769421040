"""The shop's PostgreSQL: related tables, JSON, texts, rows of two persons, partitions, values kept aside as TOAST."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from psycopg import sql

from tests.erasure.everywhere.people import BO, ZDENKA, Person
from tests.erasure.everywhere.postgresql_files import files_and_rows
from tests.erasure.everywhere.store import CARD, EMAIL, IP, NAME, NUMBER, PHONE, STREET, TEXT, Rows, Store
from tests.services.fixtures import Database, Server

TABLES = """
CREATE TABLE customer (
    id bigint PRIMARY KEY, name varchar(60) NOT NULL, email varchar(80) NOT NULL UNIQUE, phone text,
    street text, card text, profile jsonb, scan bytea
);
ALTER TABLE customer ALTER scan SET STORAGE EXTERNAL;
CREATE INDEX customer_by_name ON customer (lower(name));
CREATE TABLE purchase (
    id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customer, placed date NOT NULL,
    total numeric(8,2) NOT NULL, ship_to text
);
CREATE TABLE purchase_line (
    purchase_id bigint NOT NULL REFERENCES purchase, position integer NOT NULL, article text NOT NULL,
    PRIMARY KEY (purchase_id, position)
);
CREATE TABLE ticket (id bigint PRIMARY KEY, customer_id bigint REFERENCES customer, body text NOT NULL);
CREATE INDEX ticket_by_word ON ticket USING gin (to_tsvector('simple', body));
CREATE TABLE letter (id integer PRIMARY KEY, body text NOT NULL);
CREATE TABLE newsletter (email text, topic text);
CREATE TABLE visit (at date NOT NULL, email text, ip inet) PARTITION BY RANGE (at);
CREATE TABLE visit_2024 PARTITION OF visit FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE visit_2025 PARTITION OF visit FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE chat (
    id integer PRIMARY KEY, author_id bigint REFERENCES customer, recipient_id bigint REFERENCES customer, body text
);
CREATE TABLE basket (id integer PRIMARY KEY, title text NOT NULL);
CREATE TABLE basket_member (
    basket_id integer REFERENCES basket, customer_id bigint REFERENCES customer, PRIMARY KEY (basket_id, customer_id)
);
CREATE MATERIALIZED VIEW mailing AS
    SELECT topic, min(email) AS first, count(*) AS readers FROM newsletter GROUP BY topic;
"""
ABOUT_HER = f"Please send the receipt to {ZDENKA.email} too."  # what Bo wrote


class Shop(Store):
    kind, name = "postgresql", "Shop"
    labels = {
        "customer": {
            "id": NUMBER,
            "name": NAME,
            "email": EMAIL,
            "phone": PHONE,
            "street": STREET,
            "card": CARD,
        }
        | {"profile": TEXT, "scan": TEXT},
        "purchase": {"customer_id": NUMBER, "ship_to": STREET},
        "ticket": {"customer_id": NUMBER, "body": TEXT},
        "letter": {"body": TEXT},
        "newsletter": {"email": EMAIL},
        "visit": {"email": EMAIL, "ip": IP},
        "chat": {"author_id": NUMBER, "recipient_id": NUMBER},
        "basket_member": {"customer_id": NUMBER},
    }
    texts = {"letter": "body", "ticket": "body"}

    def __init__(self, database: Database, server: Server) -> None:
        self.database = database
        self.superuser = replace(server.superuser, name=database.name)

    def fill(self, people: Sequence[Person]) -> None:
        self.database.execute(TABLES)
        with self.database.connect() as connection, connection.cursor() as cursor:
            for each in people:
                profile = {"contact": {"email": each.email, "phone": each.phone}, "visits": [{"ip": each.ip}]}
                customer = (each.number, each.name, each.formerly, each.phone, each.street, each.card)
                scan = (each.note() * 40).encode()
                cursor.execute(
                    "INSERT INTO customer VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                    [*customer, json.dumps(profile), scan],
                )
                # A dead row has what stood there before.
                cursor.execute("UPDATE customer SET email = %s WHERE id = %s", [each.email, each.number])
                for place in range(3):
                    number = each.numbered(place)
                    cursor.execute(
                        "INSERT INTO purchase VALUES (%s, %s, %s, 12.50, %s)",
                        [number, each.number, f"2025-0{place + 1}-05", each.street],
                    )
                    cursor.execute("INSERT INTO purchase_line VALUES (%s, 1, 'tea')", [number])
                    cursor.execute(
                        "INSERT INTO visit VALUES (%s, %s, %s)",
                        [f"202{4 + place % 2}-03-04", each.email, each.ip],
                    )
                cursor.execute(
                    "INSERT INTO ticket VALUES (%s, %s, %s)", [each.numbered(7), each.number, each.note()]
                )
                cursor.execute("INSERT INTO newsletter VALUES (%s, 'tea')", [each.email.upper()])
            for number, each in enumerate(people):
                cursor.execute("INSERT INTO letter VALUES (%s, %s)", [number, each.note()])
            cursor.execute("INSERT INTO basket VALUES (1, 'for the office')")
            for each in (BO, ZDENKA):
                cursor.execute("INSERT INTO basket_member VALUES (1, %s)", [each.number])
            cursor.execute(
                "INSERT INTO chat VALUES (1, %s, %s, 'Tea at four?'), (2, %s, %s, 'With pleasure.')",
                [ZDENKA.number, BO.number, BO.number, ZDENKA.number],
            )
            cursor.execute("INSERT INTO ticket VALUES (%s, %s, %s)", [BO.numbered(8), BO.number, ABOUT_HER])
            cursor.execute("REFRESH MATERIALIZED VIEW mailing")
            cursor.execute("ANALYZE")

    def settings(self) -> dict[str, Any]:
        at = self.database
        return {
            "host": at.host,
            "port": at.port,
            "database": at.name,
            "user": at.user,
            "password": at.password,
            "sslmode": "disable",
            "after_erasure": "rewrite",
        }

    def address(self, data_set: str) -> str:
        return f"public.{data_set}"

    def rows(self) -> Rows:
        with self.database.connect() as connection:
            return {
                name: sorted(connection.execute(query), key=repr)
                for name in (*self.labels, "purchase_line", "basket", "mailing")
                for query in [sql.SQL("SELECT * FROM {}").format(sql.Identifier(name))]
            }

    def raw(self) -> Iterator[tuple[str, bytes]]:
        yield from files_and_rows(self.superuser, self.name)
