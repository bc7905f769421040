"""Many persons searched for at once: everyone gets what a search for them alone would find, in as many queries."""

from collections import Counter

import pyarrow as pa
import pytest

from catalog.connectors.base import Connector, Match
from catalog.models import Link, System
from erasure.finding import (
    Connections,
    Estate,
    Search,
    complete,
    search,
    seeds_from,
    seeds_from_anchors,
    seeds_from_matches,
)
from erasure.keysets import KeySet
from erasure.models import SubjectRequest
from erasure.searching import find_person, find_persons, known_keys
from governance.console.models import User
from tests.erasure.estate import data_set, entries, label, own_all_links, register, request_of
from tests.services.fixtures import Database


def seen(result: Search) -> dict:
    """What one person's view holds: keys in order, counts, depths, routes, anchors."""
    return {
        found.data_set.name: (
            found.rows,
            found.accessed,
            found.depth,
            sorted(found.routes),
            [keys(match.keys) for match in found.keys.matches],
            [keys(match.keys) for match in found.keys.accessed],
            {link: keys(values) for link, values in found.keys.anchors.items()},
        )
        for found in result.found.values()
    }


def keys(table: pa.Table) -> list[tuple]:
    return sorted(tuple(row.values()) for row in table.to_pylist())


def emails(*values: str) -> list[dict[str, list[str]]]:
    return [{"contact.email": [value]} for value in values]


@pytest.fixture
def queries(monkeypatch) -> Counter:
    """How often each data set is asked."""
    from catalog.connectors.postgresql import PostgresqlConnector  # noqa: PLC0415

    asked: Counter = Counter()
    find = PostgresqlConnector.find

    def counted(self: Connector, name: str, *arguments: object) -> pa.Table:
        asked[name] += 1
        return find(self, name, *arguments)

    monkeypatch.setattr(PostgresqlConnector, "find", counted)
    return asked


def test_each_of_many_is_found_as_if_searched_for_alone(shop: System, queries: Counter):
    persons = emails("ana@example.org", "BO@example.org ", "robert@example.org", "nobody@example.org")
    with Connections() as connections:
        estate = Estate.load(connections)
        alone = [seen(complete(search(estate, seeds_from(estate, person)))) for person in persons]
        queries.clear()
        together = complete(search(estate, seeds_from(estate, persons)))
    assert [seen(together.of(person)) for person in range(4)] == alone
    assert alone[3] == {}
    assert {name: facts[0] for name, facts in alone[0].items()} == {
        "public.customer": 1,
        "public.purchase": 2,
        "public.purchase_line": 3,
        "public.newsletter": 2,
    }
    assert queries == {
        "public.customer": 1,
        "public.newsletter": 1,
        "public.purchase": 2,  # for what stands in its unreviewed column, and for what points to customers
        "public.purchase_line": 1,
    }


def test_many_keys_are_asked_for_in_pieces(shop: System, monkeypatch, queries: Counter):
    persons = emails("ana@example.org", "bo@example.org", "robert@example.org")
    with Connections() as connections:
        estate = Estate.load(connections)
        whole = complete(search(estate, seeds_from(estate, persons)))
        monkeypatch.setattr("erasure.finding.KEYS_PER_QUERY", 1)
        queries.clear()
        pieces = complete(search(estate, seeds_from(estate, persons)))
    assert [seen(pieces.of(person)) for person in range(3)] == [seen(whole.of(person)) for person in range(3)]
    assert queries["public.purchase_line"] == 4


def test_a_row_may_be_two_persons(shop: System, shop_database: Database):
    shop_database.execute("UPDATE purchase SET customer_id = 2 WHERE id = 10; UPDATE purchase SET ip = NULL")
    shop_database.execute("INSERT INTO newsletter VALUES ('bo@example.org', 'cups')")
    label(shop, {"purchase.ship_to": ("contact.address.street", "direct")})
    with Connections() as connections:
        estate = Estate.load(connections)
        persons = [
            {"contact.email": ["ana@example.org"], "contact.address.street": ["rua a 1"]},
            {"contact.email": ["bo@example.org"]},
        ]
        found = complete(search(estate, seeds_from(estate, persons)))
    purchases = data_set(shop, "purchase").pk
    assert keys(found.of(0).found[purchases].keys.matches[0].keys) == [(10,), (11,)]
    assert keys(found.of(1).found[purchases].keys.matches[0].keys) == [(10,), (20,)]
    lines = data_set(shop, "purchase_line").pk
    assert keys(found.of(1).found[lines].keys.matches[0].keys) == [(10, 1), (10, 2), (20, 1)]
    assert found.all_rows == found.of(0).rows + found.of(1).rows


def test_two_persons_with_the_same_identifier_both_get_the_row(shop: System):
    with Connections() as connections:
        estate = Estate.load(connections)
        found = complete(search(estate, seeds_from(estate, emails("ana@example.org", "ana@example.org"))))
    assert seen(found.of(0)) == seen(found.of(1)) != {}


