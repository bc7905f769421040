"""Where jobs may deliver to, and who is told of them: somebody decides, and it is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from audit.ledger.recording import record
from catalog.models import System
from governance.console.models import User
from retention.anonymization import events
from retention.anonymization.destinations.base import DestinationError
from retention.anonymization.models import Outlet, Sink


@transaction.atomic
def open_outlet(system: System, *, inside: str = "", by: User | None = None) -> Outlet:
    """Let jobs deliver to a system, below `inside` only."""
    outlet = Outlet.objects.create(system=system, inside=inside, allowed_by=by)
    record(events.OUTLET_ALLOWED, outlet, inside=inside)
    return outlet


@transaction.atomic
def close_outlet(outlet: Outlet) -> None:
    record(events.OUTLET_CLOSED, outlet)
    outlet.delete()


def require_open(spec: Mapping[str, Any]) -> None:
    """DestinationError where what a run was to deliver to is closed by now; a path from the command line never is."""
    if "outlet" in spec and not Outlet.objects.filter(pk=spec["outlet"]).exists():
        raise DestinationError(
            "Jobs may not deliver there any more; nothing was delivered.",
            "Ask for a job that delivers elsewhere.",
        )


@transaction.atomic
def add_sink(
    name: str, *, url: str = "", secret: str = "", system: System | None = None, topic: str = ""
) -> Sink:
    """Tell a webhook, or a topic of a Kafka system, of every job that ends from now on."""
    sink = Sink.objects.create(name=name, url=url, system=system, topic=topic if system else "")
    if secret:
        sink.set_secret(secret)
        sink.save(update_fields=["secret"])
    record(events.SINK_ADDED, sink, where=sink.where)
    return sink


@transaction.atomic
def remove_sink(sink: Sink) -> None:
    """What was not sent to it yet goes with it."""
    record(events.SINK_REMOVED, sink)
    sink.delete()
