from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from retention.anonymization.spark.session import SparkMissing, require_spark, spark_session


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """One session for all tests: its start takes longer than they do. Runners use the one that is there."""
    try:
        require_spark()
    except SparkMissing as missing:
        pytest.skip(str(missing))
    with spark_session() as session:
        yield session
