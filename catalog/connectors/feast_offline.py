"""The rows behind a feature view: the Parquet file, or folder of such files, that it is computed from."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from catalog.connectors.base import (
    AccessDenied,
    ColumnInfo,
    Malformed,
    Match,
    Operation,
    Unreachable,
)
from catalog.connectors.file_places import LocalPlace
from catalog.connectors.folder_paths import require_allowed
from catalog.connectors.parquet_file import SAMPLED_GROUPS, ParquetFile
from catalog.connectors.parquet_layout import kind_of

NO_ENTITY = "__dummy_id"  # the key that Feast gives to views without entities; no source has it


class OfflineRows:
    """`view` is the specification of a feature view, `path` its source; `name` is what messages call it."""

    def __init__(self, view: Any, path: Path, *, name: str) -> None:
        self.name, self._path = name, path
        self._source = view.batch_source
        keys = [each.name for each in view.entity_columns if each.name != NO_ENTITY]
        self.primary_key: tuple[str, ...] = ()  # an entity has a row for each event
        self._names = [*keys, *(each.name for each in view.features), self._source.timestamp_field]
        written = {feature: column for column, feature in self._source.field_mapping.items()}
        self._columns = {name: written.get(name, name) for name in dict.fromkeys(self._names) if name}
        with self._explained():
            self._files = [ParquetFile(LocalPlace(each), name=name) for each in self._paths()]
            self.schema = self._read_schema()

    def columns(self) -> tuple[ColumnInfo, ...]:
        return tuple(
            ColumnInfo(field.name, place, str(field.type), kind_of(field.type), field.nullable)
            for place, field in enumerate(self.schema, start=1)
        )

    def count(self) -> int:
        with self._explained():
            return sum(file.count() for file in self._files)

    def batches(
        self,
        columns: Sequence[str],
        *,
        batch_rows: int,
        seed: int | None = None,
        matches: Sequence[Match] = (),
    ) -> Iterator[pa.RecordBatch]:
        """All rows, whatever `matches`; with `seed`, for a sample, those of row groups chosen by it."""
        schema = pa.schema([self.schema.field(name) for name in columns])
        files = self._files
        if seed is not None and len(files) > SAMPLED_GROUPS:
            chosen = random.Random(seed).sample(range(len(files)), SAMPLED_GROUPS)  # noqa: S311
            files = [files[place] for place in sorted(chosen)]
        with self._explained():
            for file in files:
                written = [self._columns[name] for name in columns]
                for batch in file.batches(written, batch_rows=batch_rows, seed=seed):
                    arrays = [
                        batch[name].cast(field.type) for name, field in zip(written, schema, strict=True)
                    ]
                    yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def require_changeable(self, operations: Sequence[Operation]) -> None:
        """ConnectorError where a file could not be put in the place of an old one."""
        with self._explained():
            for file in self._files:
                file.place.require_replaceable()

    def change(self, operation: Operation) -> int:
        """Write each file again that holds the rows; how many rows. Each file is replaced as one."""
        matches = [
            Match(match.keys.rename_columns([self._columns[name] for name in match.columns]), match.fold)
            for match in operation.matches
        ]
        replacements = {self._columns[name]: value for name, value in operation.replacements.items()}
        with self._explained():
            return sum(file.rewrite(matches, replacements) for file in self._files)

    def settle(self) -> None:
        """Nothing is left of the old files."""

    def _paths(self) -> list[Path]:
        if not self._path.is_dir():
            return [self._path]
        found = sorted(self._path.rglob("*.parquet"))
        return [each for each in found if require_allowed(each).is_file() and not each.is_symlink()]

    def _read_schema(self) -> pa.Schema:
        if not self._files:
            raise Unreachable(
                f"The folder of {self.name} has no Parquet files.", "Check the path of its source."
            )
        known = self._files[0].schema()
        missing = [column for column in self._columns.values() if column not in known.names]
        if missing:
            raise Malformed(f"The source of {self.name} has no column {missing[0]!r}.", "Correct the view.")
        return pa.schema([known.field(column).with_name(name) for name, column in self._columns.items()])

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise Unreachable(
                f"The source of {self.name} is not there.", "Check the path of its source."
            ) from None
        except PermissionError:
            raise AccessDenied(f"No right to read the source of {self.name}.", "Grant read access.") from None
        except (KeyError, pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise Malformed(
                f"The files of {self.name} do not have the same columns.", "Write them again with one schema."
            ) from None
