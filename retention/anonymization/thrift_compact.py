"""Just enough of Thrift's compact protocol to read the footer of a Parquet file, change numbers in it, and write it.

Source: Apache Thrift, Thrift Compact protocol encoding. Values keep their wire types, so what is not understood comes
out as it went in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)


@dataclass
class Struct:
    """Fields by their id, each with its wire type and value, in the order they were written."""

    fields: dict[int, tuple[int, Any]] = field(default_factory=dict)

    def get(self, number: int) -> Any:
        return self.fields[number][1] if number in self.fields else None

    def put(self, number: int, value: Any) -> None:
        """Change a field that is there."""
        self.fields[number] = (self.fields[number][0], value)


@dataclass
class Items:
    """A list or set: the wire type of its items, and they."""

    kind: int
    values: list[Any]


@dataclass
class Pairs:
    kinds: int
    values: list[tuple[Any, Any]]


class Reader:
    """Reads one struct from `data`. Raises ValueError where it is none."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def struct(self) -> Struct:
        found, number = Struct(), 0
        while header := self._byte():
            delta, kind = header >> 4, header & 15
            number = number + delta if delta else _unzigzag(self._varint())
            found.fields[number] = (kind, kind == TRUE if kind in (TRUE, FALSE) else self._value(kind))
        return found

    def _value(self, kind: int) -> Any:
        if kind in (TRUE, FALSE, BYTE):  # within a list, a boolean is a byte
            return self._byte()
        if kind in (I16, I32, I64):
            return _unzigzag(self._varint())
        if kind == DOUBLE:
            return self._bytes(8)
        if kind == BINARY:
            return self._bytes(self._varint())
        if kind in (LIST, SET):
            header = self._byte()
            many = header >> 4 if header >> 4 != 15 else self._varint()
            return Items(header & 15, [self._value(header & 15) for _ in range(many)])
        if kind == MAP:
            many = self._varint()
            kinds = self._byte() if many else 0
            return Pairs(kinds, [(self._value(kinds >> 4), self._value(kinds & 15)) for _ in range(many)])
        if kind == STRUCT:
            return self.struct()
        raise ValueError(f"Thrift has no type {kind}.")

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _bytes(self, many: int) -> bytes:
        if many < 0 or self.at + many > len(self.data):
            raise ValueError("The Thrift struct is cut short.")
        self.at += many
        return self.data[self.at - many : self.at]

    def _varint(self) -> int:
        number = shift = 0
        while True:
            byte = self._byte()
            number |= (byte & 127) << shift
            if byte < 128:
                return number
            shift += 7


def write_struct(value: Struct) -> bytes:
    out = bytearray()
    _struct(out, value)
    return bytes(out)


def _struct(out: bytearray, value: Struct) -> None:
    last = 0
    for number, (kind, item) in value.fields.items():
        wire = (TRUE if item else FALSE) if kind in (TRUE, FALSE) else kind
        if 0 < number - last <= 15:
            out.append((number - last) << 4 | wire)
        else:
            out.append(wire)
            _varint(out, _zigzag(number))
        if kind not in (TRUE, FALSE):
            _value(out, kind, item)
        last = number
    out.append(0)


def _value(out: bytearray, kind: int, item: Any) -> None:
    if kind in (TRUE, FALSE, BYTE):
        out.append(item)
    elif kind in (I16, I32, I64):
        _varint(out, _zigzag(item))
    elif kind == DOUBLE:
        out += item
    elif kind == BINARY:
        _varint(out, len(item))
        out += item
    elif kind in (LIST, SET):
        many = len(item.values)
        out.append(min(many, 15) << 4 | item.kind)
        if many >= 15:
            _varint(out, many)
        for each in item.values:
            _value(out, item.kind, each)
    elif kind == MAP:
        _varint(out, len(item.values))
        if item.values:
            out.append(item.kinds)
        for key, each in item.values:
            _value(out, item.kinds >> 4, key)
            _value(out, item.kinds & 15, each)
    else:
        _struct(out, item)


def _varint(out: bytearray, number: int) -> None:
    while number >= 128:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def _unzigzag(number: int) -> int:
    return number >> 1 if not number & 1 else -((number + 1) >> 1)
