"""Classify a file, a folder or a store that nobody registered: no database of the console is touched."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa

from catalog.classification.neighbours import TableColumn, classify_table
from catalog.classification.verdict import Evidence, Verdict
from catalog.classification.vocabulary import CATEGORIES
from catalog.connector_urls import is_url, settings_for
from catalog.connectors.base import (
    ColumnInfo,
    Connector,
    ConnectorError,
    DataSetInfo,
    DataSetMissing,
    Unreachable,
)
from catalog.connectors.folder_paths import at_command_line
from catalog.connectors.opening import open_connector
from catalog.file_contents import database_kind
from catalog.judging import MAY_HOLD_JSON
from catalog.local_files import LocalFiles
from catalog.models import Column
from catalog.nesting import containing, nested_name, unfold, words_of
from catalog.registering import clean_settings
from catalog.scanning import SAMPLE_ROWS

UNKNOWN = "unknown"  # the sensitivity of a column without a finding: it counts as personal until reviewed


@dataclass(frozen=True, slots=True)
class How:
    """How much is looked at and what may speak; the fields mean what they mean to `classify_table`."""

    rows: int = SAMPLE_ROWS
    seed: int = 0
    use_names: bool = True
    use_entities: bool = True
    regions: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Classified:
    """One data set: its verdicts by column, or the `problem` why there are none; `values` were looked at."""

    name: str
    columns: Mapping[str, Verdict] = field(default_factory=dict)
    rows: int = 0
    values: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Exposed:
    """A column that is of a sensitivity, or (`contained`) has it inside its values."""

    column: str
    category: str
    sensitivity: str
    confidence: float
    contained: bool = False


@contextmanager
def open_source(path_or_url: str, *, encoding: str = "") -> Iterator[Connector]:
    """The store at that path or address, to read from; `encoding` is that of CSV files. Raises ConnectorError."""
    with at_command_line(), _connector(path_or_url, encoding=encoding) as connector:
        yield connector


def classify_source(connector: Connector, how: How) -> Iterator[Classified]:
    """Every data set in the order of the store. Raises ConnectorError where the store as a whole fails."""
    for info in connector.discover():
        yield _classify(connector, info, how)


def exposed(
    verdicts: Mapping[str, Verdict], sensitivities: Iterable[str], *, at_least: float
) -> Iterator[Exposed]:
    """The columns that are of one of `sensitivities`, or contain it, with that confidence; `unknown` needs none."""
    wanted = set(sensitivities)
    for name, verdict in verdicts.items():
        best = verdict.best
        if best is None and UNKNOWN in wanted:
            yield Exposed(name, "", UNKNOWN, 0.0)
        if best and best.sensitivity in wanted and best.confidence >= at_least:
            yield Exposed(name, best.category, best.sensitivity, best.confidence)
        for category, confidence in _contained(verdict).items():
            sensitivity = CATEGORIES[category].sensitivity
            if sensitivity in wanted and confidence >= at_least:
                yield Exposed(name, category, sensitivity, confidence, contained=True)


def as_json(classified: Classified) -> dict[str, Any]:
    """The columns of one data set as documented in docs/classifying.md; its problem where there is one."""
    if classified.problem:
        return {"problem": classified.problem}
    return {name: _column(verdict) for name, verdict in classified.columns.items()}


def _column(verdict: Verdict) -> dict[str, Any]:
    best = verdict.best
    heard = [item for finding in verdict.findings for item in finding.evidence]
    return {
        "category": best.category if best else None,
        "sensitivity": str(best.sensitivity) if best else UNKNOWN,
        "confidence": best.confidence if best else 0.0,
        "contains": list(verdict.contains),
        "evidence": [_evidence(item) for item in dict.fromkeys((*heard, *verdict.contained))],
    }


def _evidence(item: Evidence) -> dict[str, Any]:
    return {name: getattr(item, name) for name in Evidence.__dataclass_fields__}


def _contained(verdict: Verdict) -> dict[str, float]:
    """What the values contain, each with the confidence of its strongest sign."""
    found = dict.fromkeys(verdict.contains, 0.0)
    for item in verdict.contained:
        if item.category in found:
            found[item.category] = max(found[item.category], item.weight)
    return found


def _connector(path_or_url: str, *, encoding: str) -> Connector:
    path = Path(path_or_url).expanduser()
    if is_url(path_or_url) and not path.exists():
        kind, settings = settings_for(path_or_url)
        return open_connector(kind, settings)
    path = Path(os.path.abspath(path))
    try:
        kind = "" if path.is_dir() else database_kind(path)
    except FileNotFoundError:
        raise DataSetMissing(f"There is no file or folder {path}.", "Check the path.") from None
    except OSError as error:
        raise Unreachable(f"{path} cannot be read: {error.strerror}.") from None
    if kind:
        return open_connector(kind, clean_settings(kind, {"path": str(path)}))
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
    columns = [_of_store(column, values) for column in info.columns]
    outer = _together(columns, table=info.name, how=how)
    verdicts: dict[str, Verdict] = {}
    for column in columns:
        verdicts[column.name] = outer[column.name]
        if column.kind not in MAY_HOLD_JSON:
            continue
        for name, verdict in _inside(column, how, table=info.name).items():
            if name not in outer and name not in verdicts:
                verdicts[name] = verdict
                verdicts[column.name] = containing(verdicts[column.name], verdict, at=name)
    return verdicts


def _of_store(column: ColumnInfo, values: Mapping[str, pa.ChunkedArray]) -> TableColumn:
    seen = {"values": values[column.name]} if column.name in values else {}
    return TableColumn(column.name, str(column.kind), unique=column.unique, **seen)


def _inside(column: TableColumn, how: How, *, table: str) -> dict[str, Verdict]:
    """What is at each path of a column of JSON, judged together with what is in the same object."""
    objects: dict[tuple[str, int], dict[str, TableColumn]] = {}
    tables: dict[tuple[str, int], str] = {}
    places: dict[str, tuple[tuple[str, int], str]] = {}
    for path, found in unfold(column.values).items():
        name = nested_name(column.name, path)
        key, above = words_of(Column(name=name))
        around = name.rpartition(".")[0]
        # `tags` and `tags[]` go by the same word: they are no neighbours of each other.
        place = next((around, n) for n in count() if key not in objects.get((around, n), ()))
        objects.setdefault(place, {})[key] = TableColumn(key, str(found.kind), found.array)
        places[name], tables[place] = (place, key), above or table
    judged = {
        place: _together(list(columns.values()), table=tables[place], how=how)
        for place, columns in objects.items()
    }
    return {name: judged[place][key] for name, (place, key) in places.items()}


def _together(columns: Sequence[TableColumn], *, table: str, how: How) -> dict[str, Verdict]:
    return classify_table(
        columns,
        table=table,
        use_names=how.use_names,
        use_entities=how.use_entities,
        regions=how.regions,
    )
