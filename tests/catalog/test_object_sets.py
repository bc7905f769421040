"""Objects that belong to somebody whole: in a folder, and in buckets with versions, uploads and locks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.core.exceptions import ValidationError

from catalog.connectors.base import (
    Connector,
    ConstraintInTheWay,
    DataSetMissing,
    Match,
    Older,
    Operation,
    Replacement,
)
from catalog.connectors.destruction import open_writable
from catalog.connectors.folder import FolderForm
from catalog.connectors.object_templates import Template, check_templates
from catalog.connectors.opening import open_connector
from tests.services.objects import ObjectServer

UPLOADS, AVATARS = "uploads/{customer_id}/**", "avatars/avatar-{customer_id}.png"
OBJECTS = {
    "avatars/avatar-17.png": b"face of 17",
    "avatars/avatar-170.png": b"face of 170",
    "avatars/readme.txt": b"about",
    "uploads/17/letter.pdf": b"letter of 17",
    "uploads/17/deep/er/scan.csv": b"name\n17\n",
    "uploads/18/letter.pdf": b"letter of 18",
    "orders.csv": b"id\n1\n",
}


def match(**keys: list[Any]) -> list[Match]:
    return [Match(pa.table(keys))]


OF_17 = match(customer_id=[17])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, body in OBJECTS.items():
        path = tmp_path / "store" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return tmp_path / "store"


@pytest.fixture
def bucket(s3_server: ObjectServer) -> str:
    name = s3_server.create_bucket()
    for key, body in OBJECTS.items():
        s3_server.client.put_object(Bucket=name, Key=f"files/{key}", Body=body)
    return name


def of_bucket(server: ObjectServer, name: str) -> dict[str, Any]:
    return {
        "endpoint": server.endpoint,
        "bucket": name,
        "prefix": "files",
        "region": server.region,
        "access_key": server.access_key,
        "secret_key": server.secret_key,
        "path_style": True,
        "objects": f"{UPLOADS}\n{AVATARS}\n",
    }


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any], Callable[[], set[str]]]:
    """Kind, settings, and what is in it, read without a connector."""
    if request.param == "folder":
        root = request.getfixturevalue("folder")

        def files() -> set[str]:
            return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}

        return "folder", {"path": str(root), "objects": f"{UPLOADS}\n{AVATARS}\n"}, files
    server, name = request.getfixturevalue("s3_server"), request.getfixturevalue("bucket")

    def keys() -> set[str]:
        found = server.client.list_objects_v2(Bucket=name).get("Contents", [])
        return {each["Key"].removeprefix("files/") for each in found}

    return "s3", of_bucket(server, name), keys


@pytest.fixture
def writer(store: Any) -> Iterator[Connector]:
    with open_writable(store[0], store[1]) as connector:
        yield connector


def test_objects_are_rows_of_their_template_and_no_data_sets(writer: Connector) -> None:
    found = {each.name: each for each in writer.discover()}
    assert list(found) == [UPLOADS, AVATARS, "orders.csv"]
    described = found[UPLOADS]
    assert (described.kind, described.primary_key, described.row_estimate) == ("objects", ("path",), 3)
    assert [column.name for column in described.columns] == ["customer_id", "path", "size", "modified_at"]
    assert writer.sample(UPLOADS, rows=10)["customer_id"].to_pylist().count("17") == 2
    rows = writer.find(AVATARS, match(customer_id=["17"]), ["path", "size"]).to_pylist()
    assert rows == [{"path": "avatars/avatar-17.png", "size": 10}]


def test_objects_of_one_person_go_whole_and_no_other(store: Any, writer: Connector) -> None:
    assert writer.rehearse([Operation(UPLOADS, OF_17), Operation(AVATARS, OF_17)]) == [2, 1]
    assert store[2]() == set(OBJECTS)
    assert writer.delete(UPLOADS, OF_17) == 2
    assert writer.delete(AVATARS, match(path=["avatars/avatar-17.png"])) == 1
    assert writer.delete(UPLOADS, OF_17) == 0
    assert store[2]() == {
        "avatars/avatar-170.png",
        "avatars/readme.txt",
        "uploads/18/letter.pdf",
        "orders.csv",
    }
    assert writer.lingering(UPLOADS, OF_17) is None


def test_objects_are_not_written_over(store: Any, writer: Connector) -> None:
    gone = {"customer_id": Replacement("0")}
    for attempt in (
        lambda: writer.overwrite(UPLOADS, OF_17, gone),
        lambda: writer.rehearse([Operation(UPLOADS, OF_17, gone)]),
    ):
        with pytest.raises(ConstraintInTheWay, match="cannot be written over"):
            attempt()
    assert store[2]() == set(OBJECTS)


def test_a_reader_removes_nothing(store: Any) -> None:
    with open_connector(store[0], store[1]) as reader, pytest.raises(RuntimeError, match="only reads"):
        reader.delete(UPLOADS, OF_17)
    assert store[2]() == set(OBJECTS)


def test_a_template_that_was_not_declared_is_no_data_set(writer: Connector) -> None:
    with pytest.raises(DataSetMissing):
        writer.count("uploads/{email}/**")


def test_objects_expire_by_when_they_were_changed(store: Any, writer: Connector) -> None:
    now = datetime.now(UTC)
    assert writer.count_older(UPLOADS, Older("modified_at", now - timedelta(days=1))) == 0
    later = Older("modified_at", now + timedelta(days=1))
    assert writer.count_older(UPLOADS, later) == 3
    assert [writer.expire(UPLOADS, later, limit=2) for _ in range(3)] == [2, 1, 0]
    assert store[2]() == {name for name in OBJECTS if not name.startswith("uploads/")}


def test_folders_that_bear_a_name_go_when_they_are_empty(folder: Path) -> None:
    (folder / "uploads" / "18" / "link").symlink_to(folder / "orders.csv")
    with open_writable("folder", {"path": str(folder), "objects": UPLOADS}) as connector:
        connector.delete(UPLOADS, match(customer_id=["17", "18"]))
    assert sorted(path.name for path in (folder / "uploads").iterdir()) == [
        "18"
    ]  # a link stays, and its folder
    assert (folder / "orders.csv").exists()


def test_the_last_object_leaves_the_folder_of_the_template(folder: Path) -> None:
    with open_writable("folder", {"path": str(folder), "objects": UPLOADS}) as connector:
        connector.delete(UPLOADS, match(customer_id=["17", "18"]))
        assert os.listdir(folder / "uploads") == []
        assert connector.count(UPLOADS) == 0


@contextmanager
def locked_bucket(server: ObjectServer) -> Iterator[str]:
    name = f"locked-{os.getpid()}-{datetime.now(UTC):%H%M%S%f}"
    server.client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    yield name


def versions(server: ObjectServer, name: str) -> list[str]:
    found = server.client.list_object_versions(Bucket=name)
    return [each["Key"] for each in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]]


def test_all_versions_and_markers_go(s3_server: ObjectServer, bucket: str) -> None:
    client = s3_server.client
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for number in range(3):
        client.put_object(Bucket=bucket, Key="files/uploads/17/letter.pdf", Body=f"version {number}".encode())
    client.put_object(Bucket=bucket, Key="files/uploads/19/gone.pdf", Body=b"old secret")
    client.delete_object(Bucket=bucket, Key="files/uploads/19/gone.pdf")  # what an application does
    with open_writable("s3", of_bucket(s3_server, bucket)) as connector:
        assert connector.count(UPLOADS, match(customer_id=["19"])) == 1  # its old version still is there
        assert connector.rehearse([Operation(UPLOADS, match(customer_id=["17", "19"]))]) == [3]
        assert connector.delete(UPLOADS, match(customer_id=["17", "19"])) == 3
        assert connector.count(UPLOADS, match(customer_id=["17", "19"])) == 0
    left = versions(s3_server, bucket)
    assert not [key for key in left if "/17/" in key or "/19/" in key]
    assert "files/uploads/18/letter.pdf" in left


def test_unfinished_uploads_are_found_and_taken_back(s3_server: ObjectServer, bucket: str) -> None:
    client = s3_server.client
    upload = client.create_multipart_upload(Bucket=bucket, Key="files/uploads/21/big.bin")["UploadId"]
    client.upload_part(
        Bucket=bucket, Key="files/uploads/21/big.bin", UploadId=upload, PartNumber=1, Body=b"part"
    )
    with open_writable("s3", of_bucket(s3_server, bucket)) as connector:
        found = connector.find(UPLOADS, match(customer_id=["21"]), ["path", "size"]).to_pylist()
        assert found == [{"path": "uploads/21/big.bin", "size": 0}]
        assert connector.delete(UPLOADS, match(customer_id=["21"])) == 1
        assert connector.count(UPLOADS, match(customer_id=["21"])) == 0
    assert client.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


def test_what_a_lock_keeps_lingers_until_its_date(s3_server: ObjectServer) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    with locked_bucket(s3_server) as name:
        put = {"Bucket": name, "Body": b"contract"}
        s3_server.client.put_object(Key="files/uploads/17/free.pdf", **put)
        s3_server.client.put_object(
            Key="files/uploads/17/kept.pdf",
            ObjectLockMode="COMPLIANCE",
            ObjectLockRetainUntilDate=until,
            **put,
        )
        with open_writable("s3", of_bucket(s3_server, name)) as connector:
            assert "1 of the objects stay" in connector.way_out(UPLOADS, OF_17).outlook
            assert connector.delete(UPLOADS, OF_17) == 2
            left = connector.lingering(UPLOADS, OF_17)
            assert left
            assert (left.rows, left.until) == (1, until)
            assert "Object Lock" in left.why
            assert connector.count(UPLOADS, OF_17) == 1
        assert versions(s3_server, name) == ["files/uploads/17/kept.pdf"]


@pytest.mark.parametrize(
    "template",
    [
        "uploads/*",
        "uploads/{customer id}/*",
        "{a}{b}",
        "{path}/x",
        "{a}/{a}",
        "/uploads/{a}",
        "../{a}",
        "a//{b}",
        "{a",
    ],
)
def test_templates_that_mean_nothing_are_refused(template: str) -> None:
    with pytest.raises(ValidationError):
        check_templates(template)
    assert not FolderForm({"path": "/tmp", "objects": template}).is_valid()


@pytest.mark.parametrize(
    ("template", "path", "named"),
    [
        ("{a}", "x", {"a": "x"}),
        ("{a}", "x/y", None),
        ("u/{a}/*", "u/1/b.c", {"a": "1"}),
        ("u/{a}/*", "u/1/b/c", None),
        ("u/{a}/**", "u/1/b/c", {"a": "1"}),
        ("u/{a}/**", "u/1/", None),
        ("{country}/mail-{email}.eml", "de/mail-a@b.c.eml", {"country": "de", "email": "a@b.c"}),
        ("x.{a}", "xy1", None),
        ("u/{a}", "u/line\nend", {"a": "line\nend"}),
    ],
)
def test_templates_read_paths(template: str, path: str, named: dict[str, str] | None) -> None:
    assert Template(template).read(path) == named
