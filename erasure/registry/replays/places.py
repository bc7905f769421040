"""Where a restored copy lies: in the place of its system, or at another address with the same structure."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from catalog.connectors import registry
from catalog.connectors.base import Capability, ConnectorError
from catalog.connectors.opening import open_connector
from catalog.models import System
from catalog.registering import clean_settings, with_kept_secrets
from erasure.registry.models import Replay


def place_of(replay: Replay) -> System:
    """The system as it connects to the copy: the same row of the catalog, never saved with these settings."""
    place = System.objects.get(pk=replay.system_id)
    if replay.settings is not None:
        place.settings, place.secrets = replay.settings, replay.secrets
    return place


def lay_elsewhere(replay: Replay, settings: Mapping[str, Any]) -> None:
    """Give the copy an address: the system's settings, with these in their place.

    A secret of the system is never sent to another host than it was entered for. Raises ValidationError by setting,
    and where no store answers there.
    """
    system = System.objects.get(pk=replay.system_id)
    cleaned = clean_settings(system.kind, {**system.settings, **settings})
    cleaned = with_kept_secrets(system, cleaned)
    try:
        with open_connector(system.kind, cleaned) as connector:
            connector.check()
    except ConnectorError as problem:
        raise ValidationError(f"The copy does not answer. {problem}") from problem
    system.set_settings(cleaned)
    replay.settings, replay.secrets = system.settings, system.secrets


def require_searchable(system: System) -> None:
    """Raises ValidationError for a system in which nobody can be looked for."""
    if not system.connectable or Capability.FIND not in registry.get(system.kind).capabilities:
        raise ValidationError({"system": f"The console cannot look for persons in {system}."})
