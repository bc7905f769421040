"""The ledger as people and programs read it."""

import json
import re
from html import unescape

import pytest
from django.db import connection
from django.urls import get_resolver
from django.utils import timezone

from audit.ledger.context import acting
from audit.ledger.events import EVENTS
from audit.ledger.models import Entry
from audit.ledger.recording import record
from governance.activities.models import ProcessingActivity
from governance.console.middleware import VISITOR
from tests.audit.events import COUNTED, EVERYTHING, PERSON, sample_facts
from tests.people import api_of, client_of, person

assert get_resolver().url_patterns  # every app has declared its events


def count(number, *, target=None, **facts):
    record(COUNTED, target, how_many=number, note="", **facts)


def shown(browser, query=""):
    text = browser.get(f"/ledger/{query}").content.decode()
    return [int(number) for number in re.findall(r'<tr id="row-(\d+)"', text)]


@pytest.mark.parametrize("key", sorted(EVENTS))
def test_entry_of_every_kind_is_shown_with_each_fact_once(key, vera, sequenced):
    event = EVENTS[key]
    record(event, vera, subject=PERSON, **sample_facts(event))
    (entry,) = sequenced()
    answer = client_of(vera).get(f"/ledger/{entry.number}/")
    text = unescape(answer.content.decode())
    assert answer.status_code == 200
    assert re.findall(r'data-fact="(\w+)"', text) == sorted(event.facts)
    assert f"System test {event.title}." in text
    assert event.title in unescape(client_of(vera).get("/ledger/").content.decode())


def test_the_list_names_no_staff_but_says_which(vera, sequenced):
    count(1, target=vera)
    sequenced()
    assert f'<td class="text-wrap">User {vera.pk}</td>' in client_of(vera).get("/ledger/").content.decode()


@pytest.mark.parametrize("key", sorted(EVENTS))
def test_event_is_a_noun_and_a_verb_said_once(key):
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", key)
    assert [event.key for event in EVENTS.values() if event.title == EVENTS[key].title] == [key]


def test_entry_page_shows_what_proves_it(vera, sequenced):
    count(1)
    count(2)
    first, second = sequenced()
    text = client_of(vera).get("/ledger/1/").content.decode()
    for value in (second.leaf, first.chain, second.chain):
        assert text.count(bytes(value).hex()) == 1
    assert 'rel="prev" href="/ledger/0/"' in text
    assert 'rel="next"' not in text
    assert ">Intact</span>" in text
    body = client_of(vera).get("/ledger/1/body/")
    assert body.content == bytes(second.body)
    assert body["Content-Disposition"] == 'attachment; filename="entry-1.json"'


def test_altered_entry_is_shown_as_broken(vera, sequenced):
    count(1)
    (entry,) = sequenced()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER ALL")
    Entry.objects.update(body=bytes(entry.body).replace(b'"how_many":1', b'"how_many":2'))
    browser = client_of(vera)
    assert ">Broken</span>" in browser.get("/ledger/0/").content.decode()
    verdict = browser.post("/ledger/verify/").content.decode()
    assert "The ledger does not hold: the content of entry 0 was altered." in verdict


def test_check_is_a_post_says_its_verdict_and_is_recorded(vera, sequenced):
    count(1)
    (entry,) = sequenced()
    browser = client_of(vera)
    assert browser.get("/ledger/verify/").status_code == 405
    text = browser.post("/ledger/verify/").content.decode()
    assert "Every entry holds" in text
    assert bytes(entry.chain).hex() in text
    assert [(item.action, item.content["facts"]) for item in sequenced()][1:] == [
        ("ledger.verified", {"intact": True, "entries": 1, "chain": bytes(entry.chain).hex()})
    ]


