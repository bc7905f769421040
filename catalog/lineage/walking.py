"""How far lineage reaches from some columns, up or down: bounded, cycle-safe, one query however far it goes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

DEPTH = 25  # edges from the start
MOST = 5_000  # places looked at; beyond it the walk says that it was cut

# Pairs of column and depth, breadth first: UNION drops repeated pairs and the depth ends cycles. LIMIT stops the
# recursion itself, since the rows of the inner query are asked for one by one.
_WALK = """
WITH RECURSIVE walk(pk, depth) AS (
    SELECT unnest(%(start)s::bigint[]), 0
  UNION
    SELECT edge.{far}_column_id, walk.depth + 1
    FROM walk JOIN catalog_edge AS edge ON edge.{near}_column_id = walk.pk
    WHERE edge.gone_at IS NULL AND edge.{far}_column_id IS NOT NULL AND walk.depth < %(depth)s
), places AS MATERIALIZED (
    SELECT pk, depth FROM walk LIMIT %(most)s
), reached AS MATERIALIZED (
    SELECT pk, min(depth) AS depth FROM places GROUP BY pk
)
SELECT DISTINCT ON (here.pk)
    here.pk, here.depth, edge.id, edge.{near}_column_id, (SELECT count(*) FROM places) >= %(most)s
FROM reached AS here
JOIN catalog_edge AS edge ON edge.{far}_column_id = here.pk AND edge.gone_at IS NULL
JOIN reached AS before ON before.pk = edge.{near}_column_id AND before.depth = here.depth - 1
ORDER BY here.pk, edge.kind, edge.masking, edge.id
"""


@dataclass(frozen=True, slots=True)
class Hop:
    """A column that the walk reached: over `edge`, from column `before`, `depth` edges from a start."""

    column: int
    depth: int
    edge: int
    before: int


@dataclass(frozen=True, slots=True)
class Walk:
    """All hops by column; `cut`: there is more than was looked at."""

    hops: dict[int, Hop]
    cut: bool = False

    def route(self, column: int) -> list[Hop]:
        """The shortest way from a start to `column`, hop by hop; empty for a start itself."""
        way = []
        while hop := self.hops.get(column):
            way.append(hop)
            column = hop.before
        return way[::-1]


def downstream(columns: Collection[int], *, depth: int = DEPTH) -> Walk:
    """What is made of these columns: copies, transformations, and what they decide on."""
    return _walk(columns, near="source", far="target", depth=depth)


def upstream(columns: Collection[int], *, depth: int = DEPTH) -> Walk:
    """What these columns are made of."""
    return _walk(columns, near="target", far="source", depth=depth)


def _walk(columns: Collection[int], *, near: str, far: str, depth: int) -> Walk:
    if not columns:
        return Walk({})
    with connection.cursor() as cursor:
        statement = _WALK.format(near=near, far=far)
        cursor.execute(statement, {"start": list(columns), "depth": min(depth, DEPTH), "most": MOST})
        rows = cursor.fetchall()
    return Walk({row[0]: Hop(*row[:4]) for row in rows}, cut=any(row[4] for row in rows))
