"""An S3 server for the tests that ask for one, started with the first of them."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import botocore.session
import pytest

from governance.embedded.objects import EmbeddedObjects
from tests.services.folders import service_folder


@dataclass(frozen=True)
class ObjectServer:
    """Where it is and the keys that may do everything; `iceberg_endpoint` is an Iceberg REST catalog."""

    endpoint: str
    access_key: str
    secret_key: str
    region: str
    iceberg_endpoint: str

    @cached_property
    def client(self) -> Any:
        """botocore's S3 client, for looking at objects without a connector."""
        return botocore.session.Session().create_client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
        )

    def create_bucket(self) -> str:
        """A new empty bucket; it goes with the server at the latest."""
        name = f"bucket-{secrets.token_hex(4)}"
        self.client.create_bucket(Bucket=name)
        return name

    def remove_bucket(self, name: str) -> None:
        """The bucket with all that is in it."""
        self.client.delete_bucket(Bucket=name)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[ObjectServer]:
    """The S3 server of this run: `.endpoint`, `.access_key`, `.secret_key`, `.region`, `.create_bucket()`."""
    with service_folder() as folder:
        server = EmbeddedObjects(folder / "objects", port=0)
        # It takes its time to end in order, and nobody wants its data.
        program = replace(server.program(), stop_signal=signal.SIGKILL)
        with (folder / "objects.log").open("wb") as log:
            process = program.spawn(output=log)
        try:
            server.wait_ready(process)
            yield ObjectServer(
                endpoint=server.endpoint,
                access_key=server.access_key,
                secret_key=server.secret_key,
                region=server.region,
                iceberg_endpoint=f"http://127.0.0.1:{server.iceberg_port}",
            )
        finally:
            program.stop(process)
            server.remove_sockets()


@pytest.fixture
def s3_bucket(s3_server: ObjectServer) -> Iterator[str]:
    """A new empty bucket on it, removed afterwards."""
    name = s3_server.create_bucket()
    yield name
    s3_server.remove_bucket(name)
