"""Decoded values of one field as an Arrow column of the declared type, and which of them do not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
import pyarrow as pa

_NONE = type(None)
_WORDS = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "an object",
    list: "a list",
    _NONE: "null",
}


def fit(
    name: str, values: Sequence[Any], kind: pa.DataType, *, nested: bool = False
) -> tuple[pa.Array | None, Mapping[int, str]]:
    """The column; or none, and what is wrong at which place. No value stands in what is said."""
    try:
        return _column(values, kind, nested), {}
    except (_Misfit, pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError):
        problems = {}
        for place, value in enumerate(values):
            try:
                _column([value], kind, nested)
            except (_Misfit, pa.ArrowTypeError):
                problems[place] = (
                    f"{name} is {_WORDS.get(type(value), 'of another type')} and was declared {_said(kind)}."
                )
            except (pa.ArrowInvalid, OverflowError, UnicodeError):
                problems[place] = f"{name} holds what does not fit {_said(kind)}."
        return None, problems


class _Misfit(Exception):
    """A value of a type that the column cannot hold."""


def _column(values: Sequence[Any], kind: pa.DataType, nested: bool) -> pa.Array:
    if nested:
        return pa.array(
            [None if value is None else orjson.dumps(value).decode() for value in values], pa.string()
        )
    allowed, convert = _reading(kind)
    if not set(map(type, values)) <= allowed:
        raise _Misfit
    if convert is None:
        return pa.array(values, kind)
    try:
        return pa.array([None if value is None else convert(value) for value in values], kind)
    except (ValueError, InvalidOperation):
        raise pa.ArrowInvalid("unreadable") from None


def _reading(kind: pa.DataType) -> tuple[frozenset[type], Callable[[Any], Any] | None]:
    """The types of JSON, Avro and Protobuf that a column takes, and how to read those that Arrow cannot."""
    types = pa.types
    if types.is_string(kind):
        return frozenset({str, _NONE}), None
    if types.is_boolean(kind):
        return frozenset({bool, _NONE}), None
    if types.is_integer(kind):
        return frozenset({int, _NONE}), None
    if types.is_floating(kind):
        return frozenset({int, float, _NONE}), float
    if types.is_decimal(kind):
        return frozenset({int, float, str, Decimal, _NONE}), lambda value: Decimal(str(value))
    if types.is_date(kind):
        return frozenset(
            {str, date, _NONE}
        ), lambda value: date.fromisoformat(value) if type(value) is str else value
    if types.is_timestamp(kind):
        return frozenset({str, datetime, _NONE}), _instant
    return frozenset({str, bytes, _NONE}), None


def _instant(value: str | datetime) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _said(kind: pa.DataType) -> str:
    return {"int64": "a whole number", "double": "a number", "string": "text", "bool": "true or false"}.get(
        str(kind), str(kind)
    )
