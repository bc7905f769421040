"""RFC 4231 and RFC 5869 have the answers."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.anonymization.hashing import KeyedHash, hkdf, subkey

# Key, data and HMAC-SHA-256 of RFC 4231, 4.2 to 4.8; the fifth is cut to 128 bits there.
RFC_4231 = [
    ("0b" * 20, b"Hi There".hex(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe".hex(),
        b"what do ya want for nothing?".hex(),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    ("aa" * 20, "dd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (
        "0102030405060708090a0b0c0d0e0f10111213141516171819",
        "cd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    ("0c" * 20, b"Test With Truncation".hex(), "a3b6167473100ee06e0c796c2955552b"),
    (
        "aa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First".hex(),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        "aa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be"
        b" hashed before being used by the HMAC algorithm.".hex(),
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
]


@pytest.mark.parametrize(("key", "data", "expected"), RFC_4231)
def test_hmac_of_rfc_4231(key: str, data: str, expected: str) -> None:
    assert KeyedHash(bytes.fromhex(key))(bytes.fromhex(data)).hex().startswith(expected)


@given(st.binary(max_size=200), st.lists(st.binary(max_size=200), max_size=5))
def test_many_at_once_are_what_the_standard_library_says(key: bytes, messages: list[bytes]) -> None:
    assert KeyedHash(key).each(messages) == [hmac.digest(key, message, "sha256") for message in messages]


@pytest.mark.parametrize(
    ("material", "salt", "info", "expected"),
    [
        (
            "0b" * 22,
            "000102030405060708090a0b0c",
            "f0f1f2f3f4f5f6f7f8f9",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
        ),
        ("0b" * 22, "", "", "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"),
    ],
)
def test_hkdf_of_rfc_5869(material: str, salt: str, info: str, expected: str) -> None:
    made = hkdf(bytes.fromhex(material), bytes.fromhex(info), salt=bytes.fromhex(salt))
    assert made.hex() == expected


def test_no_two_purposes_share_a_key() -> None:
    purposes = [("a", "bc"), ("ab", "c"), ("abc",), ("a", "b", "c"), ("", "abc"), ("abc", "")]
    assert len({subkey(bytes(32), *purpose) for purpose in purposes}) == len(purposes)
