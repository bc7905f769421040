"""Loaded with `-p tests.services.plugin`: real servers before Django reads its settings; no skips in CI."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TypeVar

import pytest

from tests.services.fixtures import pg_database, pg_server, redis_url
from tests.services.kafka import _kafka_server, kafka_broker
from tests.services.mariadb import mariadb_server
from tests.services.objects import s3_bucket, s3_server
from tests.services.openbao import openbao
from tests.services.schema_registry import schema_registry
from tests.services.servers import start_unless_configured

__all__ = [
    "_kafka_server",
    "kafka_broker",
    "mariadb_server",
    "openbao",
    "pg_database",
    "pg_server",
    "redis_url",
    "s3_bucket",
    "s3_server",
    "schema_registry",
]

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


# A wrapper comes before every plain hook, also before the one in which pytest-django imports the settings.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    servers = start_unless_configured()
    if servers:
        early_config.add_cleanup(servers.stop)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _refuse_skip((yield))


def _refuse_skip(report: Report) -> Report:
    if os.environ.get("CI") and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"Nothing is skipped in CI: {reason}"
    return report
