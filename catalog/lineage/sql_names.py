"""Names as a dialect means them: upper and lower case, quotes, files as tables, and what is known of a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy

PART = re.compile(r'"(?:[^"]|"")*"|[^."]+')
FILE_FORMATS = {"parquet", "json", "csv", "orc", "avro", "text", "delta", "iceberg", "binaryfile"}


class Names:
    """Spells tables and columns of one script. What `schema` holds is spelled as there."""

    def __init__(self, dialect: Dialect, schema: Mapping[str, Sequence[str]]) -> None:
        self.dialect = dialect
        self.strategy = dialect.normalization_strategy
        kind = type(dialect).__name__
        self.files = kind in ("Spark", "Databricks", "Spark2")
        self.named_by_function = kind in (
            "Postgres",
            "Redshift",
            "Materialize",
            "RisingWave",
        )  # `max`, not `max(a)`
        self._columns: dict[str, Sequence[str]] = {}
        self._by_last_part: dict[str, dict[tuple[str, ...], str]] = {}
        for table, columns in schema.items():
            self.learn(table, columns)

    def learn(self, table: str, columns: Sequence[str]) -> None:
        """From here on, `table` has these columns."""
        self._columns[table] = columns
        parts = tuple(part.strip('"').replace('""', '"').lower() for part in PART.findall(table))
        if parts:
            self._by_last_part.setdefault(parts[-1], {})[parts] = table

    def forget(self, table: str) -> None:
        """It was dropped or renamed."""
        self._columns.pop(table, None)

    def columns(self, table: str) -> Sequence[str] | None:
        """The columns in their order; None where they are not known."""
        return self._columns.get(table)

    def fold(self, identifier: exp.Expr | str) -> str:
        """The name as the store keeps it."""
        if isinstance(identifier, str):
            return identifier
        name, quoted = identifier.name, bool(identifier.args.get("quoted"))
        strategy = self.strategy
        if strategy is NormalizationStrategy.CASE_SENSITIVE:
            return name
        if strategy is NormalizationStrategy.CASE_INSENSITIVE:
            return name.lower()
        if quoted and strategy is not NormalizationStrategy.CASE_INSENSITIVE_UPPERCASE:
            return name
        return name.lower() if strategy is NormalizationStrategy.LOWERCASE else name.upper()

    def table(self, node: exp.Table) -> str:
        """Its full name; a path or address where it stands for a file."""
        parts = [part for part in node.parts if part.name]
        if self.files and len(parts) == 2 and parts[0].name.lower() in FILE_FORMATS:
            return parts[1].name
        if len(parts) == 1 and isinstance(parts[0], exp.Parameter):
            return f"@{parts[0].name}"
        if len(parts) == 1 and ("/" in parts[0].name or parts[0].args.get("temporary")):
            return ("#" if parts[0].args.get("temporary") else "") + parts[0].name
        return self.known([self.fold(part) for part in parts])

    def known(self, parts: Iterable[str]) -> str:
        """The spelling of the schema, where exactly one table there can be meant; else the parts with dots."""
        spelled = ".".join(parts)
        wanted = tuple(spelled.lower().split("."))
        alike = self._by_last_part.get(wanted[-1], {})
        if wanted in alike:
            return alike[wanted]
        found = [
            name
            for parts, name in alike.items()
            if name in self._columns and (parts[-len(wanted) :] == wanted or wanted[-len(parts) :] == parts)
        ]
        return found[0] if len(found) == 1 else spelled
