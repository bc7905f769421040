"""Where anonymized data go: nothing of it is seen before all of it is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retention.anonymization.destinations.base import Destination, DestinationError
from retention.anonymization.destinations.bucket import BucketDestination
from retention.anonymization.destinations.file import FileDestination
from retention.anonymization.destinations.folder import FolderDestination
from retention.anonymization.destinations.table import TableDestination

KINDS: dict[str, type[Destination]] = {
    each.kind: each for each in (FileDestination, FolderDestination, BucketDestination, TableDestination)
}


def destination_of(spec: Mapping[str, Any], *, run: str, overwrite: bool) -> Destination:
    """The destination that a run's `spec` describes."""
    return KINDS[spec["kind"]](spec, run=run, overwrite=overwrite)


__all__ = ["Destination", "DestinationError", "destination_of"]
