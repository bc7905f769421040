"""Many writers at once, each on a connection of its own."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from audit.ledger import chain
from audit.ledger.context import Actor, acting
from audit.ledger.models import Entry, Head, Waiting
from audit.ledger.recording import record
from audit.ledger.sequencing import sequence
from tests.audit.events import COUNTED

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS, EACH = 8, 25


def in_thread(work):
    def run(*arguments):
        try:
            with acting(Actor("system", "writer")):
                return work(*arguments)
        finally:
            connection.close()

    return run


def count(number):
    record(COUNTED, how_many=number, note="")


def test_eight_writers_leave_no_gap_and_lose_nothing():
    writing = threading.Event()
    writing.set()

    @in_thread
    def write(writer):
        for number in range(EACH):
            with transaction.atomic():
                count(writer * EACH + number)

    @in_thread
    def sequence_meanwhile():
        moved = 0
        while writing.is_set():
            moved += sequence(batch=7)
        return moved

    with ThreadPoolExecutor(WRITERS + 2) as pool:
        sequencers = [pool.submit(sequence_meanwhile) for _ in range(2)]
        for done in [pool.submit(write, writer) for writer in range(WRITERS)]:
            done.result()
        writing.clear()
        moved = sum(done.result() for done in sequencers)
    moved += sequence()
    entries = list(Entry.objects.order_by("number"))
    assert moved == WRITERS * EACH
    assert [entry.number for entry in entries] == list(range(WRITERS * EACH))
    told = [entry.content["facts"]["how_many"] for entry in entries]
    assert sorted(told) == list(range(WRITERS * EACH))
    for writer in range(WRITERS):
        mine = [number for number in told if number // EACH == writer]
        assert mine == sorted(mine)
    assert Waiting.objects.count() == 0
    assert chain.verify().intact


def test_lower_id_that_commits_later_is_not_lost():
    inserted, may_commit = threading.Event(), threading.Event()

    @in_thread
    def slow():
        with transaction.atomic():
            count(1)
            inserted.set()
            assert may_commit.wait(30)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(slow)
        assert inserted.wait(30)
        with transaction.atomic():
            count(2)
        assert sequence() == 1
        may_commit.set()
        done.result()
    assert sequence() == 1
    assert [entry.content["facts"]["how_many"] for entry in Entry.objects.order_by("number")] == [2, 1]
    assert chain.verify().intact


def test_second_sequencer_does_nothing_while_the_first_works():
    with transaction.atomic():
        count(1)
    sequenced, may_commit = threading.Event(), threading.Event()

    @in_thread
    def hold():
        with transaction.atomic():
            assert sequence() == 1
            sequenced.set()
            assert may_commit.wait(30)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(hold)
        assert sequenced.wait(30)
        assert sequence() == 0
        may_commit.set()
        done.result()
    assert Head.objects.get().size == 1


def test_verify_sees_one_moment(monkeypatch):
    """While it reads, a sequencer appends: neither the new entry nor the new head is seen."""
    with transaction.atomic():
        for number in range(10):
            count(number)
    sequence()
    appended = []

    @in_thread
    def append():
        with transaction.atomic():
            count(99)
        return sequence()

    check_head = chain._head_problem

    def append_first(size, link):
        with ThreadPoolExecutor(1) as pool:
            appended.append(pool.submit(append).result())
        return check_head(size, link)

    with monkeypatch.context() as patch:
        patch.setattr(chain, "_head_problem", append_first)
        verdict = chain.verify()
    assert appended == [1]
    assert (verdict.intact, verdict.checked) == (True, 10)
    assert chain.verify().checked == 11