def test_filters_stand_in_the_url(vera, amir, sequenced):
    with acting(amir.as_actor(), correlation="c0ffee"):
        count(0, target=vera, subject=PERSON)
    with acting(VISITOR):
        count(1)
    record(EVERYTHING, **sample_facts(EVERYTHING))
    sequenced()
    today = timezone.localdate().isoformat()
    browser, program = client_of(vera), api_of(vera)
    for query, numbers in {
        "": [2, 1, 0],
        "?action=test.counted": [1, 0],
        f"?actor={amir.public_id}": [0],
        "?actor=anonymous": [1],
        f"?object_type=console.user&object_id={vera.pk}": [0],
        "?object_type=console.user&object_id=0": [],
        f"?subject={PERSON}": [0],
        "?correlation=c0ffee": [0],
        f"?since={today}&until={today}": [2, 1, 0],
        "?until=2020-01-01": [],
        "?until=9999-12-31": [2, 1, 0],
        "?since=2999-01-01": [],
        "?sort=number": [0, 1, 2],
    }.items():
        assert shown(browser, query) == numbers, query
        if "sort" not in query:
            listed = program.get(f"/api/v1/ledger/{query}").json()["results"]
            assert [row["number"] for row in listed] == numbers, query
    assert browser.get("/ledger/?since=yesterday").status_code == 400
    assert program.get("/api/v1/ledger/?since=yesterday").status_code == 400


def test_staff_are_named_on_the_page_and_not_in_the_ledger(vera, amir, sequenced):
    with acting(amir.as_actor()):
        count(1)
    (entry,) = sequenced()
    assert b"mir" not in bytes(entry.body)
    browser = client_of(vera)
    assert "Amir" in browser.get("/ledger/").content.decode()
    assert "Amir (officer) counted in a test." in browser.get("/ledger/0/").content.decode()


def test_list_of_entries_takes_a_fixed_number_of_queries(vera, amir, sequenced, django_assert_num_queries):
    browser = client_of(vera)
    for number in range(3):
        with acting(amir.as_actor()):
            count(number)
    sequenced()
    with django_assert_num_queries(6):
        assert len(shown(browser)) == 3
    for number in range(20):
        with acting(person(f"officer{number}", "officer").as_actor()):
            count(number)
    sequenced()
    with django_assert_num_queries(6):
        assert len(shown(browser)) == 23


def test_object_is_linked_while_it_is_there(vera, sequenced):
    sales = ProcessingActivity.objects.create(name="Sales", subject_categories=[])
    count(1, target=sales)
    sequenced()
    browser, link = client_of(vera), f'<a href="{sales.get_absolute_url()}">Sales</a>'
    assert link in browser.get("/ledger/0/").content.decode()
    sales.delete()
    text = browser.get("/ledger/0/").content.decode()
    assert link not in text
    assert "Sales" in text
    assert browser.get("/ledger/1/").status_code == 404


def test_ledger_over_the_api(vera, sequenced):
    record(EVERYTHING, **sample_facts(EVERYTHING))
    (entry,) = sequenced()
    program = api_of(vera)
    body = program.get("/api/v1/ledger/0/").json()
    assert body["body"].encode() == bytes(entry.body)
    assert (body["leaf"], body["chain"]) == (bytes(entry.leaf).hex(), bytes(entry.chain).hex())
    assert body["facts"] == json.loads(json.dumps(sample_facts(EVERYTHING)))
    verdict = program.post("/api/v1/ledger/verify/").json()
    assert verdict == {
        "intact": True,
        "entries": 1,
        "chain": bytes(entry.chain).hex(),
        "first_bad_entry": None,
        "checkpoints": 0,
        "problem": "",
    }
    assert program.delete("/api/v1/ledger/0/").status_code == 403
    assert [item.action for item in sequenced()] == ["test.everything", "ledger.verified"]


def test_card_shows_the_latest(vera, amir, sequenced):
    with acting(amir.as_actor()):
        count(1)
    sequenced()
    text = client_of(vera).get("/ledger/card/").content.decode()
    assert '<span class="figure-number">1</span> entries' in text
    assert 'Amir <a href="/ledger/0/">counted in a test</a>' in text
