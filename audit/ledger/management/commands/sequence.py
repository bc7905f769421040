import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, connection

from audit.ledger.sequencing import sequence

IDLE_SECONDS = 0.02
BUSY_SECONDS = 0.01  # what comes meanwhile is numbered together, in one commit instead of many


class Command(BaseCommand):
    help = (
        "Number and chain ledger entries as they are written. Runs until stopped; more than one does no harm."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        while not stop.is_set():
            try:
                moved = sequence()
            except OperationalError as problem:
                self.stderr.write(f"The database does not answer, trying again: {type(problem).__name__}")
                connection.close()
                moved = 0
                time.sleep(1)
            stop.wait(BUSY_SECONDS if moved else IDLE_SECONDS)
