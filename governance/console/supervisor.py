"""Keeps a handful of programs running: starts, relays what they say, restarts what dies, stops all in order.

One thread does everything, because Linux ties a child's life to the thread that started it.
"""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, Popen
from types import FrameType
from typing import BinaryIO

from governance.embedded.programs import Program, kill_group

LOG_BYTES = 5_000_000
PAUSE_FIRST, PAUSE_LONGEST, HEALTHY_AFTER = 0.5, 10.0, 30.0


class Ended(Exception):
    """A program that had to be there ended, or did not come up in time; the text says which."""


class Child:
    """One program under care: its process, its log, when to start it again."""

    def __init__(self, program: Program, log: BinaryIO) -> None:
        self.program = program
        self.log = log
        self.process: Popen[bytes] | None = None
        self.started = 0.0
        self.pause = PAUSE_FIRST
        self.restart_at: float | None = None
        self.rest = b""  # of a line that has no end yet


class Supervisor:
    """Runs programs and keeps them running until `stop`.

    Each line of a program goes to `say` behind its name and to `<log_dir>/<name>.log`. SIGINT, SIGTERM and
    SIGHUP ask for the stop once `listen` was called; a second signal kills instead of waiting.
    """

    def __init__(self, log_dir: Path, *, say: Callable[[str], None]) -> None:
        self.log_dir = log_dir
        self.say = say
        self.children: list[Child] = []
        self.stopping = False
        self.impatient = False
        self.selector = selectors.DefaultSelector()
        log_dir.mkdir(mode=0o700, parents=True, exist_ok=True)

    def listen(self) -> None:
        """Take the signals that mean stop."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.impatient = self.stopping
        self.stopping = True

    def start(self, program: Program) -> Child:
        """Start it and care for it from now on."""
        child = Child(program, self._open_log(program.name))
        self.children.append(child)
        self._spawn(child)
        return child

    def run(self, program: Program) -> None:
        """Run a step to its end while caring for the others. Ended when it fails or the stop was asked for."""
        child = Child(program, self._open_log(program.name))
        process = self._spawn(child)
        while process.poll() is None and not self.stopping:
            self.tick()
        self._drain(child)
        program.stop(process)
        self._forget(child)
        child.log.close()
        if self.stopping:
            raise Ended("Stopped before it was up.")
        if process.returncode:
            raise Ended(
                f"`{program.name}` failed (exit {process.returncode}): its last lines above say why, "
                f"and {self.log_dir / program.name}.log has them all."
            )

    def wait_until(self, ready: Callable[[], bool], *, child: Child, seconds: float) -> None:
        """Until `ready()`. Ended when `child` dies first, the time is up or the stop was asked for."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.stopping:
                raise Ended("Stopped before it was up.")
            if child.process is None or child.process.poll() is not None or time.monotonic() > deadline:
                self.tick()
                raise Ended(
                    f"`{child.program.name}` did not come up: its last lines above say why, "
                    f"and {self.log_dir / child.program.name}.log has them all."
                )
            self.tick(0.05)

    def serve(self) -> None:
        """Care for all until the stop is asked for."""
        while not self.stopping:
            self.tick()

    def stop(self) -> None:
        """End all, the last started first; each gets its time, then its process group is killed."""
        self.stopping = True
        while self.children:
            self._stop_child(self.children.pop())
        self.selector.close()

    def _stop_child(self, child: Child) -> None:
        process = child.process
        if process is not None:
            if process.poll() is None:
                process.send_signal(child.program.stop_signal)
            deadline = time.monotonic() + child.program.stop_seconds
            while process.poll() is None and time.monotonic() < deadline and not self.impatient:
                self.tick(0.05)
            if process.poll() is None:
                self.say(f"supervisor | {child.program.name} does not stop: killed.")
            kill_group(process.pid)
            process.wait()
            self._drain(child)
            self._forget(child)
        child.log.close()

    def tick(self, seconds: float = 0.25) -> None:
        """Relay what was said within `seconds`, and restart what died and had its pause."""
        for key, _ in self.selector.select(seconds):
            self._relay(key.data)
        if self.stopping:
            return
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                self._plan_restart(child, now)
            elif child.restart_at is not None and now >= child.restart_at:
                self._spawn(child)

    def _plan_restart(self, child: Child, now: float) -> None:
        assert child.process is not None
        self._drain(child)
        kill_group(child.process.pid)  # what it left behind would be in the way of its successor
        self._forget(child)
        if now - child.started > HEALTHY_AFTER:
            child.pause = PAUSE_FIRST
        self.say(
            f"supervisor | {child.program.name} ended ({_reason(child.process.returncode)}): "
            f"starting it again in {child.pause:g} s."
        )
        child.process = None
        child.restart_at = now + child.pause
        child.pause = min(child.pause * 2, PAUSE_LONGEST)

    def _spawn(self, child: Child) -> Popen[bytes]:
        child.restart_at = None
        child.started = time.monotonic()
        child.process = child.program.spawn(output=PIPE)
        assert child.process.stdout is not None
        os.set_blocking(child.process.stdout.fileno(), False)
        self.selector.register(child.process.stdout, selectors.EVENT_READ, child)
        return child.process

    def _forget(self, child: Child) -> None:
        assert child.process is not None and child.process.stdout is not None
        if child.process.stdout.fileno() in self.selector.get_map():
            self.selector.unregister(child.process.stdout)
        child.process.stdout.close()

    def _drain(self, child: Child) -> None:
        while self._relay(child):
            pass
        if child.rest:
            self._write(child, child.rest)
            child.rest = b""

    def _relay(self, child: Child) -> bool:
        """Pass on what stands in the pipe; False when there is nothing (more)."""
        assert child.process is not None and child.process.stdout is not None
        try:
            said = os.read(child.process.stdout.fileno(), 65536)
        except BlockingIOError:
            return False
        if not said:  # closed by the other side: always readable, never again with content
            if child.process.stdout.fileno() in self.selector.get_map():
                self.selector.unregister(child.process.stdout)
            return False
        *lines, child.rest = (child.rest + said).split(b"\n")
        for line in lines:
            self._write(child, line)
        return True

    def _write(self, child: Child, line: bytes) -> None:
        child.log.write(line + b"\n")
        self.say(f"{child.program.name:10} | {line.decode(errors='replace').rstrip()}")

    def _open_log(self, name: str) -> BinaryIO:
        path = self.log_dir / f"{name}.log"
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb", buffering=0)


def _reason(status: int) -> str:
    return f"exit {status}" if status >= 0 else signal.Signals(-status).name
