"""What only S3 has: ranges, conditional writes, versions, and servers that refuse, hang or are not there."""

from __future__ import annotations

import socket
import socketserver
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.connectors import s3_bucket, s3_objects
from catalog.connectors.base import (
    AccessDenied,
    Connector,
    ConnectorError,
    DataSetMissing,
    Malformed,
    Match,
    Operation,
    Unreachable,
)
from catalog.connectors.destruction import open_writable
from catalog.connectors.opening import open_connector
from catalog.connectors.s3 import S3Form
from tests.services.objects import ObjectServer


@pytest.fixture
def settings(s3_server: ObjectServer, s3_bucket: str) -> dict[str, Any]:
    return {
        "endpoint": s3_server.endpoint,
        "bucket": s3_bucket,
        "prefix": "exports",
        "region": s3_server.region,
        "access_key": s3_server.access_key,
        "secret_key": s3_server.secret_key,
        "path_style": True,
        "encoding": "utf-8",
    }


@pytest.fixture
def writer(settings: dict[str, Any]) -> Iterator[Connector]:
    with open_writable("s3", settings) as connector:
        yield connector


@pytest.fixture
def client(s3_server: ObjectServer) -> Any:
    return s3_server.client


def match(**keys: list[Any]) -> list[Match]:
    return [Match(pa.table({name: pa.array(values) for name, values in keys.items()}))]


def parquet(table: pa.Table, **options: Any) -> bytes:
    file = BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


class _Relay(socketserver.ThreadingTCPServer):
    """Passes connections on to a server, counts what comes back, and can stop answering."""

    daemon_threads = True
    allow_reuse_address = True
    target: tuple[str, int]
    hanging = False
    received = 0


class _Passing(socketserver.BaseRequestHandler):
    server: _Relay

    def handle(self) -> None:
        if self.server.hanging:
            self.request.recv(65536)
            self.server.stopped.wait(30)  # type: ignore[attr-defined]
            return
        with socket.create_connection(self.server.target) as upstream:
            back = threading.Thread(target=self._back, args=(upstream,), daemon=True)
            back.start()
            while data := self.request.recv(65536):
                upstream.sendall(data)
            upstream.shutdown(socket.SHUT_WR)
            back.join()

    def _back(self, upstream: socket.socket) -> None:
        try:
            while data := upstream.recv(65536):
                self.server.received += len(data)
                self.request.sendall(data)
        except OSError:
            pass


@contextmanager
def relay(endpoint: str) -> Iterator[_Relay]:
    with _Relay(("127.0.0.1", 0), _Passing) as server:
        server.target = ("127.0.0.1", urlsplit(endpoint).port or 0)
        server.stopped = threading.Event()  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.stopped.set()  # type: ignore[attr-defined]
        server.shutdown()


def through(server: _Relay, settings: dict[str, Any]) -> Connector:
    return open_connector("s3", settings | {"endpoint": f"http://127.0.0.1:{server.server_address[1]}"})


# Names


def test_data_sets_are_keys_below_the_prefix(
    client: Any, settings: dict[str, Any], writer: Connector
) -> None:
    inside = ("a.csv", "year=2024/part-0.parquet", "deep/er/b.JSONL", "ü ?#%.csv", "a?versionId=1.csv")
    outside = (".hidden.csv", "x.txt", "_SUCCESS", "folder.csv/", "q.csv.gz")
    for name in (*inside, *outside):
        client.put_object(Bucket=settings["bucket"], Key=f"exports/{name}", Body=b"x\n1\n")
    client.put_object(Bucket=settings["bucket"], Key="exports2/c.csv", Body=b"x\n1\n")
    found = {found.name: found.problem for found in writer.discover()}
    assert list(found) == sorted(inside)
    assert found["ü ?#%.csv"] == ""
    assert writer.count("ü ?#%.csv") == 1
    assert found["a?versionId=1.csv"].startswith("Its name contains ?versionId=")
    assert writer.check() == f"5 files in s3://{settings['bucket']}/exports/"
    assert writer.lineage_namespace() == f"s3://{settings['bucket']}"
    assert writer.lineage_name("a.csv") == "exports/a.csv"
    for name in ("a?versionId=1.csv", "x.txt", "gone.csv", "", ".hidden.csv"):
        with pytest.raises(DataSetMissing):
            writer.count(name)


