"""Keeps a handful of programs running: starts, relays what they say, restarts what dies, stops all in order.

One thread does everything, because Linux ties a child's life to the thread that started it.
"""

from __future__ import annotations

import selectors
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from governance.console.child import Child
from governance.embedded.programs import Program

PAUSE_FIRST, PAUSE_LONGEST, HEALTHY_AFTER = 0.5, 10.0, 30.0  # seconds


class Ended(Exception):
    """A program that had to be there ended, or did not come up in time; the text says which."""


class Supervisor:
    """Runs programs and keeps them running until `stop`.

    Each line of a program goes to `say` behind its name and to `<log_dir>/<name>.log`. Once `listen` was
    called, SIGINT, SIGTERM and SIGHUP ask for the stop, and a second one kills instead of waiting.
    """

    def __init__(self, log_dir: Path, *, say: Callable[[str], None]) -> None:
        self.log_dir = log_dir
        self.say = say
        self.children: list[Child] = []
        self.pauses: dict[Child, float] = {}
        self.restarts: dict[Child, float] = {}
        self.stopping = False
        self.impatient = False
        self.selector = selectors.DefaultSelector()
        log_dir.mkdir(mode=0o700, parents=True, exist_ok=True)

    def listen(self) -> None:
        """Take the signals that mean stop (not SIGHUP where it is ignored, as under nohup)."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._stop_was_asked)

    def _stop_was_asked(self, number: int, frame: FrameType | None) -> None:
        self.impatient = self.stopping
        self.stopping = True

    def start(self, program: Program) -> Child:
        """Start it and care for it from now on."""
        child = Child(program, log_dir=self.log_dir, say=self.say)
        self._start(child)
        self.children.append(child)
        return child

    def run(self, program: Program) -> None:
        """Run a step to its end while caring for the others. Ended when it fails or the stop is asked for."""
        child = Child(program, log_dir=self.log_dir, say=self.say)
        self._start(child)
        while child.alive and not self.stopping:
            self.tick()
        self._stop(child)
        self._refuse_when_stopping()
        if child.ending != "exit 0":
            raise Ended(f"`{program.name}` failed ({child.ending}): see {child.log_path}.")

    def wait_until(self, ready: Callable[[], bool], *, child: Child, seconds: float) -> None:
        """Until `ready()`. Ended when `child` dies first, the time is up or the stop was asked for."""
        deadline = time.monotonic() + seconds
        while not ready():
            self._refuse_when_stopping()
            if not child.alive or time.monotonic() > deadline:
                child.relay()
                raise Ended(f"`{child.program.name}` did not come up: see {child.log_path}.")
            self.tick(0.05)

    def serve(self) -> None:
        """Care for all until the stop is asked for."""
        while not self.stopping:
            self.tick()

    def stop(self) -> None:
        """End all, the last started first; each gets its time, then its process group is killed."""
        self.stopping = True
        while self.children:
            self._stop(self.children.pop())
        self.selector.close()

    def tick(self, seconds: float = 0.25) -> None:
        """Relay what is said within `seconds`; restart what died and had its pause."""
        for key, _ in self.selector.select(seconds):
            child: Child = key.data
            if not child.relay():
                self.selector.unregister(key.fileobj)  # closed by its side: readable for ever, with nothing
        if self.stopping:
            return
        for child in self.children:
            if child in self.restarts:
                if time.monotonic() >= self.restarts[child]:
                    self._restart(child)
            elif not child.alive:
                self._bury(child)
                self._plan_restart(child, why=child.ending)

    def _start(self, child: Child) -> None:
        self.selector.register(child.start(), selectors.EVENT_READ, child)

    def _restart(self, child: Child) -> None:
        del self.restarts[child]
        try:
            self._start(child)
        except Exception as problem:
            self._plan_restart(child, why=str(problem))

    def _plan_restart(self, child: Child, *, why: str) -> None:
        if time.monotonic() - child.started > HEALTHY_AFTER:
            self.pauses.pop(child, None)
        pause = self.pauses.get(child, PAUSE_FIRST)
        self.say(f"supervisor | {child.program.name} ended ({why}): it starts again in {pause:g} s.")
        self.restarts[child] = time.monotonic() + pause
        self.pauses[child] = min(pause * 2, PAUSE_LONGEST)

    def _stop(self, child: Child) -> None:
        child.ask_to_stop()
        deadline = time.monotonic() + child.program.stop_seconds
        while child.alive and time.monotonic() < deadline and not self.impatient:
            self.tick(0.05)
        if child.alive:
            self.say(f"supervisor | {child.program.name} does not stop: killed.")
        if child.process is not None:
            self._bury(child)
        child.log.close()

    def _bury(self, child: Child) -> None:
        assert child.process is not None
        pipe = child.process.stdout
        if pipe in {key.fileobj for key in self.selector.get_map().values()}:
            self.selector.unregister(pipe)
        child.bury()

    def _refuse_when_stopping(self) -> None:
        if self.stopping:
            raise Ended("Stopped before it was up.")
