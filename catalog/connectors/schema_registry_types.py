"""What every format of schema gives: the fields of a message, and a way to decode one."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import pyarrow as pa

from catalog.connectors.base import Kind

TEXT = pa.string()


class Mismatch(Exception):
    """A message is not what its schema says; the text ends the sentence "3 messages ..." and holds no value."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message. In a column of `arrow` text, other values stand as `text_of` writes them."""

    name: str
    data_type: str  # as the schema spells it
    kind: Kind
    arrow: pa.DataType = TEXT
    nullable: bool = True

    def merged(self, other: Field) -> Field:
        """One that holds the values of both; where they disagree, as text."""
        if (self.arrow, self.kind, self.data_type) == (other.arrow, other.kind, other.data_type):
            return self if self.nullable else other
        known = [each for each in (self, other) if each.kind != Kind.UNKNOWN]
        if len(known) == 1 and self.arrow == other.arrow:
            return known[0]
        kinds = {self.kind, other.kind}
        kind = Kind.FLOAT if kinds <= {Kind.INTEGER, Kind.FLOAT} else Kind.TEXT
        kind = self.kind if len(kinds) == 1 else kind
        spellings = dict.fromkeys([*self.data_type.split(" or "), *other.data_type.split(" or ")])
        return Field(
            self.name, " or ".join(spellings), kind, self.arrow if self.arrow == other.arrow else TEXT
        )


class Codec(ABC):
    """One schema made ready: `fields` of its messages, and `decode`."""

    fields: tuple[Field, ...]

    @abstractmethod
    def decode(self, data: bytes) -> dict[str, Any]:
        """The fields of one message by name. Raises Mismatch."""

    def check(self, values: Mapping[str, Any]) -> None:
        """Raises Mismatch where a message could be decoded and is still not what the schema says."""
        return


def text_of(value: Any) -> str | None:
    """A decoded value as text: nested ones as JSON, binary ones as hexadecimal digits after \\x."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, dict | list | tuple | bool | int | float):
        return json.dumps(value, ensure_ascii=False, default=text_of)
    return str(value)


def text_array(texts: Sequence[str | None]) -> pa.Array:
    """As Arrow; half a character, which JSON may hold, becomes a question mark."""
    try:
        return pa.array(texts, TEXT)
    except UnicodeEncodeError:
        whole = [None if text is None else text.encode(errors="replace").decode() for text in texts]
        return pa.array(whole, TEXT)
