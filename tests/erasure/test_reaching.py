"""What a search comes to and what it does not: the graph cases that Fides has in tests/ops/graph, as tables of ours."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from catalog.models import Column, Link, System
from erasure.finding import Connections, Estate, complete, search, seeds_from
from erasure.reaching import NO_WAY, unreached
from tests.erasure.estate import approve, data_set, find, label, register, request_of
from tests.erasure.officers import text_of
from tests.services.fixtures import Database

EMAIL = ("contact.email", "direct")
NO = ("none.operational", "none")


@pytest.fixture
def graph(db: None, pg_database: Database) -> Callable[..., System]:
    def made(sql: str, labels: dict[str, tuple[str, str]], links: list[tuple[str, str, str]] = ()) -> System:
        pg_database.execute(sql)
        system = register(pg_database)
        Column.objects.update(state="confirmed", category=NO[0], sensitivity=NO[1])
        label(system, labels)
        for source, target, follow in links:
            (here, column), (there, other) = source.split("."), target.split(".")
            Link.objects.update_or_create(
                source=data_set(system, here),
                target=data_set(system, there),
                source_columns=[column],
                target_columns=[other],
                defaults={"follow": follow, "decided_at": timezone.now()},
                create_defaults={"follow": follow, "decided_at": timezone.now(), "origin": "declared"},
            )
        return system

    return made


def rows_found(**identifiers: str) -> dict[str, int]:
    with Connections() as connections:
        estate = Estate.load(connections)
        seeds = seeds_from(estate, {key.replace("__", "."): [value] for key, value in identifiers.items()})
        found = complete(search(estate, seeds)).found
    return {one.data_set.name.removeprefix("public."): one.rows for one in found.values()}


def not_reached(*categories: str) -> list[dict[str, str]]:
    with Connections() as connections:
        return unreached(Estate.load(connections), categories)


TWO = (
    "CREATE TABLE person (id int PRIMARY KEY, email text); CREATE TABLE visit (id int PRIMARY KEY, who int, place text);"
    "INSERT INTO person VALUES (1, 'a@x.org'), (2, 'b@x.org'); INSERT INTO visit VALUES (5, 1, 'here'), (6, 2, 'there')"
)


def test_reached_directly_and_by_reference(graph):
    graph(
        TWO,
        {"person.email": EMAIL, "visit.place": ("location", "quasi")},
        [("visit.who", "person.id", "owned")],
    )
    assert rows_found(contact__email="a@x.org") == {"person": 1, "visit": 1}
    assert not_reached("contact.email") == []


def test_personal_data_that_nothing_leads_to_are_listed(graph, pg_database, amir, petra, work, officer):
    graph(TWO, {"person.email": EMAIL, "visit.place": ("location", "quasi")})
    assert rows_found(contact__email="a@x.org") == {"person": 1}
    listed = [{"data_set": "shop / public.visit", "why": NO_WAY}]
    assert not_reached("contact.email") == listed
    request = find(request_of("a@x.org", amir), amir, work)
    assert (request.state, request.unreached, request.unsearched) == ("planned", listed, [])
    page = text_of(officer.get(request.get_absolute_url()))
    assert "Not reached" in page
    assert "no link that a search follows leads there" in page
    approve(request, petra, work)
    assert "Not reached" in text_of(officer.get(request.get_absolute_url()))


def test_what_holds_nothing_personal_is_not_missed(graph):
    graph(TWO, {"person.email": EMAIL})
    assert not_reached("contact.email") == []


def test_another_identifier_would_lead_there(graph):
    graph(TWO, {"person.email": EMAIL, "visit.who": ("id.account", "pseudonymous")})
    assert not_reached("contact.email") == [
        {
            "data_set": "shop / public.visit",
            "why": f"{NO_WAY} It can be searched by account or user number: add one if it is known.",
        }
    ]
    assert not_reached("contact.email", "id.account") == []
    assert rows_found(contact__email="a@x.org", id__account="1") == {"person": 1, "visit": 1}


def test_a_link_that_only_refers_leads_nowhere(graph):
    graph(
        TWO,
        {"person.email": EMAIL, "visit.place": ("location", "quasi")},
        [("visit.who", "person.id", "reference")],
    )
    assert [entry["data_set"] for entry in not_reached("contact.email")] == ["shop / public.visit"]


def test_several_ways_to_a_table_find_each_row_once(graph):
    graph(
        "CREATE TABLE person (id int PRIMARY KEY, email text, phone text);"
        "CREATE TABLE card (id int PRIMARY KEY, who int); CREATE TABLE buy (id int PRIMARY KEY, who int, card int);"
        "INSERT INTO person VALUES (1, 'a@x.org', '1'), (2, 'b@x.org', '2'); INSERT INTO card VALUES (7, 1), (8, 2);"
        "INSERT INTO buy VALUES (10, 1, 7), (11, 1, NULL), (12, NULL, 7), (13, 2, 8)",
        {"person.email": EMAIL},
        [
            ("card.who", "person.id", "owned"),
            ("buy.who", "person.id", "owned"),
            ("buy.card", "card.id", "owned"),
        ],
    )
    assert rows_found(contact__email="a@x.org") == {"person": 1, "card": 1, "buy": 3}


def test_two_identifiers_in_two_tables_of_two_systems(graph, pg_server):
    graph(TWO, {"person.email": EMAIL}, [("visit.who", "person.id", "owned")])
    other = pg_server.create_database()
    try:
        other.execute(
            "CREATE TABLE login (name text PRIMARY KEY, person int);"
            "INSERT INTO login VALUES ('anna', 1), ('bert', 2), ('alias', 1)"
        )
        second = register(other, name="accounts")
        label(second, {"login.name": ("id.username", "direct"), "login.person": NO})
        assert rows_found(contact__email="a@x.org", id__username="anna") == {
            "person": 1,
            "visit": 1,
            "login": 1,
        }
        Link.objects.create(
            source=data_set(second, "login"),
            target=data_set(System.objects.get(name="shop"), "person"),
            source_columns=["person"],
            target_columns=["id"],
            origin="declared",
            follow="owned",
        )
        assert rows_found(contact__email="a@x.org") == {"person": 1, "visit": 1, "login": 2}
    finally:
        System.objects.all().delete()
        pg_server.drop_database(other)


def test_a_row_that_refers_to_itself_and_to_its_own_kind(graph):
    graph(
        "CREATE TABLE post (id int PRIMARY KEY, email text, parent int REFERENCES post);"
        "INSERT INTO post VALUES (1, 'a@x.org', 1), (2, 'b@x.org', 1), (3, 'a@x.org', 2), (4, 'c@x.org', 3)",
        {"post.email": EMAIL},
        [("post.parent", "post.id", "reference")],
    )
    assert rows_found(contact__email="a@x.org") == {"post": 2}
    Link.objects.update(follow="owned")
    assert rows_found(contact__email="a@x.org") == {"post": 4}