def test_more_keys_than_one_page(
    client: Any, settings: dict[str, Any], writer: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(5):
        client.put_object(Bucket=settings["bucket"], Key=f"exports/{i}.csv", Body=b"x\n1\n")
    ask = s3_bucket.Bucket.call
    monkeypatch.setattr(
        s3_bucket.Bucket,
        "call",
        lambda self, method, **given: ask(
            self, method, **given, **({"MaxKeys": 2} if method == "list_objects_v2" else {})
        ),
    )
    assert [found.name for found in writer.discover()] == [f"{i}.csv" for i in range(5)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("endpoint", "ftp://host"),
        ("endpoint", "http://key:secret@host"),
        ("endpoint", "http://host/path"),
        ("endpoint", "http://host:99999"),
        ("bucket", "../other"),
        ("bucket", "b?x=1"),
        ("access_key", ""),
        ("encoding", "utf-16"),
    ],
)
def test_the_form_refuses(settings: dict[str, Any], field: str, value: str) -> None:
    assert list(S3Form(settings | {field: value}).errors) == [field]
    form = S3Form(settings | {"prefix": "/exports/", "endpoint": ""})
    assert form.is_valid()
    assert (form.cleaned_data["prefix"], form.cleaned_data["endpoint"]) == ("exports", "")


# Reading


def test_a_footer_and_one_column_are_read_and_not_the_file(client: Any, settings: dict[str, Any]) -> None:
    random = np.random.default_rng(1)
    table = pa.table(
        {
            "id": range(20_000),
            **{f"noise{i}": pa.array(random.bytes(200) for _ in range(20_000)) for i in (1, 2)},
        }
    )
    body = parquet(table, row_group_size=2_000)
    client.put_object(Bucket=settings["bucket"], Key="exports/p.parquet", Body=body)
    assert len(body) > 8_000_000
    with relay(settings["endpoint"]) as server, through(server, settings) as connector:
        (found,) = connector.discover()
        assert (found.row_estimate, [column.name for column in found.columns]) == (
            20_000,
            ["id", "noise1", "noise2"],
        )
        assert connector.find("p.parquet", match(id=[7, 19_999]), ["id"]).num_rows == 2
        assert server.received < 1_000_000


def test_only_the_head_of_a_large_csv_file_is_described(client: Any, settings: dict[str, Any]) -> None:
    body = b"id,name\n" + b"1234567,somebody\n" * 1_500_000
    client.put_object(Bucket=settings["bucket"], Key="exports/a.csv", Body=body)
    with relay(settings["endpoint"]) as server, through(server, settings) as connector:
        (found,) = connector.discover()
        assert found.row_estimate == pytest.approx(1_500_000, rel=0.01)
        assert server.received < 6_000_000 < len(body)


def test_broken_content_is_a_problem_and_the_others_go_on(
    client: Any, settings: dict[str, Any], writer: Connector
) -> None:
    whole = parquet(pa.table({"a": [1, 2]}))
    contents = {
        "a.parquet": whole[:-8] + b"\xff\xff\xff\x7fPAR1",
        "b.parquet": b"",
        "c.jsonl": b'{"a": 1}\n[]\n',
        "d.avro": b"",
        "e.csv": b"",
        "f.parquet": whole,
    }
    for name, body in contents.items():
        client.put_object(Bucket=settings["bucket"], Key=f"exports/{name}", Body=body)
    damaged = "cannot be read as Parquet: it is cut short or damaged. Write the file again."
    assert [found.problem for found in writer.discover()] == [
        f"a.parquet {damaged}",
        f"b.parquet {damaged}",
        "c.jsonl, line 2 is no JSON object. Write one object on each line.",
        "d.avro cannot be read as Avro: its header is missing or damaged. Write the file again.",
        "e.csv is empty: it has no header. Put column names in its first line.",
        "",
    ]
    with pytest.raises(Malformed):
        writer.count("a.parquet", match(a=[1]))


# Writing


def uploads(client: Any, bucket: str) -> list[Any]:
    return client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])


