"""What every kind of store offers the console.

A connector is one class in one file. It reads as Arrow record batches, so memory stays bounded whatever the
size of the store, and it raises `ConnectorError`s that say what is wrong and what to do about it. `delete`,
`overwrite` and `rehearse` work only on a connector opened by `catalog.connectors.destruction`, the one door
to destruction.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

import pyarrow as pa
from django import forms


class ConnectorError(Exception):
    """A store did not do what was asked; `message` names the thing, `remedy` says what helps.

    Neither may hold a value out of the store or a secret: both are shown on pages and written to job rows.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class Unreachable(ConnectorError):
    """No answer from the store: wrong host, port or path, network down, time-out."""


class AccessDenied(ConnectorError):
    """The store answered and refused: wrong password, missing right."""


class DataSetMissing(ConnectorError):
    """The data set or a column of it is not in the store (any more)."""


class Malformed(ConnectorError):
    """The content cannot be read as what it says it is: a broken line, a wrong encoding, a corrupt footer."""


class ConstraintInTheWay(ConnectorError):
    """A rule of the store (NOT NULL, unique, foreign key, check, length) forbids the change."""


class Unsupported(ConnectorError):
    """This kind of store cannot do what was asked, or the console cannot make it do so."""


class Capability(StrEnum):
    """What a kind of store can do beyond being discovered, sampled and read."""

    FIND = "find"  # rows by their values
    CHANGE = "change"  # rehearse, delete and overwrite
    WITHDRAW = "withdraw"  # rehearse and delete in the store's own time (see way_out): nothing is overwritten
    EXPIRE = "expire"  # rows by their age: count_older and expire
    RETAIN = "retain"  # the store itself removes what is older: count_older, retention_of and set_retention
    REFILL = "refill"  # all rows of a data set at once: refill
    RECOMPUTE = "recompute"  # a data set from others of the same store, in its own language: recompute


