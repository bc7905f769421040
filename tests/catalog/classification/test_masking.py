import pytest

from catalog.classification.masking import LONGEST, mask


@pytest.mark.parametrize(
    ("value", "category", "expected"),
    [
        ("luisg@embraer.com.br", "contact.email", "l****@e******.br"),
        ("+55 (12) 3923-5555", "contact.phone", "+** (**) ****-**55"),
        ("Luís", "name.given", "L***"),
        ("Theodor-Heuss-Straße 34", "contact.address.street", "T******-*****-****** **"),
        ("M", "demographic.gender", "*"),
        ("Male", "demographic.gender", "****"),
        ("1962-02-18", "demographic.birth_date", "****-**-**"),
        ("asthma", "health.condition", "******"),
        ("hunter2", "credential.password", "*******"),
        ("Al", "name.given", "**"),
        ("", "name.given", ""),
    ],
)
def test_the_form_stays_and_the_content_goes(value, category, expected):
    assert mask(value, category) == expected


def test_long_values_are_cut():
    assert mask("x" * 10_000, "content.free_text") == "x" + "*" * (LONGEST - 1)
