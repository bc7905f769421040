"""A table read and measured; its safer release written, read back and measured again. No console is needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from catalog.classifying import open_source
from catalog.connectors.base import Connector
from catalog.connectors.csv_records import sniff_delimiter
from retention.risk.classes import require_roles
from retention.risk.collapsing import Combinations, RiskProblem, collapse
from retention.risk.generalizing import Made, Wish
from retention.risk.levels import HIDDEN
from retention.risk.measuring import Measures, measure
from retention.risk.recoding import Suppression
from retention.risk.writing import staged, write

BATCH_ROWS = 100_000


def only_data_set(connector: Connector, wanted: str = "") -> str:
    """The data set that is meant. Raises RiskProblem where there is none, or more than one and none is named."""
    names = [info.name for info in connector.discover()]
    if wanted:
        if wanted not in names:
            raise RiskProblem(f"There is no data set {wanted}.", f"There are {', '.join(names[:20])}.")
        return wanted
    if len(names) == 1:
        return names[0]
    if not names:
        raise RiskProblem("There is no table or data file to be seen there.", "Check the path.")
    raise RiskProblem(f"There are {len(names)} data sets.", f"Name one: {', '.join(names[:20])}.")


def read_combinations(
    connector: Connector, data_set: str, quasi: Sequence[str], sensitive: str = ""
) -> Combinations:
    """The rows of a data set, collapsed. Raises RiskProblem for columns that are not there and for an empty one."""
    require_roles(quasi, sensitive)
    columns = [*quasi, *([sensitive] if sensitive else [])]
    if present := columns_of(connector, data_set):
        require_columns(columns, present)
    table = collapse(connector.read(data_set, columns=columns, batch_rows=BATCH_ROWS), columns)
    if not table.rows:
        raise RiskProblem(f"{data_set} has no rows, so there is nothing to measure.")
    return table


def columns_of(connector: Connector, data_set: str) -> list[str]:
    """Nothing where the store does not say."""
    info = next((info for info in connector.discover() if info.name == data_set), None)
    return [column.name for column in info.columns] if info and not info.problem else []


def other_columns(connector: Connector, data_set: str, named: Sequence[str]) -> list[str]:
    """Those that a release keeps as they are."""
    return [name for name in columns_of(connector, data_set) if name not in named]


def require_columns(wanted: Sequence[str], present: Sequence[str]) -> None:
    missing = [name for name in wanted if name not in present]
    if missing:
        raise RiskProblem(
            f"There is no column {', '.join(missing)}.", f"There are {', '.join(present[:50]) or 'none'}."
        )


def whole_of(table: Combinations, sensitive: str) -> dict[str | None, int] | None:
    """How often each sensitive value occurs: what t compares a release with."""
    if not sensitive:
        return None
    alone = table.of([sensitive])
    return {
        alone.values[0][code]: int(count) for code, count in zip(alone.codes[0], alone.counts, strict=True)
    }


def release(
    connector: Connector,
    data_set: str,
    made: Made,
    wish: Wish,
    path: Path,
    *,
    table: Combinations,
    drop: Sequence[str] = (),
    delimiter: str = "",
    overwrite: bool = False,
) -> tuple[int, Measures | None]:
    """Write the generalized rows to `path`; how many, and what was measured in the file when it was read back.

    The file appears only if it holds what it should. Raises RiskProblem.
    """
    recoding = made.recoding
    if recoding is None:
        raise RiskProblem("The targets are not met, so nothing is written.", made.outcome.words)
    batches = _without(connector.read(data_set, batch_rows=BATCH_ROWS), drop)
    first = next(batches, None)
    if first is None:
        raise RiskProblem("The rows went away while they were read.", "Start again when nobody writes them.")

    def recoded() -> Iterator[pa.RecordBatch]:
        yield recoding.apply(first)
        for batch in batches:
            if not batch.schema.equals(first.schema):
                raise RiskProblem(
                    "The columns changed while they were read.", "Bring all parts to one schema."
                )
            yield recoding.apply(batch)

    schema = recoding.apply(first.slice(0, 0)).schema
    with staged(path, overwrite=overwrite) as part:
        rows = write(part, schema, recoded(), delimiter=delimiter or ",")
        expected = table.rows - (made.outcome.suppressed_rows if wish.suppression is Suppression.DROP else 0)
        if rows != expected:
            raise RiskProblem(
                f"{rows:,} rows were to be written instead of {expected:,}: the source changed meanwhile.",
                "Start again when nobody writes it.",
            )
        return rows, _read_back(part, wish, whole_of(table, wish.sensitive), rows=rows)


def _read_back(path: Path, wish: Wish, whole: dict[str | None, int] | None, *, rows: int) -> Measures | None:
    """What the file holds. Rows all of stars are not measured: they tell no quasi-identifier. None if no other is."""
    with open_source(str(path)) as connector:
        columns = [*wish.quasi, *([wish.sensitive] if wish.sensitive else [])]
        read = connector.read(path.name, columns=columns, batch_rows=BATCH_ROWS)
        table = collapse(read, columns)
    if table.rows != rows:
        raise RiskProblem(f"{table.rows:,} of {rows:,} written rows were read back; nothing was kept.")
    if wish.suppression is Suppression.STAR:
        table = _without_stars(table, len(wish.quasi))
    if not table.rows:
        return None
    found = measure(table, wish.quasi, wish.sensitive, whole=whole)
    unmet = found.unmet(wish.targets)
    if unmet:
        raise RiskProblem("What was written does not meet the targets; nothing was kept.", " ".join(unmet))
    return found


def _without_stars(table: Combinations, quasi: int) -> Combinations:
    stars = [values.index(HIDDEN) if HIDDEN in values else -1 for values in table.values[:quasi]]
    hidden = [codes == star for codes, star in zip(table.codes[:quasi], stars, strict=True)]
    shown = ~(sum(hidden) == quasi)
    return Combinations(
        table.columns, table.values, tuple(codes[shown] for codes in table.codes), table.counts[shown]
    )


def _without(batches: Iterator[pa.RecordBatch], drop: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield batch.select([name for name in batch.schema.names if name not in drop])


def delimiter_of(path: Path) -> str:
    """That of a CSV file, to write its release alike; a comma for all else."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = [line for line, _ in zip(file, range(20), strict=False)]
    except (OSError, UnicodeError):
        return ","
    return (
        sniff_delimiter(lines)
        if path.suffix.lower() not in (".parquet", ".avro", ".jsonl", ".ndjson")
        else ","
    )
