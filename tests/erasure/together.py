"""Two at the same moment: threads with connections of their own, let go together."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from audit.ledger.context import Actor, acting


def at_once(*calls: tuple[Actor, Callable[[], Any]]) -> list[Any]:
    """What each call returned, or the exception it raised, in the given order."""
    start = Barrier(len(calls))

    def run(actor: Actor, call: Callable[[], Any]) -> Any:
        try:
            with acting(actor):
                start.wait(timeout=10)
                return call()
        except Exception as problem:
            return problem
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(timeout=30) for future in [pool.submit(run, *call) for call in calls]]
