from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db.backends.postgresql.operations import DatabaseOperations

from tests.people import (
    ada,
    amir,
    carl,
    dana,
    emil,
    petra,
    sam,
    sequenced,
    somebody_acts,
    vera,
    work,
)

__all__ = [
    "ada",
    "amir",
    "carl",
    "dana",
    "emil",
    "petra",
    "sam",
    "sequenced",
    "somebody_acts",
    "vera",
    "work",
]


def pytest_configure() -> None:
    """Each test client makes the middleware anew: it need not look through all static files each time."""
    settings.WHITENOISE_USE_FINDERS = False


LEDGER = (
    "ledger_entry",
    "ledger_waiting",
    "ledger_head",
    "ledger_tile",
    "ledger_checkpoint",
    "ledger_cosignature",
    "ledger_stamp",
    "ledger_key_change",
    "ledger_segment",
    "ledger_refused",
    "statistics_charge",
    "statistics_draw",
)


@pytest.fixture(scope="session", autouse=True)
def ledger_can_be_flushed() -> Iterator[None]:
    """After a test with real transactions Django truncates every table, which the ledger refuses: let it, here only."""
    original = DatabaseOperations.sql_flush

    def sql_flush(self: DatabaseOperations, style: Any, tables: Sequence[str], **options: Any) -> list[str]:
        statements = original(self, style, tables, **options)
        if "ledger_entry" not in tables:
            return statements
        return [
            *(f"ALTER TABLE {table} DISABLE TRIGGER {table}_truncate" for table in LEDGER),
            *statements,
            "INSERT INTO ledger_head (id, size, chain) VALUES (1, 0, sha256(''::bytea))",
            *(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_truncate" for table in LEDGER),
        ]

    DatabaseOperations.sql_flush = sql_flush
    yield
    DatabaseOperations.sql_flush = original


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    """Limits of attempts and requests count from nought in each test."""
    cache.clear()
