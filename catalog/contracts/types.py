"""The types of many stores in common words, so that a contract can be held against any of them."""

from __future__ import annotations

import re

from catalog.connectors.base import Kind

_WORDS: dict[Kind, str] = {
    Kind.TEXT: """string text varchar character char bpchar nvarchar nchar varchar2 nvarchar2 clob nclob citext str
    tinytext mediumtext longtext enum large_string string_view utf8 name keyword large_utf8 dictionary""",
    Kind.INTEGER: """integer int int2 int4 int8 int16 int32 int64 uint8 uint16 uint32 uint64 sint32 sint64 fixed32
    fixed64 sfixed32 sfixed64 smallint bigint tinyint mediumint serial bigserial smallserial long short byte hugeint
    ubigint uinteger usmallint utinyint""",
    Kind.DECIMAL: "numeric decimal dec decimal128 decimal256 money smallmoney bignumeric",
    Kind.FLOAT: "float double real float4 float8 float16 float32 float64 halffloat double_precision binary_float",
    Kind.BOOLEAN: "boolean bool bit",
    Kind.DATE: "date date32 date64",
    Kind.TIMESTAMP: """timestamp timestamptz datetime datetime2 smalldatetime timestamp_ntz timestamp_ltz timestamp_tz
    timestamp_millis timestamp_micros timestamp-millis timestamp-micros local-timestamp-millis
    local-timestamp-micros google.protobuf.timestamp""",
    Kind.TIME: "time timetz time32 time64 time-millis time-micros",
    Kind.BINARY: "binary bytea bytes blob varbinary tinyblob mediumblob longblob fixed large_binary raw image",
    Kind.JSON: "json jsonb object struct record map variant message row hstore",
    Kind.UUID: "uuid uniqueidentifier guid",
    Kind.ARRAY: "array list large_list repeated fixed_size_list",
}
_KIND_OF = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_SPELLINGS = {"character varying": "varchar", "double precision": "double", "national character": "nchar"}
_ZONES = re.compile(r"\s+(with|without)( local)? time zone$")
_PARAMETERS = re.compile(r"\(([^()]*)\)")
NUMBER = "number"  # ODCS: whole or not
_NUMBERS = {Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT}
# What a logical word leaves open: an object in ODCS may be any type of the store's own.
_AKIN = ({Kind.DECIMAL, Kind.FLOAT},)


def kind_of(spelling: str) -> Kind:
    """What a type of this spelling holds; UNKNOWN where no store we know spells a type so."""
    word = _plain(spelling)
    if word.endswith("[]") or word.startswith(("array", "list<", "large_list<", "repeated ")):
        return Kind.ARRAY
    word = _PARAMETERS.sub("", re.split(r"[<\[]", word)[0]).strip()
    return _KIND_OF.get(word) or _KIND_OF.get(word.split(" ")[0], Kind.UNKNOWN)


def same_type(declared: str, found: str, *, found_kind: Kind | None = None) -> bool:
    """Whether a column of type `found` is of the `declared` one: the same kind and, where both say them, parameters."""
    if not declared or _plain(declared) == _plain(found):
        return True
    wanted, got = kind_of(declared), found_kind or kind_of(found)
    if _plain(declared) == NUMBER:
        return got in _NUMBERS
    if Kind.UNKNOWN in (wanted, got):
        return False
    if wanted != got:
        return any({wanted, got} <= akin for akin in _AKIN)
    asked, has = _parameters(declared), _parameters(found)
    return not asked or not has or asked == has


def _plain(spelling: str) -> str:
    word = _ZONES.sub("", " ".join(spelling.casefold().split()))
    for long, short in _SPELLINGS.items():
        word = word.replace(long, short)
    return word


def _parameters(spelling: str) -> list[str]:
    found = _PARAMETERS.search(_plain(spelling).replace("[", "(").replace("]", ")"))
    numbers = [part.strip() for part in found[1].split(",")] if found else []
    return numbers if all(number.isdecimal() for number in numbers) else []
