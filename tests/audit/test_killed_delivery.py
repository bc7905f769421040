"""A worker killed between a mail server's taking a letter and its own noting it: nobody gets two."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection
from django.utils import timezone

from audit.reports.models import Delivery, Schedule
from audit.reports.schedules import delivering, scheduling
from audit.reports.tasks import make_due
from governance.console.permissions import Role
from tests.people import person

RUN = "import django; django.setup(); from audit.reports.tasks import make_due; make_due()"


class MailServer:
    """As much of SMTP as a client needs; `killing`: the client dies when its letter has been taken, unanswered."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.killing: subprocess.Popen | None = None
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.socket.accept()
                with client, client.makefile("rwb") as lines, suppress(OSError):
                    self._talk(lines)

    def _talk(self, lines) -> None:
        def say(words: bytes) -> None:
            lines.write(words + b"\r\n")
            lines.flush()

        say(b"220 mail")
        while line := lines.readline():
            if line.upper().startswith(b"DATA"):
                say(b"354 go on")
                letter = b""
                while (line := lines.readline()) != b".\r\n":
                    letter += line
                self.taken.append(letter.decode())
                if self.killing:
                    os.killpg(self.killing.pid, signal.SIGKILL)
                    return
                say(b"250 taken")
            elif line.upper().startswith(b"QUIT"):
                return say(b"221 bye")
            else:
                say(b"250 ok")


@pytest.fixture
def server() -> Iterator[MailServer]:
    made = MailServer()
    yield made
    made.socket.close()


@contextmanager
def worker(server: MailServer) -> Iterator[subprocess.Popen]:
    """The scheduler's task in a process of its own, on this test's database."""
    database = connection.settings_dict
    url = (
        f"postgres://{quote(database['USER'])}:{quote(database['PASSWORD'])}"
        f"@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )
    told = {
        "DATABASE_URL": url,
        "DATABASE_OWNER_URL": url,
        "EMAIL_URL": f"smtp://127.0.0.1:{server.port}",
        "DJANGO_SETTINGS_MODULE": "governance.settings",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", RUN], cwd=settings.BASE_DIR, env={**os.environ, **told}, start_new_session=True
    )
    yield process
    process.wait(timeout=60)


def test_a_killed_worker_sends_nothing_twice(transactional_db: None, server: MailServer):
    schedule = scheduling.add(
        Schedule(
            kind="processor_record",
            form="json",
            rhythm="daily",
            recipients=["a@example.org", "b@example.org"],
        ),
        by=person("amir", Role.OFFICER),
    )
    Schedule.objects.filter(pk=schedule.pk).update(next_at=timezone.now() - timedelta(hours=1))
    with worker(server) as process:
        server.killing = process
    assert process.returncode == -signal.SIGKILL
    assert Delivery.objects.filter(state=Delivery.State.SENDING).count() == 1
    server.killing = None
    Delivery.objects.filter(state=Delivery.State.SENDING).update(next_try_at=timezone.now())
    with worker(server) as process:
        pass
    assert process.returncode == 0
    make_due()
    assert mail.outbox == []
    to = sorted(line for letter in server.taken for line in letter.splitlines() if line.startswith("To: "))
    assert to == ["To: a@example.org", "To: b@example.org"]
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["sent", "unsure"]
    assert (schedule.issues.count(), delivering.stuck()) == (1, 1)
