"""`manage.py stream` as processes of their own, forked from one that has loaded everything: quick to start again."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connection

if not apps.ready:  # in the process that is forked from
    django.setup()

URL = "DATABASE_URL"


@contextmanager
def stream_processes() -> Iterator[Any]:
    """A context of `multiprocessing` whose processes work on this test's database."""
    database = connection.settings_dict
    before = os.environ[URL]
    os.environ[URL] = (
        f"postgres://{quote(database['USER'])}:{quote(database['PASSWORD'])}"
        f"@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    try:
        yield context
    finally:
        os.environ[URL] = before


def stream(*arguments: str, said: Path) -> None:
    with said.open("a") as output:
        call_command("stream", *arguments, stdout=output, stderr=output)
