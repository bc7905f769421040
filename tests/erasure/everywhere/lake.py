"""Iceberg tables in a bucket with versions: bronze and silver with old snapshots, and gold that counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import EqualTo

from tests.erasure.everywhere.files import versions_of
from tests.erasure.everywhere.people import Person
from tests.erasure.everywhere.store import EMAIL, NAME, NUMBER, TEXT, Rows, Store
from tests.services.objects import ObjectServer

EVENTS, READERS, COUNTED = "bronze.event", "silver.reader", "gold.by_town"
FIGURES = {"town": "town", "readers": "count(*)", "spent": "sum(spent)"}
GOLD = pa.schema([("town", pa.string()), ("readers", pa.int64()), ("spent", pa.int64())])
TOWN = "Olomouc"  # of everybody, so that the figures only fit when somebody is missing


class Lake(Store):
    kind, name = "iceberg", "Lake"
    labels = {
        EVENTS: {"customer_id": NUMBER, "email": EMAIL, "payload": TEXT},
        READERS: {"email": EMAIL, "name": NAME},
        COUNTED: {},
    }

    def __init__(self, folder: Path, server: ObjectServer) -> None:
        folder.mkdir()
        self.server, self.bucket = server, server.create_bucket()
        versioning = {"Status": "Enabled"}
        server.client.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration=versioning)
        self.database = folder / "catalog.sqlite"
        self.catalog = SqlCatalog(
            "default",
            **{
                "uri": f"sqlite:///{self.database}",
                "warehouse": f"s3://{self.bucket}",
                "s3.endpoint": server.endpoint,
                "s3.region": server.region,
                "s3.access-key-id": server.access_key,
                "s3.secret-access-key": server.secret_key,
            },
        )

    def fill(self, people: Sequence[Person]) -> None:
        for namespace in ("bronze", "silver", "gold"):
            self.catalog.create_namespace(namespace)
        events = [_events(people, day) for day in (1, 2)]
        bronze = self.catalog.create_table(EVENTS, schema=events[0].schema)
        for part in events:
            bronze.append(part)
        readers = pa.table(
            {
                "email": [each.email for each in people],
                "name": [each.name for each in people],
                "town": [TOWN] * len(people),
                "spent": pa.array([10 * number for number in range(len(people))], pa.int64()),
            }
        )
        silver = self.catalog.create_table(READERS, schema=readers.schema)
        silver.append(readers)
        silver.overwrite(readers.filter(pa.compute.equal(readers["spent"], 0)), EqualTo("spent", 0))
        counted = {"town": [TOWN], "readers": [len(people)], "spent": [sum(readers["spent"].to_pylist())]}
        self.catalog.create_table(COUNTED, schema=GOLD).append(pa.table(counted, schema=GOLD))

    def settings(self) -> dict[str, Any]:
        at = self.server
        return {
            "catalog": "sql",
            "uri": f"sqlite:///{self.database}",
            "warehouse": f"s3://{self.bucket}",
            "endpoint": at.endpoint,
            "region": at.region,
            "access_key": at.access_key,
            "secret_key": at.secret_key,
        }

    def rows(self) -> Rows:
        tables = {name: self.catalog.load_table(name) for name in self.labels}
        return {name: sorted(table.scan().to_arrow().to_pylist(), key=repr) for name, table in tables.items()}

    def raw(self) -> Iterator[tuple[str, bytes]]:
        """Data files, delete files, manifests, their lists and all metadata, in every version; and the catalog."""
        yield from versions_of(self.server, self.bucket, self.name)
        yield f"{self.name}, catalog", self.database.read_bytes()

    def stop(self) -> None:
        self.catalog.close()
        self.server.remove_bucket(self.bucket)


def _events(people: Sequence[Person], day: int) -> pa.Table:
    return pa.table(
        {
            "customer_id": pa.array([each.number for each in people], pa.int64()),
            "email": [each.email for each in people],
            "payload": [each.note() for each in people],
            "on": pa.array([date(2025, 1, day)] * len(people), pa.date32()),
        }
    )
