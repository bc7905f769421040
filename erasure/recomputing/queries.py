"""A query that fills an aggregate: one SELECT over data sets of the same store, which can do nothing but read."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

from catalog.models import DataSet

DIALECTS = {"postgresql": "postgres", "mysql": "mysql", "sqlite": "sqlite"}
ACTING = (exp.DML, exp.DDL, exp.Command, exp.Into, exp.Lock, exp.Set, exp.Use, exp.Pragma)
READING = (exp.Select, exp.SetOperation)
WHOLE = "Write one SELECT whose columns are those of the data set, in their order."


def read_query(data_set: DataSet, text: str) -> str:
    """The SELECT in `text`, also out of `INSERT INTO … SELECT` and `CREATE TABLE … AS SELECT` for this data set.

    Raises ValidationError unless it only reads other data sets of the system and gives the columns of this one.
    """
    dialect = DIALECTS.get(data_set.system.kind)
    if dialect is None:
        raise ValidationError(f"{data_set.system} runs no queries of its own: describe the figures instead.")
    found = _select(data_set, _one_statement(text, dialect))
    _require_reading(found)
    _require_known(found)
    names = [column.name for column in _columns(data_set)]
    if found.named_selects != names:
        raise ValidationError(f"The query must give the columns {', '.join(names)}, in this order.")
    _require_others(data_set, found)
    return found.sql(dialect=dialect, comments=False)


def _one_statement(text: str, dialect: str) -> exp.Expr:
    try:
        statements = [each for each in parse(text, dialect=dialect) if each is not None]
    except SqlglotError:
        raise ValidationError("This cannot be read as SQL of this store.") from None
    if len(statements) != 1:
        raise ValidationError(WHOLE)
    return statements[0]


def _select(data_set: DataSet, statement: exp.Expr) -> exp.Query:
    if isinstance(statement, exp.Insert | exp.Create):
        target = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
        if not isinstance(target, exp.Table) or _name(target) not in _spellings(data_set):
            raise ValidationError(f"The statement writes something other than {data_set.name}.")
        if isinstance(statement.this, exp.Schema) and isinstance(statement, exp.Insert):
            given = [each.name for each in statement.this.expressions]
            if given != [column.name for column in _columns(data_set)]:
                raise ValidationError(WHOLE)
        if isinstance(statement, exp.Create) and statement.kind != "TABLE":
            raise ValidationError(WHOLE)
        statement = statement.expression
    if not isinstance(statement, READING):
        raise ValidationError(WHOLE)
    return statement


def _require_reading(query: exp.Query) -> None:
    if any(isinstance(node, ACTING) for node in query.walk()):
        raise ValidationError(
            "The query does more than read: leave out whatever writes, locks or sets something."
        )


def _require_known(query: exp.Query) -> None:
    """A function that nobody knows may do anything."""
    unknown = sorted({node.name for node in query.find_all(exp.Anonymous, exp.AnonymousAggFunc)})
    if unknown:
        raise ValidationError(f"The function {unknown[0]} is not known here, and may do more than compute.")


def _require_others(data_set: DataSet, query: exp.Query) -> None:
    """Every table is a data set of the same system, and none is the one to be filled."""
    known = {
        spelled: found.pk
        for found in DataSet.objects.filter(system=data_set.system, gone_at=None).select_related("system")
        for spelled in _spellings(found)
    }
    made = {each.alias_or_name for each in query.find_all(exp.CTE)}
    tables = [table for table in query.find_all(exp.Table) if table.db or table.name not in made]
    if not tables:
        raise ValidationError("The query reads no data set.")
    for table in tables:
        if not isinstance(table.this, exp.Identifier) or _name(table) not in known:
            raise ValidationError(f"{data_set.system} has no data set {_name(table) or table.sql()[:60]}.")
        if known[_name(table)] == data_set.pk:
            raise ValidationError("The query reads the data set that it fills: it has to be made of others.")


def _columns(data_set: DataSet) -> Sequence:
    return list(data_set.columns.filter(gone_at=None, nested_in=None).order_by("position"))


def _name(table: exp.Table) -> str:
    return ".".join(part.name for part in table.parts)


def _spellings(data_set: DataSet) -> tuple[str, ...]:
    """`public.customer`, and `customer` alone where the store looks into that schema by itself."""
    name = data_set.name
    bare = name.removeprefix("public.") if data_set.system.kind == "postgresql" else name
    return tuple(dict.fromkeys([name.replace('"', ""), bare.replace('"', "")]))
