"""Two versions: what differs, and for whom it matters."""

from dataclasses import replace

import pytest

from catalog.contracts.comparing import BREAKS, LOOSENS, TIGHTENS, Difference, compare
from catalog.contracts.document import Field
from tests.catalog.contracts.texts import ALLOWED

EMAIL = ALLOWED.fields[1]


def changed(**values) -> list[tuple[str, str]]:
    found = compare(ALLOWED, replace(ALLOWED, **values))
    return [(each.attribute, each.effect) for each in found]


def email(**values) -> list[tuple[str, str]]:
    fields = (ALLOWED.fields[0], replace(EMAIL, **values), ALLOWED.fields[2])
    return changed(fields=fields)


def test_the_same_has_no_difference():
    assert compare(ALLOWED, ALLOWED) == []


@pytest.mark.parametrize(
    ("values", "effect"),
    [
        ({"retention_days": 31}, LOOSENS),
        ({"retention_days": 29}, TIGHTENS),
        ({"retention_days": None}, LOOSENS),
        ({"forbidden_uses": ("x",)}, TIGHTENS),
        ({"allowed_uses": ("x",)}, TIGHTENS),
        ({"owner": "crm"}, ""),
    ],
)
def test_effects_of_changes_to_the_whole(values: dict, effect: str):
    assert changed(**values) == [(next(iter(values)), effect)]


@pytest.mark.parametrize(
    ("values", "effect"),
    [
        ({"type": "integer"}, BREAKS),
        ({"type": "varchar(9)"}, ""),
        ({"category": "none"}, LOOSENS),
        ({"category": "health.condition"}, TIGHTENS),
        ({"sensitivity": "pseudonymous"}, LOOSENS),
        ({"retention_days": 10}, TIGHTENS),
        ({"masking": {}}, LOOSENS),
        ({"masking": {"analytics": "keep"}}, LOOSENS),
        ({"masking": {"analytics": "hash", "support": "mask"}}, TIGHTENS),
        ({"nullable": False}, ""),
        ({"description": "x"}, ""),
    ],
)
def test_effects_of_changes_to_a_column(values: dict, effect: str):
    assert email(**values) == [(next(iter(values)), effect)]


def test_columns_come_and_go():
    found = compare(
        ALLOWED, replace(ALLOWED, fields=(*ALLOWED.fields[1:], Field("fax", category="contact.fax")))
    )
    assert found == [
        Difference("fax", "column", "", "contact.fax"),
        Difference("id", "column", "integer, id.customer", "", BREAKS),
    ]
