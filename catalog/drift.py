"""What a crawl found different from what the catalog knows. Pure comparison: reads no store, writes nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from catalog.connectors.base import ColumnInfo, DataSetInfo
from catalog.models import Change, DataSet

Sort = Change.Sort
_PARAMETERS = re.compile(r"\s*\([^)]*\)")


class KnownColumn(Protocol):
    """A column of the catalog, or what of it is compared."""

    @property
    def name(self) -> str: ...
    @property
    def position(self) -> int: ...
    @property
    def data_type(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def gone_at(self) -> datetime | None: ...


Known = TypeVar("Known", bound=KnownColumn)
Pairs = list[tuple[Known | None, ColumnInfo | None]]


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference. With `unsettles`, a column's content may be another than the one that was reviewed."""

    sort: Change.Sort
    column: str = ""
    detail: str = ""
    unsettles: bool = False


def pair(known: Sequence[Known], found: Sequence[ColumnInfo]) -> Pairs[Known]:
    """Match what is known with what is found: by name, else by name without case, else by place and type.

    So a renamed column stays the same column. One that is gone already is matched by its name only.
    """
    infos = {info.name: info for info in found}
    pairs: Pairs[Known] = [(column, infos.pop(column.name)) for column in known if column.name in infos]
    matched = {column.name for column, _ in pairs if column}
    missing = [column for column in known if column.name not in matched]
    for column in missing:
        info = None if column.gone_at else _renamed(column, list(infos.values()))
        if info:
            del infos[info.name]
        pairs.append((column, info))
    return pairs + [(None, info) for info in infos.values()]


def of_column(known: KnownColumn | None, found: ColumnInfo | None) -> Drift | None:
    """The change that a pair stands for; None where nothing changed that anybody should look at."""
    if known is None:
        return Drift(Sort.COLUMN_ADDED, found.name, found.data_type) if found else None
    if found is None:
        return None if known.gone_at else Drift(Sort.COLUMN_GONE, known.name)
    if known.gone_at:
        return Drift(Sort.COLUMN_BACK, found.name, "Review it again.", unsettles=True)
    if known.name != found.name:
        return Drift(
            Sort.COLUMN_RENAMED, found.name, f"It was {known.name}. Review it again.", unsettles=True
        )
    if known.data_type == found.data_type and known.kind == found.kind:
        return None
    turned = known.kind != found.kind or _base(known.data_type) != _base(found.data_type)
    detail = f"{known.data_type} became {found.data_type}.{' Review it again.' if turned else ''}"
    return Drift(Sort.COLUMN_CHANGED, found.name, detail, unsettles=turned)


def of_data_set(known: DataSet | None, found: DataSetInfo | None) -> Drift | None:
    """Added, gone or back; None where it is as it was."""
    if known is None:
        return Drift(Sort.DATA_SET_ADDED)
    if found is None:
        return None if known.gone_at else Drift(Sort.DATA_SET_GONE)
    return Drift(Sort.DATA_SET_BACK) if known.gone_at else None


def _renamed(column: KnownColumn, found: Sequence[ColumnInfo]) -> ColumnInfo | None:
    by_case = [info for info in found if info.name.casefold() == column.name.casefold()]
    if len(by_case) == 1:
        return by_case[0]
    in_place = (
        info
        for info in found
        if (info.position, info.data_type, info.kind) == (column.position, column.data_type, column.kind)
    )
    return next(in_place, None)


def _base(data_type: str) -> str:
    """The type without its length or precision: `character varying(40)` → `character varying`."""
    return _PARAMETERS.sub("", data_type)
