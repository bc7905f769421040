from __future__ import annotations

import secrets
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.contracts.stores.base import TABLES, Store
from tests.contracts.stores.jsonl import write_jsonl
from tests.services.objects import ObjectServer


class S3Store(Store):
    """The format classes are those of the folder, which the suite runs with all four formats. Here two suffice:
    one that is read from its beginning to its end, and one that is read by ranges."""

    kind = "s3"
    suffix: str

    @classmethod
    def start(cls, request: pytest.FixtureRequest) -> S3Store:
        return cls(request.getfixturevalue("s3_server"), request.getfixturevalue("tmp_path"))

    def __init__(self, server: ObjectServer, folder: Path) -> None:
        bucket = self.bucket = _bucket(server)
        self.client, self.prefix = server.client, f"run/{secrets.token_hex(4)}"
        self.settings = {
            "endpoint": server.endpoint,
            "bucket": bucket,
            "prefix": self.prefix,
            "region": server.region,
            "access_key": server.access_key,
            "secret_key": server.secret_key,
            "path_style": True,
            "encoding": "utf-8",
        }
        for name, table in TABLES.items():
            body = self.body(table, folder)
            self.client.put_object(Bucket=bucket, Key=self.key(name), Body=body)

    def data_set(self, table: str) -> str:
        return f"{table}{self.suffix}"

    def key(self, table: str) -> str:
        return f"{self.prefix}/{self.data_set(table)}"

    def content(self, table: str) -> Any:
        found = self.client.get_object(Bucket=self.bucket, Key=self.key(table))
        listed = self.client.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix)["Contents"]
        open_uploads = self.client.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])
        return found["Body"].read(), [entry["Key"] for entry in listed], open_uploads

    def drop(self, table: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=self.key(table))

    def body(self, table: pa.Table, folder: Path) -> bytes:
        raise NotImplementedError


class S3ParquetStore(S3Store):
    name = "s3-parquet"
    suffix = ".parquet"

    def body(self, table: pa.Table, folder: Path) -> bytes:
        file = BytesIO()
        pq.write_table(table, file, row_group_size=70)
        return file.getvalue()


class S3JsonLinesStore(S3Store):
    name = "s3-jsonl"
    suffix = ".jsonl"
    typed = False
    schemaless = True

    def body(self, table: pa.Table, folder: Path) -> bytes:
        write_jsonl(folder / "rows.jsonl", table)
        return (folder / "rows.jsonl").read_bytes()


@cache
def _bucket(server: ObjectServer) -> str:
    """One for all tests, each with a prefix of its own."""
    return server.create_bucket()
