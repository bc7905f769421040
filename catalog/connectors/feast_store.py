"""Feast: of each feature view the rows it is computed from, and the rows that models are served.

Both are changed: from the online store alone the next materialization would bring the rows back. The registry holds
definitions and no rows, and stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from catalog.connectors import reservoir
from catalog.connectors.base import (
    Capability,
    Connector,
    ConnectorError,
    DataSetInfo,
    DataSetMissing,
    Match,
    Operation,
    Replacement,
    Unsupported,
)
from catalog.connectors.feast_form import FeastForm
from catalog.connectors.feast_offline import OfflineRows
from catalog.connectors.feast_online import OnlineRows
from catalog.connectors.feast_repository import FeatureRepository
from catalog.connectors.matching import Matcher, as_text
from catalog.connectors.replacing import replace_values

SAMPLED_CHARACTERS = 4096
BATCH_ROWS = 100_000
ONLINE = " (online)"

Rows = OfflineRows | OnlineRows


class FeastConnector(Connector):
    kind = "feast"
    label = "Feast feature store"
    Form = FeastForm
    secret_fields = frozenset({"registry_password"})
    capabilities = frozenset({Capability.FIND, Capability.CHANGE})
    keys_per_change = 1_000_000  # each change rewrites whole files

    @property
    def repository(self) -> FeatureRepository:
        return FeatureRepository(self.settings)

    def check(self) -> str:
        repository = self.repository
        views = len(repository.feature_views())
        return f"Feast, {views} feature {'view' if views == 1 else 'views'} in project {repository.project}"

    def discover(self) -> Iterator[DataSetInfo]:
        repository = self.repository
        names = {}
        for view in repository.feature_views():
            names[view.name] = view
            if view.online:
                names[view.name + ONLINE] = view
        for name, view in sorted(names.items()):
            yield _describe(repository, view, name)

    def sample(self, data_set: str, *, rows: int, seed: int = 0) -> pa.Table:
        source = self._rows(data_set)
        schema = pa.schema([(name, pa.string()) for name in source.schema.names])
        batches = source.batches(schema.names, batch_rows=BATCH_ROWS, seed=seed)
        return reservoir.draw((_cut(batch, schema) for batch in batches), schema, rows=rows, seed=seed)

    def read(
        self, data_set: str, *, columns: Sequence[str] | None = None, batch_rows: int = 10_000
    ) -> Iterator[pa.RecordBatch]:
        source = self._rows(data_set)
        names = source.schema.names if columns is None else columns
        _require_columns(source, names)
        yield from source.batches(names, batch_rows=batch_rows)

    def find(self, data_set: str, matches: Sequence[Match], columns: Sequence[str]) -> pa.Table:
        source = self._rows(data_set)
        _require_columns(source, columns)
        asked = pa.schema([source.schema.field(name) for name in columns])
        hits = (batch.filter(mask).select(columns) for batch, mask in _hits(source, matches, columns))
        return pa.Table.from_batches((batch for batch in hits if len(batch)), asked)

    def count(self, data_set: str, matches: Sequence[Match] | None = None) -> int:
        source = self._rows(data_set)
        if matches is None:
            return source.count()
        return sum(pc.sum(mask).as_py() or 0 for _, mask in _hits(source, matches, ()))

    def rehearse(self, operations: Sequence[Operation]) -> list[int]:
        self.require_writable()
        counts = [0] * len(operations)
        for name in dict.fromkeys(operation.data_set for operation in operations):
            places = [place for place, operation in enumerate(operations) if operation.data_set == name]
            source = self._rows(name)
            wanted = [operations[place] for place in places]
            for operation in wanted:
                _require_columns(source, list(operation.replacements))
            source.require_changeable(wanted)
            for place, rows in zip(places, _rehearse(source, wanted), strict=True):
                counts[place] = rows
        return counts

    def delete(self, data_set: str, matches: Sequence[Match]) -> int:
        return self._change(Operation(data_set, matches))

    def overwrite(
        self, data_set: str, matches: Sequence[Match], replacements: Mapping[str, Replacement]
    ) -> int:
        if not replacements:
            raise ValueError(f"Nothing was said to write into {data_set}; that would mean to delete.")
        return self._change(Operation(data_set, matches, replacements))

    def settle(self, data_set: str) -> None:
        self.require_writable()
        self._rows(data_set).settle()

    def _change(self, operation: Operation) -> int:
        if self.rehearse([operation]) == [0]:
            return 0
        return self._rows(operation.data_set).change(operation)

    def _rows(self, data_set: str) -> Rows:
        repository = self.repository
        wanted = data_set.removesuffix(ONLINE)
        for view in repository.feature_views():
            if view.name == wanted and (view.online or data_set == wanted):
                return _rows_of(repository, view, data_set)
        raise DataSetMissing(
            f"There is no feature view {data_set} in the registry.", "Scan the system again."
        )


def _rows_of(repository: FeatureRepository, view: Any, data_set: str) -> Rows:
    if not data_set.endswith(ONLINE):
        uri = view.batch_source.file_options.uri
        if not uri:
            raise Unsupported(
                f"The source of {data_set} is not a Parquet file.", "Connect the store it is in as a system."
            )
        return OfflineRows(view, repository.path(uri), name=data_set)
    kind = repository.option("online_store", "type", "sqlite")
    if kind != "sqlite":
        raise Unsupported(
            f"The online store is of the type {kind[:40]}.",
            "Connect the server it uses as a system of its own.",
        )
    return OnlineRows(
        view,
        repository.path(repository.option("online_store", "path", "data/online.db")),
        table=f"{repository.project}_{view.name}",
        name=data_set,
        key_version=3,
    )


def _describe(repository: FeatureRepository, view: Any, name: str) -> DataSetInfo:
    kind = "online features" if name.endswith(ONLINE) else "offline features"
    try:
        rows = _rows_of(repository, view, name)
    except ConnectorError as error:
        return DataSetInfo(name, kind, problem=str(error))
    try:
        many, problem = rows.count(), ""
    except ConnectorError as error:
        many, problem = None, str(error)
    return DataSetInfo(name, kind, rows.columns(), rows.primary_key, row_estimate=many, problem=problem)


def _hits(
    source: Rows, matches: Sequence[Match], columns: Sequence[str]
) -> Iterator[tuple[pa.RecordBatch, pa.BooleanArray]]:
    _require_columns(source, [name for match in matches for name in match.columns])
    if matches:
        matcher = Matcher(matches, source.schema)
        names = list(dict.fromkeys([*columns, *matcher.columns]))
        for batch in source.batches(names, batch_rows=BATCH_ROWS, matches=matches):
            yield batch, matcher.mask(batch)


def _rehearse(source: Rows, operations: Sequence[Operation]) -> list[int]:
    """Each operation on what the ones before it would leave; how many rows each would touch."""
    matches = [match for operation in operations for match in operation.matches]
    _require_columns(source, [name for match in matches for name in match.columns])
    matchers = [Matcher(operation.matches, source.schema) for operation in operations]
    names = list(dict.fromkeys(name for match in matches for name in match.columns))
    counts = [0] * len(operations)
    for batch in source.batches(names, batch_rows=BATCH_ROWS, matches=matches) if names else ():
        for place, (operation, matcher) in enumerate(zip(operations, matchers, strict=True)):
            mask = matcher.mask(batch)
            hits = pc.sum(mask).as_py() or 0
            counts[place] += hits
            if hits and operation.replacements:
                batch = replace_values(
                    batch, mask, operation.replacements, schema=source.schema, file=source.name
                )
            elif hits:
                batch = batch.filter(pc.invert(mask))
    return counts


def _require_columns(source: Rows, names: Sequence[str]) -> None:
    for name in names:
        if name not in source.schema.names:
            raise DataSetMissing(f"{source.name} has no column {name!r}.", "Scan the system again.")


def _cut(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    texts = [pc.utf8_slice_codeunits(as_text(column), 0, SAMPLED_CHARACTERS) for column in batch.columns]
    return pa.RecordBatch.from_arrays(texts, schema=schema)
