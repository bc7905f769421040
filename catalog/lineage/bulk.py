"""Many rows in one statement with one parameter for each column, written as the text of a PostgreSQL array.

Django adapts each value by itself, some several times, and writes models with array columns a parameter for each
value: that took longer than PostgreSQL took to store them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import JSONField, Model

SKIP = "ON CONFLICT DO NOTHING"


def array(values: Sequence[Any]) -> str:
    """`[1, None, 'a "b"']` → `{"1",NULL,"a \\"b\\""}`, for a parameter that is cast to an array type."""
    if set(map(type, values)) == {int}:
        return "{" + ",".join(map(str, values)) + "}"
    elements = {value: _element(value) for value in set(values)}  # most columns repeat themselves
    return "{" + ",".join([elements[value] for value in values]) + "}"


def arrays(rows: Iterable[Sequence[Any]]) -> list[str]:
    """Rows as an array for each of their columns. At least one row."""
    return [array(values) for values in zip(*rows, strict=True)]


def insert(
    model: type[Model], values: Mapping[str, Sequence[Any]], *, key: Sequence[str], conflict: str = ""
) -> dict[tuple[Any, ...], int]:
    """Insert rows with these values by field, all others as a new object has them; their primary keys by `key`.

    Values of JSON fields are JSON already. `conflict` is what SQL does with rows that are there.
    """
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    each = [field for field in fields if field.name in values and not isinstance(field, JSONField)]
    documents = [field for field in fields if field.name in values and isinstance(field, JSONField)]
    same = [field for field in fields if field.name not in values]
    columns = ", ".join(_name(field) for field in [*each, *documents, *same])
    rows = ", ".join(
        [
            f"unnest({', '.join(f'%s::{_type(field)}[]' for field in each)})",
            *("jsonb_array_elements(%s::jsonb)" for _ in documents),
        ]
    )
    selected = ", ".join(["given.*", *(f"%s::{field.db_type(connection)}" for field in same)])
    table = connection.ops.quote_name(model._meta.db_table)
    keys = ", ".join(_name(model._meta.get_field(name)) for name in key)
    statement = (
        f"INSERT INTO {table} ({columns}) SELECT {selected} FROM ROWS FROM ({rows}) AS given "  # noqa: S608  names of a model
        f"{conflict} RETURNING id, {keys}"
    )
    new = model()
    parameters = [
        *(field.get_db_prep_save(field.pre_save(new, add=True), connection) for field in same),
        *(array(values[field.name]) for field in each),
        *(f"[{b','.join(values[field.name]).decode()}]" for field in documents),
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return {tuple(row[1:]): row[0] for row in cursor.fetchall()}


def update(model: type[Model], objects: Sequence[Any], fields: Sequence[str]) -> None:
    """Write `fields` of objects that have them, and `pk`, as `model` has."""
    if not objects:
        return
    each: list[Any] = [model._meta.get_field(name) for name in fields]
    news = ", ".join(f"{_name(field)} = given.{_name(field)}" for field in each)
    names = ", ".join(_name(field) for field in each)
    table = connection.ops.quote_name(model._meta.db_table)
    given = ", ".join(["%s::bigint[]", *(f"%s::{_type(field)}[]" for field in each)])
    statement = (
        f"UPDATE {table} AS known SET {news} "  # noqa: S608  names of a model
        f"FROM unnest({given}) AS given (id, {names}) WHERE known.id = given.id"
    )
    rows = ([one.pk, *(getattr(one, field.attname) for field in each)] for one in objects)
    with connection.cursor() as cursor:
        cursor.execute(statement, arrays(rows))


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    text = value if isinstance(value, str) else str(value)
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _name(field: Any) -> str:
    return connection.ops.quote_name(field.column)


def _type(field: Any) -> str:
    """`varchar(400)` → `varchar`: an array has no length of its elements."""
    return str(field.db_type(connection)).partition("(")[0]
