"""FF1 beside NIST's samples, and beside the specification followed step by step."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.anonymization.ff1 import FF1
from retention.anonymization.revealing import reveal
from retention.anonymization.techniques.base import TechniqueError
from retention.anonymization.techniques.ff1 import Ff1
from tests.retention.techniques.doubles import KeysDouble, environment

SAMPLES = json.loads((Path(__file__).parents[2] / "data/ff1/samples.json").read_text())


@pytest.mark.parametrize("sample", SAMPLES)
def test_samples_of_nist(sample: dict[str, str]) -> None:
    alphabet, tweak = sample["alphabet"], bytes.fromhex(sample["tweak"])
    cipher = FF1(bytes.fromhex(sample["key"]), len(alphabet))
    plain, crypt = (
        np.array([[alphabet.index(letter) for letter in sample[name]]])
        for name in ("plaintext", "ciphertext")
    )
    assert cipher.encrypt(plain, tweak).tolist() == crypt.tolist()
    assert cipher.decrypt(crypt, tweak).tolist() == plain.tolist()


def step_by_step(key: bytes, radix: int, tweak: bytes, numerals: list[int]) -> list[int]:
    """SP 800-38G, algorithm 7, for one string."""

    def aes(block: bytes) -> bytes:
        return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)

    def number(digits: list[int]) -> int:
        return sum(digit * radix**place for place, digit in enumerate(reversed(digits)))

    n, t = len(numerals), len(tweak)
    u, v = n // 2, n - n // 2
    a, b = numerals[:u], numerals[u:]
    size = -(-(radix**v - 1).bit_length() // 8)
    wanted = 4 * -(-size // 4) + 4
    first = bytes(
        [1, 2, 1, *radix.to_bytes(3, "big"), 10, u % 256, *n.to_bytes(4, "big"), *t.to_bytes(4, "big")]
    )
    for i in range(10):
        second = tweak + bytes((-t - size - 1) % 16) + bytes([i]) + number(b).to_bytes(size, "big")
        state = bytes(16)
        message = first + second
        for start in range(0, len(message), 16):
            state = aes(bytes(x ^ y for x, y in zip(state, message[start : start + 16], strict=True)))
        stream = state
        for j in range(1, -(-wanted // 16)):
            stream += aes((int.from_bytes(state, "big") ^ j).to_bytes(16, "big"))
        m = u if i % 2 == 0 else v
        c = (number(a) + int.from_bytes(stream[:wanted], "big")) % radix**m
        a, b = b, [c // radix**place % radix for place in reversed(range(m))]
    return a + b


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_it_follows_the_specification(data: st.DataObject) -> None:
    radix = data.draw(st.sampled_from([2, 3, 10, 26, 36, 62, 256, 65_536]))
    least = next(length for length in range(2, 64) if radix**length >= 10**6)
    length = data.draw(st.integers(least, least + 60))
    key = data.draw(st.binary(min_size=16, max_size=16)) * data.draw(st.sampled_from([1, 2]))
    tweak = data.draw(st.binary(max_size=40))
    strings = data.draw(
        st.lists(
            st.lists(st.integers(0, radix - 1), min_size=length, max_size=length), min_size=1, max_size=3
        )
    )
    given_strings = np.array(strings)
    cipher = FF1(key, radix)
    made = cipher.encrypt(given_strings, tweak)
    assert made.tolist() == [step_by_step(key, radix, tweak, string) for string in strings]
    assert cipher.decrypt(made, tweak).tolist() == strings
    assert given_strings.tolist() == strings


def test_each_string_has_its_own_tweak() -> None:
    cipher = FF1(bytes(32), 10)
    strings, tweaks = np.array([[1, 2, 3, 4, 5, 6]] * 2), np.array([[1], [2]], np.uint8)
    one, two = cipher.encrypt(strings, tweaks).tolist()
    assert [one, two] == [cipher.encrypt(strings[:1], bytes([n])).tolist()[0] for n in (1, 2)]
    assert one != two


def test_small_domains_are_refused() -> None:
    with pytest.raises(ValueError, match="fewer than 1,000,000"):
        FF1(bytes(16), 10).encrypt(np.zeros((1, 5), int))
    assert FF1(bytes(16), 10).large_enough(6)
    assert not FF1(bytes(16), 1000).large_enough(1)


def crypt(values: list[Any], **parameters: Any) -> list[Any]:
    column = pa.array(values)
    return Ff1(parameters).prepare(column.type, environment())(column, None).to_pylist()


def test_clear_parts_stay_and_go_into_the_tweak() -> None:
    one, other = crypt(["4111 1111 1111 1111", "4222-2211-1111-1111"], first=6, last=4, separators=True)
    assert (one[:7], one[-4:], [one[place] for place in (4, 9, 14)]) == ("4111 11", "1111", [" "] * 3)
    assert (other[:7], other[-4:]) == ("4222-22", "1111")
    assert one[7:14].replace(" ", "") != other[7:14].replace("-", "")
    bare, spaced = crypt(["4111111111111111", "4111 1111 1111 1111"], first=6, last=4, separators=True)
    assert bare == spaced.replace(" ", "")


def test_what_does_not_fit_is_refused_or_suppressed() -> None:
    values = ["123456", "12345", "12345a", "123 456", "", None]
    with pytest.raises(TechniqueError, match="Column given: 4 distinct values cannot be encrypted"):
        crypt(values)
    answer = crypt(values, otherwise="suppress")
    assert answer[1:] == [None] * 5
    # A letter is never taken for a separator.
    assert crypt(["123456a"], separators=True, otherwise="suppress") == [None]
    assert crypt(["١٢٣٤٥٦7"], separators=True, otherwise="suppress") == [None]


def test_numbers_stay_numbers() -> None:
    values = pa.array([0, 7, 999_999_999, None], pa.int32())
    technique = Ff1({"digits": 9})
    made = technique.prepare(values.type, environment())(values, None)
    assert made.type == pa.int32()
    assert made.to_pylist()[:3] != values.to_pylist()[:3]
    assert reveal(made, technique, environment(), given=values.type).equals(values)
    for wrong in (pa.array([-1]), pa.array([10**9])):
        with pytest.raises(TechniqueError, match="1 distinct values cannot be encrypted"):
            technique.prepare(wrong.type, environment())(wrong, None)
    with pytest.raises(TechniqueError, match="no room for 10 digits"):
        Ff1({"digits": 10}).output_type(pa.int32())
    with pytest.raises(TechniqueError, match="with how many digits"):
        Ff1().output_type(pa.int32())


def test_an_older_version_reads_older_values() -> None:
    keys, values = KeysDouble(), pa.array(["123456789"])
    old = Ff1().prepare(values.type, environment(keys=keys))(values, None)
    keys.rotate("anonymization")
    assert reveal(old, Ff1({"version": 1}), environment(keys=keys), given=values.type).equals(values)
    assert not reveal(old, Ff1(), environment(keys=keys), given=values.type).equals(values)


@pytest.mark.parametrize(
    "parameters",
    [
        {"alphabet": "own", "own": "aa"},
        {"alphabet": "own"},
        {"own": "abc"},
        {"digits": 9, "alphabet": "lower"},
        {"digits": 9, "first": 1},
    ],
)
def test_parameters_that_do_not_go_together(parameters: dict[str, Any]) -> None:
    with pytest.raises(TechniqueError, match=r"ff1\."):
        Ff1(parameters)


def test_texts_of_endless_length_are_none_that_fit() -> None:
    """The cost grows with the square of the length: a single value must not hold up a job."""
    assert crypt(["7" * 1_000_000, "123456"], otherwise="suppress")[0] is None
    with pytest.raises(TechniqueError, match=r"or more than 4,096"):
        crypt(["7" * 4_097])
