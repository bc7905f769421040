"""Text from anybody: plain values come out, or an error with its line."""

import time

import pytest

from catalog.contracts.problems import ContractError
from catalog.contracts.reading import MOST_BYTES, MOST_VALUES, read_file, read_texts


def test_values_are_read_as_yaml_1_2_reads_them():
    text = b"country: NO\nday: 2024-05-01\nratio: 0.5\ncount: -3\npostal: 01234\nflag: true\nnothing:\nversion: 1.1.0\n"
    (read,) = read_texts(text)
    assert read.value == {
        "country": "NO",
        "day": "2024-05-01",
        "ratio": 0.5,
        "count": -3,
        "postal": "01234",
        "flag": True,
        "nothing": None,
        "version": "1.1.0",
    }
    assert read.line_of(("postal",)) == 5
    assert read.line_of(("postal", "deeper")) == 5


def test_several_documents_and_json_are_read():
    assert [text.value for text in read_texts(b'---\na: 1\n---\n{"b": [1, null]}\n')] == [
        {"a": 1},
        {"b": [1, None]},
    ]


def test_numbers_that_no_database_holds_stay_text():
    assert read_texts(b"a: 1e999\nb: 123456789012345678901234567890\n")[0].value == {
        "a": "1e999",
        "b": "123456789012345678901234567890",
    }


BOMB = b"a: &a [x, x]\n" + b"".join(
    b"%c: &%c [*%c, *%c]\n" % (98 + n, 98 + n, 97 + n, 97 + n) for n in range(20)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "line 2, b[0]: Aliases (*name) are not accepted."),
        (b"a:\n  <<: {b: 1}\n", "line 2, a: Merge keys (<<) are not accepted."),
        (
            b"a: 1\nb:\n  c: 1\n  c: 2\n",
            "line 4, b: The key “c” stands here twice, first in line 3. Keep one.",
        ),
        (b"a: !!python/object/apply:os.system [id]\n", "line 1, a: Tags (!name) are not accepted."),
        (b"- 1\n- \xff\n", "line 2: Byte 7 is not UTF-8."),
        (b'a: "x\\0y"\n', "line 1, a: It holds a NUL character."),
        (b"a: 1\nb: \x07\n", "line 2: It holds a character that text must not hold."),
        (b"a:\n\tb: 1\n", "line 2: This is not YAML: a tab stands where YAML wants spaces."),
        (b"[a]: 1\n", "line 1: A key must be a word."),
        (b"[" * 2_000_000, "It is nested deeper than 40 levels."),
        (b"{a: " * 500_000, "line 1, a.a.a: It is nested deeper than 40 levels."),
        (b"- a\n" * (MOST_VALUES + 1), "It holds more than 200,000 values."),
        (b"x" * (MOST_BYTES + 1), "It has 4,000,001 bytes; a contract has at most 4,000,000."),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_what_is_hostile_is_refused_with_its_line_and_quickly(text: bytes, said: str):
    began = time.process_time()
    with pytest.raises(ContractError) as refused:
        read_texts(text, name="c.yaml")
    assert said in str(refused.value)
    assert refused.value.name == "c.yaml"
    assert time.process_time() - began < 5


def test_a_file_of_50_mb_is_not_even_read(tmp_path):
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(ContractError, match="It has 50,000,000 bytes"):
        read_file(path)


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(ContractError, match="There is no such file"):
        read_file(tmp_path)