def test_metadata_tags_and_type_stay_and_nothing_is_left_on_disk(
    client: Any,
    settings: dict[str, Any],
    writer: Connector,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = {"Bucket": settings["bucket"], "Key": "exports/a.csv"}
    client.put_object(
        **place,
        Body=b"id\n1\n2\n",
        ContentType="text/x-people",
        CacheControl="no-store",
        Metadata={"origin": "crm"},
        Tagging="team=sales%20eu&level=3",
    )
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert writer.delete("a.csv", match(id=[1])) == 1
    assert list(tmp_path.iterdir()) == []
    found = client.get_object(**place)
    assert found["Body"].read() == b"id\n2\n"
    assert (found["ContentType"], found["CacheControl"], found["Metadata"]) == (
        "text/x-people",
        "no-store",
        {"origin": "crm"},
    )
    tags = client.get_object_tagging(**place)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"team": "sales eu", "level": "3"}
    assert uploads(client, settings["bucket"]) == []


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_objects, "PART_BYTES", 5 * 1024 * 1024)


def test_a_large_object_goes_up_in_parts(
    client: Any, settings: dict[str, Any], writer: Connector, small_parts: None
) -> None:
    lines = [b"%07d,%s\n" % (i, b"x" * 992) for i in range(16_000)]
    place = {"Bucket": settings["bucket"], "Key": "exports/a.csv"}
    client.put_object(**place, Body=b"".join([b"id,text\n", *lines]), Metadata={"origin": "crm"})
    assert writer.delete("a.csv", match(id=["0000000", "0015999"])) == 2
    found = client.get_object(**place)
    assert found["Body"].read() == b"".join([b"id,text\n", *lines[1:-1]])
    assert found["ETag"].endswith('-3"')
    assert found["Metadata"] == {"origin": "crm"}
    assert uploads(client, settings["bucket"]) == []


