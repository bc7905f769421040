"""Totals that stay when the rows go: counted in batches, without the groups that are too small to hide anybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.core.exceptions import ValidationError

from catalog.connectors.base import Connector, Older
from catalog.models import DataSet
from erasure.expiry.ageing import older_rows
from retention.anonymization.destinations import Destination, DestinationError, destination_of
from retention.anonymization.destinations.base import Delivered, Staged
from retention.anonymization.destinations.parsing import in_outlet
from retention.anonymization.models import Outlet

FUNCTIONS = ("sum", "min", "max", "mean")  # beside the number of rows, which is always there
PERIODS = ("day", "month", "year")
SMALLEST_GROUP = 5
COUNT = "rows"
# How partial results of a function come together to the whole.
TOGETHER = {"count_all": "sum", "sum": "sum", "min": "min", "max": "max"}


@dataclass(frozen=True, slots=True)
class Totals:
    """What is aggregated: by which columns, or a period of the age column (`period`), and which figures."""

    group_by: tuple[str, ...]
    period: str
    figures: tuple[tuple[str, str], ...]  # (column, function)
    smallest: int
    outlet: int
    name: str

    @classmethod
    def of(cls, data_set: DataSet, stored: Mapping[str, Any]) -> "Totals":
        """As kept in the terms of a data set. Raises ValidationError where it names what is not there."""
        if not stored:
            raise ValidationError(f"Nobody has said what of {data_set} is kept as totals.")
        totals = cls(
            group_by=tuple(stored.get("group_by", ())),
            period=stored.get("period", ""),
            figures=tuple((each["column"], each["function"]) for each in stored.get("figures", ())),
            smallest=int(stored.get("smallest", SMALLEST_GROUP)),
            outlet=int(stored.get("outlet", 0)),
            name=str(stored.get("name", "")),
        )
        columns = set(data_set.columns.filter(gone_at=None, nested_in=None).values_list("name", flat=True))
        missing = {*totals.group_by, *(column for column, _ in totals.figures)} - columns
        if missing:
            raise ValidationError(f"{data_set} has no column {', '.join(sorted(missing))}.")
        if not (totals.group_by or totals.period):
            raise ValidationError("Totals need something to count by: columns, or a period.")
        if totals.period and totals.period not in PERIODS:
            raise ValidationError(f"A period is one of {', '.join(PERIODS)}.")
        unknown = {function for _, function in totals.figures} - set(FUNCTIONS)
        if unknown:
            raise ValidationError(f"There is no figure {', '.join(sorted(unknown))}: {', '.join(FUNCTIONS)}.")
        if not Outlet.objects.filter(pk=totals.outlet).exists():
            raise ValidationError("Choose where the totals go: a system that jobs may deliver to.")
        return totals


def add_up(
    connector: Connector, data_set: DataSet, older: Older, totals: Totals
) -> tuple[pa.Table, int, int]:
    """The totals of the rows that are older, how many rows they stand for, and how many groups were too small."""
    asked = [*totals.group_by, *(column for column, _ in totals.figures)]
    partial: pa.Table | None = None
    rows = 0
    for batch in older_rows(connector, data_set.name, older, asked, batch_rows=100_000):
        rows += batch.num_rows
        counted = _count(_grouped(pa.Table.from_batches([batch]), older, totals), totals)
        partial = counted if partial is None else _join(pa.concat_tables([partial, counted]), totals)
    if partial is None:
        return pa.table({COUNT: pa.array([], pa.int64())}), 0, 0
    kept = partial.filter(pc.greater_equal(partial.column("count_all"), totals.smallest))
    return _named(kept, totals), rows, partial.num_rows - kept.num_rows


def deliver(table: pa.Table, totals: Totals, *, run: str, suffix: str) -> Delivered:
    """Put the totals where they are kept, whole; the same run delivers once. Raises DestinationError, OSError."""
    destination = _destination(totals, run=run, suffix=suffix)
    destination.check({})
    destination.check_schema(table.schema)
    staging = destination.staging()
    staging.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = Path(staging) / "totals.parquet"
    pq.write_table(table, part)
    delivered = destination.deliver(Staged([part], table.schema, table.num_rows))
    destination.discard()
    return delivered


def _destination(totals: Totals, *, run: str, suffix: str) -> Destination:
    outlet = Outlet.objects.select_related("system").filter(pk=totals.outlet).first()
    if outlet is None:
        raise DestinationError("Jobs may not deliver there any more.", "Choose where the totals go.")
    table = outlet.system.kind == "postgresql"
    name = f"{totals.name}_{suffix.replace('-', '_')}" if table else f"{totals.name}-{suffix}.parquet"
    return destination_of(in_outlet(outlet, name), run=run, overwrite=False)


def _grouped(table: pa.Table, older: Older, totals: Totals) -> pa.Table:
    if not totals.period:
        return table
    starts = pc.floor_temporal(table.column(older.column), unit=totals.period)
    return table.append_column(_period_name(totals), starts.cast(pa.date32()))


def _keys(totals: Totals) -> list[str]:
    return [*totals.group_by, *([_period_name(totals)] if totals.period else [])]


def _period_name(totals: Totals) -> str:
    return f"{totals.period}_from"


def _parts(totals: Totals) -> list[tuple[str, str]]:
    """What is counted in each batch: a mean is a sum and the number of values behind it."""
    parts = []
    for column, function in totals.figures:
        parts += [(column, "sum"), (column, "count")] if function == "mean" else [(column, function)]
    return list(dict.fromkeys(parts))


def _count(table: pa.Table, totals: Totals) -> pa.Table:
    return table.group_by(_keys(totals), use_threads=False).aggregate([([], "count_all"), *_parts(totals)])


def _join(table: pa.Table, totals: Totals) -> pa.Table:
    names = [f"{column}_{function}" for column, function in _parts(totals)]
    how = [TOGETHER.get(function, "sum") for _, function in _parts(totals)]
    joined = table.group_by(_keys(totals), use_threads=False).aggregate(
        [("count_all", "sum"), *zip(names, how, strict=True)]
    )
    renamed = {f"{name}_{each}": name for name, each in zip(names, how, strict=True)}
    renamed["count_all_sum"] = "count_all"
    return joined.rename_columns([renamed.get(name, name) for name in joined.column_names])


def _named(table: pa.Table, totals: Totals) -> pa.Table:
    columns: dict[str, pa.ChunkedArray] = {name: table.column(name) for name in _keys(totals)}
    columns[COUNT] = table.column("count_all")
    for column, function in totals.figures:
        if function == "mean":
            total = table.column(f"{column}_sum").cast(pa.float64())
            columns[f"{column}_mean"] = pc.divide(total, table.column(f"{column}_count").cast(pa.float64()))
        else:
            columns[f"{column}_{function}"] = table.column(f"{column}_{function}")
    return pa.table(columns)
