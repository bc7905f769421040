"""What makes deleted rows of an Iceberg table really go: older snapshots expire, and their files are deleted.

The files of expired snapshots are found through the metadata files that the table's log names, and those go last:
whatever a crash leaves is found again the same way. Files below the table that neither the table nor its past knows
may be those of somebody who is writing just now; they go when they are old enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from catalog.connectors import extras
from catalog.connectors.base import ConnectorError
from catalog.connectors.iceberg_snapshots import without_traces
from catalog.connectors.iceberg_writing import data_path, metadata_path

ROUNDS = 8
METADATA = ".metadata.json"


class Files:
    """Addresses of a table's files, in the order in which they may be deleted: what names others comes after them."""

    def __init__(self) -> None:
        self.data: dict[str, None] = {}
        self.manifests: dict[str, None] = {}
        self.lists: dict[str, None] = {}
        self.metadata: dict[str, None] = {}

    def __iter__(self) -> Iterator[str]:
        for kind in (self.data, self.manifests, self.lists, self.metadata):
            yield from kind

    def add(self, metadata: Any, read: Callable[[Callable[[], list[Any]]], list[Any]], io: Any) -> None:
        """All that a table's metadata leads to; `read` says what a file that is not there means."""
        for found in (*metadata.statistics, *metadata.partition_statistics):
            self.data[found.statistics_path] = None
        for snapshot in metadata.snapshots:
            if snapshot.manifest_list in self.lists:
                continue
            for manifest in read(partial(snapshot.manifests, io)):
                if manifest.manifest_path not in self.manifests:
                    entries = read(partial(manifest.fetch_manifest_entry, io, discard_deleted=True))
                    self.data.update((entry.data_file.file_path, None) for entry in entries)
                    self.manifests[manifest.manifest_path] = None
            self.lists[snapshot.manifest_list] = None


def expire(table: Any) -> None:
    """Forget every snapshot but the current one and those that branches and tags name.

    ConnectorError where somebody else commits again and again.
    """
    exceptions = extras.load("pyiceberg.exceptions", extra="iceberg")
    for _ in range(ROUNDS):
        try:
            without_traces(table)
            kept = {ref.snapshot_id for ref in table.metadata.refs.values()}
            gone = [each.snapshot_id for each in table.metadata.snapshots if each.snapshot_id not in kept]
            if gone:
                table.maintenance.expire_snapshots().by_ids(gone).commit()
            return
        except (exceptions.CommitFailedException, exceptions.ValidationException, ValueError):
            table.refresh()  # somebody else has committed, or has expired the same snapshots
    raise ConnectorError(
        f"{'.'.join(table.name())} was changed by another program each time its snapshots were expired.",
        "Stop what writes to it, then go on.",
    )


def sweep(table: Any, *, shared: bool, days: int) -> list[str]:
    """Delete the files that only expired snapshots need, and unknown ones older than `days`; which are left.

    `shared` says that another table has files in the same folder: then unknown ones are left alone.
    """
    live, past = known(table)
    for location in past:
        if location not in live and table.io.owns(location):
            _delete(table.io, location)
    left = []
    for location, found in strays(table, live):
        old = found.mtime is not None and datetime.now(UTC) - found.mtime >= timedelta(days=days)
        if old and not shared:
            _delete(table.io, location)
        else:
            left.append(location)
    table.io.remove_empty_folders(table.location())
    return left


def known(table: Any) -> tuple[set[str], Files]:
    """The files that the table needs, and all those that the metadata files in its log lead to."""
    metadata, io = table.metadata, table.io
    live, past = Files(), Files()
    live.add(metadata, _all_there, io)
    live.metadata[table.metadata_location] = None
    for entry in metadata.metadata_log:
        if entry.metadata_file not in live.metadata:
            found = read_metadata(io, entry.metadata_file)
            if found is not None:
                past.add(found, _if_there, io)
            past.metadata[entry.metadata_file] = None
    return set(live), past


def strays(table: Any, live: set[str]) -> Iterator[tuple[str, Any]]:
    """Files in the table's own folders for data and metadata that the table does not need, with what is known."""
    own = table.location().rstrip("/") + "/"
    for path in (data_path(table), metadata_path(table)):
        if path.startswith(own):
            spelled = {_plain(each) for each in live}
            yield from (
                (location, found)
                for location, found in table.io.below(path)
                if _plain(location) not in spelled
            )


def of_another_table(table: Any, locations: Iterable[str]) -> bool:
    """Whether any of these files is the metadata of another table: one that was dropped, or one that shares."""
    for location in locations:
        if location.endswith(METADATA):
            found = read_metadata(table.io, location)
            if found is not None and found.table_uuid != table.metadata.table_uuid:
                return True
    return False


def read_metadata(io: Any, location: str) -> Any | None:
    """A metadata file of a table; None where it is gone."""
    serializers = extras.load("pyiceberg.serializers", extra="iceberg")
    try:
        return serializers.FromInputFile.table_metadata(io.new_input(location))
    except FileNotFoundError:
        return None


def _all_there(load: Callable[[], list[Any]]) -> list[Any]:
    """A current file that is missing is an error: what it names would be taken for something nobody needs."""
    return load()


def _if_there(load: Callable[[], list[Any]]) -> list[Any]:
    """Of a past file that is gone, what it led to is gone too: that was deleted first."""
    try:
        return load()
    except FileNotFoundError:
        return []


def _delete(io: Any, location: str) -> None:
    with suppress(FileNotFoundError):
        io.delete(location)


def _plain(location: str) -> str:
    """Addresses of one file, spelled s3:// and s3a:// or with and without file://, as one."""
    scheme, found, path = location.partition("://")
    if not found:
        return location
    return path if scheme == "file" else f"s3://{path}"
