"""Partitions that hold only what is older, taken away whole: quicker than rows one by one, and their pages go at once.

Only partitions by ranges of the very column that tells the age count. One is left to row deletes where dropping would
mean something else: where a trigger waits for deletes, or a publication would not pass the drop on to its subscribers.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from catalog.connectors.ageing import day, naive
from catalog.connectors.base import Older

PARTITIONS = sa.text(
    """
    SELECT CAST(n.nspname AS text) AS schema, CAST(c.relname AS text) AS name,
           pg_get_expr(c.relpartbound, c.oid) AS bound, format_type(a.atttypid, NULL) AS kind
    FROM pg_catalog.pg_partitioned_table p
    JOIN pg_catalog.pg_class t ON t.oid = p.partrelid
    JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = p.partattrs[0]
    JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE tn.nspname = :schema AND t.relname = :table AND a.attname = :column
      AND p.partstrat = 'r' AND p.partnatts = 1 AND c.relpartbound IS NOT NULL
      AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_trigger g
          WHERE g.tgrelid IN (c.oid, t.oid) AND NOT g.tgisinternal AND g.tgtype & 8 <> 0
      )
      AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_publication_tables s
          WHERE (s.schemaname, s.tablename) IN ((tn.nspname, t.relname), (n.nspname, c.relname))
      )
    ORDER BY c.relname
    """
)
END = re.compile(r"TO \('([^']+)'\)$")


def wholly_older(connection: sa.Connection, table: sa.Table, older: Older) -> list[sa.Table]:
    """The partitions of the table in which no row can be younger."""
    asked = {"schema": str(table.schema), "table": str(table.name), "column": older.column}
    return [
        sa.Table(
            sa.sql.quoted_name(row.name, quote=True),
            sa.MetaData(),
            schema=sa.sql.quoted_name(row.schema, quote=True),
        )
        for row in connection.execute(PARTITIONS, asked)
        if _ends_before(row, older)
    ]


def drop_partition(connection: sa.Connection, table: sa.Table, partition: sa.Table) -> int:
    """Take it out of the table and away; how many rows it held. Refused by the store where others refer to them."""
    spelled = connection.dialect.identifier_preparer.format_table
    parent, name = spelled(table), spelled(partition)
    connection.exec_driver_sql(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE")
    rows = connection.scalar(sa.select(sa.func.count()).select_from(partition)) or 0
    connection.exec_driver_sql(f"ALTER TABLE {parent} DETACH PARTITION {name}")
    connection.exec_driver_sql(f"DROP TABLE {name}")
    return rows


def _ends_before(row: Any, older: Older) -> bool:
    """Whether the end of the range, which is not in it, is not behind the moment."""
    found = END.search(row.bound)
    try:
        if not found:
            return False
        if row.kind == "date":
            return date.fromisoformat(found.group(1)) <= day(older)
        end = datetime.fromisoformat(found.group(1))
    except ValueError:  # infinity, or before Christ
        return False
    if row.kind == "timestamp with time zone":
        return end.astimezone(UTC) <= older.moment
    return row.kind == "timestamp without time zone" and end <= naive(older)
