"""dbt: the `meta` of the columns of models and sources as tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from catalog.contracts.document import Document, Field
from catalog.contracts.problems import ContractError, Problem
from catalog.contracts.tags import tagged


def is_dbt(value: Any) -> bool:
    """Whether a value is a properties file of dbt."""
    return (
        isinstance(value, Mapping) and "apiVersion" not in value and ("models" in value or "sources" in value)
    )


def documents_of(value: Mapping[str, Any], *, system: str = "") -> list[Document]:
    """A document for each model and each table of a source. Raises ContractError naming what has no name."""
    return [_document(table, schema, system) for table, schema in _tables(value)]


def _tables(value: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    for model in _list(value.get("models")):
        yield model, ""
    for source in _list(value.get("sources")):
        if isinstance(source, Mapping):
            for table in _list(source.get("tables")):
                yield table, str(source.get("schema") or source.get("name") or "")


def _document(table: Any, schema: str, system: str) -> Document:
    name = _name(table, "A model or table")
    columns = []
    for column in _list(table.get("columns")):
        item = Field(
            _name(column, f"A column of {name}"),
            str(column.get("data_type") or ""),
            description=str(column.get("description") or ""),
            tags=tuple(map(str, _list(column.get("tags")))),
        )
        config = column.get("config")
        meta = column.get("meta") or (config.get("meta") if isinstance(config, Mapping) else None)
        columns.append(tagged(item, meta) if isinstance(meta, Mapping) else item)
    full = f"{schema}.{name}" if schema else name
    description = str(table.get("description") or "")
    return Document("0.1.0", full, system=system, description=description, fields=tuple(columns))


def _name(value: Any, what: str) -> str:
    name = value.get("name") if isinstance(value, Mapping) else None
    if not isinstance(name, str):
        raise ContractError(Problem(f"{what} has no name.", "Give it one."))
    return name


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
