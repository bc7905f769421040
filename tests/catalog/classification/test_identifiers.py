"""Known answers: the numbers are public test numbers of the schemes, valid and invalid."""

import pyarrow as pa
import pytest

from catalog.classification.identifiers import SCHEMES, judge_identifiers
from catalog.classification.patterns import is_card, judge_patterns
from catalog.classification.phones import is_phone, judge_phones
from catalog.classification.sample import take

VALID = [
    ("us.ssn", "536-90-4399"),
    ("de.idnr", "36 574 261 809"),
    ("fr.nir", "2 95 10 99 126 111 93"),
    ("es.dni", "54362315-K"),
    ("es.nie", "x-2482300w"),
    ("it.codicefiscale", "RCCMNL83S18D969H"),
    ("nl.bsn", "111222333"),
    ("be.nn", "85.07.30-033 28"),
    ("gb.nhs", "943-476-5870"),
    ("pl.pesel", "44051401359"),
    ("se.personnummer", "880320-0016"),
    ("dk.cpr", "211062-5629"),
    ("fi.hetu", "131052-308T"),
    ("no.fodselsnummer", "151086 95088"),
    ("br.cpf", "390.533.447-05"),
    ("cn.ric", "360426199101010071"),
    ("in_.aadhaar", "234123412346"),
    ("in_.pan", "ACUPA7085R"),
    ("at.vnr", "1237 010180"),
    ("ch.ssn", "756.9217.0769.85"),
    ("cz.rc", "710319/2745"),
    ("ee.ik", "36805280109"),
    ("lt.asmens", "33309240064"),
    ("ro.cnp", "1630615123457"),
    ("si.emso", "0101006500006"),
    ("bg.egn", "8032056031"),
    ("gr.amka", "01013099997"),
    ("hr.oib", "HR 33392005961"),
    ("ie.pps", "6433435F"),
    ("is_.kennitala", "120174-3399"),
    ("pt.cc", "00000000 0 ZZ4"),
    ("tr.tckimlik", "17291716060"),
    ("kr.rrn", "971013-9019902"),
    ("my.nric", "770305-02-1234"),
    ("mx.curp", "BOXW310820HNERXN09"),
    ("za.idnr", "750330 5044089"),
    ("th.pin", "1-2345-45678-78-1"),
    ("", "AB 12 34 56 C"),
]


def is_valid(module, value):
    return any(scheme.is_valid(value) for scheme in SCHEMES if scheme.module == module)


@pytest.mark.parametrize(("module", "value"), VALID)
def test_a_public_test_number_is_valid_and_a_changed_one_is_not(module, value):
    assert is_valid(module, value)
    last = next(place for place in range(len(value) - 1, -1, -1) if value[place].isdigit())
    changed = [value[:last] + digit + value[last + 1 :] for digit in "0123456789" if digit != value[last]]
    if not module or module in ("us.ssn", "dk.cpr", "my.nric", "in_.pan"):
        assert not is_valid(module, value + "99")  # these have no check digit
    else:
        assert sum(is_valid(module, one) for one in changed) <= 2


def test_at_least_thirty_countries_are_known():
    assert len({one.module.split(".")[0] for one in SCHEMES if one.module}) >= 30


@pytest.mark.parametrize("scheme", [one for one in SCHEMES if one.module], ids=lambda one: one.title)
def test_a_number_with_letters_put_in_is_never_valid(scheme):
    assert not scheme.is_valid("")
    assert not scheme.is_valid("no number")
    assert not scheme.is_valid("SCN-125")


def test_digits_that_any_number_has_count_only_under_the_right_name():
    sample = take(pa.array([str(51_234_567 + 91 * n) for n in range(20)]))
    assert judge_identifiers(sample) == []
    assert {item.category for item in judge_identifiers(sample, named={"id.national"})} == {"id.national"}


def test_a_column_of_national_numbers_is_one():
    values = ["390.533.447-05", "111.444.777-35", "529.982.247-25", "123.456.789-09", None]
    (evidence,) = judge_identifiers(take(pa.array(values)))
    assert (evidence.category, evidence.sampled, evidence.matched, evidence.valid) == ("id.national", 4, 4, 4)
    assert evidence.examples[0] == "3**.***.***-**"


def test_running_numbers_are_no_national_numbers():
    assert judge_identifiers(take(pa.array([str(10_000_000_000 + n) for n in range(500)]))) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("4111 1111 1111 1111", True),
        ("5555-5555-5555-4444", True),
        ("378282246310005", True),
        ("4111 1111 1111 1112", False),
        ("1234567890123452", False),  # right check digit, but nobody issues this prefix
        ("411111111111", False),
    ],
)
def test_cards_need_prefix_length_and_check_digit(value, expected):
    assert is_card(value) is expected


@pytest.mark.parametrize(
    ("value", "category"),
    [
        ("luisg@embraer.com.br", "contact.email"),
        ("https://example.org/a?b=c", "online.url"),
        ("192.168.0.17", "online.ip"),
        ("2001:db8::1", "online.ip"),
        ("00:1A:2B:3C:4D:5E", "online.mac"),
        ("123e4567-e89b-12d3-a456-426614174000", "id.pseudonym"),
        ("5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8", "id.pseudonym"),
        ("GR16 0110 1050 0000 1054 7023 795", "finance.iban"),
        ("$2b$12$abcdefghijklmnopqrstuv", "credential.password"),
        ("POINT (-73.929918 40.813077)", "location.coordinates"),
        ("H2G 1A7", "contact.address.postal_code"),
    ],
)
def test_forms(value, category):
    assert [item.category for item in judge_patterns(take(pa.array([value])))] == [category]


@pytest.mark.parametrize(
    "value", ["999.1.2.3", "GR16 0110 1050 0000 1054 7023 796", "user@", "12:34:56:78", "SCN-125", "1.5"]
)
def test_near_misses(value):
    assert judge_patterns(take(pa.array([value]))) == []


@pytest.mark.parametrize(
    ("value", "regions", "expected"),
    [
        ("+55 (12) 3923-5555", (), True),
        ("+49 30 123456", (), True),
        ("(416) 363-8888", ("US",), True),
        ("030 123456", ("DE",), True),
        ("+1 111 111 1111", (), False),
        ("12345", ("US",), False),
    ],
)
def test_telephone_numbers_follow_the_plan(value, regions, expected):
    assert is_phone(value, regions) is expected


def test_a_region_makes_national_notation_readable():
    values = take(pa.array(["612 34 56 78", "934 12 34 56", "698 76 54 32"]))
    assert judge_phones(values) == []
    (evidence,) = judge_phones(values, regions=("ES",))
    assert (evidence.category, evidence.valid) == ("contact.phone", 3)


@pytest.mark.parametrize(
    "values",
    [
        ["2021-01-05", "2021-01-06", "2021-02-07"],
        ["1175346.738", "1162459.525", "1182878.013"],
        ["81621-1234", "80621-2345"],
        [str(2125550100 + n) for n in range(60)],
    ],
)
def test_dates_decimals_postal_codes_and_serial_numbers_are_no_telephone_numbers(values):
    assert judge_phones(take(pa.array(values))) == []
