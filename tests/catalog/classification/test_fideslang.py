import pytest

from catalog.classification.fideslang import KEYS, from_fideslang, to_fideslang
from catalog.classification.vocabulary import CATEGORIES


@pytest.mark.parametrize(
    ("key", "category"),
    [
        ("user.contact.email", "contact.email"),
        ("user.device.cookie_id", "id.cookie"),
        ("user.device.cookie", "id.cookie"),
        ("user.device.ip_address", "online.ip"),
        ("user.device.ip_address_hash", "id.device"),  # a segment of its own: only `user.device` is above it
        ("user.financial.credit_card.number", "finance.card"),
        ("user.biometric_health", "health"),
        ("user.biometric.retinal", "biometric"),
        ("user.health_and_medical.genetic", "biometric"),
        ("system.operations", "none.operational"),
        ("user.criminal_history", ""),
        ("user", ""),
        ("users.contact.email", ""),
        ("", ""),
        ("user..email", ""),
    ],
)
def test_a_key_is_the_nearest_category_by_segment(key, category):
    assert from_fideslang(key) == category


def test_a_cookie_is_not_its_number_in_the_table():
    assert KEYS["id.cookie"] == ("user.device.cookie_id", "user.device.cookie")
    assert from_fideslang("user.device.cookies") == "id.device"


@pytest.mark.parametrize(
    ("category", "key"),
    [
        ("contact.email", "user.contact.email"),
        ("name.middle", "user.name"),
        ("finance.income", "user.financial"),
        ("id.customer", "user.unique_id"),
        ("online.mac", "user.device.device_id"),
        ("finance.iban", "user.financial.bank_account"),
        ("none.operational", "system.operations"),
        ("no.such", ""),
    ],
)
def test_a_category_has_the_nearest_key(category, key):
    assert to_fideslang(category) == key


def test_the_way_there_and_back_is_the_same():
    for category in KEYS:
        assert from_fideslang(to_fideslang(category)) == category
    assert set(KEYS) <= set(CATEGORIES)


def test_every_key_means_one_category():
    keys = [key for keys in KEYS.values() for key in keys]
    assert len(keys) == len(set(keys))