class Kind(StrEnum):
    """What a column holds, in a vocabulary common to all stores; `UNKNOWN` is never guessed away."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIME = "time"
    BINARY = "binary"
    JSON = "json"
    UUID = "uuid"
    ARRAY = "array"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """One column as the store describes it; `data_type` as the store spells it: `character varying(40)`."""

    name: str
    position: int
    data_type: str
    kind: Kind
    nullable: bool = True
    max_length: int | None = None
    unique: bool = False  # alone under a primary key or unique constraint or index
    generated: bool = False  # computed by the store: cannot be written


@dataclass(frozen=True, slots=True)
class ForeignKeyInfo:
    """`columns` of this data set refer to `target_columns` of `target`, a data set of the same system."""

    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    on_delete: str = ""  # what the store then does to these rows: "cascade", "set null", "set default"


@dataclass(frozen=True, slots=True)
class DataSetInfo:
    """One table or file. `name` is unique in its system (`public.customer`, `exports/orders.csv`).

    `problem` is set, and columns may be missing, where the store shows the data set but refuses to describe
    or read it.
    """

    name: str
    kind: str  # table, view, file, topic, index, feature view ...
    columns: tuple[ColumnInfo, ...] = ()
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKeyInfo, ...] = ()
    row_estimate: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """How the store itself computes a data set: the query of a view, in the dialect that sqlglot calls `dialect`."""

    data_set: str
    sql: str
    dialect: str
    stored: bool = False  # the rows are kept and only change when it is refreshed: a materialized view


@dataclass(frozen=True)
class Match:
    """The rows whose columns equal any row of `keys` (a table with one column per compared column).

    With `fold`, values are compared as text, trimmed and without regard to case.
    Null in `keys` matches nothing, and neither does a value that the column's type cannot hold.

    With `path` (`visits[].ip`) the one column is JSON, and what stands at that path in it is compared; with `inside`
    it is a longer text in which a key is a whole word. Both fold, and only stores that `search_inside` take them.
    """

    keys: pa.Table
    fold: bool = False
    path: str = ""
    inside: bool = False

    def __post_init__(self) -> None:
        if not self.keys.column_names:
            raise ValueError("A match compares at least one column; without any it would mean every row.")
        if (self.path or self.inside) and (len(self.keys.column_names) > 1 or not self.fold):
            raise ValueError("A match inside a value compares one column, and folds.")

    @property
    def columns(self) -> list[str]:
        return self.keys.column_names


@dataclass(frozen=True, slots=True)
class Replacement:
    """What a personal field becomes: `value` (None = null), made different for each row where `unique`."""

    value: Any = None
    unique: bool = False


@dataclass(frozen=True)
class Operation:
    """One change to one data set, as rehearsed and as executed. No `replacements` means: delete the rows."""

    data_set: str
    matches: Sequence[Match]
    replacements: Mapping[str, Replacement] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Older:
    """The rows whose `column`, a date or a time, lies before `moment` (aware). A row without a value is not older."""

    column: str
    moment: datetime


@dataclass(frozen=True, slots=True)
class Lingering:
    """What a store still holds of rows that it has been told to delete, and until when; `why` is for its readers.

    `until` is None where the store does not say. `rows` counts what can be counted, and is 1 where nothing can.
    """

    rows: int
    until: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class WayOut:
    """How rows leave a data set: the method of erasure, and what whoever approves it has to know beforehand."""

    method: str = "delete"
    outlook: str = ""


class Connector(ABC):
    """One kind of store.

    A subclass sets `kind` (its name in the database and in URLs), `label`, `Form` (its settings as a form)
    and `secret_fields` (encrypted at rest and never shown again), and is constructed with the cleaned
    settings. It is a context manager: connections are opened lazily and closed on exit.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    Form: ClassVar[type[forms.Form]]
    secret_fields: ClassVar[frozenset[str]] = frozenset()
    # How many keys one delete or overwrite takes: each is one transaction, or one rewriting of a file.
    keys_per_change: ClassVar[int] = 5_000
    # Whether dates may stand as text (ISO 8601), as in stores that have no type for them: see `ageing`.
    ages_in_text: ClassVar[bool] = False
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.FIND, Capability.CHANGE})
    search_inside: ClassVar[bool] = False  # whether it takes matches with a `path`, or `inside` a text

    def __init__(self, settings: Mapping[str, Any], *, writable: bool = False) -> None:
        self.settings = settings
        self.writable = writable

    def __enter__(self) -> Connector:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:  # noqa: B027 (a store may have nothing to give back)
        """Give back what is open. Safe to call twice."""

    def require_writable(self) -> None:
        """RuntimeError unless `catalog.connectors.destruction` opened this connector."""
        if not self.writable:
            raise RuntimeError(
                f"This {self.kind} connector only reads; erasure.executing opens one that writes."
            )

    @abstractmethod
    def check(self) -> str:
        """Reach the store and return one line about it (product and version, or how many files)."""

    @abstractmethod
    def discover(self) -> Iterator[DataSetInfo]:
        """Every data set, in a stable order. One that cannot be read is yielded with its `problem`."""

    def definitions(self) -> Iterator[Definition]:
        """The queries of its views, for lineage; nothing where a store has none."""
        return iter(())

    def lineage_namespace(self) -> str:
        """The store by OpenLineage's naming specification (`postgres://host:5432`); empty where it has none."""
        return ""

    def lineage_name(self, data_set: str) -> str:
        """The data set in the same specification (`database.schema.table`)."""
        return data_set

    @abstractmethod
    def sample(self, data_set: str, *, rows: int, seed: int = 0) -> pa.Table:
        """Up to `rows` rows spread over the data set (never just the first), the same for the same seed.

        Every column comes as text (`pa.string()`), each value cut to 4,096 characters.
        """

    @abstractmethod
    def read(
        self, data_set: str, *, columns: Sequence[str] | None = None, batch_rows: int = 10_000
    ) -> Iterator[pa.RecordBatch]:
        """All rows, in batches, with Arrow types that lose nothing."""

    @abstractmethod
    def find(self, data_set: str, matches: Sequence[Match], columns: Sequence[str]) -> pa.Table:
        """`columns` of the rows that satisfy any of `matches`: one query per data set, however many keys."""

    @abstractmethod
    def count(self, data_set: str, matches: Sequence[Match] | None = None) -> int:
        """How many rows satisfy any of `matches`; without `matches`, how many there are."""

    @abstractmethod
    def rehearse(self, operations: Sequence[Operation]) -> list[int]:
        """Do all `operations` in order and undo them: the rows each would touch.

        Raises ConstraintInTheWay, AccessDenied or DataSetMissing exactly where execution would, and leaves
        no trace.
        """

    @abstractmethod
    def delete(self, data_set: str, matches: Sequence[Match]) -> int:
        """Delete the matching rows, all or none, durably; how many went. Idempotent."""

    @abstractmethod
    def overwrite(
        self, data_set: str, matches: Sequence[Match], replacements: Mapping[str, Replacement]
    ) -> int:
        """Write `replacements` into the matching rows, all or none, durably; how many rows. Idempotent."""

    def settle(self, data_set: str) -> None:  # noqa: B027 (most stores have nothing to do)
        """After the last change of a step: make what was deleted really go (older snapshots, segments, free pages).

        Idempotent, and safe to call where nothing was deleted.
        """

    def lingering(self, data_set: str, matches: Sequence[Match]) -> Lingering | None:
        """What of the matching rows is still held although it was deleted, as logs and tables with versions do.

        None where nothing is: the answer that verification wants to hear.
        """
        return None

    def way_out(self, data_set: str, matches: Sequence[Match]) -> WayOut:
        """How the matching rows would leave: deleted at once, unless the store has another way."""
        return WayOut()

    def count_older(self, data_set: str, older: Older) -> int:
        """How many rows are older. Raises Unsupported for a store that cannot tell."""
        raise Unsupported(f"{self.label} cannot tell the age of rows.", "Expire this data set by hand.")

    def expire(self, data_set: str, older: Older, *, limit: int) -> int:
        """Delete at most `limit` of the rows that are older, durably; how many went, 0 when none is left."""
        self.require_writable()
        raise Unsupported(f"{self.label} cannot expire rows.", "Expire this data set by hand.")

    def droppable(self, data_set: str, older: Older) -> list[str]:
        """The parts of a data set (partitions) that hold only older rows: `expire` takes them away as wholes."""
        return []

    def retention_of(self, data_set: str) -> timedelta | None:
        """How long the store itself keeps a row; None where it keeps it for ever or does not say."""
        raise Unsupported(f"{self.label} keeps rows until they are deleted.", "Expire them.")

    def set_retention(self, data_set: str, period: timedelta) -> None:
        """Have the store remove what is older than `period`, from now on and by itself. Idempotent."""
        self.require_writable()
        raise Unsupported(f"{self.label} keeps rows until they are deleted.", "Expire them.")

    def refill(self, data_set: str, batches: Iterable[pa.RecordBatch]) -> int:
        """Put these rows in the place of all that are there, in one change; how many."""
        self.require_writable()
        raise Unsupported(f"{self.label} does not take all rows at once.", "Recompute this data set by hand.")

    def recompute(self, data_set: str, query: str = "") -> int:
        """Put the rows of `query` in the place of all that are there, in one change; how many.

        Without a query, the data set is one whose definition the store keeps itself.
        """
        self.require_writable()
        raise Unsupported(f"{self.label} computes nothing itself.", "Recompute this data set by hand.")

    def differing(self, data_set: str, query: str = "") -> int:
        """How many rows are in the data set or in the result of the query, and not in both."""
        raise Unsupported(f"{self.label} computes nothing itself.", "Compare this data set by hand.")
