"""What events say of data sets themselves: columns appear and drift, and what was dropped is gone.

Only of external data sets: a connected store is asked itself. `scanned_at` of an external one is the time of the last
event that described it as a whole, so that a late event changes nothing newer. A data set that is read may be
described in part: that adds columns and takes none away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog import drift
from catalog.connectors.base import ColumnInfo
from catalog.lineage import bulk
from catalog.lineage.canonical import Name
from catalog.lineage.column_kinds import kind_of
from catalog.lineage.columns import Columns, KnownColumn
from catalog.lineage.event import DataSetRead, Event
from catalog.lineage.facets import Field
from catalog.models import Change, Column, DataSet

BATCH = 1_000
INFO_FIELDS = ("name", "position", "data_type", "kind", "nested_in", "gone_at")
UNREVIEWED = {
    "state": Column.State.UNREVIEWED, "reviewed_by": None, "reviewed_at": None, "questioned": False,
}  # fmt: skip


@dataclass
class Told:
    """What a batch of events says of one data set, the latest last."""

    mentioned: dict[str, Field] = field(default_factory=dict)
    mentioned_at: datetime | None = None
    whole: tuple[Field, ...] | None = None
    whole_at: datetime | None = None
    kind: str = ""
    dropped_at: datetime | None = None
    written_at: datetime | None = None


def learn(
    columns: Columns,
    events: Sequence[Event],
    data_sets: Mapping[Name, DataSet],
    mentioned: Iterable[tuple[Name, str, datetime]],
) -> None:
    """Bring `columns`, and external data sets, up to what events, the oldest first, and flows say of them.

    `mentioned`: a data set, a column that a flow names, and when. A fixed number of statements for each thousand rows.
    """
    told: dict[int, Told] = {}
    for name, column, at in mentioned:
        _mention(told.setdefault(data_sets[name].pk, Told()), column, at)
    for event in events:
        for one in event.data_sets:
            data_set = data_sets[one.name]
            if not data_set.system.connectable:
                _note(told.setdefault(data_set.pk, Told()), one, event)
    _store(columns, {pk: one for pk, one in told.items() if not columns.data_sets[pk].system.connectable})


def _mention(told: Told, column: str, at: datetime) -> None:
    if column not in told.mentioned:
        told.mentioned[column] = Field(column, "")
    if told.mentioned_at is None or at > told.mentioned_at:
        told.mentioned_at = at


def _note(told: Told, one: DataSetRead, event: Event) -> None:
    told.kind = one.facets.kind or told.kind
    schema = one.facets.schema
    if schema is not None and one.written and event.complete:
        told.whole, told.whole_at = schema, event.at
    elif schema is not None:
        told.mentioned |= {field.path: field for field in schema}
        told.mentioned_at = max(event.at, told.mentioned_at or event.at)
    if one.written and event.complete:
        if one.facets.lifecycle == "DROP":
            told.dropped_at = event.at
        else:
            told.written_at = event.at


def _store(columns: Columns, told: Mapping[int, Told]) -> None:
    added: list[KnownColumn] = []
    updated: list[KnownColumn] = []
    unsettled: list[KnownColumn] = []
    moved: list[DataSet] = []
    changes: list[Change] = []
    parents: list[tuple[KnownColumn, str]] = []
    for pk, one in told.items():
        data_set, known = columns.data_sets[pk], columns.by_name[pk]
        fresh = not known
        pairs = [*_whole(data_set, known, one), *_mentioned(known, one)]
        for column, info, at in pairs:
            difference = None if fresh else _drift(column, info)
            if difference:
                changes.append(_change(data_set, difference))
            if column is None and info:
                column = KnownColumn(0, pk, info.name, info.position, info.data_type, str(info.kind))
                added.append(column)
            elif column:
                known.pop(column.name, None)
                _apply(column, info, at)
                updated.append(column)
                unsettled += [column] if difference and difference.unsettles else []
            if column:
                known[column.name] = column
        parents += [
            (known[f.path], f.inside)
            for f in (*(one.whole or ()), *one.mentioned.values())
            if f.inside and f.path in known
        ]
        if _place(data_set, one, changes):
            moved.append(data_set)
    _add(added)
    for column, inside in parents:
        parent = columns.by_name[column.data_set_id].get(inside)
        if parent and column.nested_in_id != parent.pk:
            column.nested_in_id = parent.pk
            updated.append(column)
    bulk.update(Column, list({column.pk: column for column in updated}.values()), INFO_FIELDS)
    if unsettled:
        Column.objects.filter(pk__in=[column.pk for column in unsettled]).update(**UNREVIEWED)
    bulk.update(DataSet, moved, ["kind", "scanned_at", "gone_at"])
    Change.objects.bulk_create(changes, batch_size=BATCH)


def _add(columns: Sequence[KnownColumn]) -> None:
    if not columns:
        return
    values: dict[str, list[Any]] = {
        "data_set": [column.data_set_id for column in columns],
        "name": [column.name for column in columns],
        "position": [column.position for column in columns],
        "data_type": [column.data_type for column in columns],
        "kind": [column.kind for column in columns],
    }
    pks = bulk.insert(Column, values, key=("data_set", "name"))
    for column in columns:
        column.pk = pks[column.data_set_id, column.name]


Pair = tuple[KnownColumn | None, ColumnInfo | None, datetime | None]


def _whole(data_set: DataSet, known: Mapping[str, KnownColumn], told: Told) -> list[Pair]:
    """What differs from the latest description as a whole, unless a newer one came before."""
    if told.whole is None or told.whole_at is None:
        return []
    if data_set.scanned_at and data_set.scanned_at > told.whole_at:
        if not any(column.data_type for column in known.values()):  # nothing newer described it
            told.mentioned |= {field.path: field for field in told.whole}
        told.whole = None
        return []
    infos = [_info(field, position) for position, field in enumerate(told.whole, 1)]
    return [
        (column, info, told.whole_at)
        for column, info in drift.pair([*known.values()], infos)
        if column is None or info is None or _differs(column, info)
    ]


def _mentioned(known: Mapping[str, KnownColumn], told: Told) -> list[Pair]:
    """Columns that are named and not known, come back, or of which the type was not known."""
    described = {field.path for field in told.whole or ()}
    wanted = [field for path, field in told.mentioned.items() if path not in described]
    pairs: list[Pair] = []
    position = max((column.position for column in known.values()), default=0) + len(described)
    for one in wanted:
        column = known.get(one.path)
        back = column and column.gone_at and told.mentioned_at and told.mentioned_at > column.gone_at
        if column is None or back or (one.data_type and not column.data_type):
            position += 1
            pairs.append((column, _info(one, column.position if column else position), told.mentioned_at))
    return pairs


def _drift(column: KnownColumn | None, info: ColumnInfo | None) -> drift.Drift | None:
    """None also where a type was not known before and is now."""
    if column and info and not column.gone_at and not column.data_type and column.name == info.name:
        return None
    return drift.of_column(column, info)


def _info(field: Field, position: int) -> ColumnInfo:
    return ColumnInfo(field.path, position, field.data_type, kind_of(field.data_type))


def _differs(column: KnownColumn, info: ColumnInfo) -> bool:
    known = (column.name, column.position, column.data_type, column.gone_at)
    return known != (info.name, info.position, info.data_type, None)


def _apply(column: KnownColumn, info: ColumnInfo | None, at: datetime | None) -> None:
    if info is None:
        column.gone_at = column.gone_at or at
        return
    column.name, column.position, column.gone_at = info.name, info.position, None
    if info.data_type:
        column.data_type, column.kind = info.data_type, str(info.kind)


def _place(data_set: DataSet, told: Told, changes: list[Change]) -> bool:
    """Kind, times, gone or back; whether anything moved."""
    before = (data_set.kind, data_set.scanned_at, data_set.gone_at)
    data_set.kind = told.kind or data_set.kind
    last = max((at for at in (data_set.scanned_at, told.whole_at, told.written_at) if at), default=None)
    if told.dropped_at and (last is None or told.dropped_at >= last):
        if data_set.gone_at is None:
            changes.append(_change(data_set, drift.Drift(Change.Sort.DATA_SET_GONE)))
        data_set.gone_at = max(told.dropped_at, data_set.gone_at or told.dropped_at)
    elif data_set.gone_at and last and last > data_set.gone_at:
        changes.append(_change(data_set, drift.Drift(Change.Sort.DATA_SET_BACK)))
        data_set.gone_at = None
    data_set.scanned_at = last
    return (data_set.kind, data_set.scanned_at, data_set.gone_at) != before


def _change(data_set: DataSet, difference: drift.Drift) -> Change:
    return Change(
        data_set=data_set, column_name=difference.column, sort=difference.sort, detail=difference.detail[:500]
    )
