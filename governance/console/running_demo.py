"""The servers that the demo estate alone needs: S3 and Kafka, on loopback, started beside the others.

The console works without them. What they hold can be written again, so nobody waits for an orderly end of theirs.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from governance.console.child import Child
from governance.console.supervisor import Ended, Supervisor
from governance.embedded import state
from governance.embedded.broker import EmbeddedBroker
from governance.embedded.objects import EmbeddedObjects
from governance.environment import EnvironmentProblem

OBJECTS, BROKER = "DEMO_OBJECTS_URL", "DEMO_BROKER"
SECONDS = 40


class DemoServers:
    """Those of them whose programs are installed and that no variable replaces."""

    def __init__(self, supervisor: Supervisor, var_dir: Path) -> None:
        self.supervisor = supervisor
        self.children: list[tuple[Child, Callable[[], bool]]] = []
        remembered = state.load(var_dir)
        known = urlsplit(remembered.get(OBJECTS, ""))
        self.objects = EmbeddedObjects(
            var_dir / "objects",
            port=known.port or 58333,
            access_key=unquote(known.username or ""),
            secret_key=unquote(known.password or ""),
        )
        known = urlsplit(f"//{remembered.get(BROKER, '')}")
        self.broker = EmbeddedBroker(var_dir / "broker", port=known.port or 59092)
        self.var_dir = var_dir

    def start(self) -> None:
        """Start them without waiting, and remember their addresses for the demo."""
        with suppress(EnvironmentProblem):  # not installed
            if not os.environ.get(OBJECTS):
                # It would take a quarter of a minute to end in order.
                program = replace(self.objects.program(), stop_signal=signal.SIGKILL)
                self.children.append((self.supervisor.start(program), self.objects.answers))
                state.save(self.var_dir, **{OBJECTS: self.objects.url})
        with suppress(EnvironmentProblem):
            if not os.environ.get(BROKER):
                self.children.append((self.supervisor.start(self.broker.program()), self.broker.answers))
                state.save(self.var_dir, **{BROKER: self.broker.bootstrap})

    def wait(self, *, say: Callable[[str], None]) -> None:
        """Until they answer; one that does not is missed by the demo alone. Ended where the stop was asked for."""
        for child, answers in self.children:
            try:
                self.supervisor.wait_until(answers, child=child, seconds=SECONDS)
            except Ended as late:
                if self.supervisor.stopping:
                    raise
                say(f"supervisor | {late} The demo goes on without it.")

    def clean_up(self) -> None:
        """After the stop: what they leave outside of their folders."""
        self.objects.remove_sockets()
