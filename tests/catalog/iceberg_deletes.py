"""Delete files for tests: PyIceberg reads them and writes none itself."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestWriterV2,
    write_manifest_list,
)
from pyiceberg.table.refs import SnapshotRefType
from pyiceberg.table.snapshots import Operation, Snapshot, Summary
from pyiceberg.table.update import AddSnapshotUpdate, SetSnapshotRefUpdate
from pyiceberg.typedef import Record


class DeletesWriter(ManifestWriterV2):
    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}


def add_deletes(
    table: Any, rows: pa.Table, content: DataFileContent, *, equality_ids: list[int] | None = None
) -> None:
    """Commit a snapshot to an unpartitioned table in which a delete file with `rows` takes rows away."""
    metadata, snapshot_id = table.metadata, table.metadata.new_snapshot_id()
    place = f"{table.location()}/metadata/{snapshot_id}"
    path, manifest_path, list_path = f"{place}-deletes.parquet", f"{place}-m0.avro", f"{place}-list.avro"
    with table.io.new_output(path).create() as file:
        pq.write_table(rows, file)
    deletes = DataFile.from_args(
        content=content,
        file_path=path,
        file_format=FileFormat.PARQUET,
        partition=Record(),
        record_count=len(rows),
        file_size_in_bytes=len(table.io.new_input(path)),
        equality_ids=equality_ids,
    )
    deletes.spec_id = 0
    output = table.io.new_output(manifest_path)
    with DeletesWriter(metadata.spec(), table.schema(), output, snapshot_id, "null") as writer:
        writer.add_entry(
            ManifestEntry.from_args(
                status=ManifestEntryStatus.ADDED,
                snapshot_id=snapshot_id,
                sequence_number=None,
                data_file=deletes,
            )
        )
    parent, number = table.current_snapshot(), metadata.next_sequence_number()
    output = table.io.new_output(list_path)
    with write_manifest_list(2, output, snapshot_id, parent.snapshot_id, number, "null") as listed:
        listed.add_manifests([*parent.manifests(table.io), writer.to_manifest_file()])
    kind = "equality" if content == DataFileContent.EQUALITY_DELETES else "position"
    said = {"total-records": parent.summary["total-records"], f"total-{kind}-deletes": str(len(rows))}
    snapshot = Snapshot(
        **{"snapshot-id": snapshot_id, "parent-snapshot-id": parent.snapshot_id, "sequence-number": number},
        **{"manifest-list": list_path, "schema-id": metadata.current_schema_id},
        summary=Summary(Operation.DELETE, **said),
    )
    reference = SetSnapshotRefUpdate(
        type=SnapshotRefType.BRANCH, **{"ref-name": "main", "snapshot-id": snapshot_id}
    )
    table.catalog.commit_table(table, (), (AddSnapshotUpdate(snapshot=snapshot), reference))
