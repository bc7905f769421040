"""Identifiers inside JSON and longer text are found where the store can be asked, and said not to be elsewhere."""

import json

import pyarrow as pa
import pytest

from catalog import registering
from catalog.connectors.base import Match
from catalog.connectors.inside import steps, values_at
from catalog.connectors.joining import pairs
from catalog.connectors.matching import Matcher
from catalog.models import Column
from erasure.finding import Connections, Estate, complete, search, seeds_from
from erasure.keysets import KeySet
from erasure.reaching import unreached
from tests.erasure.estate import crawl_again, data_set, find, register, request_of

ANA = "ana@example.org"
TEXTS = {
    1: "Please call Ana@Example.org, she waits.",
    2: "diana@example.org",
    3: "ana@example.org.br wrote",
    4: "to:<ana@example.org>.",
    5: "ana@example.orgs",
    6: None,
    7: "ana@example.org",
    8: "x.ana@example.org or bo@example.org?",
}


def ask(keys: list[str], **how: object) -> Match:
    return Match(pa.table({"body": pa.array(keys)}), fold=True, **how)


def emails(*values: str) -> list[dict[str, list[str]]]:
    return [{"contact.email": [value]} for value in values]


@pytest.fixture
def notes(db, pg_database):
    """A table whose text and JSON columns hold addresses, reviewed."""
    pg_database.execute("CREATE TABLE note (id int PRIMARY KEY, body text, doc jsonb, raw json, packed text)")
    pg_database.execute(
        "INSERT INTO note (id, body) SELECT key::int, value FROM jsonb_each_text(CAST(%s AS jsonb))",
        [json.dumps(TEXTS)],
    )
    rows = [
        (20, {"customer": {"email": "ANA@example.org "}, "note": "bo@example.org"}),
        (21, {"customer": {"email": "bo@example.org"}, "note": ANA}),
        (22, {"customer": [{"email": "x@y.org"}, {"email": ANA}]}),
        (23, [1, {"customer": {"email": None}}]),
    ]
    for number, document in rows:
        pg_database.execute(
            "INSERT INTO note (id, doc, raw, packed) VALUES (%s, %s, %s, %s)",
            [number, *[json.dumps(document)] * 3],
        )
    system = register(pg_database)
    table = data_set(system, "note")
    columns = {column.name: column for column in table.columns.all()}
    table.columns.update(state="confirmed", category="none.operational", sensitivity="none")
    Column.objects.filter(name="body").update(contains=["contact.email"], category="content.free_text")
    for name in ("doc", "raw", "packed"):
        Column.objects.create(
            data_set=table,
            nested_in=columns[name],
            name=f"{name}.customer.email",
            position=9,
            data_type="in JSON",
            kind="text",
            category="contact.email",
            sensitivity="direct",
            state="confirmed",
        )
    return system


def found(*persons: str) -> list[dict[str, tuple[list, list]]]:
    with Connections() as connections:
        estate = Estate.load(connections)
        result = complete(search(estate, seeds_from(estate, emails(*persons))))
        assert result.unsearched == []
    return [
        {
            one.data_set.name: (sorted(row["id"] for row in one.keys.matches[0].keys.to_pylist()), one.routes)
            for one in result.of(number).found.values()
        }
        for number in range(len(persons))
    ]


def test_whole_words_and_paths_are_found_for_each_person(notes):
    ana, bo = found(ANA, "bo@example.org")
    assert ana["public.note"] == (
        [1, 4, 7, 20, 21, 22],  # 21 in `packed`, which is text: there any word counts
        [
            "body (in the text) = contact.email",
            "doc.customer.email = contact.email",
            "raw.customer.email = contact.email",
            "packed (in the text) = contact.email",
        ],
    )
    assert bo["public.note"][0] == [8, 20, 21]


def test_a_path_is_another_place_than_the_rest_of_the_document(notes, pg_database):
    pg_database.execute("UPDATE note SET packed = NULL, body = NULL")
    assert [one["public.note"][0] for one in found(ANA, "bo@example.org")] == [[20, 22], [21]]


