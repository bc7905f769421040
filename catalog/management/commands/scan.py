"""`manage.py scan SYSTEM`: the same job as the button, in this process, unless a worker is quicker to take it."""

from __future__ import annotations

import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from audit.ledger.context import Actor, acting
from catalog import scanning
from catalog.models import System
from governance.console import jobs
from governance.console.models import Job

UNKNOWN, CANCELLED = 2, 3
LOOK_EVERY = 0.2  # seconds


class Command(BaseCommand):
    help = "Scan a system. Exit status 0: done; 1: failed; 2: no such system; 3: cancelled."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("system", help="the name of the system, as the catalog has it")
        parser.add_argument("--structure-only", action="store_true", help="read no values")

    def handle(self, *args: Any, **options: Any) -> None:
        system = System.objects.filter(name=options["system"]).first()
        if system is None:
            known = ", ".join(System.objects.values_list("name", flat=True)) or "none"
            raise CommandError(
                f"There is no system {options['system']!r}; known: {known}.", returncode=UNKNOWN
            )
        with acting(Actor("system", "command")):
            kind = "catalog.crawl" if options["structure_only"] else "catalog.scan"
            queued = scanning.request(system, kind=kind)
            ended = self._follow(queued)
        if ended.state == Job.State.CANCELLED:
            raise CommandError("Cancelled.", returncode=CANCELLED)
        if ended.state == Job.State.FAILED:
            raise CommandError(ended.message)

    def _follow(self, queued: Job) -> Job:
        """Work in a thread and print what the job says here; Ctrl-C cancels it."""
        worker = threading.Thread(target=_work, args=[str(queued.pk)])
        worker.start()
        said = ""
        try:
            while not queued.finished:
                worker.join(LOOK_EVERY)
                queued.refresh_from_db()
                if queued.message != said:
                    said = queued.message
                    total = f"/{queued.total}" if queued.total else ""
                    self.stdout.write(f"{queued.done}{total} {said}")
        except KeyboardInterrupt:
            jobs.cancel(queued)
        worker.join()
        queued.refresh_from_db()
        return queued


def _work(job_id: str) -> None:
    try:
        jobs.run(job_id)
    finally:
        connection.close()
