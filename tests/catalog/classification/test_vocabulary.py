import pytest

from catalog.classification.vocabulary import CATEGORIES, Sensitivity, within


def test_sensitivities_have_the_words_of_the_field():
    assert [(one.value, one.title) for one in Sensitivity] == [
        ("direct", "direct identifier"),
        ("quasi", "quasi-identifier"),
        ("sensitive", "sensitive (Art. 9)"),
        ("pseudonymous", "pseudonymous"),
        ("none", "not personal"),
    ]


@pytest.mark.parametrize(
    ("key", "ancestor", "expected"),
    [
        ("contact.email", "contact.email", True),
        ("contact.address.city", "contact", True),
        ("contact.address.city", "contact.address", True),
        ("device.cookie_id", "device.cookie", False),
        ("device.cookie", "device.cookie_id", False),
        ("contact", "contact.email", False),
    ],
)
def test_within_compares_segment_by_segment(key, ancestor, expected):
    assert within(key, ancestor) is expected


def test_every_category_hangs_in_the_tree():
    assert {category.parent for category in CATEGORIES.values()} - {""} <= set(CATEGORIES)
    assert all(key == category.key for key, category in CATEGORIES.items())


def test_article_9_data_is_sensitive():
    sensitive = {key for key, category in CATEGORIES.items() if category.sensitivity is Sensitivity.SENSITIVE}
    assert sensitive == {
        "demographic.ethnicity",
        "demographic.religion",
        "demographic.politics",
        "demographic.union",
        "demographic.orientation",
        "health",
        "health.condition",
        "health.record",
        "biometric",
    }


def test_a_person_is_searched_by_what_belongs_to_one_person_only():
    assert CATEGORIES["contact.email"].unique
    assert CATEGORIES["id.customer"].unique
    assert not CATEGORIES["contact.phone"].unique  # shared by households and offices
    assert not CATEGORIES["name.full"].unique
    assert not any(category.unique for key, category in CATEGORIES.items() if within(key, "contact.address"))
