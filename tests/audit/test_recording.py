import contextvars
import hashlib

import pytest
from django.db import transaction

from audit.ledger import context
from audit.ledger.canonical import NotCanonical
from audit.ledger.context import Actor, NoActor, acting
from audit.ledger.events import Event, Fact
from audit.ledger.models import Entry, Head, Waiting
from audit.ledger.recording import as_listed, record
from audit.ledger.sequencing import sequence
from governance.activities.models import Organisation
from tests.audit.events import COUNTED, EVERYTHING, PERSON, sample_facts


def count(number=1, **changes):
    record(COUNTED, **{"how_many": number, "note": "", **changes})


def test_entry_says_who_did_what_to_what(amir, vera, sequenced):
    with acting(amir.as_actor(), correlation="c0ffee"):
        record(EVERYTHING, vera, subject=PERSON, **sample_facts(EVERYTHING))
    (entry,) = sequenced()
    content = entry.content
    assert content["facts"] == sample_facts(EVERYTHING)
    assert content["actor"] == {"kind": "user", "id": str(amir.public_id), "role": "officer"}
    assert content["object"] == {"type": "console.user", "id": str(vera.pk), "name": ""}
    assert (content["v"], content["action"], content["subject"], content["correlation"]) == (
        1,
        "test.everything",
        PERSON,
        "c0ffee",
    )
    assert content["at"] == entry.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert (entry.number, entry.action, entry.actor, entry.object_type, entry.object_id, entry.subject) == (
        0,
        "test.everything",
        str(amir.public_id),
        "console.user",
        str(vera.pk),
        PERSON,
    )


def test_chain_is_what_the_documentation_says(db, sequenced):
    count(1)
    count(2)
    first, second = sequenced()
    link = hashlib.sha256(b"").digest()
    for entry in (first, second):
        assert bytes(entry.leaf) == hashlib.sha256(b"\x00" + bytes(entry.body)).digest()
        link = hashlib.sha256(b"\x01" + link + bytes(entry.leaf)).digest()
        assert bytes(entry.chain) == link
    head = Head.objects.get()
    assert (head.size, bytes(head.chain)) == (2, link)


def test_entry_goes_with_its_transaction(db, sequenced):
    @transaction.atomic
    def change_and_fail():
        Organisation.objects.create(name="x")
        count()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_fail()
    assert (Waiting.objects.count(), Organisation.objects.count(), sequenced()) == (0, 0, [])


def test_change_goes_with_an_entry_that_cannot_be_written(db):
    @transaction.atomic
    def change():
        Organisation.objects.create(name="x")
        count(2**60)

    with pytest.raises(NotCanonical):
        change()
    assert Organisation.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_nothing_is_recorded_outside_a_transaction():
    with pytest.raises(
        RuntimeError, match=r"test\.counted must be recorded in the transaction of its change"
    ):
        count()
    assert Waiting.objects.count() == 0


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"how_many": 1}, "missing facts ['note'], undeclared facts []"),
        ({"how_many": 1, "note": "", "email": "x"}, "missing facts [], undeclared facts ['email']"),
        ({"how_many": "1", "note": ""}, "fact how_many must be a count"),
        ({"how_many": True, "note": ""}, "fact how_many must be a count"),
        ({"how_many": 1.5, "note": ""}, "fact how_many must be a count"),
        ({"how_many": None, "note": ""}, "fact how_many must be a count"),
        ({"how_many": 1, "note": 1}, "fact note must be a text"),
    ],
)
def test_facts_are_those_declared(facts, problem, db):
    with pytest.raises(TypeError) as refusal:
        record(COUNTED, **facts)
    assert problem in str(refusal.value)
    assert Waiting.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a_flag", 1),
        ("a_word", ["x"]),
        ("a_list", "one"),
        ("a_list", [{"email": "x"}]),
        ("a_table", ["one"]),
        ("a_person", "astrid@example.org"),
        ("a_person", PERSON + "\n"),
    ],
)
def test_fact_of_another_kind_is_refused(name, value, db):
    with pytest.raises(TypeError, match=f"fact {name} must be a"):
        record(EVERYTHING, **sample_facts(EVERYTHING) | {name: value})


@pytest.mark.parametrize("subject", ["astrid@example.org", "person:astrid", PERSON.upper(), " "])
def test_subject_is_a_keyed_reference_or_nobody(subject, db):
    with pytest.raises(TypeError) as refusal:
        count(subject=subject)
    assert "astrid" not in str(refusal.value)
    assert Waiting.objects.count() == 0


@pytest.mark.parametrize("value", [1.5, "x\0y", "\ud800"])
def test_table_cannot_hold_what_has_no_canonical_form(value, db):
    with pytest.raises(NotCanonical, match=r"entry\.facts\.a_table\[0\]\.cell"):
        record(EVERYTHING, **sample_facts(EVERYTHING) | {"a_table": [{"cell": value}]})


def test_somebody_must_be_acting(db):
    token = context._actor.set(None)
    try:
        with pytest.raises(NoActor):
            count()
    finally:
        context._actor.reset(token)
    assert Waiting.objects.count() == 0


def test_acting_ends_with_its_block():
    with acting(Actor("user", "one"), correlation="a"):
        with acting(Actor("user", "two")):
            context.become(Actor("user", "three"))
            assert (context.current_actor().id, context.current_correlation()) == ("three", "a")
        assert context.current_actor().id == "one"
    assert context.current_actor() == Actor("system", "test")


def test_each_beginning_has_a_correlation_of_its_own():
    def begin():
        with acting(Actor("system", "x")):
            return context.current_correlation()

    one, two = contextvars.Context().run(begin), contextvars.Context().run(begin)
    assert len(one) == len(two) == 32
    assert one != two


def test_two_events_cannot_share_a_key():
    with pytest.raises(RuntimeError, match=r"Two events are called 'test\.counted'"):
        Event("test.counted", "counted otherwise")


def test_facts_have_names_that_an_entry_may_hold():
    with pytest.raises(RuntimeError, match="lower-case letters"):
        Event("test.unfit", "was unfit", {"made of": Fact.TEXT})


def test_sequencing_keeps_the_order_over_batches(db):
    for number in range(7):
        count(number)
    assert sequence(batch=3) == 7
    assert sequence() == 0
    assert [entry.content["facts"]["how_many"] for entry in Entry.objects.order_by("number")] == list(
        range(7)
    )


def test_a_list_that_no_entry_holds_is_told_by_its_number_and_hash(vera, sequenced):
    """A store with a thousand columns of long names: what was done to it gets into the ledger all the same."""
    names = [f"{number} " + "é" * 300 for number in range(1_000)]
    record(EVERYTHING, vera, subject=PERSON, **{**sample_facts(EVERYTHING), "a_list": names})
    (entry,) = sequenced()
    told = entry.content["facts"]["a_list"]
    assert told == as_listed(names)
    assert told[0] == "1000 items"
    assert told[1] not in (as_listed(names[::-1])[1], as_listed([])[-1:])
    assert as_listed(names[:3]) == names[:3]


def test_what_the_sequencer_would_set_aside_is_refused_when_it_is_recorded(db):
    with acting(Actor("system", "test"), correlation="c" * 501), pytest.raises(NotCanonical) as refusal:
        count()
    assert str(refusal.value) == "entry.correlation: longer than 500 bytes"
    with acting(Actor("user", "ü" * 251)), pytest.raises(NotCanonical, match=r"entry\.actor\.id"):
        count()
    with acting(Actor("system", "test"), correlation="c" * 500):
        count()
    assert Waiting.objects.count() == 1