def test_letters_are_folded_by_the_store(shop: System, shop_database: Database):
    shop_database.execute("INSERT INTO customer VALUES (4, 'İpek', 'İpek@example.org', NULL, NULL)")
    with Connections() as connections:
        estate = Estate.load(connections)
        found = complete(search(estate, seeds_from(estate, emails("bo@example.org", "İpek@example.org"))))
    assert found.of(1).found[data_set(shop, "customer").pk].rows == 1


def test_values_that_only_the_store_holds_equal_still_find_their_person(
    db: None, pg_database: Database, queries: Counter
):
    """Minus zero is zero in PostgreSQL, and another value in Arrow."""
    pg_database.execute(
        "CREATE TABLE person (id int PRIMARY KEY, email text, code float8);"
        "CREATE TABLE entry (id int PRIMARY KEY, code float8); CREATE TABLE loose (code float8);"
        "INSERT INTO person VALUES (1, 'a@x.org', 7), (2, 'b@x.org', 0), (3, 'c@x.org', 8), (4, 'd@x.org', 0);"
        "INSERT INTO entry VALUES (5, 8), (6, '-0'), (9, 99); INSERT INTO loose VALUES ('-0'), (7), (0);"
    )
    system = register(pg_database)
    label(system, {"person.email": ("contact.email", "direct")})
    for source in ("entry", "loose"):
        Link.objects.create(
            source=data_set(system, source),
            target=data_set(system, "person"),
            source_columns=["code"],
            target_columns=["code"],
            origin="declared",
            follow="owned",
        )
    with Connections() as connections:
        estate = Estate.load(connections)
        persons = emails("a@x.org", "b@x.org", "c@x.org", "d@x.org")
        found = [seen(complete(search(estate, seeds_from(estate, persons))).of(n)) for n in range(4)]
    assert [one["public.entry"][4] if "public.entry" in one else [] for one in found] == [
        [],
        [[(6,)]],
        [[(5,)]],
        [[(6,)]],
    ]
    assert queries["public.entry"] > 4  # fewer persons at a time, until it was told whose the row is
    assert [one["public.loose"][0] if "public.loose" in one else 0 for one in found] == [1, 2, 0, 2]


def test_rows_without_a_key_are_counted_for_each_person(shop: System):
    with Connections() as connections:
        estate = Estate.load(connections)
        found = complete(search(estate, seeds_from(estate, emails("bo@example.org", "ana@example.org"))))
    letters = data_set(shop, "newsletter").pk
    assert [found.of(n).found[letters].rows for n in (0, 1)] == [1, 2]
    match, _ = found.of(1).found[letters].keys.matches  # the other is of the unreviewed column
    assert (match.keys.to_pylist(), match.fold) == ([{"email": "ana@example.org"}], True)


def test_links_lead_both_ways_and_end_at_what_is_somebody_elses(db: None, pg_database: Database):
    pg_database.execute(
        "CREATE TABLE person (id int PRIMARY KEY, email text);"
        "CREATE TABLE account (id int PRIMARY KEY, person_id int);"
        "CREATE TABLE file (id int PRIMARY KEY, body text);"
        "CREATE TABLE share (id int PRIMARY KEY, person_id int, file_id int);"
        "CREATE TABLE remark (id int PRIMARY KEY, file_id int, watcher_id int);"
        "INSERT INTO person VALUES (1, 'a@x.org'), (2, 'b@x.org');"
        "INSERT INTO account VALUES (5, 1), (6, 2);"
        "INSERT INTO file VALUES (7, ''), (8, '');"
        "INSERT INTO share VALUES (70, 1, 7), (71, 2, 7), (72, 2, 8);"
        "INSERT INTO remark VALUES (9, 7, 2), (10, 8, NULL);"
    )
    system = register(pg_database)
    label(system, {"person.email": ("contact.email", "direct")})

    def link(source: str, columns: str, target: str, follow: str) -> Link:
        return Link.objects.create(
            source=data_set(system, source),
            target=data_set(system, target),
            source_columns=[columns],
            target_columns=["id"],
            origin="declared",
            follow=follow,
        )

    link("account", "person_id", "person", "owned")
    link("share", "person_id", "person", "owned")
    behind = link("share", "file_id", "file", "owns")
    link("remark", "file_id", "file", "owned")
    link("remark", "watcher_id", "person", "accessed")

    def found() -> list[dict[str, tuple]]:
        with Connections() as connections:
            estate = Estate.load(connections)
            result = complete(search(estate, seeds_from(estate, emails("a@x.org", "b@x.org"))))
        return [{name: facts[4:6] for name, facts in seen(result.of(n)).items()} for n in (0, 1)]

    assert found() == [
        {
            "public.person": ([[(1,)]], []),
            "public.account": ([[(5,)]], []),
            "public.share": ([[(70,)]], []),
            "public.file": ([[(7,)]], []),
            "public.remark": ([[(9,)]], []),
        },
        {
            "public.person": ([[(2,)]], []),
            "public.account": ([[(6,)]], []),
            "public.share": ([[(71,), (72,)]], []),
            "public.file": ([[(7,), (8,)]], []),
            "public.remark": (
                [[(9,), (10,)]],
                [],
            ),  # 9 was first met as somebody else's, then as the person's own
        },
    ]
    Link.objects.filter(pk=behind.pk).update(follow="accesses")
    second = found()[1]
    assert second["public.file"] == ([], [[(7,), (8,)]])
    assert second["public.remark"] == ([], [[(9,)]])


