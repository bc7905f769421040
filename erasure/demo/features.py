"""The feature store: what a model knows of each reader of the newsletter, in a Feast repository on this machine."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.connectors.extras import load
from erasure.demo import lake, page_views
from erasure.demo.customers import Customer

SYSTEM = "Chinook features"
FOLDER = "demo-features"  # beside the folder of exports, which would show its files
VIEW = "reader_features"
OFFLINE = "readers.parquet"
BUILT_AT = datetime(2025, 12, 1, 5, tzinfo=UTC)
CONFIGURATION = """\
project: chinook
provider: local
registry: registry.db
online_store:
  type: sqlite
  path: online.db
offline_store:
  type: file
entity_key_serialization_version: 3
"""


def fill(var_dir: Path, readers: list[Customer], *, again: bool = False) -> bool:
    """Make the repository with both its stores where there is none; with `again`, anew. Whether it had to.

    It is there whole or not at all.
    """
    folder = var_dir / FOLDER
    draft = folder.with_name(f"{FOLDER}.new")
    shutil.rmtree(draft, ignore_errors=True)
    if folder.exists() and not again:
        return False
    draft.mkdir(mode=0o700)
    _write(draft, rows(readers))
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    return True


def settings(var_dir: Path) -> dict[str, Any]:
    """For the connector."""
    return {"repository": str(var_dir / FOLDER)}


def rows(readers: list[Customer]) -> pa.Table:
    """One for each reader."""
    seen = Counter(view["email"] for view in page_views.views(readers))
    return pa.table(
        {
            "email": [each["Email"] for each in readers],
            "country": [each["Country"] for each in readers],
            "days_subscribed": pa.array([(BUILT_AT.date() - lake.day_of(each)).days for each in readers]),
            "page_views": pa.array([seen[each["Email"]] for each in readers], pa.int64()),
            "event_timestamp": pa.array([BUILT_AT] * len(readers), pa.timestamp("us", tz="UTC")),
        }
    )


def _write(folder: Path, content: pa.Table) -> None:
    feast = load("feast", extra="feast")
    types = load("feast.types", extra="feast")
    pq.write_table(content, folder / OFFLINE)
    (folder / "feature_store.yaml").write_text(CONFIGURATION)
    kinds = {
        "email": types.String,
        "country": types.String,
        "days_subscribed": types.Int64,
        "page_views": types.Int64,
    }
    reader = feast.Entity(name="reader", join_keys=["email"], value_type=feast.ValueType.STRING)
    view = feast.FeatureView(
        name=VIEW,
        entities=[reader],
        ttl=timedelta(days=3_650),
        schema=[feast.Field(name=name, dtype=kind) for name, kind in kinds.items()],
        source=feast.FileSource(name="readers", path=OFFLINE, timestamp_field="event_timestamp"),
    )
    store = feast.FeatureStore(repo_path=str(folder))
    store.apply([reader, view])
    store.write_to_online_store(VIEW, content.to_pandas())