def test_the_store_and_arrow_agree(notes, pg_database):
    rows = pa.table({"body": list(TEXTS.values())})
    match = ask([ANA, "bo@example.org"], inside=True)
    assert Matcher([match], rows.schema).mask(rows.to_batches()[0]).to_pylist() == [
        number in (1, 4, 7, 8) for number in TEXTS
    ]
    met, keys = pairs(rows, match)
    assert [(list(TEXTS)[row], key) for row, key in zip(met.tolist(), keys.tolist(), strict=True)] == [
        (1, 0), (4, 0), (7, 0), (8, 1)
    ]  # fmt: skip
    with notes.connect() as connector:
        assert connector.count("public.note", [match]) == 4
        assert connector.count("public.note", [ask(["a.b*c(d@x.org", "'); --", ""], inside=True)]) == 0


def test_many_keys_are_asked_for_at_once(notes):
    with notes.connect() as connector:
        many = [f"p{number}@example.org" for number in range(1_500)]
        assert connector.count("public.note", [ask([*many, ANA], inside=True)]) == 3


def test_paths():
    assert steps("visits[].ip") == ["visits", "[]", "ip"]
    assert steps("[].mail") == ["[]", "mail"]
    document = {"visits": [{"ip": 1}, {"ip": 2}], "roles": {"a@x.org": "boss"}}
    assert list(values_at(document, steps("visits[].ip"))) == [1, 2]
    assert list(values_at(document, steps("roles.*"))) == ["boss"]
    assert list(values_at(document, steps("nothing.here"))) == []


def test_how_a_match_looks_inside_is_kept_with_its_keys():
    keys = KeySet([ask([ANA], inside=True), ask([ANA], path="a.b"), ask([ANA])])
    opened = KeySet.open(keys.seal(bound_to="x"), bound_to="x")
    assert [(match.path, match.inside) for match in opened.matches] == [
        ("", True),
        ("a.b", False),
        ("", False),
    ]
    assert opened.digest() == keys.digest()
    assert len({KeySet([match]).digest() for match in keys.matches}) == 3


def test_files_are_looked_into_too(db, tmp_path):
    lines = [{"id": 1, "who": {"mail": "Ana@example.org"}}, {"id": 2, "who": {"mail": "bo@example.org"}}]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    system = registering.add(name="Logs", kind="folder", settings={"path": str(tmp_path)})
    crawl_again(system)
    who = Column.objects.get(name="who")
    Column.objects.update(state="confirmed", category="none.operational", sensitivity="none")
    Column.objects.create(
        data_set=who.data_set, nested_in=who, name="who.mail", position=2, data_type="in JSON", kind="text",
        category="contact.email", sensitivity="direct", state="confirmed",
    )  # fmt: skip
    with Connections() as connections:
        estate = Estate.load(connections)
        result = complete(search(estate, seeds_from(estate, emails(ANA, "bo@example.org"))))
    assert [one.rows for number in (0, 1) for one in result.of(number).found.values()] == [1, 1]


def test_stores_that_cannot_look_inside_are_said_not_to(notes, monkeypatch):
    from catalog.connectors.postgresql import PostgresqlConnector  # noqa: PLC0415

    monkeypatch.setattr(PostgresqlConnector, "search_inside", False)
    with Connections() as connections:
        estate = Estate.load(connections)
        assert seeds_from(estate, emails(ANA)) == {}
        assert unreached(estate, ["contact.email"])[-1] == {
            "data_set": "shop / public.note",
            "why": "Not looked into, because this kind of store cannot: longer values of body, doc, raw, packed.",
        }


def test_an_erasure_takes_what_stands_inside(notes, pg_database, amir, petra, work):
    from tests.erasure.estate import approve  # noqa: PLC0415

    request = find(request_of(ANA, amir), amir, work)
    assert request.state == "planned", request.problem
    assert approve(request, petra, work).state == "complete"
    assert pg_database.execute("SELECT id FROM note ORDER BY id") == [(2,), (3,), (5,), (6,), (8,), (23,)]
