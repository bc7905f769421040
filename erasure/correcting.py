"""What is wrong and what is right (Art. 16), column by column: which rows carry it, and the value in the column's type."""

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import pyarrow as pa

from catalog.classification.vocabulary import within
from catalog.connectors.base import Connector, Kind, Match
from catalog.models import Column, DataSet
from erasure.keysets import KeySet, distinct
from erasure.models import SubjectRequest
from erasure.replacing import CannotReplace
from governance.keyring.sealing import open_json, seal_json

PURPOSE = "rectification"
KEYS_AT_ONCE = 5_000
BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _boolean(text: str) -> bool:
    return BOOLEANS[text.lower()]


CONVERT: dict[str, Callable[[str], Any]] = {
    Kind.TEXT: str,
    Kind.UUID: lambda text: str(UUID(text)),
    Kind.INTEGER: int,
    Kind.DECIMAL: Decimal,
    Kind.FLOAT: float,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: date.fromisoformat,
    Kind.TIMESTAMP: datetime.fromisoformat,
    Kind.TIME: time.fromisoformat,
}


@dataclass(frozen=True, slots=True)
class Fix:
    """In one column: this value is wrong, that one is right. `kind` is the column's."""

    column: str
    kind: str
    wrong: str
    right: str

    @property
    def value(self) -> Any:
        """What is right, in the type of the column."""
        return CONVERT[self.kind](self.right)

    def carried_by(self, value: Any) -> bool:
        """Whether a row with this value is wrong: the same but for case and spaces, and not yet what is right."""
        if value is None:
            return False
        text = str(value).strip()
        return text.casefold() == self.wrong.strip().casefold() and text != self.right.strip()

    def seal(self, keys: KeySet, request: SubjectRequest) -> bytes:
        """For the step: the values, and the keys of the rows that carried what is wrong when the plan was made."""
        bound_to = str(request.public_id)
        packed = base64.b64encode(keys.seal(bound_to=bound_to)).decode()
        content = [self.column, self.kind, self.wrong, self.right, packed]
        return seal_json(content, purpose=PURPOSE, bound_to=bound_to)


def unseal(sealed: bytes | memoryview, request: SubjectRequest) -> tuple[Fix, KeySet]:
    """Raises CannotOpen."""
    bound_to = str(request.public_id)
    column, kind, wrong, right, packed = open_json(sealed, purpose=PURPOSE, bound_to=bound_to)
    return Fix(column, kind, wrong, right), KeySet.open(base64.b64decode(packed), bound_to=bound_to)


def fix_for(column: Column, *, wrong: str, right: str) -> Fix:
    """Raises CannotReplace where the column cannot hold what is right; the message holds neither value."""
    where = f"{column.name} ({column.data_type})"
    if column.kind not in CONVERT:
        raise CannotReplace(f"{where} has a type that the console cannot write.")
    if column.generated:
        raise CannotReplace(f"{where} is computed by the store: correct what it is computed from.")
    if column.kind == Kind.TEXT and column.max_length and len(right) > column.max_length:
        raise CannotReplace(f"What is right has {len(right)} characters, more than {where} holds.")
    try:
        CONVERT[column.kind](right)
    except (ValueError, KeyError, InvalidOperation):
        raise CannotReplace(f"What is right cannot be written into {where}.") from None
    return Fix(column.name, column.kind, wrong, right)


def columns_of(columns: Sequence[Column], category: str) -> list[Column]:
    """The columns that hold this category, or a kind of it."""
    return [column for column in columns if column.category and within(column.category, category)]


def carrying(connector: Connector, data_set: DataSet, matches: Sequence[Match], fix: Fix) -> KeySet:
    """Of these rows, the ones that carry what is wrong: selected by their key and that value, as it stands there.

    Raises ConnectorError.
    """
    found = []
    for match in _chunks(matches):
        names = list(dict.fromkeys([*(data_set.primary_key or match.columns), fix.column]))
        rows = connector.find(data_set.name, [match], names)
        carried = pa.array([fix.carried_by(value) for value in rows[fix.column].to_pylist()], pa.bool_())
        wrong = distinct(rows.filter(carried))
        if wrong.num_rows:
            found.append(Match(wrong))
    return KeySet(_merged(found))


def _chunks(matches: Sequence[Match]) -> Iterator[Match]:
    for _, match in KeySet(list(matches)).chunks(KEYS_AT_ONCE):
        yield match


def _merged(matches: list[Match]) -> list[Match]:
    """Matches on the same columns as one."""
    by_columns: dict[tuple, list[pa.Table]] = {}
    for match in matches:
        by_columns.setdefault(tuple(match.columns), []).append(match.keys)
    return [
        Match(distinct(pa.concat_tables(tables, promote_options="permissive")))
        for tables in by_columns.values()
    ]
