"""What stands in the way of changing an Iceberg table, found before anything is written."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import text

from catalog.connectors import extras
from catalog.connectors.base import AccessDenied, ConstraintInTheWay, Operation, Unsupported
from catalog.connectors.iceberg_changing import compared, holding
from catalog.connectors.iceberg_writing import LOCATION_PROVIDER, metadata_path

WRITTEN_VERSIONS = (1, 2)
DELETED_ROWS = 2147483544  # the reserved field in which a position delete file may keep the row itself
RIGHT = text(
    "UPDATE iceberg_tables SET metadata_location = metadata_location "
    "WHERE catalog_name = :catalog AND metadata_location = :location"
)


def require_changeable(table: Any, *, name: str) -> None:
    """ConnectorError for a table that cannot be changed here, or whose old files would stay. Leaves no trace."""
    properties = table.metadata.properties
    if table.metadata.format_version not in WRITTEN_VERSIONS:
        raise Unsupported(
            f"{name} is a table of format version {table.metadata.format_version}, which is only read here.",
            "Delete the rows with the engine that writes it, and expire its snapshots; then search again.",
        )
    if LOCATION_PROVIDER in properties:
        raise Unsupported(
            f"{name} wants a class of its own to say where files go ({LOCATION_PROVIDER}).",
            "Remove this property from the table.",
        )
    if str(properties.get("gc.enabled", "true")).lower() == "false":
        raise Unsupported(
            f"{name} has gc.enabled = false: its old files belong to somebody else and would stay.",
            "Set gc.enabled to true if the table's files are its own.",
        )
    if not table.io.owns(f"{table.location().rstrip('/')}/metadata/x"):
        raise AccessDenied(
            f"{name} is not in the warehouse.", "Set the warehouse of this system to the place that holds it."
        )
    _require_rights(table, name=name)


def require_own_files(table: Any, operations: Sequence[Operation], *, name: str) -> None:
    """ConnectorError where a file with the rows could not be replaced, or where they stay in a delete file."""
    for task in compared(table, operations, name=name).tasks():
        if task.file.key_metadata is not None:
            raise Unsupported(
                f"{name} has encrypted data files.", "Delete the rows with the engine that writes it."
            )
        if not table.io.owns(task.file.file_path):
            raise AccessDenied(
                f"{name} has data files outside the warehouse, which would stay.",
                "Have the engine that writes it rewrite them (rewrite_data_files), then search again.",
            )
        if any(DELETED_ROWS in (file.value_counts or {}) for file in task.delete_files):
            raise Unsupported(
                f"{name} has delete files that keep the rows they delete.",
                "Compact it with the engine that writes it (rewrite_data_files), then search again.",
            )


def refs_holding(table: Any, operations: Sequence[Operation], *, name: str) -> Iterator[tuple[str, str, int]]:
    """The branches and tags beside the main branch that still hold the rows: (name, kind, rows)."""
    current = table.current_snapshot()
    for ref, found in table.metadata.refs.items():
        if ref == "main" or (current and found.snapshot_id == current.snapshot_id):
            continue
        rows = holding(table, operations, name=name, snapshot_id=found.snapshot_id)
        if rows:
            yield ref, found.snapshot_ref_type.value, rows


def require_no_refs(table: Any, operations: Sequence[Operation], *, name: str) -> None:
    """ConstraintInTheWay names a branch or tag that would keep the rows."""
    for ref, kind, rows in refs_holding(table, operations, name=name):
        raise ConstraintInTheWay(
            f"{name} has a {kind} named {ref} that holds {rows} of the rows, and would keep them.",
            f"Have the {kind} removed, or allow it in the settings of this system.",
        )


def drop_refs(table: Any, operations: Sequence[Operation], *, name: str) -> None:
    """Remove the branches and tags that hold the rows, where the settings allow it."""
    for ref, kind, _ in list(refs_holding(table, operations, name=name)):
        changes = table.manage_snapshots()
        (changes.remove_branch if kind == "branch" else changes.remove_tag)(ref).commit()


def _require_rights(table: Any, *, name: str) -> None:
    probe = f"{metadata_path(table)}/.{uuid.uuid4()}.probe"
    denied = AccessDenied(
        f"No right to write or delete the files of {name}.",
        "Grant the console's keys or user the right to write and delete in the warehouse.",
    )
    try:
        with table.io.new_output(probe).create():
            pass
        table.io.delete(probe)
    except PermissionError:
        raise denied from None
    except OSError as error:
        if "ACCESS_DENIED" in str(error) or "HTTP status 403" in str(error):
            raise denied from None
        raise
    _require_catalog_rights(table)


def _require_catalog_rights(table: Any) -> None:
    """For SQL catalogs; a REST catalog says it when its turn comes, before anything is deleted."""
    sql = extras.load("pyiceberg.catalog.sql", extra="iceberg")
    if isinstance(table.catalog, sql.SqlCatalog):
        with table.catalog.engine.connect() as connection:
            connection.execute(RIGHT, {"catalog": table.catalog.name, "location": table.metadata_location})
            connection.rollback()
