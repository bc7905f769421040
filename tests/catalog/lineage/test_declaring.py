"""Edges by hand: checked, recorded, carried at once, taken back."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from catalog.lineage.declaring import declare, remove
from catalog.models import Edge, Label
from tests.catalog.ledger import facts_of
from tests.catalog.lineage.conftest import Estate


def test_an_edge_carries_labels_until_it_is_removed(estate: Estate, work: Callable, sequenced: Callable):
    estate.suggest("shop.customer.email", "contact.email", 1.0)
    edge = declare(source=estate("shop.customer.email"), target=estate("crm.person.mail"))
    assert facts_of(sequenced()[-1]) == (
        "lineage.declared",
        {"kind": "direct", "subtype": "IDENTITY", "masking": False},
    )
    work()
    assert estate("crm.person.mail").category == "contact.email"
    said = Label.objects.get(origin="lineage").evidence[0]["detail"]
    assert said == "Comes from shop / customer / email, through “email → person / mail” (identity, declared)."
    remove(edge)
    assert facts_of(sequenced()[-1]) == ("lineage.removed", {})
    work()
    assert estate("crm.person.mail").category == ""


def test_a_removed_edge_can_be_declared_again(estate: Estate):
    ends = {"source": estate("shop.customer.email"), "target": estate("crm.person.mail")}
    edge = declare(**ends)
    with pytest.raises(ValidationError, match="declared already"):
        declare(**ends)
    remove(edge)
    remove(edge)
    assert declare(**ends).pk == edge.pk
    assert Edge.objects.get().gone_at is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "sideways"}, "Choose one of: direct, indirect."),
        ({"subtype": "JOIN"}, "A direct edge is one of: IDENTITY, TRANSFORMATION, AGGREGATION."),
        ({"kind": "indirect"}, "A indirect edge is one of: JOIN"),
        ({"target": "shop.customer.email"}, "does not flow into itself"),
        ({"target": "shop.customer.old"}, "shop / customer / old is gone from its store."),
    ],
)
def test_what_cannot_be_is_refused(estate: Estate, changes: dict, words: str):
    gone = estate("shop.customer.old")
    gone.gone_at = timezone.now()
    gone.save()
    asked = {"source": "shop.customer.email", "target": "crm.person.mail", **changes}
    asked |= {end: estate(asked[end]) for end in ("source", "target")}
    with pytest.raises(ValidationError, match=words):
        declare(**asked)
    assert not Edge.objects.exists()


def test_an_edge_that_was_reported_is_not_removed_by_hand(estate: Estate):
    edge = estate.flow("shop.customer.email", "lake.a.copy")
    with pytest.raises(ValidationError, match="declared by hand"):
        remove(edge)
    edge.refresh_from_db()
    assert edge.gone_at is None
