"""An example or more of every technique: what it is given, and with what parameters. A kind without one fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"]),
    max_size=12,
)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
WORDS = st.sampled_from(["Ana", "ana", "Lyon", "Nice", "Bonn", "", " ", "Zoë", "Žižek", "李", "a-b 7"])
EMAILS = st.sampled_from(
    ["ana@example.org", "Ana@example.org", "bo@example.com", "no address", "a@b@c", "@", "x@", "@y", ""]
)
PHONES = st.sampled_from(["+44 20 7946 0958", "0044 20 7946 0958", "020 7946 0958", "+999 1", "", "ext"])
ADDRESSES = st.sampled_from(
    ["192.0.2.77", "192.0.2.78", "2001:db8:1:2::3", "::ffff:192.0.2.1", "fe80::1%eth0", "10.0.0.1:80", "no"]
)
CARDS = st.sampled_from(["4111 1111 1111 1111", "4111111111111111", "5500-0000-0000-0004", "12", "card"])
COORDINATES = st.sampled_from(["52.5163, 13.3777", "52.5163,13.3777", "here", "200,1"])
DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 12, 31), timezones=st.just(UTC))
FLOATS = st.floats(width=64)
DECIMALS = st.decimals(-10_000, 10_000, places=2)
IBANS = st.sampled_from(
    ["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "DE00370400440532013000", "x"]
)
SSNS = st.sampled_from(["123-45-6789", "123456789", "987 65 4321"])
NOTES = st.sampled_from(
    ["Call Maria Lopez at maria@example.org.", "It arrived in Lyon.", "maria@example.org", "Nothing.", ""]
)
SUBSTITUTES = (
    "given_name",
    "family_name",
    "full_name",
    "email",
    "user_name",
    "company",
    "street",
    "city",
    "phone",
)
PLACES = "Lyon;Rhône;France;*\nNice;Var;France;*\nBonn;NRW;Germany;*"


@dataclass(frozen=True)
class Example:
    """`values` are drawn for a column of `type`. `vault`: it needs the token vault."""

    type: pa.DataType
    values: st.SearchStrategy[Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    vault: bool = False


EXAMPLES: dict[str, list[Example]] = {
    "keep": [Example(pa.string(), TEXT)],
    "drop": [Example(pa.string(), TEXT)],
    "suppress": [
        Example(pa.string(), TEXT),
        Example(pa.int64(), INTEGERS, {"constant": "0"}),
        Example(pa.date32(), DAYS, {"constant": "2000-01-01"}),
    ],
    "redact": [Example(pa.int64(), INTEGERS), Example(pa.string(), TEXT, {"text": ""})],
    "mask": [
        Example(pa.string(), TEXT),
        Example(pa.string(), TEXT, {"first": 1, "last": 2}),
        Example(pa.string(), TEXT, {"first": 2, "hidden": 3, "character": "\\"}),
        Example(pa.int64(), INTEGERS, {"last": 3}),
    ],
    "mask_shape": [Example(pa.string(), TEXT), Example(pa.date32(), DAYS, {"digit": "0", "letter": "a"})],
    "mask_email": [
        Example(pa.string(), EMAILS),
        Example(pa.string(), EMAILS | TEXT, {"local": "first"}),
        Example(pa.string(), EMAILS, {"local": "pseudonym"}),
    ],
    "mask_phone": [Example(pa.string(), PHONES | TEXT), Example(pa.int64(), INTEGERS, {"last": 2})],
    "mask_ip": [
        Example(pa.string(), ADDRESSES | st.ip_addresses().map(str)),
        Example(pa.string(), ADDRESSES, {"ipv4": 8, "ipv6": 32, "written": "address"}),
    ],
    "mask_card": [Example(pa.string(), CARDS | TEXT), Example(pa.string(), CARDS, {"first": 6})],
    "pseudonym": [
        Example(pa.string(), TEXT),
        Example(pa.string(), WORDS | TEXT, {"normalize": "folded", "encoding": "base64url"}),
        Example(pa.int64(), INTEGERS, {"domain": "customer", "length": 16, "show_version": False}),
        Example(pa.decimal128(9, 2), DECIMALS),
        Example(pa.timestamp("us", "Europe/Berlin"), MOMENTS),
        Example(pa.binary(), st.binary(max_size=5)),
    ],
    "encrypt": [
        Example(pa.string(), TEXT),
        Example(pa.int64(), INTEGERS, {"written": "binary"}),
        Example(pa.binary(), st.binary(max_size=5)),
        Example(pa.string(), TEXT, {"per_person": True}),
        Example(pa.date32(), DAYS),
        Example(pa.timestamp("us", "Europe/Berlin"), MOMENTS),
        Example(pa.float64(), st.floats(allow_nan=False, width=64).map(lambda value: value + 0.0)),
        Example(pa.decimal128(9, 2), DECIMALS),
        Example(pa.bool_(), st.booleans()),
    ],
    "generalize_band": [
        Example(pa.int64(), INTEGERS, {"width": 10}),
        Example(pa.float64(), FLOATS, {"width": 0.1, "origin": 0.05}),
        Example(pa.decimal128(9, 2), DECIMALS, {"width": 2.5, "written": "middle"}),
        Example(pa.int16(), st.integers(-30_000, 30_000), {"width": 7, "written": "lower"}),
    ],
    "generalize_bins": [
        Example(pa.int64(), INTEGERS, {"edges": ["18", "30", "65.5"]}),
        Example(pa.float32(), st.floats(width=32), {"edges": ["0"], "labels": ["less", "more"]}),
        Example(pa.decimal128(9, 2), DECIMALS, {"edges": ["0.01", "0.02"]}),
    ],
    "generalize_limits": [
        Example(pa.int64(), INTEGERS, {"upper": 90}),
        Example(pa.float64(), FLOATS, {"lower": -1.5, "upper": 1.5}),
        Example(pa.decimal128(9, 2), DECIMALS, {"lower": 0.005}),
    ],
    "generalize_round": [
        Example(pa.int64(), st.integers(-(2**60), 2**60), {"digits": -3}),
        Example(pa.float64(), FLOATS, {"digits": 1}),
        Example(pa.decimal128(9, 2), DECIMALS, {"digits": 0}),
    ],
    "generalize_date": [
        Example(pa.date32(), DAYS, {"unit": "quarter", "written": "label"}),
        Example(pa.date32(), DAYS, {"unit": "decade"}),
        Example(pa.timestamp("us", "Europe/Berlin"), MOMENTS, {"unit": "hour"}),
        Example(pa.string(), DAYS.map(str) | WORDS, {"unit": "month"}),
    ],
    "generalize_age": [
        Example(pa.date32(), DAYS, {"on": "2024-02-29"}),
        Example(pa.string(), DAYS.map(str) | WORDS, {"on": "2024-12-31", "width": 7, "oldest": 80}),
    ],
    "generalize_hierarchy": [
        Example(pa.string(), st.sampled_from(["Lyon", "Nice", "Bonn"]), {"hierarchy": PLACES, "level": 2}),
        Example(pa.string(), WORDS, {"hierarchy": PLACES, "missing": "suppress"}),
        Example(pa.int8(), st.sampled_from([1, 2]), {"hierarchy": "1,odd\n2,even", "delimiter": ","}),
    ],
    "generalize_postal": [
        Example(pa.string(), st.from_regex(r"[0-9]{0,6}", fullmatch=True), {"fill": "*", "sparse": ["036"]}),
        Example(pa.int32(), st.integers(0, 99_999), {"digits": 5}),
    ],
    "generalize_geo": [
        Example(pa.float64(), FLOATS | st.floats(-180, 180)),
        Example(
            pa.string(),
            st.sampled_from(["52.5163, 13.3777", "52.5163,13.3777", "here", "200,1"]),
            {"decimals": 2},
        ),
    ],
    "ff1": [
        Example(pa.string(), st.from_regex(r"[0-9]{6,20}", fullmatch=True)),
        Example(
            pa.string(), CARDS | TEXT, {"first": 6, "last": 4, "separators": True, "otherwise": "suppress"}
        ),
        Example(
            pa.string(),
            st.text("abc", min_size=13, max_size=70),
            {"alphabet": "own", "own": "cba", "tweak": "t"},
        ),
        Example(
            pa.string(),
            st.text("äöü", min_size=15, max_size=16),
            {"alphabet": "own", "own": "üöä", "last": 1},
        ),
        Example(pa.int64(), st.integers(0, 10**9 - 1), {"digits": 9, "domain": "account"}),
    ],
    "token": [
        Example(pa.string(), TEXT, vault=True),
        Example(pa.int64(), INTEGERS, {"format": "digits", "number": True}, vault=True),
        Example(pa.string(), TEXT, {"format": "shape", "per_person": True}, vault=True),
        Example(pa.string(), CARDS, {"format": "card", "otherwise": "suppress"}, vault=True),
        Example(pa.string(), CARDS, {"format": "card", "first": 6, "otherwise": "suppress"}, vault=True),
        Example(pa.string(), IBANS, {"format": "iban", "otherwise": "suppress"}, vault=True),
        Example(pa.string(), SSNS, {"format": "ssn"}, vault=True),
    ],
    "substitute": [
        *(Example(pa.string(), TEXT, {"what": what}) for what in SUBSTITUTES),
        Example(pa.string(), EMAILS, {"what": "email", "identity": True, "locale": "ja_JP"}),
        Example(pa.int64(), INTEGERS, {"what": "street", "locale": "de_DE"}),
    ],
    "date_shift": [
        Example(pa.date32(), DAYS, {"days": 3}),
        Example(pa.timestamp("us", "Europe/Berlin"), MOMENTS),
        Example(pa.string(), DAYS.map(str) | WORDS),
    ],
    "redact_text": [
        Example(pa.string(), NOTES),
        Example(pa.string(), NOTES, {"written": "pseudonym", "spare": ["location"]}),
    ],
    "noise": [
        Example(pa.int64(), INTEGERS, {"lower": 0, "upper": 100}),
        Example(pa.float64(), FLOATS, {"lower": 0, "upper": 1, "within": True}),
        Example(pa.decimal128(9, 2), DECIMALS, {"lower": 0, "upper": 100, "epsilon": 5.0, "delta": 1e-6}),
    ],
}

# One value of every type that a column may have, beside the examples' own.
SAMPLES: list[pa.Array] = [
    pa.array(["Ana", None, "Bo"], pa.large_string()),
    pa.array(["Ana", None, "Bo"]).cast(pa.string_view()),
    pa.array(["Ana", None, "Ana"]).dictionary_encode(),
    pa.array(["Ana", None, "Ana"]).cast(pa.string_view()).dictionary_encode(),
    pa.array([1, None, 255], pa.uint8()),
    pa.array([1, None, 2**64 - 1], pa.uint64()),
    pa.array([-(2**63), None, 2**63 - 1], pa.int64()),
    pa.array([1.5, None, float("nan")], pa.float16()),
    pa.array([1.1, None, float("inf")], pa.float32()),
    pa.array([0.1, None, -0.0], pa.float64()),
    pa.array([Decimal("1.50"), None, Decimal("-0.01")], pa.decimal128(38, 2)),
    pa.array([Decimal("1.50"), None, Decimal("9" * 60)], pa.decimal256(76, 2)),
    pa.array([True, None, False]),
    pa.array([date(2024, 2, 29), None, date(1969, 1, 1)], pa.date32()),
    pa.array([date(2024, 2, 29), None, date(1969, 1, 1)], pa.date64()),
    pa.array([datetime(2024, 2, 29, 12, 30), None, datetime(1969, 1, 1)], pa.timestamp("s")),
    pa.array([datetime(2024, 2, 29, 12, 30, tzinfo=UTC), None, None], pa.timestamp("ns", "Asia/Kolkata")),
    pa.array([1, None, 2], pa.time64("us")),
    pa.array([1, None, 2], pa.duration("s")),
    pa.array([b"\x00", None, b"\xff"]),
    pa.array([b"ab", None, b"cd"], pa.binary(2)),
    pa.array([b"a" * 16, None, b"b" * 16], pa.binary(16)).cast(pa.uuid()),
    pa.nulls(3),
    pa.array([["Ana", None], None, []], pa.list_(pa.string())),
    pa.array([[["Ana"], None], None, []], pa.large_list(pa.list_(pa.string()))),
    pa.array([[1, 2], None, [3, None]], pa.list_(pa.int64(), 2)),
    pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": None}]),
    pa.array([[{"a": 1}], None, []]),
    pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int64())),
]