def test_what_was_sent_is_taken_back_when_the_file_turns_out_broken(
    client: Any,
    settings: dict[str, Any],
    writer: Connector,
    small_parts: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = b"id,text\n" + (b"1," + b"x" * 1_000 + b"\n") * 16_000 + b"1\n"
    place = {"Bucket": settings["bucket"], "Key": "exports/a.csv"}
    client.put_object(**place, Body=body)
    monkeypatch.setattr(type(writer), "rehearse", lambda self, operations: [1])  # which would find it first
    with pytest.raises(Malformed, match=r"a\.csv, line 16002: 1 fields"):
        writer.delete("a.csv", match(id=["2"]))
    assert client.get_object(**place)["Body"].read() == body
    assert uploads(client, settings["bucket"]) == []


def changing(client: Any, place: dict[str, str], times: int, *, before: str) -> Any:
    """In place of Bucket.call: another program adds a line right `before` a request, the first `times` times."""
    left, ask = [times], s3_bucket.Bucket.call

    def call(self: s3_bucket.Bucket, method: str, **arguments: Any) -> Any:
        if method == before and left[0]:
            left[0] -= 1
            old = client.get_object(**place)["Body"].read()
            client.put_object(**place, Body=old + b"%d\n" % (100 + left[0]))
        return ask(self, method, **arguments)

    return call


def test_a_line_added_meanwhile_is_kept(
    client: Any, settings: dict[str, Any], writer: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"Bucket": settings["bucket"], "Key": "exports/a.csv"}
    client.put_object(**place, Body=b"id\n1\n2\n")
    monkeypatch.setattr(s3_bucket.Bucket, "call", changing(client, place, 2, before="put_object"))
    assert writer.delete("a.csv", match(id=[1])) == 1
    assert client.get_object(**place)["Body"].read() == b"id\n2\n101\n100\n"


def test_an_object_that_never_rests_is_left_alone(
    client: Any, settings: dict[str, Any], writer: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"Bucket": settings["bucket"], "Key": "exports/a.csv"}
    client.put_object(**place, Body=b"id\n1\n2\n")
    monkeypatch.setattr(s3_bucket.Bucket, "call", changing(client, place, 3, before="put_object"))
    with pytest.raises(ConnectorError, match="changed while it was rewritten, 3 times; nothing was written"):
        writer.delete("a.csv", match(id=[1]))
    assert client.get_object(**place)["Body"].read() == b"id\n1\n2\n102\n101\n100\n"


def test_a_change_of_a_large_object_is_noticed_too(
    client: Any,
    settings: dict[str, Any],
    writer: Connector,
    small_parts: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = {"Bucket": settings["bucket"], "Key": "exports/a.csv"}
    body = b"id\n1\n" + (b"2" * 1_000 + b"\n") * 12_000
    client.put_object(**place, Body=body)
    call = changing(client, place, 1, before="complete_multipart_upload")
    monkeypatch.setattr(s3_bucket.Bucket, "call", call)
    assert writer.delete("a.csv", match(id=[1])) == 1
    assert client.get_object(**place)["Body"].read() == body.replace(b"id\n1\n", b"id\n") + b"100\n"
    assert uploads(client, settings["bucket"]) == []


def test_old_versions_go_with_the_rows(settings: dict[str, Any], client: Any) -> None:
    bucket = settings["bucket"]
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket=bucket, Key="a.csv", Body=b"id,email\n1,anna@example.org\n2,bo@example.org\n")
    client.put_object(Bucket=bucket, Key="a.csv.old.csv", Body=b"id,email\n1,anna@example.org\n")
    client.put_object(Bucket=bucket, Key="a.csv", Body=b"id,email\n1,anna@example.org\n3,cy@example.org\n")
    anna = [Match(pa.table({"email": ["anna@example.org"]}))]
    with open_writable("s3", {**settings, "prefix": ""}) as writer:
        assert writer.rehearse([Operation("a.csv", anna)]) == [1]
        assert writer.delete("a.csv", anna) == 1
        found = writer.lingering("a.csv", anna)
        assert found is not None
        assert (found.rows, found.until, found.why) == (2, None, "in 2 older versions of the object")
        writer.settle("a.csv")
        writer.settle("a.csv")
        assert writer.lingering("a.csv", anna) is None
        assert writer.count("a.csv") == 1
    left = client.list_object_versions(Bucket=bucket, Prefix="a.csv")["Versions"]
    assert [each["Key"] for each in left] == ["a.csv", "a.csv.old.csv"]


def test_what_object_lock_keeps_is_said_with_its_day(settings: dict[str, Any], client: Any) -> None:
    bucket = f"locked-{uuid.uuid4().hex[:8]}"
    client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
    client.put_object(Bucket=bucket, Key="a.csv", Body=b"id,email\n1,anna@example.org\n2,bo@x.org\n", **lock)
    anna = [Match(pa.table({"email": ["anna@example.org"]}))]
    with open_writable("s3", {**settings, "bucket": bucket, "prefix": ""}) as writer:
        assert writer.delete("a.csv", anna) == 1
        writer.settle("a.csv")
        found = writer.lingering("a.csv", anna)
        assert found is not None
        assert (found.rows, found.until) == (1, until)
        assert found.why == "in 1 older version of the object, kept by Object Lock"


# Servers that do not do what is asked


@pytest.mark.parametrize("keys", [{"secret_key": "wrong"}, {"access_key": "wrong"}])
def test_wrong_keys(settings: dict[str, Any], keys: dict[str, str]) -> None:
    with open_connector("s3", settings | keys) as connector:
        for attempt in (
            connector.check,
            lambda: list(connector.discover()),
            lambda: connector.count("a.csv"),
        ):
            with pytest.raises(AccessDenied, match="The server refuses access") as raised:
                attempt()
            assert "wrong" not in str(raised.value)
            assert settings["secret_key"] not in str(raised.value)


def test_no_such_bucket(settings: dict[str, Any]) -> None:
    with (
        open_connector("s3", settings | {"bucket": "nowhere"}) as connector,
        pytest.raises(Unreachable, match="There is no bucket nowhere"),
    ):
        connector.check()


def test_nobody_listens(settings: dict[str, Any]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with (
            open_connector("s3", settings | {"endpoint": endpoint}) as connector,
            pytest.raises(Unreachable, match="No answer from http"),
        ):
            connector.check()


def test_a_server_that_hangs_is_left_after_the_time_out(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_bucket, "ANSWER_SECONDS", 0.5)
    with relay(settings["endpoint"]) as server:
        server.hanging = True
        begun = time.monotonic()
        with through(server, settings) as connector, pytest.raises(Unreachable, match="No answer from http"):
            connector.check()
        assert time.monotonic() - begun < 10


def test_something_that_is_no_s3(settings: dict[str, Any]) -> None:
    class Talking(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")

    with _Relay(("127.0.0.1", 0), Talking) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with through(server, settings) as connector, pytest.raises(Unreachable):
            connector.check()
        server.shutdown()
