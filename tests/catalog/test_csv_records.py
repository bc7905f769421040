"""CSV as bytes: what is not meant stays as it was, whatever hand wrote the file."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from catalog.connectors.base import Malformed
from catalog.connectors.csv_records import (
    Dialect,
    is_line_encoding,
    records,
    replace_fields,
    sniff_delimiter,
)

COMMA = Dialect("people.csv", "utf-8", ",")
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def parsed(content: bytes, dialect: Dialect = COMMA) -> list[tuple[bytes, list[str], int]]:
    return [(record.raw, record.fields, record.line) for record in records(io.BytesIO(content), dialect)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"a,b\n1,2\n", [(b"a,b\n", ["a", "b"], 1), (b"1,2\n", ["1", "2"], 2)]),
        (b"a,b\r\n1,2", [(b"a,b\r\n", ["a", "b"], 1), (b"1,2", ["1", "2"], 2)]),
        (
            b'"a ""x""","b\r\n\nc"\nd,e\n',
            [(b'"a ""x""","b\r\n\nc"\n', ['a "x"', "b\r\n\nc"], 1), (b"d,e\n", ["d", "e"], 4)],
        ),
        (b"a\n\n\nb\n", [(b"a\n", ["a"], 1), (b"\n", [], 2), (b"\n", [], 3), (b"b\n", ["b"], 4)]),
        (b'\xef\xbb\xbf"a",b\n', [(b'\xef\xbb\xbf"a",b\n', ["a", "b"], 1)]),
        (b'5" disc,b\n', [(b'5" disc,b\n', ['5" disc', "b"], 1)]),
        ("é,山\n".encode(), [("é,山\n".encode(), ["é", "山"], 1)]),
    ],
)
def test_records_keep_their_bytes(content: bytes, expected: list[tuple[bytes, list[str], int]]) -> None:
    assert parsed(content) == expected


def test_a_long_value_is_read() -> None:
    long = b"x" * 10_000_000
    assert parsed(b"a," + long + b"\n") == [(b"a," + long + b"\n", ["a", long.decode()], 1)]


@pytest.mark.parametrize(
    ("content", "line"),
    [(b'a,b\n1,"open\n2,3\n', 2), (b'a,b\n1,2\n"x"y,3\n', 3), (b"a,b\n1,2\r3,4\n", 2)],
)
def test_broken_quotes_and_line_ends_name_the_line_and_not_the_content(content: bytes, line: int) -> None:
    with pytest.raises(Malformed, match=f"^people.csv, line {line}: the quotes or line ends") as raised:
        parsed(content)
    assert "open" not in str(raised.value)


def test_a_wrong_encoding_names_line_and_byte() -> None:
    content = "name\nok\nZoé\n".encode("cp1252")
    with pytest.raises(Malformed, match=r"line 3: byte 10 of the file is not utf-8") as raised:
        parsed(content)
    assert content[10:11] == b"\xe9"
    assert "cp1252" in raised.value.remedy


def test_a_wrong_encoding_is_counted_from_behind_the_mark_too() -> None:
    content = b"\xef\xbb\xbfn\xe9\n"
    with pytest.raises(Malformed, match=r"line 1: byte 4 of"):
        parsed(content)


@pytest.mark.parametrize(
    ("encoding", "usable"),
    [
        ("utf-8", True),
        ("cp1252", True),
        ("iso-8859-1", True),
        ("shift_jis", True),
        ("utf-16", False),
        ("cp037", False),
        ("nonsense", False),
    ],
)
def test_which_encodings_can_be_read_line_by_line(encoding: str, usable: bool) -> None:
    assert is_line_encoding(encoding) is usable


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["a,b,c", "1,2,3"], ","),
        (["a;b", "1,5;2,5"], ";"),
        (["a\tb", "1\t2"], "\t"),
        (["a|b|c", "1|2|3"], "|"),
        (["name", "Zoe"], ","),
        (['"a;x",b', "1;2,3"], ","),
        ([], ","),
    ],
)
def test_the_delimiter_is_found_out(lines: list[str], delimiter: str) -> None:
    assert sniff_delimiter(lines) == delimiter


@pytest.mark.parametrize(
    ("raw", "changes", "expected"),
    [
        (b"1,Zoe,x\r\n", {1: "gone"}, b"1,gone,x\r\n"),
        (b'1,"Zoe","x ""y"""\n', {1: "gone"}, b'1,"gone","x ""y"""\n'),
        (b"1,Zoe,x", {2: 'a "b", c'}, b'1,Zoe,"a ""b"", c"'),
        (b"1,Zoe,x\n", {0: "", 2: ""}, b",Zoe,\n"),
        (b" 1 , Zoe ,x\n", {2: "z"}, b" 1 , Zoe ,z\n"),
        (b"Zoe\n", {0: ""}, b'""\n'),
        (b'"a\nb",c\n', {1: "d\ne"}, b'"a\nb","d\ne"\n'),
        (b"a,b\n", {}, b"a,b\n"),
    ],
)
def test_replacing_a_field_leaves_the_others_as_written(
    raw: bytes, changes: dict[int, str], expected: bytes
) -> None:
    (record,) = records(io.BytesIO(raw), COMMA)
    assert replace_fields(record, changes, COMMA) == expected


@given(
    rows=st.lists(st.lists(TEXT, min_size=2, max_size=2), min_size=1, max_size=5),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
    delimiter=st.sampled_from(",;\t|"),
    new=TEXT,
)
def test_whatever_was_written_is_read_and_changed_in_place(
    rows: list[list[str]], quoting: int, end: str, delimiter: str, new: str
) -> None:
    # The standard library's writer leaves a lone carriage return unquoted there: no reader can tell its meaning.
    assume(
        quoting == csv.QUOTE_ALL or end == "\r\n" or not any("\r" in value for row in rows for value in row)
    )
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=quoting, lineterminator=end, delimiter=delimiter).writerows(rows)  # type: ignore[arg-type]
    content = buffer.getvalue().encode()
    dialect = Dialect("any.csv", "utf-8", delimiter)
    found = list(records(io.BytesIO(content), dialect))
    if not content.startswith(b"\xef\xbb\xbf"):  # a first value that begins with the mark of UTF-8 loses it
        assert [record.fields for record in found] == rows
    assert b"".join(record.raw for record in found) == content
    changed = b"".join(replace_fields(record, {1: new}, dialect) for record in found[1:])
    assert [record.fields for record in records(io.BytesIO(b"\n" + changed), dialect)][1:] == [
        [row[0], new] for row in rows[1:]
    ]
