"""What is really there: the columns of a file, judged by their values where it has any. No database needed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa

from catalog.classification.scoring import classify
from catalog.classification.verdict import Finding, Verdict
from catalog.classification.vocabulary import CATEGORIES
from catalog.connectors import reservoir
from catalog.connectors.base import ConnectorError, Kind
from catalog.connectors.file_formats import SUFFIXES, data_file
from catalog.connectors.file_places import LocalPlace
from catalog.contracts import sql_schema
from catalog.contracts.document import Document
from catalog.contracts.loading import load_file
from catalog.contracts.problems import ContractError, Problem
from catalog.contracts.reading import read_file
from catalog.contracts.seen import Observed, Seen
from catalog.contracts.types import kind_of

SURE = 0.8  # confidence from which a verdict that nobody has reviewed contradicts a contract
SAMPLED = 1_000
BATCHES, BATCH_ROWS = 20, 10_000  # of a file, as many rows as that are drawn from
UNTYPED = (".csv", ".tsv", ".jsonl", ".ndjson")
SCHEMAS = (".avsc", ".proto", ".yaml", ".yml", ".json")


def observe(path: Path, document: Document) -> Observed:
    """The columns of a file (Parquet, Avro, CSV, JSON lines), of a schema (.avsc, .proto, another contract) or of SQL.

    Values are judged from a sample spread over the first 200,000 rows. Raises ContractError.
    """
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        return Observed(path.name, _of_data(path))
    if suffix == ".sql":
        text = read_file(path).decode("utf-8-sig", errors="replace")
        return Observed(path.name, sql_schema.columns_of(text, document.name, name=str(path)))
    if suffix not in SCHEMAS:
        known = ", ".join(sorted({*SUFFIXES, *SCHEMAS, ".sql"}))
        raise ContractError(
            Problem("No such kind of file can be compared with.", f"Known are {known}."), name=str(path)
        )
    return Observed(path.name, _of_schema(path, document))


def _of_schema(path: Path, document: Document) -> tuple[Seen, ...]:
    message = document.name.rpartition(".")[2] if path.suffix.lower() == ".proto" else ""
    loaded = load_file(path, message=message)
    last = document.name.rpartition(".")[2]
    named = [each.document for each in loaded if each.document.name.rpartition(".")[2] == last]
    if not named and len(loaded) > 1:
        raise ContractError(
            Problem(f"It says nothing of {document.name}.", "Name another file."), name=str(path)
        )
    columns = (named or [loaded[0].document])[0].fields
    return tuple(
        Seen(
            each.name,
            each.type,
            kind_of(each.type),
            each.nullable,
            _word(each.category),
            f"{path.name} says so",
        )
        for each in columns
    )


def _word(category: str) -> str:
    return category if category in CATEGORIES else ""


def _of_data(path: Path) -> tuple[Seen, ...]:
    if not path.is_file():
        raise ContractError(Problem("There is no such file.", "Check the path."), name=str(path))
    try:
        file = data_file(LocalPlace(path), name=path.name, encoding="utf-8")
        infos, _ = file.describe()
        names = [info.name for info in infos]
        batches = islice(file.batches(names, batch_rows=BATCH_ROWS), BATCHES)
        sample = reservoir.draw(
            batches, pa.schema([file.schema().field(name) for name in names]), rows=SAMPLED, seed=0
        )
    except ConnectorError as problem:
        raise ContractError(Problem(problem.message, problem.remedy), name=str(path)) from problem
    except OSError as error:
        raise ContractError(Problem(f"It cannot be read: {error.strerror}."), name=str(path)) from error
    typed = path.suffix.lower() not in UNTYPED
    return tuple(
        _judged(
            Seen(info.name, info.data_type, Kind(info.kind) if typed else None),
            sample.column(info.name),
            table=path.stem,
            kind=info.kind,
        )
        for info in infos
    )


def _judged(seen: Seen, values: pa.ChunkedArray, *, table: str, kind: Kind) -> Seen:
    verdict = classify(seen.name, table=table, kind=kind, values=values)
    alone = classify(seen.name, table=table, kind=kind, values=values, use_names=False, use_entities=False)
    best = _sure(verdict)
    return Seen(
        seen.name,
        seen.type,
        seen.kind,
        nullable=True if values.null_count else None,
        category=best.category if best else "",
        why=_said(best.evidence) if best else "",
        contains=verdict.contains,
        looks_like=found.category if (found := _sure(alone)) else "",
    )


def _sure(verdict: Verdict) -> Finding | None:
    return verdict.best if verdict.best and verdict.best.confidence >= SURE else None


def _said(evidence: Sequence) -> str:
    """The strongest thing a witness said, which never holds a value."""
    return max(evidence, key=lambda item: item.weight).detail.rstrip(".") if evidence else ""
