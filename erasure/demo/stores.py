"""The systems of the estate in the catalog: registered once, and followed where an embedded server has moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from catalog import registering
from catalog.connectors import registry
from catalog.connectors.base import ConnectorError
from catalog.models import System
from erasure.demo import cast

REGION = "EU"  # all of it lies with the company; what leaves the Union is said in its activities, and in the lineage


@dataclass(frozen=True)
class Store:
    """A system as the estate wants it registered; `settings` are those of its connector."""

    name: str
    kind: str
    settings: Mapping[str, Any]


def register(store: Store) -> None:
    """Add it as the engineer, unless there is one of its name. Raises ValidationError or ConnectorError."""
    if System.objects.filter(name=store.name).exists():
        return
    with cast.acting_as("emil"):
        registering.add(
            name=store.name,
            kind=store.kind,
            settings=store.settings,
            region=REGION,
            custodian=cast.custodian(),
        )


def follow(store: Store) -> bool:
    """Give its system the settings of now, where they have changed. Whether the store answers under them."""
    system = System.objects.filter(name=store.name, kind=store.kind).first()
    if system is None or not _has_moved(system, store):
        return True
    try:
        with cast.acting_as("emil"):
            registering.change(
                system,
                name=system.name,
                settings={**system.settings, **store.settings},
                region=system.region,
                custodian=system.custodian,
                nightly=system.nightly,
            )
    except (ConnectorError, ValidationError):
        return False  # the console works without its demo, and shows the problem at the next scan
    return True


def _has_moved(system: System, store: Store) -> bool:
    secret = registry.get(store.kind).secret_fields
    return any(
        value != system.settings.get(name) for name, value in store.settings.items() if name not in secret
    )
