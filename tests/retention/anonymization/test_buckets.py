"""Reading from S3, and delivering to it."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from retention.anonymization.destinations import DestinationError, uploading
from tests.retention.anonymization.people import anonymous, ask, customers, leftovers, worked, write
from tests.services.objects import ObjectServer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_techniques")]


@pytest.fixture
def bucket(s3_server: ObjectServer, s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    monkeypatch.setenv("AWS_REGION", s3_server.region)
    return s3_bucket


def put(server: ObjectServer, bucket: str, key: str, path: Path) -> None:
    server.client.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())


def get(server: ObjectServer, bucket: str, key: str) -> bytes:
    return server.client.get_object(Bucket=bucket, Key=key)["Body"].read()


def keys(server: ObjectServer, bucket: str) -> list[str]:
    return sorted(found["Key"] for found in server.client.list_objects_v2(Bucket=bucket).get("Contents", ()))


@pytest.mark.parametrize("runner", ["local", "celery"])
def test_an_object_becomes_another(s3_server: ObjectServer, bucket: str, tmp_path: Path, runner: str):
    put(s3_server, bucket, "in/customers.parquet", write(tmp_path / "in.parquet", customers(500)))
    run = worked(ask(f"s3://{bucket}/in/customers.parquet", f"s3://{bucket}/out/safe.parquet", runner=runner))
    assert (run.outcome, run.problem) == ("delivered", "")
    (tmp_path / "out.parquet").write_bytes(get(s3_server, bucket, "out/safe.parquet"))
    assert pq.read_table(tmp_path / "out.parquet").equals(anonymous(customers(500)))
    assert keys(s3_server, bucket) == ["in/customers.parquet", "out/safe.parquet"]
    with pytest.raises(DestinationError, match="is there already"):
        ask(f"s3://{bucket}/in/customers.parquet", f"s3://{bucket}/out/safe.parquet")
    again = ask(f"s3://{bucket}/in/", f"s3://{bucket}/out/safe.parquet", overwrite=True)
    assert worked(again).outcome == "delivered"


def test_a_large_object_goes_up_in_parts(
    s3_server: ObjectServer, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(uploading, "PART_BYTES", 5 * 1024 * 1024)  # S3 takes no smaller ones
    write(tmp_path / "in.parquet", customers(400_000), group=200_000)
    run = worked(ask(tmp_path / "in.parquet", f"s3://{bucket}/out.parquet"))
    assert run.outcome == "delivered"
    body = get(s3_server, bucket, "out.parquet")
    assert len(body) > 6 * 1024 * 1024
    (tmp_path / "out.parquet").write_bytes(body)
    assert pq.read_metadata(tmp_path / "out.parquet").num_rows == 400_000


def test_many_objects_have_a_manifest_that_is_written_last(
    s3_server: ObjectServer, bucket: str, tmp_path: Path
):
    (tmp_path / "in").mkdir()
    for number in range(2):
        write(tmp_path / "in" / f"{number}.parquet", customers(50, start=1 + 50 * number))
    run = worked(ask(tmp_path / "in", f"s3://{bucket}/out/"))
    assert run.outcome == "delivered"
    assert keys(s3_server, bucket) == [
        "out/_manifest.json",
        "out/part-00000.parquet",
        "out/part-00001.parquet",
    ]
    manifest = json.loads(get(s3_server, bucket, "out/_manifest.json"))
    assert (manifest["run"], manifest["rows"], manifest["sha256"]) == (run.pk.hex, 100, run.digest)
    assert list(manifest["files"]) == ["part-00000.parquet", "part-00001.parquet"]
    assert leftovers(tmp_path) == []


def test_the_source_is_no_destination(s3_server: ObjectServer, bucket: str, tmp_path: Path):
    put(s3_server, bucket, "in/a.parquet", write(tmp_path / "in.parquet", customers(5)))
    for destination in ("in/a.parquet", "in/b.parquet", "in/", "in"):
        with pytest.raises(DestinationError, match="is the source, or lies in it, or holds it"):
            ask(f"s3://{bucket}/in/", f"s3://{bucket}/{destination}", overwrite=True)


def test_what_is_not_ours_is_not_replaced(s3_server: ObjectServer, bucket: str, tmp_path: Path):
    put(s3_server, bucket, "mine.parquet", write(tmp_path / "in.parquet", customers(5)))
    with pytest.raises(DestinationError, match="is not what an earlier job delivered"):
        ask(tmp_path / "in.parquet", f"s3://{bucket}/mine.parquet", overwrite=True)
