"""A whole console of its own: `manage.py up` in a folder, started and watched from outside."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from governance.console.running import MARK
from governance.embedded.accounts import data_home
from governance.embedded.programs import marked, working_in
from governance.environment import PROJECT
from tests.services.folders import service_folder

# What the test run's own console is told, and this one must not hear.
CONFIGURED = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "BROKER_URL",
    "CACHE_URL",
    "SECRET_KEY",
    "KEYRING_KEY",
    "PUBLIC_URL",
)


class Console:
    """A console in `folder`; with `demo`, on the demo estate."""

    def __init__(self, folder: Path, *, demo: bool = False) -> None:
        self.var_dir = folder / "var"
        self.output = folder / "output"
        self.demo = demo
        self.process: subprocess.Popen[bytes] | None = None

    def environment(self, **values: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in CONFIGURED}
        return kept | {"CONSOLE_VAR": str(self.var_dir)} | values

    def start(self, port: int, *, seconds: float = 300) -> str:
        """Until it prints its address, which comes back."""
        with self.output.open("wb") as output:
            self.process = process = subprocess.Popen(
                [sys.executable, "manage.py", "up", f"--port={port}", *([] if self.demo else ["--no-demo"])],
                cwd=PROJECT,
                env=self.environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_until(lambda: "The console is at" in self.said() or process.poll() is not None, seconds=seconds)
        found = re.search(r"The console is at (\S+)", self.said())
        assert found, self.said()
        return found[1]

    def manage(self, *arguments: str) -> str:
        """What another `manage.py` command beside it prints; it must succeed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def said(self) -> str:
        return self.output.read_text()

    def processes(self, word: str = "") -> list[int]:
        return [
            pid
            for pid in marked(MARK, str(self.var_dir))
            if word in Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        ]

    def left(self) -> list[int]:
        return [
            *marked(MARK, str(self.var_dir)),
            *working_in(data_home(self.var_dir) / "data"),
            *working_in(self.var_dir / "redis"),
        ]


@contextmanager
def own_console(*, demo: bool = False) -> Iterator[Console]:
    """A console that is not started yet; stopped and removed afterwards."""
    with service_folder() as folder:
        console = Console(folder, demo=demo)
        try:
            yield console
        finally:
            if console.process and console.process.poll() is None:
                console.process.send_signal(signal.SIGTERM)
                console.process.wait(60)
            shutil.rmtree(data_home(console.var_dir), ignore_errors=True)


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
