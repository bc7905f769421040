"""Apache Iceberg: the tables of a REST or SQL catalog, in their current snapshot.

A change writes the files that hold the rows again (copy on write); `settle` then has older snapshots expire and
deletes every file that only they needed, so that the rows are gone from the storage too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from catalog.connectors import (
    iceberg_changing,
    iceberg_expiring,
    iceberg_lingering,
    iceberg_rehearsing,
    iceberg_settling,
    iceberg_versions,
    reservoir,
)
from catalog.connectors.base import (
    Capability,
    Connector,
    ConnectorError,
    DataSetInfo,
    DataSetMissing,
    Lingering,
    Match,
    Older,
    Operation,
    Replacement,
)
from catalog.connectors.iceberg_client import connect, explained
from catalog.connectors.iceberg_form import ORPHAN_DAYS, IcebergForm, local_path
from catalog.connectors.iceberg_pruning import prune
from catalog.connectors.iceberg_scan import TableScan
from catalog.connectors.iceberg_tables import describe
from catalog.connectors.matching import Matcher, as_text

SAMPLED_CHARACTERS = 4096
BATCH_ROWS = 100_000  # at most; batches are bounded in bytes too

Identifier = tuple[str, ...]


class IcebergConnector(Connector):
    kind = "iceberg"
    label = "Apache Iceberg"
    Form = IcebergForm
    secret_fields = frozenset({"password", "token", "credential", "secret_key"})
    search_inside = True
    capabilities = frozenset({Capability.FIND, Capability.CHANGE, Capability.EXPIRE, Capability.REFILL})
    keys_per_change = 1_000_000  # each change rewrites whole files

    def __init__(self, settings: Mapping[str, Any], *, writable: bool = False) -> None:
        super().__init__(settings, writable=writable)
        self._catalog: Any = None
        self._locations: dict[str, str] = {}  # of tables seen, for their names in lineage

    def close(self) -> None:
        if self._catalog is not None:
            self._catalog.close()
        self._catalog = None

    @property
    def catalog(self) -> Any:
        if self._catalog is None:
            with explained("the catalog"):
                self._catalog = connect(self.settings, writable=self.writable)
        return self._catalog

    def check(self) -> str:
        with explained("the catalog"):
            namespaces = list(self._namespaces())
            tables = sum(len(self.catalog.list_tables(namespace)) for namespace in namespaces)
        return f"Apache Iceberg, {_many(tables, 'table')} in {_many(len(namespaces), 'namespace')}"

    def discover(self) -> Iterator[DataSetInfo]:
        with explained("the catalog"):
            found = [table for each in self._namespaces() for table in self.catalog.list_tables(each)]
        for identifier in sorted(found, key=".".join):
            yield self._describe(identifier)

    def lineage_namespace(self) -> str:
        """Where the warehouse is: Iceberg tables are named by the folders that hold their files."""
        warehouse = self.settings.get("warehouse") or ""
        if "://" not in warehouse and local_path(warehouse) is None:
            warehouse = next(iter(self._locations.values()), "")
        return _place(warehouse)[0]

    def lineage_name(self, data_set: str) -> str:
        """The folder of the table; of one that was not discovered, the folder that it has by default."""
        usual = "/".join([self.settings.get("warehouse") or "", *data_set.rsplit(".", 1)])
        namespace, path = _place(self._locations.get(data_set, usual))
        return path if namespace == self.lineage_namespace() else data_set

    def sample(self, data_set: str, *, rows: int, seed: int = 0) -> pa.Table:
        with explained(data_set):
            scan = self._scan(data_set)
            schema = pa.schema([(name, pa.string()) for name in scan.schema.names])
            batches = (_cut(batch, schema) for batch in scan.sample(batch_rows=BATCH_ROWS, seed=seed))
            return reservoir.draw(batches, schema, rows=rows, seed=seed)

    def read(
        self, data_set: str, *, columns: Sequence[str] | None = None, batch_rows: int = 10_000
    ) -> Iterator[pa.RecordBatch]:
        with explained(data_set):
            yield from self._scan(data_set, columns).batches(batch_rows=batch_rows)

    def find(self, data_set: str, matches: Sequence[Match], columns: Sequence[str]) -> pa.Table:
        with explained(data_set):
            scan = self._scan(data_set, [*columns, *_compared(matches)], matches)
            asked = pa.schema([scan.schema.field(name) for name in columns])
            found = (batch.filter(mask).select(columns) for batch, mask in _hits(scan, matches))
            return pa.Table.from_batches((batch for batch in found if len(batch)), asked)

    def count(self, data_set: str, matches: Sequence[Match] | None = None) -> int:
        with explained(data_set):
            if matches is None:
                return self._scan(data_set, ()).count()
            scan = self._scan(data_set, _compared(matches), matches)
            return sum(pc.sum(mask).as_py() or 0 for _, mask in _hits(scan, matches))

    def rehearse(self, operations: Sequence[Operation]) -> list[int]:
        self.require_writable()
        counts = [0] * len(operations)
        for name in dict.fromkeys(operation.data_set for operation in operations):
            places = [place for place, operation in enumerate(operations) if operation.data_set == name]
            wanted = [operations[place] for place in places]
            with explained(name):
                table = self._table(name)
                found = iceberg_changing.rehearse(table, wanted, name=name)
                iceberg_rehearsing.require_changeable(table, name=name)
                iceberg_rehearsing.require_own_files(table, wanted, name=name)
                if not self.settings.get("drop_refs"):
                    iceberg_rehearsing.require_no_refs(table, wanted, name=name)
            for place, rows in zip(places, found, strict=True):
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
        with explained(data_set):
            table = self._table(data_set)
            iceberg_rehearsing.require_changeable(table, name=data_set)
            iceberg_settling.expire(table)
            table = self._table(data_set)
            left = iceberg_settling.sweep(table, shared=self._shares(table), days=self.orphan_days)
            iceberg_versions.purge(self.settings, table, left)

    def lingering(self, data_set: str, matches: Sequence[Match]) -> Lingering | None:
        with explained(data_set):
            table = self._table(data_set)
            shared = self._shares(table)
            found = iceberg_lingering.lingering(
                table, matches, name=data_set, days=self.orphan_days, shared=shared
            )
            return found or iceberg_versions.lingering(self.settings, table)

    def count_older(self, data_set: str, older: Older) -> int:
        with explained(data_set):
            return iceberg_expiring.count_older(self._table(data_set), older, name=data_set)

    def expire(self, data_set: str, older: Older, *, limit: int) -> int:
        self.require_writable()
        with explained(data_set):
            iceberg_rehearsing.require_changeable(self._table(data_set), name=data_set)
            return iceberg_expiring.expire(lambda: self._table(data_set), older, name=data_set, limit=limit)

    def refill(self, data_set: str, batches: Iterable[pa.RecordBatch]) -> int:
        self.require_writable()
        with explained(data_set):
            iceberg_rehearsing.require_changeable(self._table(data_set), name=data_set)
            return iceberg_changing.refill(lambda: self._table(data_set), batches, name=data_set)

    @property
    def orphan_days(self) -> int:
        found = self.settings.get("orphan_days")
        return ORPHAN_DAYS if found in (None, "") else int(found)

    def _change(self, operation: Operation) -> int:
        self.require_writable()
        with explained(operation.data_set):
            table = self._table(operation.data_set)
            iceberg_rehearsing.require_changeable(table, name=operation.data_set)
            iceberg_changing.require_columns(table, operation)
            if self.settings.get("drop_refs"):
                iceberg_rehearsing.drop_refs(table, [operation], name=operation.data_set)
            return iceberg_changing.change(lambda: self._table(operation.data_set), operation)

    def _shares(self, table: Any) -> bool:
        """Whether another table of the catalog has its files in the same folder."""
        live, past = iceberg_settling.known(table)
        unknown = (location for location, _ in iceberg_settling.strays(table, live | set(past)))
        if not iceberg_settling.of_another_table(table, unknown):
            return False
        location, own = table.location().rstrip("/"), table.name()
        others = (other for each in self._every_namespace() for other in self.catalog.list_tables(each))
        return any(
            self.catalog.load_table(other).location().rstrip("/") == location
            for other in others
            if other != own
        )

    def _every_namespace(self, parent: Identifier = ()) -> Iterator[Identifier]:
        for namespace in self.catalog.list_namespaces(parent):
            yield namespace
            yield from self._every_namespace(namespace)

    def _namespaces(self, parent: Identifier = ()) -> Iterator[Identifier]:
        wanted = [each.strip() for each in (self.settings.get("namespaces") or "").split(",") if each.strip()]
        for namespace in sorted(self.catalog.list_namespaces(parent)):
            if not wanted or any(fnmatchcase(".".join(namespace), each) for each in wanted):
                yield namespace
            yield from self._namespaces(namespace)

    def _describe(self, identifier: Identifier) -> DataSetInfo:
        name = ".".join(identifier)
        if self.catalog.identifier_to_tuple(name) != identifier:
            return DataSetInfo(name, "table", problem="Its name contains a dot. Rename it.")
        try:
            with explained(name):
                table = self.catalog.load_table(identifier)
                self._locations[name] = table.location()
                return describe(table, name=name)
        except ConnectorError as error:
            return DataSetInfo(name, "table", problem=str(error))

    def _table(self, data_set: str) -> Any:
        identifier = self.catalog.identifier_to_tuple(data_set)
        if len(identifier) < 2:
            raise DataSetMissing(f"{data_set} names no table in a namespace.", "Scan the system again.")
        return self.catalog.load_table(identifier)

    def _scan(
        self, data_set: str, columns: Sequence[str] | None = None, matches: Sequence[Match] | None = None
    ) -> TableScan:
        table = self._table(data_set)
        if columns is None:
            columns = [field.name for field in table.schema().fields]
        scan = TableScan(table, list(dict.fromkeys(columns)), name=data_set)
        if matches is not None:
            scan.row_filter = prune(matches, scan.schema)
        return scan


def _hits(scan: TableScan, matches: Sequence[Match]) -> Iterator[tuple[pa.RecordBatch, pa.BooleanArray]]:
    matcher = Matcher(matches, scan.schema)
    for batch in scan.batches(batch_rows=BATCH_ROWS):
        yield batch, matcher.mask(batch)


def _compared(matches: Sequence[Match]) -> list[str]:
    return [name for match in matches for name in match.columns]


def _place(location: str) -> tuple[str, str]:
    """A location as OpenLineage names files: the bucket or "file", and the path."""
    path = local_path(location)
    if path is not None:
        return "file", str(path)
    parts = urlsplit(location)
    return (f"s3://{parts.netloc}" if parts.netloc else ""), parts.path.strip("/")


def _cut(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    texts = [pc.utf8_slice_codeunits(as_text(column), 0, SAMPLED_CHARACTERS) for column in batch.columns]
    return pa.RecordBatch.from_arrays(texts, schema=schema)


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
