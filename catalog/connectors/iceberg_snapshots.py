"""New snapshots of an Iceberg table that forget what they replace.

PyIceberg, like other engines, writes each replaced file into a manifest of the new snapshot as deleted, with the
least and greatest values of its columns: an e-mail address would outlive its row there. Here such entries are written
without values, for writers that work on an older snapshot must see them to notice the conflict; and `without_traces`
takes all of them out, other writers' too, when the older snapshots go (Iceberg specification, "Manifests").
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from catalog.connectors import extras

LOWER_AND_UPPER_BOUNDS = (10, 11)  # places in PyIceberg's record of a data file


def replace_files(table: Any, *, removed: Sequence[Any], added: Sequence[Any]) -> None:
    """Commit a snapshot of the table with `added` data files in the place of `removed` ones.

    PyIceberg tries again where somebody else has committed meanwhile. Raises its CommitFailedException or
    ValidationException where that does not help: nothing is changed then.
    """
    transaction = table.transaction()
    operations = extras.load("pyiceberg.table.snapshots", extra="iceberg").Operation
    producer = _producer_class()(operation=operations.OVERWRITE, transaction=transaction, io=table.io)
    for file in removed:
        producer.delete_data_file(file)
    for file in added:
        producer.append_data_file(file)
    producer.commit()
    transaction.commit_transaction()


def replace_all(table: Any, *, added: Sequence[Any]) -> None:
    """Commit a snapshot that holds the `added` data files and nothing else; errors as above."""
    snapshot = table.current_snapshot()
    removed = [] if snapshot is None else [task.file for task in table.scan().plan_files()]
    replace_files(table, removed=removed, added=added)


def without_traces(table: Any) -> bool:
    """Commit a snapshot with the same files, none of whose manifests tells of deleted ones; whether it was needed."""
    snapshot = table.current_snapshot()
    if snapshot is None or not any(_tells(manifest) for manifest in snapshot.manifests(table.io)):
        return False
    transaction = table.transaction()
    operations = extras.load("pyiceberg.table.snapshots", extra="iceberg").Operation
    producer = _producer_class()(operation=operations.REPLACE, transaction=transaction, io=table.io)
    producer.commit()
    transaction.commit_transaction()
    return True


def _tells(manifest: Any) -> bool:
    """Of delete files only their addresses are known there."""
    manifests = extras.load("pyiceberg.manifest", extra="iceberg")
    deleted = manifest.deleted_files_count
    return manifest.content == manifests.ManifestContent.DATA and (deleted is None or deleted > 0)


def _forget_values(entry: Any) -> Any:
    for place in LOWER_AND_UPPER_BOUNDS:
        entry.data_file[place] = None
    return entry


@cache
def _producer_class() -> type[Any]:
    update = extras.load("pyiceberg.table.update.snapshot", extra="iceberg")
    manifests = extras.load("pyiceberg.manifest", extra="iceberg")
    snapshots = extras.load("pyiceberg.table.snapshots", extra="iceberg")
    validate = extras.load("pyiceberg.table.update.validate", extra="iceberg")
    status = manifests.ManifestEntryStatus

    class Forgetful(update._OverwriteFiles):  # type: ignore[name-defined]
        def _deleted_entries(self) -> list[Any]:
            return [_forget_values(entry) for entry in super()._deleted_entries()]

        def _validate_concurrency(self) -> None:
            """Rows that came meanwhile stay; only what was replaced must be as it was."""
            window = self._commit_window
            if window is None or window.is_empty() or window.head is None or not self._deleted_data_files:
                return
            table, files = self._transaction._table, self._deleted_data_files
            validate._validate_data_files_exist(table, window.head, files, window.base)
            validate._validate_no_new_deletes_for_data_files(table, window.head, None, files, window.base)

        def _manifests(self) -> list[Any]:
            every: list[Any] = list(self._added_data_files)  # type: ignore[has-type]
            spec_id = self._transaction.table_metadata.default_spec_id
            self._added_data_files = [file for file in every if file.spec_id == spec_id]
            written = super()._manifests()
            self._added_data_files = every
            for other in sorted({file.spec_id for file in every} - {spec_id}):
                with self.new_manifest_writer(self.spec(other)) as writer:
                    for file in every:
                        if file.spec_id == other:
                            writer.add(
                                manifests.ManifestEntry.from_args(
                                    status=status.ADDED, snapshot_id=self._snapshot_id, data_file=file,
                                    sequence_number=None, file_sequence_number=None,
                                )
                            )  # fmt: skip
                written.append(writer.to_manifest_file())
            return written

        def _existing_manifests(self) -> list[Any]:
            return [kept for each in super()._existing_manifests() for kept in self._without_deleted(each)]

        def _without_deleted(self, manifest: Any) -> list[Any]:
            own = manifest.added_snapshot_id == self._snapshot_id
            if own or not _tells(manifest):
                return [manifest]
            live = self.fetch_manifest_entry(manifest, discard_deleted=True)
            if not live:
                return []
            with self.new_manifest_writer(self.spec(manifest.partition_spec_id)) as writer:
                for entry in live:
                    entry.status = status.EXISTING
                    writer.add_entry(entry)
            return [writer.to_manifest_file()]

        def _summary(self, snapshot_properties: Any = None) -> Any:
            """The counts alone: partitions are not named, whatever the table wants of summaries."""
            metadata = self._transaction.table_metadata
            counts = snapshots.UpdateMetrics()
            for file in self._added_data_files:
                counts.add_file(file)
            for file in self._deleted_data_files:
                counts.remove_file(file)
            parent = metadata.snapshot_by_id(self._parent_snapshot_id) if self._parent_snapshot_id else None
            summary = snapshots.Summary(operation=snapshots.Operation.OVERWRITE, **counts.to_dict())
            totals = snapshots.update_snapshot_summaries(
                summary=summary, previous_summary=parent.summary if parent else None
            )
            return snapshots.Summary(operation=self._operation, **totals.additional_properties)

    return Forgetful
