"""Statements that sqlglot hands on as text: some move data and are read here, others never do and are known by name."""

from __future__ import annotations

import re

from sqlglot import exp

from catalog.lineage.sql_flows import Effect, between
from catalog.lineage.sql_names import Names


class Unreadable(Exception):
    """A statement that does something with data which cannot be told from its text."""


WITHOUT_DATA = {
    "ADD", "ANALYZE", "BEGIN", "CHECKPOINT", "CLUSTER", "COMMENT", "DEALLOCATE", "DECLARE", "DELIMITER",
    "DENY", "DESC", "DESCRIBE", "DISCARD", "END", "EXPLAIN", "FETCH", "FLUSH", "GRANT", "INSTALL", "LIST",
    "LISTEN", "LOAD", "LOCK", "MSCK", "NOTIFY", "OPEN", "OPTIMIZE", "PRINT", "RAISE", "RECLUSTER", "REFRESH",
    "REINDEX", "REMOVE", "RESET", "RETURN", "REVOKE", "SAVEPOINT", "SET", "SHOW", "START", "UNCACHE",
    "UNLOCK", "UNSET", "USE", "VACUUM", "CLOSE", "DROP",
}  # fmt: skip
MADE_WITHOUT_DATA = {
    "AGGREGATE", "CAST", "COLLATION", "CONNECTION", "DATABASE", "DOMAIN", "EXTENSION", "EXTERNAL LOCATION",
    "FILE", "FORMAT", "GROUP", "INDEX", "LOGIN", "MACRO", "NETWORK", "OPERATOR", "POLICY", "PUBLICATION",
    "ROLE", "RULE", "SCHEMA", "SECRET", "SEQUENCE", "SERVER", "SHARE", "STAGE", "STATISTICS", "STREAM",
    "SUBSCRIPTION", "SYNONYM", "TAG", "TYPE", "UNIQUE", "USER", "WAREHOUSE", "FUNCTION", "TEMPORARY FUNCTION",
}  # fmt: skip
NAME = r"((?:[\w$@#-]+|`[^`]+`|\"[^\"]+\"|\[[^\]]+\])(?:\.(?:[\w$@#-]+|`[^`]+`|\"[^\"]+\"|\[[^\]]+\]))*)"
RENAME = re.compile(rf"{NAME}\s+TO\s+{NAME}", re.I)
EXCHANGE = re.compile(rf"TABLE\s+{NAME}\s+EXCHANGE\s+PARTITION\b.*?\bWITH\s+TABLE\s+{NAME}", re.I | re.S)
SWITCH = re.compile(rf"TABLE\s+{NAME}\s+SWITCH\b.*?\bTO\s+{NAME}", re.I | re.S)
MADE = re.compile(r"(?:OR\s+REPLACE\s+|TEMPORARY\s+|TEMP\s+|PUBLIC\s+)*(\w+)", re.I)


def command(node: exp.Command, names: Names) -> Effect:
    """What such a statement does. Raises Unreadable where it may move data and how is not known."""
    word, text = node.name.upper(), text_of_command(node)
    effect = Effect()
    if word == "RENAME":
        effect.renamed = [(_table(a, names), _table(b, names)) for a, b in RENAME.findall(text)]
        if not effect.renamed:
            raise Unreadable("RENAME is not understood")
    elif word == "ALTER":
        swapped, switched = EXCHANGE.search(text), SWITCH.search(text)
        if swapped:
            _move(effect, _table(swapped[2], names), _table(swapped[1], names))
        elif switched:
            _move(effect, _table(switched[1], names), _table(switched[2], names))
    elif word == "CREATE":
        made = MADE.match(text)
        if made is None or made[1].upper() not in MADE_WITHOUT_DATA:
            raise Unreadable("this form of CREATE is not understood")
    elif word not in WITHOUT_DATA:
        raise Unreadable(f"{word[:40]} is not understood")
    return effect


def _move(effect: Effect, source: str, target: str) -> None:
    effect.reads.append(source)
    effect.writes.append(target)
    effect.flows.append(between(source, target))


def text_of_command(node: exp.Command) -> str:
    """Everything after its first word."""
    rest = node.args.get("expression")
    return rest.name if isinstance(rest, exp.Expr) else str(rest or "")


def _table(text: str, names: Names) -> str:
    return names.table(exp.to_table(text, dialect=names.dialect))
