"""What the check finds when somebody with the owner's rights has switched the protection off."""

import hashlib
import json
from io import StringIO

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit.ledger.chain import EMPTY_CHAIN, chain_hash, leaf_hash, verify
from audit.ledger.models import Entry, Head
from audit.ledger.recording import record
from audit.ledger.sequencing import sequence
from tests.audit.events import COUNTED

SIZE = 6


@pytest.fixture
def ledger(db):
    """Six entries, and no protection."""
    for number in range(SIZE):
        record(COUNTED, how_many=number, note="")
    assert sequence() == SIZE
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER ALL")
        cursor.execute("ALTER TABLE ledger_head DISABLE TRIGGER ALL")


def altered(number, **facts):
    content = Entry.objects.get(number=number).content
    content["facts"] |= facts
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def rewrite(number, body):
    """Put `body` in the place of an entry and recompute every hash after it, as a patient forger would."""
    Entry.objects.filter(number=number).update(body=body)
    before = Entry.objects.filter(number=number - 1).first()
    link = bytes(before.chain) if before else EMPTY_CHAIN
    for entry in Entry.objects.filter(number__gte=number).order_by("number"):
        leaf = leaf_hash(bytes(entry.body))
        link = chain_hash(link, leaf)
        Entry.objects.filter(number=entry.number).update(leaf=leaf, chain=link)
    Head.objects.update(chain=link)


def found():
    verdict = verify()
    assert verdict.intact is (verdict.problem == "")
    return verdict.checked, verdict.number, verdict.problem


def test_untouched_ledger_holds(ledger):
    last = bytes(Entry.objects.get(number=SIZE - 1).chain)
    verdict = verify()
    assert (verdict.checked, verdict.chain, verdict.intact) == (SIZE, last.hex(), True)


def test_empty_ledger_holds(db):
    verdict = verify()
    assert (verdict.checked, verdict.chain, verdict.intact) == (0, hashlib.sha256(b"").hexdigest(), True)


def test_altered_content(ledger):
    Entry.objects.filter(number=3).update(body=altered(3, how_many=300))
    assert found() == (3, 3, "the content of entry 3 was altered")


def test_altered_content_with_its_leaf_recomputed(ledger):
    body = altered(3, how_many=300)
    Entry.objects.filter(number=3).update(body=body, leaf=leaf_hash(body))
    assert found() == (3, 3, "the chain breaks at entry 3")


def test_altered_content_with_leaf_and_link_recomputed(ledger):
    body = altered(3, how_many=300)
    link = chain_hash(bytes(Entry.objects.get(number=2).chain), leaf_hash(body))
    Entry.objects.filter(number=3).update(body=body, leaf=leaf_hash(body), chain=link)
    assert found() == (4, 4, "the chain breaks at entry 4")


def test_entry_deleted_from_the_middle(ledger):
    Entry.objects.filter(number=2).delete()
    assert found() == (2, 2, "entry 2 is missing (the next one there is 3)")


def test_first_entry_deleted(ledger):
    Entry.objects.filter(number=0).delete()
    assert found() == (0, 0, "entry 0 is missing (the next one there is 1)")


def test_gap_closed_by_renumbering(ledger):
    Entry.objects.filter(number=2).delete()
    for number in range(3, SIZE):
        Entry.objects.filter(number=number).update(number=number - 1)
    assert found() == (2, 2, "the chain breaks at entry 2")


def test_tail_deleted(ledger):
    Entry.objects.filter(number__gte=4).delete()
    assert found() == (4, 4, "the head counts 6 entries, 4 are there: entry 4 and later are missing")


def test_everything_deleted(ledger):
    Entry.objects.all().delete()
    assert found() == (0, 0, "the head counts 6 entries, 0 are there: entry 0 and later are missing")


def test_entry_appended_past_the_sequencer(ledger):
    last = Entry.objects.get(number=SIZE - 1)
    Entry.objects.filter(number=SIZE - 1).first()
    link = chain_hash(bytes(last.chain), bytes(last.leaf))
    last.number, last.chain = SIZE, link
    last.save(force_insert=True)
    assert found() == (SIZE + 1, SIZE, "the head counts 6 entries, 7 are there")


def test_head_altered_or_gone(ledger):
    Head.objects.update(chain=EMPTY_CHAIN)
    assert found() == (SIZE, SIZE, "the head has another chain value than the last entry")
    Head.objects.all().delete()
    assert found() == (SIZE, SIZE, "the head is missing, so nothing says how many entries there were")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "test.otherwise"),
        ("actor", "somebody"),
        ("object_type", "console.user"),
        ("object_id", "1"),
        ("subject", "person:x"),
        ("correlation", "x"),
        ("at", "2020-01-01T00:00:00Z"),
    ],
)
def test_what_is_shown_must_be_what_is_said(column, value, ledger):
    Entry.objects.filter(number=4).update(**{column: value})
    assert found() == (4, 4, "the columns shown for entry 4 do not say what its content says")


@pytest.mark.parametrize(
    "body",
    [
        b'{"b":1, "a":2}',
        b'{"a":1.0}',
        b'{"a":1,"a":1}',
        b"{}",
        b"[]",
        b'"text"',
        b"not JSON",
        b"\xff",
        b"",
    ],
)
def test_body_that_is_no_entry_is_named_however_well_it_is_hashed(body, ledger):
    rewrite(1, body)
    assert found() == (1, 1, "entry 1 is not in canonical form")


def test_whole_chain_rewritten_is_beyond_this_check(ledger):
    """Said in the documentation: only a chain value noted elsewhere shows it."""
    noted = verify().chain
    rewrite(3, altered(3, how_many=300))
    verdict = verify()
    assert verdict.intact
    assert verdict.chain != noted


def test_progress_is_told(ledger, monkeypatch):
    monkeypatch.setattr("audit.ledger.chain.FETCH", 2)
    told = []
    verify(progress=told.append)
    assert told == [2, 4, 6]


def test_command_sequences_then_says_that_all_holds(db):
    record(COUNTED, how_many=1, note="")
    out = StringIO()
    call_command("audit", "verify", stdout=out)
    chain = bytes(Head.objects.get().chain).hex()
    assert out.getvalue() == f"The ledger holds: 1 entries, chain {chain}.\n"


def test_command_fails_and_names_the_entry(ledger):
    Entry.objects.filter(number=3).update(body=altered(3, how_many=300))
    with pytest.raises(CommandError) as failure:
        call_command("audit", "verify", stdout=StringIO())
    assert failure.value.returncode == 1
    assert str(failure.value) == (
        "The ledger does not hold: the content of entry 3 was altered. The 3 entries before it hold."
    )


def test_command_tells_programs(ledger):
    out = StringIO()
    call_command("audit", "verify", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {
        "intact": True,
        "entries": SIZE,
        "chain": verify().chain,
        "checkpoints": 0,
        "first_bad_entry": None,
        "problem": "",
    }
    Entry.objects.filter(number=2).delete()
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("audit", "verify", "--json", stdout=out)
    verdict = json.loads(out.getvalue())
    assert (verdict["intact"], verdict["entries"], verdict["first_bad_entry"]) == (False, 2, 2)
