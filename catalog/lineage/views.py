"""Lineage out of the stores themselves: the queries of their views, as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from catalog.connectors.base import Connector, DataSetInfo, Definition
from catalog.lineage.sql import parse
from catalog.lineage.sql_storing import Home, Piece, store_sql
from catalog.models import VIEW, Edge, System

KIND = "VIEW"


def read_views(definitions: Iterable[Definition], found: Sequence[DataSetInfo]) -> list[Piece]:
    """What each view is made of, given the columns of all data sets of its store. Touches no database."""
    schema = {info.name: [column.name for column in info.columns] for info in found if info.columns}
    return [
        Piece(
            definition.data_set,
            definition.sql,
            parse(definition.sql, dialect=definition.dialect, schema=schema, into=definition.data_set),
        )
        for definition in definitions
    ]


def store_views(system: System, connector: Connector, views: Sequence[Piece], *, at: datetime) -> int:
    """Store the edges into views, after their names are learned; how many. A view that went takes its edges along."""
    home = Home.of(system, connector)
    known = {view.name for view in views}
    gone = [
        name for name, one in home.data_sets.items() if one.kind == VIEW and one.gone_at and name not in known
    ]
    pieces = [Piece(home.spell(view.name), view.sql, view.lineage) for view in views]
    pieces += [Piece(home.spell(name), "", parse("")) for name in gone]
    return store_sql(pieces, home, origin=Edge.Origin.VIEW, kind=KIND, at=at)
