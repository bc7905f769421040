"""What a benchmark stands on: its own PostgreSQL and Redis, a migrated console, and somebody who acts."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django

from tests.services.servers import Servers, start_unless_configured


@contextmanager
def console() -> Iterator[Servers | None]:
    """A console with empty tables on servers of its own; import models only inside."""
    servers = start_unless_configured()
    try:
        django.setup()
        from django.core.management import call_command  # noqa: PLC0415  after django.setup

        from audit.ledger.context import Actor, acting  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        with acting(Actor("system", "benchmark")):
            yield servers
    finally:
        if servers:
            servers.stop()


def execute(sql: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
    """The rows of one statement on the console's database."""
    from django.db import connection  # noqa: PLC0415  after django.setup

    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def judged(reached: bool) -> str:
    """Whether a target was reached, as tables say it."""
    return "reached" if reached else "MISSED"


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
