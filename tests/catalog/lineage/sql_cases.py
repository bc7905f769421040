"""Reading SQL in tests: flows as short text."""

from collections.abc import Mapping, Sequence

from catalog.lineage.sql import SqlLineage, parse


def read(
    sql: str, dialect: str = "", schema: Mapping[str, Sequence[str]] | None = None, into: str = ""
) -> SqlLineage:
    """The lineage of SQL that must be readable."""
    found = parse(sql, dialect=dialect, schema=schema, into=into)
    assert found.problem == ""
    return found


def direct(found: SqlLineage) -> set[str]:
    """`table.column>table.column`, a star for all columns."""
    return {
        f"{flow.source_table or '?'}.{flow.source_column or '*'}>{flow.target_table}.{flow.target_column or '*'}"
        for flow in found.flows
        if flow.kind == "direct"
    }


def kinds(found: SqlLineage, target_column: str | None = None) -> set[tuple[str, str | None, str, str, bool]]:
    """(source table, source column, kind, subtype, masking) of the flows into a column, or into the whole table."""
    return {
        (flow.source_table, flow.source_column, flow.kind, flow.subtype, flow.masking)
        for flow in found.flows
        if flow.target_column == target_column
    }
