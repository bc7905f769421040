"""Reachability: the shortest way, both directions, cycles, depth, and the answers built on it."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from catalog.lineage import walking, where
from catalog.models import Link
from tests.catalog.lineage.conftest import Estate


def depths(estate: Estate, walk: walking.Walk, *paths: str) -> dict[str, int | None]:
    found = {path: walk.hops.get(estate(path).pk) for path in paths}
    return {path: hop and hop.depth for path, hop in found.items()}


def test_down_and_up_are_mirrored(estate: Estate):
    estate.flow("s.a.x", "s.b.x")
    estate.flow("s.b.x", "s.c.x")
    estate.flow("s.a.x", "s.c.x")
    down = walking.downstream([estate("s.a.x").pk])
    assert depths(estate, down, "s.a.x", "s.b.x", "s.c.x") == {"s.a.x": None, "s.b.x": 1, "s.c.x": 1}
    up = walking.upstream([estate("s.c.x").pk])
    assert depths(estate, up, "s.a.x", "s.b.x", "s.c.x") == {"s.a.x": 1, "s.b.x": 1, "s.c.x": None}
    assert walking.downstream([]).hops == {}


def test_a_cycle_is_walked_once(estate: Estate, django_assert_num_queries: Callable):
    for source, target in (("s.a.x", "s.b.x"), ("s.b.x", "s.c.x"), ("s.c.x", "s.a.x"), ("s.c.x", "s.d.x")):
        estate.flow(source, target)
    start = estate("s.a.x").pk
    with django_assert_num_queries(1):
        walk = walking.downstream([start])
    assert depths(estate, walk, "s.b.x", "s.c.x", "s.d.x", "s.a.x") == {
        "s.b.x": 1,
        "s.c.x": 2,
        "s.d.x": 3,
        "s.a.x": None,
    }
    assert [hop.column for hop in walk.route(estate("s.d.x").pk)] == [estate(f"s.{n}.x").pk for n in "bcd"]
    assert not walk.cut


def test_a_walk_ends_at_its_depth_and_at_its_bound(estate: Estate, monkeypatch: pytest.MonkeyPatch):
    for number in range(6):
        estate.flow(f"s.t{number}.x", f"s.t{number + 1}.x")
    start = estate("s.t0.x").pk
    assert len(walking.downstream([start], depth=4).hops) == 4
    monkeypatch.setattr(walking, "MOST", 3)
    walk = walking.downstream([start])
    assert (len(walk.hops), walk.cut) == (2, True)


def test_edges_that_are_gone_are_not_walked(estate: Estate):
    edge = estate.flow("s.a.x", "s.b.x")
    edge.gone_at = timezone.now()
    edge.save()
    assert walking.downstream([edge.source_column_id]).hops == {}


def test_a_column_is_told_with_its_routes(estate: Estate):
    estate.flow("shop.customer.email", "lake.bronze.email")
    estate.flow("lake.bronze.email", "lake.silver.hash", "TRANSFORMATION", masking=True)
    estate.flow("lake.silver.hash", "lake.gold.visits", "GROUP_BY", kind="indirect")
    estate.flow("lake.gold:", "mail.sent:", "")
    answer = where.of_column(estate("lake.bronze.email"))
    assert [(str(p.column), p.depth, p.manner) for p in answer.downstream] == [
        ("lake / silver / hash", 1, "masked"),
        ("lake / gold / visits", 2, "masked"),
    ]
    assert [column.name for column in answer.downstream[1].route] == ["email", "hash", "visits"]
    assert [str(place.column) for place in answer.upstream] == ["shop / customer / email"]
    assert [str(data_set) for data_set in answer.whole] == ["mail / sent"]


def test_a_category_is_counted_by_system_also_where_only_lineage_says_so(
    estate: Estate, propagated: Callable
):
    estate.suggest("shop.customer.email", "contact.email")
    estate.suggest("shop.staff.mail", "contact.email")
    estate.suggest("shop.customer.city", "contact.address.city")
    estate.flow("shop.customer.email", "lake.people.email")
    estate.flow("shop.customer.email", "lake.people.joined", "JOIN", kind="indirect")
    propagated()
    answer = where.of_category("contact.email")
    told = [(row.region, row.system, row.data_sets, row.columns, row.by_lineage) for row in answer.systems]
    assert told == [("EU", "lake", 1, 1, 1), ("EU", "shop", 2, 2, 0)]
    assert [str(column) for column in answer.columns] == [
        "lake / people / email",
        "shop / customer / email",
        "shop / staff / mail",
    ]
    assert sum(row.columns for row in where.of_category("contact").systems) == 4
    with pytest.raises(KeyError):
        where.of_category("contact.pigeon")


def test_a_search_by_identifier_is_foretold_without_anybody(estate: Estate, propagated: Callable):
    estate.suggest("shop.customer.email", "contact.email")
    estate.suggest("shop.customer.name", "name.full")
    order, customer = estate("shop.order.customer").data_set, estate("shop.customer.id").data_set
    customer.system.kind = "postgresql"
    customer.system.save()
    Link.objects.create(
        source=order,
        target=customer,
        source_columns=["customer"],
        target_columns=["id"],
        origin="foreign_key",
    )
    product = estate("shop.product.buyer").data_set
    Link.objects.create(
        source=product,
        target=customer,
        source_columns=["buyer"],
        target_columns=["id"],
        origin="foreign_key",
        follow="reference",
    )
    estate.flow("shop.customer.email", "lake.people.hash", "TRANSFORMATION", masking=True)
    estate.flow("shop.customer.email", "lake.copy.email")
    propagated()
    answer = where.of_identifier("contact.email")
    assert [(str(one.data_set), one.reasons) for one in answer.searched] == [
        ("shop / customer", ["Holds it in email"]),
        ("shop / order", ["Its customer belongs to customer"]),
    ]
    assert {str(one.data_set): one.reasons for one in answer.beyond} == {
        "lake / copy": ["Holds it in email", "email is made from customer / email (direct)"],
        "lake / people": ["hash is made from customer / email (masked)"],
    }
    with pytest.raises(KeyError):
        where.of_identifier("contact.address.city")
