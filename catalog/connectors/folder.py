"""A folder of CSV and Parquet files: each file is a data set, named by its path below the folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from django import forms

from catalog.connectors import reservoir
from catalog.connectors.base import (
    AccessDenied,
    Connector,
    ConnectorError,
    DataSetInfo,
    DataSetMissing,
    Match,
    Operation,
    Replacement,
    Unreachable,
)
from catalog.connectors.csv_file import CsvFile
from catalog.connectors.csv_records import is_line_encoding
from catalog.connectors.folder_paths import data_files, locate, require_allowed
from catalog.connectors.matching import Matcher, as_text
from catalog.connectors.parquet_file import ParquetFile
from catalog.connectors.rewriting import require_replaceable

SAMPLED_CHARACTERS = 4096
BATCH_ROWS = 100_000  # at most; batches are bounded in bytes too


class FolderForm(forms.Form):
    path = forms.CharField(
        help_text="An absolute path on the console's machine; links in it are not followed."
    )
    encoding = forms.CharField(
        initial="utf-8", required=False, help_text="Of the CSV files: utf-8, cp1252, iso-8859-1 and the like."
    )

    def clean_path(self) -> str:
        try:
            require_allowed(Path(self.cleaned_data["path"]))
        except AccessDenied as error:
            raise forms.ValidationError(str(error)) from None
        return self.cleaned_data["path"]

    def clean_encoding(self) -> str:
        encoding = self.cleaned_data["encoding"] or "utf-8"
        if not is_line_encoding(encoding):
            raise forms.ValidationError("This encoding is unknown, or does not keep commas as single bytes.")
        return encoding


class FolderConnector(Connector):
    kind = "folder"
    keys_per_change = 1_000_000  # each change rewrites whole files
    label = "Folder of CSV and Parquet files"
    Form = FolderForm

    @property
    def root(self) -> Path:
        """The folder; AccessDenied outside the allowed roots, Unreachable where it is not there."""
        path = require_allowed(Path(self.settings["path"]))
        if not _is_folder(path):
            raise Unreachable(f"There is no folder {path}.", "Check the path, and that its disk is mounted.")
        if not os.access(path, os.R_OK | os.X_OK):
            raise AccessDenied(f"No right to read {path}.", "Grant the console's user read access to it.")
        return path

    def check(self) -> str:
        files = len(data_files(self.root))
        return f"{files} {'file' if files == 1 else 'files'} in {self.root}"

    def discover(self) -> Iterator[DataSetInfo]:
        for name, problem in data_files(self.root):
            yield DataSetInfo(name, "file", problem=problem) if problem else self._describe(name)

    def sample(self, data_set: str, *, rows: int, seed: int = 0) -> pa.Table:
        with self._file(data_set) as file:
            schema = pa.schema([(name, pa.string()) for name in file.schema().names])
            batches = file.batches(schema.names, batch_rows=BATCH_ROWS, seed=seed)
            return reservoir.draw((_cut(batch, schema) for batch in batches), schema, rows=rows, seed=seed)

    def read(
        self, data_set: str, *, columns: Sequence[str] | None = None, batch_rows: int = 10_000
    ) -> Iterator[pa.RecordBatch]:
        with self._file(data_set) as file:
            schema = file.schema()
            names = schema.names if columns is None else columns
            _require_columns(data_set, schema, names)
            yield from file.batches(names, batch_rows=batch_rows)

    def find(self, data_set: str, matches: Sequence[Match], columns: Sequence[str]) -> pa.Table:
        with self._file(data_set) as file:
            schema = file.schema()
            _require_columns(data_set, schema, columns)
            asked = pa.schema([schema.field(name) for name in columns])
            found = (
                batch.filter(mask).select(columns) for batch, mask in _hits(file, data_set, matches, columns)
            )
            return pa.Table.from_batches((batch for batch in found if len(batch)), asked)

    def count(self, data_set: str, matches: Sequence[Match] | None = None) -> int:
        with self._file(data_set) as file:
            if matches is None:
                return file.count()
            return sum(_many(mask) for _, mask in _hits(file, data_set, matches, ()))

    def rehearse(self, operations: Sequence[Operation]) -> list[int]:
        self.require_writable()
        counts = [0] * len(operations)
        for name in dict.fromkeys(operation.data_set for operation in operations):
            places = [place for place, operation in enumerate(operations) if operation.data_set == name]
            with self._file(name) as file:
                require_replaceable(file.path)
                for place, many in zip(places, _rehearse(file, [operations[p] for p in places]), strict=True):
                    counts[place] = many
        return counts

    def delete(self, data_set: str, matches: Sequence[Match]) -> int:
        return self._rewrite(Operation(data_set, matches))

    def overwrite(
        self, data_set: str, matches: Sequence[Match], replacements: Mapping[str, Replacement]
    ) -> int:
        if not replacements:
            raise ValueError(f"Nothing was said to write into {data_set}; that would mean to delete.")
        return self._rewrite(Operation(data_set, matches, replacements))

    def _rewrite(self, operation: Operation) -> int:
        if self.rehearse([operation]) == [0]:
            return 0
        with self._file(operation.data_set) as file:
            return file.rewrite(operation.matches, operation.replacements)

    def _describe(self, name: str) -> DataSetInfo:
        try:
            with self._file(name) as file:
                columns, rows = file.describe()
        except ConnectorError as error:
            return DataSetInfo(name, "file", problem=str(error))
        return DataSetInfo(name, "file", columns, row_estimate=rows)

    @contextmanager
    def _file(self, name: str) -> Iterator[CsvFile | ParquetFile]:
        """The file of a data set; errors of the file system come out in our words."""
        path = locate(self.root, name)
        try:
            if path.suffix.lower() == ".parquet":
                yield ParquetFile(path, name=name)
            else:
                yield CsvFile(path, name=name, encoding=self.settings.get("encoding") or "utf-8")
        except FileNotFoundError:
            raise DataSetMissing(
                f"There is no file {name} in the folder.", "Scan the system again."
            ) from None
        except PermissionError:
            raise AccessDenied(f"No right to read {name}.", "Grant the console's user read access.") from None
        except OSError as error:
            raise Unreachable(f"{name} cannot be read: {error.strerror}.", "Check its disk.") from None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name longer than the file system knows
        return False


def _hits(
    file: CsvFile | ParquetFile, data_set: str, matches: Sequence[Match], columns: Sequence[str]
) -> Iterator[tuple[pa.RecordBatch, pa.BooleanArray]]:
    """Batches of `columns` and the compared ones, each with the mask of its matching rows."""
    schema = file.schema()
    _require_columns(data_set, schema, [name for match in matches for name in match.columns])
    if matches:
        matcher = Matcher(matches, schema)
        names = list(dict.fromkeys([*columns, *matcher.columns]))
        for batch in file.batches(names, batch_rows=BATCH_ROWS):
            yield batch, matcher.mask(batch)


def _rehearse(file: CsvFile | ParquetFile, operations: Sequence[Operation]) -> list[int]:
    """Each operation on what the ones before it would leave; how many rows each would touch."""
    schema = file.schema()
    matchers = []
    for operation in operations:
        compared = [name for match in operation.matches for name in match.columns]
        _require_columns(file.name, schema, [*compared, *operation.replacements])
        matchers.append(Matcher(operation.matches, schema))
    names = list(dict.fromkeys(name for matcher in matchers for name in matcher.columns))
    counts = [0] * len(operations)
    if not names:
        return counts
    for batch in file.batches(names, batch_rows=BATCH_ROWS):
        for place, (operation, matcher) in enumerate(zip(operations, matchers, strict=True)):
            mask = matcher.mask(batch)
            hits = _many(mask)
            counts[place] += hits
            if hits and operation.replacements:
                batch = file.replaced(batch, mask, operation.replacements)
            elif hits:
                batch = batch.filter(pc.invert(mask))
    return counts


def _require_columns(data_set: str, schema: pa.Schema, names: Sequence[str]) -> None:
    for name in names:
        if name not in schema.names:
            raise DataSetMissing(f"{data_set} has no column {name!r}.", "Scan the system again.")


def _cut(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    texts = [pc.utf8_slice_codeunits(as_text(column), 0, SAMPLED_CHARACTERS) for column in batch.columns]
    return pa.RecordBatch.from_arrays(texts, schema=schema)


def _many(mask: pa.BooleanArray) -> int:
    return pc.sum(mask).as_py() or 0
