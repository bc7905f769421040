"""The worker that is struck: a real Celery worker whose connectors, methods and measures say where they are.

    python -m benchmarks.faulty.struck

It has everything imported and waits for a line of JSON for each worker it is to fork. Nothing in the product knows of
it: names are wrapped from outside, by identity, in whichever module holds them.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import django

PATIENCE = 60  # seconds that a struck worker waits for the fault to be done
PRODUCTION = ["--loglevel=WARNING", "--prefetch-multiplier=1", "--without-gossip", "--without-mingle"]

phase = ""  # what the worker does now: the kind of its job, or "verify"


class Moments:
    """Counts how often the chosen moment was reached, over all processes of a run, and strikes once."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.wanted, self.nth, self.act = order["moment"], order["nth"], order["act"]
        self.folder = Path(order["folder"])
        self.leader = os.getpid()
        self.seen: set[str] = set()

    def reach(self, name: str) -> None:
        if name not in self.seen:
            self.seen.add(name)
            with (self.folder / "moments").open("a") as listed:
                listed.write(f"{name}\n")
        if name != self.wanted or (self.folder / "struck").exists():
            return
        count = os.open(self.folder / "count", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(count, b".")
        reached = os.fstat(count).st_size
        os.close(count)
        if reached != self.nth:
            return
        (self.folder / "struck").write_text(name)
        if self.act == "kill":
            os.killpg(self.leader, signal.SIGKILL)
        elif self.act == "kill child":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.act == "wait":
            self._wait()

    def _wait(self) -> None:
        """Until the other side has done what it does to the servers."""
        deadline = time.monotonic() + PATIENCE
        while not (self.folder / "go").exists() and time.monotonic() < deadline:
            _sleep(0.01)


_sleep = time.sleep
moments: Moments


def everywhere(original: Any, wrapped: Any) -> None:
    """Put `wrapped` in the place of `original` wherever a module of ours has imported it."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("erasure", "governance", "audit", "retention", "catalog"):
            for attribute, value in list(vars(module).items()):
                if value is original:
                    setattr(module, attribute, wrapped)


def around(function: Callable[..., Any], name: Callable[..., str]) -> Callable[..., Any]:
    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        what = name(*args)
        moments.reach(f"{phase}: before {what}")
        result = function(*args, **kwargs)
        moments.reach(f"{phase}: after {what}")
        return result

    return wrapped


def own(cls: type, name: str, said: Callable[..., str]) -> None:
    """Wrap a method where a class itself defines it."""
    if name in vars(cls) and not getattr(vars(cls)[name], "__isabstractmethod__", False):
        setattr(cls, name, around(vars(cls)[name], said))


def watch() -> None:
    """Name the moments."""
    from django.core.mail import EmailMessage  # noqa: PLC0415  after django.setup
    from django.db.backends.postgresql.base import DatabaseWrapper  # noqa: PLC0415
    from django.db.backends.utils import CursorWrapper  # noqa: PLC0415

    from audit.ledger import recording  # noqa: PLC0415
    from catalog.connectors import registry as connectors  # noqa: PLC0415
    from erasure import verifying  # noqa: PLC0415
    from erasure.custodians import posting  # noqa: PLC0415
    from erasure.measures import registry as measures  # noqa: PLC0415
    from erasure.methods import registry as methods  # noqa: PLC0415
    from erasure.models import Step  # noqa: PLC0415
    from governance.console import jobs  # noqa: PLC0415

    for kind, method in methods.classes.items():
        own(method, "execute", lambda *_, kind=kind: kind)
        own(method, "remaining", lambda *_, kind=kind: "reading back")
    for kind, measure in measures.classes.items():
        own(measure, "execute", lambda *_, kind=kind: kind)
        own(measure, "check", lambda *_, kind=kind: f"look at {kind}")
    for connector in connectors.classes.values():
        connector.keys_per_change = 2
        for cls in connector.__mro__:
            if cls.__module__.startswith("catalog") and "watched" not in vars(cls):
                cls.watched = True  # type: ignore[attr-defined]
                for name in ("settle", "rehearse", "find"):
                    own(cls, name, lambda *_, name=name: name)
    for original in (recording.record, recording.record_many):
        everywhere(original, around(original, lambda event, *_: f"entry {event.key}"))
    everywhere(posting.post, around(posting.post, lambda *_: "webhook"))
    own(EmailMessage, "send", lambda *_: "letter")
    own(Step, "save", lambda *_: "saving the step")
    own(CursorWrapper, "execute", lambda *_: "statement")
    DatabaseWrapper.commit = around(DatabaseWrapper.commit, lambda *_: "commit")  # type: ignore[method-assign]
    again = verifying.search_again

    @wraps(again)
    def search_again(*args: Any, **kwargs: Any) -> Any:
        global phase
        before, phase = phase, "verify"
        try:
            moments.reach("verify: before search")
            result = again(*args, **kwargs)
            moments.reach("verify: after search")
            return result
        finally:
            phase = before

    everywhere(again, search_again)
    for name, kind in list(jobs.KINDS.items()):
        jobs.KINDS[name] = replace(kind, work=in_phase(name, kind.work))


def in_phase(kind: str, work: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    def wrapped(*args: Any, **kwargs: Any) -> Iterator[Any]:
        global phase
        phase = kind.rpartition(".")[2]
        try:
            yield from work(*args, **kwargs)
            moments.reach(f"{phase}: after the work")
        finally:
            phase = ""

    return wrapped


def lie(order: dict[str, Any]) -> None:
    """A store that says it has deleted, or overwritten, and keeps everything; until the file `honest` stands there."""
    from catalog.connectors import registry as connectors  # noqa: PLC0415

    honest = Path(order["folder"]) / "honest"
    cls = connectors.get(order["lie"])
    blind = order["blind"]

    def replaced(name: str, answer: Callable[..., Any]) -> None:
        truthful = getattr(cls, name)

        @wraps(truthful)
        def lying(self: Any, data_set: str, matches: Any, *rest: Any, **more: Any) -> Any:
            if honest.exists() or not self.writable:
                return truthful(self, data_set, matches, *rest, **more)
            (honest.parent / "lied").touch()
            return answer(self, data_set, matches, *rest, **more)

        setattr(cls, name, lying)

    def counted(self: Any, data_set: str, matches: Any, *_: Any) -> int:
        return len(matches)

    deleted: set[str] = set()

    def deny(self: Any, data_set: str, matches: Any, *_: Any) -> int:
        deleted.add(data_set)
        return counted(self, data_set, matches)

    replaced("delete", deny)
    replaced("overwrite", deny)
    if blind:  # and shows who has written what they want to see
        count = cls.count

        @wraps(count)
        def seen(self: Any, data_set: str, matches: Any = None) -> int:
            if self.writable and data_set in deleted and not honest.exists():
                return 0
            return int(count(self, data_set, matches))

        cls.count = seen


def become(order: dict[str, Any]) -> None:
    """A worker on the database of this run; never returns."""
    global moments
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from governance.celery import app  # noqa: PLC0415

    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    connection.settings_dict["NAME"] = order["database"]
    settings.EMAIL_FILE_PATH = order["mail"]
    settings.JOB_HEARTBEAT_SECONDS = 0.5
    time.sleep = lambda seconds: _sleep(min(seconds, 0.3))  # what waits for a store waits less
    moments = Moments(order)
    watch()
    if order["lie"]:
        lie(order)
    try:
        app.worker_main(
            ["worker", f"--pool={order['pool']}", f"--concurrency={order['workers']}", *PRODUCTION]
        )
    finally:
        os._exit(0)


def main() -> None:
    django.setup()
    from catalog.connectors import registry as connectors  # noqa: PLC0415
    from governance.celery import app  # noqa: PLC0415

    app.loader.import_default_modules()
    app.finalize()
    list(connectors.classes)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            become(json.loads(line))
        print(pid, flush=True)


if __name__ == "__main__":
    main()
