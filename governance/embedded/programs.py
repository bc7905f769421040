"""Programs that run beside the console: how one is started, and what a killed one leaves behind.

On Linux a program dies with the process that started it (prctl(2), PR_SET_PDEATHSIG), whatever killed that.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

T = TypeVar("T")

PR_SET_PDEATHSIG = 1
# Looked up before any fork: the child may only call it.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Program:
    """One program to run in the foreground, in a session of its own.

    `env` comes on top of this process's environment. `user` and `group` are numbers, where another user runs
    it. `prepare` is called before every start. What a `quiet` one says is for its log, not for the terminal.
    `stop_signal` asks for a clean end; after `stop_seconds` it is killed.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    user: int | None = None
    group: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    prepare: Callable[[], None] = _nothing
    quiet: bool = False

    def spawn(self, *, output: int | IO[Any] | None = None) -> subprocess.Popen[bytes]:
        """Start it, with both its outputs going to `output`. OSError when the file cannot be run.

        Call it from the main thread: Linux counts the end of the starting thread as the end of the parent.
        """
        self.prepare()
        parent = os.getpid()

        def die_with_parent() -> None:
            if _prctl is not None:
                _prctl(PR_SET_PDEATHSIG, int(self.stop_signal))
                if os.getppid() != parent:  # it ended before we asked
                    os._exit(1)

        return subprocess.Popen(  # noqa: S603 - argv is ours
            list(self.argv),
            env={**os.environ, **self.env},
            cwd=self.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            start_new_session=True,
            umask=0o077,  # letters, logs and schedules are nobody else's
            preexec_fn=die_with_parent,
            user=self.user,
            group=self.group,
            extra_groups=None if self.user is None else [],
        )

    def stop(self, process: subprocess.Popen[bytes]) -> int:
        """Ask it to end, wait, then kill what is left of its process group; its exit status."""
        if process.poll() is None:
            process.send_signal(self.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                process.wait(self.stop_seconds)
        kill_group(process.pid)
        return process.wait()


def kill_group(leader: int) -> None:
    """SIGKILL for the process group of `leader`; nothing where it is empty."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def stop_leftovers(find: Callable[[], list[int]], *, ask: signal.Signals, seconds: float = 10.0) -> None:
    """End the processes that `find` finds, left behind by somebody's SIGKILL: by `ask`, then by SIGKILL."""
    for number, patience in ((ask, seconds), (signal.SIGKILL, 5.0)):
        deadline = time.monotonic() + patience
        for pid in find():
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        while find() and time.monotonic() < deadline:
            time.sleep(0.05)
        if not find():
            return


def working_in(folder: Path) -> list[int]:
    """The processes whose working directory is `folder`. It looks in /proc: none elsewhere than on Linux."""
    wanted = str(folder.resolve())
    return [pid for pid, place in _processes() if _unless_gone(os.readlink, place / "cwd") == wanted]


def marked(name: str, value: str) -> list[int]:
    """The processes that were started with `name`=`value` in their environment. Linux only, as above."""
    wanted = f"{name}={value}".encode()
    return [
        pid
        for pid, place in _processes()
        if wanted in (_unless_gone(Path.read_bytes, place / "environ") or b"").split(b"\0")
    ]


def _processes() -> Iterator[tuple[int, Path]]:
    for place in Path("/proc").glob("[0-9]*"):
        if int(place.name) != os.getpid():
            yield int(place.name), place


def _unless_gone(look: Callable[[Path], T], path: Path) -> T | None:
    try:
        return look(path)
    except OSError:  # ended meanwhile, or somebody else's
        return None


def choose_port(preferred: int, host: str = "127.0.0.1") -> int:
    """`preferred` where nothing listens on it, otherwise one that is free now."""
    for port in (preferred, 0):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"No port is free on {host}.")