def test_a_circle_of_links_ends(db: None, pg_database: Database):
    pg_database.execute(
        "CREATE TABLE person (id int PRIMARY KEY, email text, boss int REFERENCES person);"
        "CREATE TABLE a (id int, person_id int, b_id int); CREATE TABLE b (id int, a_id int);"
        "INSERT INTO person VALUES (1, 'a@x.org', 3), (2, 'b@x.org', 1), (3, 'c@x.org', 2);"
        "INSERT INTO a VALUES (1, 1, NULL), (2, NULL, 1), (3, NULL, 9); INSERT INTO b VALUES (1, 1), (9, 7);"
    )
    system = register(pg_database)
    label(system, {"person.email": ("contact.email", "direct")})
    for source, column, target in [("a", "person_id", "person"), ("a", "b_id", "b"), ("b", "a_id", "a")]:
        Link.objects.create(
            source=data_set(system, source),
            target=data_set(system, target),
            source_columns=[column],
            target_columns=["id"],
            origin="declared",
            follow="owned",
        )
    own_all_links(system)
    with Connections() as connections:
        estate = Estate.load(connections)
        found = complete(search(estate, seeds_from(estate, emails("a@x.org"))))
    assert {name: facts[0] for name, facts in seen(found).items()} == {
        "public.person": 3,
        "public.a": 2,
        "public.b": 1,
    }


def test_what_came_to_where_rows_were_is_found_for_each(shop: System, shop_database: Database):
    with Connections() as connections:
        estate = Estate.load(connections)
        found = complete(search(estate, seeds_from(estate, emails("ana@example.org", "bo@example.org"))))
        known = [{pk: one.keys for pk, one in found.of(person).found.items()} for person in (0, 1)]
        shop_database.execute(
            "DELETE FROM purchase_line; DELETE FROM purchase; INSERT INTO purchase VALUES (40, 2, '2024-01-01', 1)"
        )
        strays = complete(search(estate, seeds_from_anchors(estate, known)))
    assert [{f.data_set.name: f.rows for f in strays.of(n).found.values()} for n in (0, 1)] == [
        {},
        {"public.purchase": 1},
    ]


def test_requests_searched_together_have_the_hits_they_would_have_alone(shop: System, amir: User):
    alone = request_of("ana@example.org", amir, kind="access")
    one, two = request_of("ana@example.org", amir), request_of("bo@example.org", amir)
    list(find_person(alone))
    nobody = request_of("nobody@example.org", amir)
    unverified = request_of("robert@example.org", amir)
    unverified.identifiers.update(verified=False)
    requests = [one, two, nobody, unverified]
    list(find_persons(requests))
    for request in requests:
        request.refresh_from_db()
    assert [request.state for request in requests] == ["found", "found", "found", "verified"]
    facts = ("data_set__name", "depth", "rows", "accessed", "routes")
    assert list(one.hits.values_list(*facts)) == list(alone.hits.values_list(*facts))
    assert dict(two.hits.values_list("data_set__name", "rows")) == {
        "public.customer": 1,
        "public.purchase": 1,
        "public.purchase_line": 1,
        "public.newsletter": 1,
    }
    assert not nobody.hits.exists()
    first, second = known_keys(one), known_keys(alone)
    assert first.keys() == second.keys()
    assert all(isinstance(first[pk], KeySet) and first[pk].digest() == second[pk].digest() for pk in first)
    assert [fact["rows"] for fact in entries("person.searched")] == [8, 8, 4, 0]


def test_a_request_that_moved_on_keeps_its_state_and_the_others_go_on(shop: System, amir: User):
    one, two = request_of("ana@example.org", amir), request_of("bo@example.org", amir)
    SubjectRequest.objects.filter(pk=one.pk).update(state="executing")
    list(find_persons([one, two]))
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.state, one.hits.count(), two.state, two.hits.count()) == ("executing", 0, "found", 4)


def test_rows_known_by_what_stands_inside_a_value_are_looked_for_there_again(shop: System):
    newsletter = data_set(shop, "newsletter").pk
    inside = [
        KeySet([Match(pa.table({"topic": [name]}), fold=True, path=path, inside=not path)])
        for name in ("ana", "bo")
        for path in ("", "visits[].name")
    ]
    with Connections() as connections:
        estate = Estate.load(connections)
        seeds = seeds_from_matches(estate, [{newsletter: keys} for keys in inside])[newsletter]
    assert [(seed.way, seed.match.keys["topic"].to_pylist(), seed.owners.tolist()) for seed in seeds] == [
        ((True, "", True), ["ana", "bo"], [0, 2]),
        ((True, "visits[].name", False), ["ana", "bo"], [1, 3]),
    ]
