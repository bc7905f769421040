"""Column lineage of SQL: of one statement, of a script, of the statements inside a procedure.

Pure: it knows a schema only from what it is given, and touches nothing. Parsed by sqlglot.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence

from sqlglot import ErrorLevel, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, SqlglotError, TokenError

from catalog.lineage.sql_commands import Unreadable
from catalog.lineage.sql_flows import Effect, SqlFlow, SqlLineage
from catalog.lineage.sql_model import TooLarge
from catalog.lineage.sql_names import Names
from catalog.lineage.sql_script import Script
from catalog.lineage.sql_splitting import Statement, adapted, at_lines, split
from catalog.lineage.sql_statements import effect_of

__all__ = ["DIALECTS", "SqlFlow", "SqlLineage", "parse"]

logging.getLogger("sqlglot").setLevel(
    logging.ERROR
)  # its warnings quote the statement, with the values in it

LONGEST = 1_000_000  # characters
DEEPEST = 100  # brackets in brackets
DIALECTS = frozenset(name for name in Dialect.classes if name)
KIN = {
    "ansi": "", "cockroachdb": "postgres", "db2": "", "flink": "", "greenplum": "postgres", "impala": "hive",
    "mariadb": "mysql", "mssql": "tsql", "postgresql": "postgres", "sparksql": "spark", "vertica": "postgres",
}  # fmt: skip
SECOND = {"athena": "hive"}  # a store whose statements come in two dialects
ALIASES_AT_ONCE = {"snowflake", "redshift", "databricks", "spark", "teradata", "duckdb", "clickhouse"}


def parse(
    sql: str,
    *,
    dialect: str = "",
    schema: Mapping[str, Sequence[str]] | None = None,
    into: str = "",
) -> SqlLineage:
    """What `sql` reads and writes, and which column flows into which.

    `dialect` as sqlglot or the store calls it; `schema` names the columns of tables in their order: with it `*` is
    known and columns without a qualifier find their table. A single query fills the table `into`: so a view is read
    that is stored as its query. Never raises on bad SQL: `problem` says, by statement, what could not be read, and
    holds no value out of it.
    """
    name = KIN.get(dialect.lower(), dialect.lower())
    if name and name not in DIALECTS:
        return _nothing(
            f"There is no SQL dialect {dialect[:40]!r}. Known: {', '.join(sorted(DIALECTS | set(KIN)))}."
        )
    if len(sql) > LONGEST:
        return _nothing(f"It is longer than {LONGEST:,} characters. Split it into several files.")
    reading = _Reading(name, schema or {}, into)
    try:
        reading.read(sql)
    except TokenError:
        return _nothing("A quote or comment in it does not end, or it is written in another dialect.")
    return reading.script.lineage(reading.problems)


class _Reading:
    """One call of `parse`."""

    def __init__(self, name: str, schema: Mapping[str, Sequence[str]], into: str) -> None:
        self.name = name
        self.dialect = Dialect.get_or_raise(name)
        self.script = Script(Names(self.dialect, schema))
        self.into = into if into in schema or not into else self.script.names.known([into])
        self.problems: list[str] = []

    def read(self, sql: str) -> None:
        statements = list(split(self.dialect.tokenize(sql), sql, self.dialect))
        if len(statements) != 1:
            self.into = ""
        for number, statement in enumerate(statements, 1):
            try:
                for effect in self._effects(statement):
                    self.script.add(effect, in_body=statement.in_body)
            except ParseError as error:
                self._problem(number, statement, _reason(error))
            except Unreadable as unreadable:
                self._problem(number, statement, str(unreadable))
            except (RecursionError, TooLarge):
                self._problem(number, statement, "it is too deep or too entangled to be followed")
            except SqlglotError:
                self._problem(number, statement, "it is not understood")

    def _effects(self, statement: Statement) -> Iterator[Effect]:
        try:
            yield self._effect(statement, self._parsed(statement))
        except ParseError as error:
            if self.name != "tsql":
                raise
            try:
                pieces = list(at_lines(statement, self._parses))
            except ValueError:
                raise error from None
            for piece in pieces:
                yield self._effect(piece, self._parsed(piece))

    def _effect(self, statement: Statement, parsed: exp.Expr) -> Effect:
        into_variables = statement.in_body and self.name not in ("tsql", "redshift")
        return effect_of(
            parsed,
            self.script.names,
            aliases_at_once=self.name in ALIASES_AT_ONCE,
            in_body=into_variables,
            into=self.into,
        )

    def _parses(self, statement: Statement) -> bool:
        try:
            parsed = self._parsed(statement)
        except ParseError:
            return False
        return not (isinstance(parsed, exp.Insert) and parsed.expression is None)

    def _parsed(self, statement: Statement) -> exp.Expr:
        if _depth(statement) > DEEPEST:
            raise RecursionError
        tokens = adapted(statement.tokens, self.name)
        try:
            return _one(self.dialect, tokens, statement.text)
        except ParseError:
            second = SECOND.get(self.name)
            if second is None:
                raise
            other = Dialect.get_or_raise(second)
            written = statement.text[tokens[0].start : tokens[-1].end + 1]
            return _one(other, other.tokenize(written), written)

    def _problem(self, number: int, statement: Statement, reason: str) -> None:
        self.problems.append(f"Statement {number} at line {statement.line}: {reason}.")


def _one(dialect: Dialect, tokens: list, text: str) -> exp.Expr:
    found = dialect.parser(error_level=ErrorLevel.IMMEDIATE).parse(tokens, text)
    if len(found) != 1 or found[0] is None:
        raise ParseError("It holds no statement")
    return found[0]


def _depth(statement: Statement) -> int:
    depth = deepest = 0
    for token in statement.tokens:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        deepest = max(deepest, depth)
    return deepest


def _reason(error: ParseError) -> str:
    """Where and what, without the text that sqlglot quotes: there may be values in it."""
    if not error.errors:
        return "it is not understood"
    first = error.errors[0]
    return f"not understood at line {first.get('line')}, column {first.get('col')}"


def _nothing(problem: str) -> SqlLineage:
    return SqlLineage(frozenset(), frozenset(), (), problem)
