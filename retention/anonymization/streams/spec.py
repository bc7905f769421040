"""What a stream does, as plain data: from which topic to which, and what its messages hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from catalog.connectors.base import Kind
from catalog.contracts.types import NUMBER, kind_of
from retention.anonymization.rules import KEEP, RuleSet
from retention.anonymization.techniques.base import TechniqueError

DEAD, DROP = "dead", "drop"
TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}\Z")
_DECIMAL = re.compile(r"\w+\s*\(\s*(\d+)\s*,\s*(\d+)\s*\)\Z")
_ARROW = {
    Kind.INTEGER: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.DECIMAL: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: pa.timestamp("us", "UTC"),
    Kind.BINARY: pa.binary(),
}
NESTED = (Kind.JSON, Kind.ARRAY)


@dataclass(frozen=True)
class StreamSpec:
    """`columns` are the fields of a message with their types, as a contract spells them; all others are unknown.

    `key` is the column whose rule the key of a message gets. `unknown` says what becomes of a message with a field
    that nobody declared: `dead` sets the message aside, `drop` leaves the field out. Dead letters stay in the source's
    cluster, because they hold what was not made safe. `name` is written into every record.
    """

    name: str
    source: str  # the topics
    output: str
    dead: str
    columns: Mapping[str, str]
    rules: RuleSet
    key: str = ""
    unknown: str = DEAD

    def __post_init__(self) -> None:
        for topic in (self.name, self.source, self.output, self.dead):
            if not TOPIC.match(topic):
                raise TechniqueError(
                    f"{topic!r} cannot name a topic or stream.", "Use letters, digits, . _ -"
                )
        if self.dead in (self.source, self.output):
            raise TechniqueError("The dead letters need a topic of their own.")
        if not self.columns:
            raise TechniqueError(
                "No columns are declared.", "Say which fields a message has, with their types."
            )
        if self.key and self.key not in self.columns:
            raise TechniqueError(f"The key's column {self.key} is not declared.")
        if self.unknown not in (DEAD, DROP):
            raise TechniqueError(f"unknown must be {DEAD} or {DROP}, not {self.unknown!r}.")
        for name, spelling in self.columns.items():
            if kind_of(spelling) == Kind.UNKNOWN and spelling.casefold() != NUMBER:
                raise TechniqueError(
                    f"The type {spelling!r} of {name} is not known.",
                    "Write string, integer, number, boolean, date …",
                )

    @property
    def schema(self) -> pa.Schema:
        """How techniques see a message: nested fields are text that holds JSON."""
        return pa.schema([(name, arrow_type(spelling)) for name, spelling in self.columns.items()])

    @cached_property
    def mark(self) -> bytes:
        """How what records say about where they come from begins."""
        return f"{self.name}/{self.source}/".encode()

    @property
    def nested(self) -> frozenset[str]:
        """The columns of objects and lists."""
        return frozenset(name for name, spelling in self.columns.items() if kind_of(spelling) in NESTED)

    @property
    def kept_nested(self) -> frozenset[str]:
        """Those that stay as they are, and so come out as objects and lists again."""
        return frozenset(rule.column for rule in self.rules.rules if rule.technique == KEEP) & self.nested


def arrow_type(spelling: str) -> pa.DataType:
    """The Arrow type of a declared one; decimals without parameters are floating."""
    kind = kind_of(spelling)
    digits = _DECIMAL.match(spelling.strip())
    if kind == Kind.DECIMAL and digits:
        try:
            return pa.decimal128(int(digits[1]), int(digits[2]))
        except pa.ArrowInvalid:
            raise TechniqueError(f"The type {spelling} has more digits than there can be.") from None
    return pa.float64() if spelling.casefold() == NUMBER else _ARROW.get(kind, pa.string())
