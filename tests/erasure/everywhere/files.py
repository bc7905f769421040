"""Files of four formats and objects that belong to somebody whole: in a folder, and in a bucket with versions."""

from __future__ import annotations

import csv
import io
import json
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

from tests.erasure.everywhere.databases import files_of
from tests.erasure.everywhere.people import Person
from tests.erasure.everywhere.store import EMAIL, NAME, NUMBER, PHONE, TEXT, Rows, Store
from tests.services.objects import ObjectServer

CONTACT = {"email": EMAIL, "name": NAME, "phone": PHONE}
SCANS = "scans/{customer_id}/**"
PARTS = ("customer_id", "email", "name", "phone", "spent")


class Files(Store):
    labels = {
        "mailing.csv": CONTACT | {"customer_id": NUMBER},
        "purchases.parquet": CONTACT | {"customer_id": NUMBER},
        "chats.jsonl": {"email": EMAIL, "text": TEXT},
        "signups.avro": CONTACT,
        SCANS: {"customer_id": NUMBER},
    }

    @abstractmethod
    def put(self, name: str, content: bytes) -> None: ...

    @abstractmethod
    def get(self, name: str) -> bytes: ...

    @abstractmethod
    def names(self) -> list[str]:
        """Of all files."""

    def fill(self, people: Sequence[Person]) -> None:
        rows = [
            {
                "customer_id": each.number,
                "email": each.email,
                "name": each.name,
                "phone": each.phone,
                "spent": spent,
            }
            for spent in (1, 2, 3)
            for each in people
        ]
        for name, content in self.written(rows, people).items():
            self.put(name, content)

    def written(self, rows: list[dict[str, Any]], people: Sequence[Person]) -> dict[str, bytes]:
        chats = [{"email": each.email, "text": each.note(), "at": [each.ip, None]} for each in people]
        return {
            "mailing.csv": as_csv(rows),
            "purchases.parquet": as_parquet(rows),
            "chats.jsonl": b"".join(json.dumps(chat).encode() + b"\n" for chat in chats),
            "signups.avro": as_avro(rows),
            **{f"scans/{each.number}/card.pdf": each.card.encode() for each in people},
            **{f"scans/{each.number}/old/letter.pdf": each.note().encode() for each in people},
        }

    def rows(self) -> Rows:
        avro = fastavro.reader(io.BytesIO(self.get("signups.avro")))
        return {
            "mailing.csv": self.get("mailing.csv").splitlines(keepends=True),
            "purchases.parquet": pq.read_table(io.BytesIO(self.get("purchases.parquet"))).to_pylist(),
            "chats.jsonl": self.get("chats.jsonl").splitlines(keepends=True),
            "signups.avro": list(avro),
            SCANS: [(name, self.get(name)) for name in self.names() if name.startswith("scans/")],
        }


class Folder(Files):
    """With a version of a training set among them."""

    kind, name = "folder", "Exports"
    labels = Files.labels | {"training.parquet": CONTACT | {"customer_id": NUMBER}}

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder

    def put(self, name: str, content: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def get(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def names(self) -> list[str]:
        found = [path for path in self.folder.rglob("*") if path.is_file()]
        return sorted(path.relative_to(self.folder).as_posix() for path in found)

    def settings(self) -> dict[str, Any]:
        return {"path": str(self.folder), "objects": SCANS}

    def raw(self) -> Iterator[tuple[str, bytes]]:
        yield from files_of(self.folder, self.name)
        yield f"{self.name}, folders", "\n".join(map(str, self.folder.rglob("*"))).encode()


class Bucket(Files):
    """What is there now is the second version of everything; one scan of each person was deleted by an application."""

    kind, name = "s3", "Objects"

    def __init__(self, server: ObjectServer) -> None:
        self.server, self.bucket = server, server.create_bucket()
        versioning = {"Status": "Enabled"}
        server.client.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration=versioning)

    def fill(self, people: Sequence[Person]) -> None:
        super().fill([*people[1:], people[0]])  # an older version of each
        super().fill(people)
        for each in people:
            self.server.client.delete_object(Bucket=self.bucket, Key=f"scans/{each.number}/old/letter.pdf")

    def put(self, name: str, content: bytes) -> None:
        self.server.client.put_object(Bucket=self.bucket, Key=name, Body=content)

    def get(self, name: str) -> bytes:
        return self.server.client.get_object(Bucket=self.bucket, Key=name)["Body"].read()

    def names(self) -> list[str]:
        listed = self.server.client.list_objects_v2(Bucket=self.bucket)
        return sorted(entry["Key"] for entry in listed["Contents"])

    def settings(self) -> dict[str, Any]:
        at = self.server
        return {
            "endpoint": at.endpoint,
            "bucket": self.bucket,
            "prefix": "",
            "region": at.region,
            "access_key": at.access_key,
            "secret_key": at.secret_key,
            "path_style": True,
            "encoding": "utf-8",
            "objects": SCANS,
        }

    def raw(self) -> Iterator[tuple[str, bytes]]:
        yield from versions_of(self.server, self.bucket, self.name)

    def stop(self) -> None:
        self.server.remove_bucket(self.bucket)


def versions_of(server: ObjectServer, bucket: str, name: str) -> Iterator[tuple[str, bytes]]:
    """Every version of every object, its metadata, deletion markers and unfinished uploads."""
    for page in server.client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for each in page.get("Versions", []):
            about = {"Bucket": bucket, "Key": each["Key"], "VersionId": each["VersionId"]}
            found = server.client.get_object(**about)
            yield f"{name}, {each['Key']} in version {each['VersionId']}", found["Body"].read()
            yield f"{name}, metadata of {each['Key']}", repr(found["Metadata"]).encode()
        for each in page.get("DeleteMarkers", []):
            yield f"{name}, deletion marker of {each['Key']}", b""
    uploads = server.client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    yield f"{name}, unfinished uploads", repr([each["Key"] for each in uploads]).encode()


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, PARTS)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file, row_group_size=4, write_page_index=True)
    return file.getvalue()


def as_avro(rows: list[dict[str, Any]]) -> bytes:
    fields = [
        {"name": name, "type": "long" if name in ("customer_id", "spent") else ["null", "string"]}
        for name in PARTS
    ]
    file = io.BytesIO()
    fastavro.writer(file, {"type": "record", "name": "Signup", "fields": fields}, rows, codec="deflate")
    return file.getvalue()
