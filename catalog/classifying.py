"""Classify a file, a folder or a store that nobody registered: no database of the console is touched."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from catalog.classification.neighbours import TableColumn
from catalog.classification.verdict import Verdict
from catalog.classified import Classified
from catalog.connector_urls import checked, is_url, settings_for
from catalog.connectors.base import (
    Connector,
    ConnectorError,
    DataSetInfo,
    DataSetMissing,
    Unreachable,
)
from catalog.connectors.folder_paths import at_command_line
from catalog.connectors.opening import open_connector
from catalog.file_contents import database_kind
from catalog.judging import NO_VALUES, Voices, judge_columns
from catalog.local_files import LocalFiles
from catalog.scanning import SAMPLE_ROWS


@dataclass(frozen=True, slots=True)
class How:
    """How much is looked at and what may speak; the fields mean what they mean to `classify_table`."""

    rows: int = SAMPLE_ROWS
    seed: int = 0
    use_names: bool = True
    use_entities: bool = True
    regions: Sequence[str] = ()

    @property
    def voices(self) -> Voices:
        return Voices(self.use_names, self.use_entities, self.regions)


@contextmanager
def open_source(path_or_url: str, *, encoding: str = "") -> Iterator[Connector]:
    """The store at that path or address, to read from; `encoding` is that of CSV files. Raises ConnectorError."""
    with at_command_line(), open_path_or_url(path_or_url, encoding=encoding) as connector:
        yield connector


def classify_source(connector: Connector, how: How) -> Iterator[Classified]:
    """Every data set in the order of the store. Raises ConnectorError where the store as a whole fails."""
    for info in connector.discover():
        yield _classify(connector, info, how)


def open_path_or_url(path_or_url: str, *, encoding: str = "") -> Connector:
    """As `open_source`, for whoever has asked `folder_paths.require_allowed` about the path."""
    path = Path(path_or_url).expanduser()
    if is_url(path_or_url) and not path.exists():
        kind, settings = settings_for(path_or_url)
        return open_connector(kind, {**settings, **({"encoding": encoding} if encoding else {})})
    path = Path(os.path.abspath(path))
    try:
        kind = "" if path.is_dir() else database_kind(path)
    except FileNotFoundError:
        raise DataSetMissing(f"There is no file or folder {path}.", "Check the path.") from None
    except OSError as error:
        raise Unreachable(f"{path} cannot be read: {error.strerror}.") from None
    if kind:
        return open_connector(kind, checked(kind, {"path": str(path)}))
    return LocalFiles(path, encoding=encoding)


def _classify(connector: Connector, info: DataSetInfo, how: How) -> Classified:
    if info.problem:
        return Classified(info.name, problem=info.problem)
    try:
        sample = connector.sample(info.name, rows=how.rows, seed=how.seed)
    except ConnectorError as refused:
        if isinstance(refused, Unreachable):
            connector.check()  # the whole store, or one slow table?
        return Classified(info.name, problem=str(refused))
    values = {
        column.name: sample.column(column.name).drop_null()
        for column in info.columns
        if column.name in sample.column_names
    }
    verdicts = _judge(info, values, how)
    return Classified(info.name, verdicts, rows=len(sample), values=sum(map(len, values.values())))


def _judge(info: DataSetInfo, values: Mapping[str, pa.ChunkedArray], how: How) -> dict[str, Verdict]:
    """The columns of the data set together; after each, what is inside its JSON."""
    columns = [
        TableColumn(each.name, str(each.kind), values.get(each.name, NO_VALUES), each.unique)
        for each in info.columns
    ]
    return judge_columns(columns, data_set=info.name, voices=how.voices)[0]
