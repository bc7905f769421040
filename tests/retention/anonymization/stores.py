"""A database that jobs read from and may deliver to."""

from __future__ import annotations

import pytest

from catalog.models import Column, DataSet, System
from retention.anonymization.allowing import open_outlet
from tests.services.fixtures import Database


@pytest.fixture
def store(pg_database: Database, db: None) -> System:
    pg_database.execute(
        """
        CREATE SCHEMA safe;
        CREATE TABLE customer (id bigint PRIMARY KEY, name text, email text, city text, spent float8);
        INSERT INTO customer SELECT n, 'Person Number' || n, NULLIF('p' || n || '@example.org', 'p7@example.org'),
            'Lyon', n / 4.0 FROM generate_series(1, 30) n;
        """
    )
    system = System(name="Shop", kind="postgresql")
    system.save()
    system.set_settings(
        {
            "host": pg_database.host,
            "port": pg_database.port,
            "database": pg_database.name,
            "user": pg_database.user,
            "password": pg_database.password,
            "sslmode": "prefer",
        }
    )
    system.save()
    data_set = DataSet.objects.create(system=system, name="public.customer", kind="table")
    for place, (name, category, sensitivity) in enumerate(
        [
            ("id", "none.operational", "none"),
            ("name", "name.full", "direct"),
            ("email", "contact.email", "direct"),
            ("city", "contact.address.city", "quasi"),
            ("spent", "finance.transaction", "quasi"),
        ]
    ):
        Column.objects.create(
            data_set=data_set,
            name=name,
            position=place,
            data_type="text",
            kind="text",
            category=category,
            sensitivity=sensitivity,
            state=Column.State.CONFIRMED,
        )
    open_outlet(system, inside="safe")
    return system
