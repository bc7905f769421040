from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.anonymization.techniques import registry
from retention.anonymization.techniques.base import TechniqueError
from tests.retention.techniques.doubles import environment


def masked(kind: str, values: list[Any], **parameters: Any) -> list[Any]:
    column = pa.array(values)
    return registry.get(kind)(parameters).prepare(column.type, environment())(column, None).to_pylist()


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ["******", "***", "", None]),
        ({"first": 1}, ["Ž*****", "A**", "", None]),
        ({"last": 2}, ["****ek", "*na", "", None]),
        ({"first": 1, "last": 2, "character": "•"}, ["Ž•••ek", "•••", "", None]),
        ({"first": 1, "hidden": 2}, ["Ž**", "A**", "**", None]),
        ({"hidden": 4}, ["****", "****", "****", None]),
        ({"first": 64}, ["******", "***", "", None]),
    ],
)
def test_mask_keeps_what_it_should(parameters: dict[str, Any], expected: list[Any]) -> None:
    assert masked("mask", ["Žiž-ek", "Ana", "", None], **parameters) == expected


@pytest.mark.parametrize("character", ["", "**", " ", "\n"])
def test_a_mask_is_one_visible_character(character: str) -> None:
    with pytest.raises(TechniqueError, match="one visible character"):
        registry.get("mask")({"character": character})


@given(st.text(min_size=1), st.integers(0, 5), st.integers(0, 5))
def test_mask_never_shows_more_than_it_says(text: str, first: int, last: int) -> None:
    (answer,) = masked("mask", [text], first=first, last=last, character="█")
    if len(text) <= first + last:
        assert answer == "█" * len(text)
    else:
        assert answer == text[:first] + "█" * (len(text) - first - last) + text[len(text) - last :]


def test_shape_keeps_length_punctuation_and_case_alone() -> None:
    values = ["Zoë O'Neill-7", "+49 (0)30 / 12", "李 ½ ١", "a🙂b", "", None]
    assert masked("mask_shape", values) == ["Xxx X'Xxxxx-9", "+99 (9)99 / 99", "x 9 9", "xxx", "", None]
    assert masked("mask_shape", ["Ab1"], digit="0", letter="q") == ["Qq0"]


def test_email_keeps_the_domain() -> None:
    values = ["ana@example.org", "b@x.org", "no address", "a@b@c.org", "@x.org", "a@", "", None]
    hidden = "*****"
    assert masked("mask_email", values) == [
        "*****@example.org",
        "*****@x.org",
        *[hidden] * 5,
        None,
    ]
    assert masked("mask_email", values[:3], local="first") == ["a*****@example.org", "b*****@x.org", hidden]
    one, two, same, none = masked(
        "mask_email", ["ana@x.org", "bo@x.org", "ana@x.org", "?"], local="pseudonym"
    )
    assert one == same != two
    assert (len(one), one[16:], none) == (22, "@x.org", hidden)


def test_phone_keeps_the_country() -> None:
    values = [
        "+44 20 7946 0958",
        "0044 20 7946 0958",
        "+1 (202) 555-0143",
        "(+49) 30 1234567",
        "020 7946 0958",
    ]
    assert masked("mask_phone", values) == [
        "+44 ** **** ****",
        "0044 ** **** ****",
        "+1 (***) ***-****",
        "(+49) ** *******",
        "*** **** ****",
    ]
    assert masked("mask_phone", ["+44 20 7946 0958", "+999 12 3", "12 34", "ext. 7"], last=2) == [
        "+44 ** **** **58",
        "+*** ** *",
        "** **",
        "***. *",
    ]
    assert masked("mask_phone", [4420794609, None]) == ["**********", None]


def test_ip_keeps_the_network_and_lets_nothing_else_through() -> None:
    values = [
        "192.0.2.77",
        " 192.0.2.1 ",
        "2001:db8:1:2::3",
        "::ffff:192.0.2.1",
        "fe80::1%eth0",
        "192.0.2.1:80",
        "x",
    ]
    assert masked("mask_ip", values) == [
        "192.0.2.0/24",
        "192.0.2.0/24",
        "2001:db8:1::/48",
        "192.0.2.0/24",
        "fe80::/48",
        None,
        None,
    ]
    assert masked("mask_ip", values[:3], ipv4=8, ipv6=32, written="address") == [
        "192.0.0.0",
        "192.0.0.0",
        "2001:db8::",
    ]
    with pytest.raises(TechniqueError, match="at most 31"):
        registry.get("mask_ip")({"ipv4": 32})


def test_card_keeps_the_last_digits() -> None:
    values = ["4111 1111 1111 1234", "5500-0000-0000-0004", "123456789012", "4111x1111x1111x1234"]
    assert masked("mask_card", values) == [
        "**** **** **** 1234",
        "****-****-****-0004",
        "************",
        "***************1234",
    ]
    assert masked("mask_card", values[:1], first=6, last=0) == ["4111 11** **** ****"]
    assert masked("mask_card", [4111111111111234]) == ["************1234"]


def test_hostile_values_cost_no_more_than_their_length() -> None:
    """With a pattern that tries every way to divide the blanks this would take hours."""
    blanks = " " * 300_000
    assert masked("mask_phone", [f"{blanks}x"]) == [f"{blanks}*"]
    assert masked("generalize_geo", [f"1{blanks}x", f"1{blanks}2"]) == [None, "1.0, 2.0"]
