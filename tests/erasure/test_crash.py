"""A hundred erasures in the hands of a worker that is killed again and again."""

import time
from collections import Counter

import pytest

from audit.ledger.chain import verify
from audit.ledger.models import Entry
from audit.ledger.sequencing import sequence
from erasure.models import Plan, Step, SubjectRequest
from erasure.planning import make_plan
from erasure.searching import find_person
from governance.console.jobs import revive
from governance.console.models import Job
from tests.erasure import estate
from tests.services.fixtures import Database
from tests.services.worker import worker

PERSONS = 100
KILLS = 5
PEOPLE = """
    INSERT INTO customer SELECT n, 'Person ' || n, 'p' || n || '@example.org', '+49 30 ' || n, 'Street ' || n
        FROM generate_series(1001, 1100) n;
    INSERT INTO purchase SELECT n * 10 + k, n, '2024-01-01', k, 'Street ' || n, NULL
        FROM generate_series(1001, 1100) n, generate_series(0, 4) k;
    INSERT INTO purchase_line SELECT id, 1, 'tea' FROM purchase WHERE id >= 10010;
    INSERT INTO newsletter SELECT 'p' || n || '@example.org', 'tea' FROM generate_series(1001, 1100) n;
"""


def wait_until_more_are_done(more: int, *, seconds: int = 300) -> None:
    """Sweep as the scheduler does until `more` further jobs have ended."""
    target = ended() + more
    deadline = time.monotonic() + seconds
    while ended() < min(target, PERSONS):
        assert time.monotonic() < deadline, f"stuck at {ended()} of {PERSONS}: {Counter(states())}"
        revive()
        time.sleep(0.2)


def ended() -> int:
    return Job.objects.filter(kind="erasure.execute", state__in=Job.FINISHED).count()


def states() -> list[str]:
    return list(Job.objects.values_list("state", flat=True))


@pytest.mark.django_db(transaction=True)
def test_a_hundred_erasures_survive_five_kills(shop_database: Database, amir, petra):
    shop_database.execute(PEOPLE)
    shop = estate.register(shop_database)
    estate.label(shop, estate.LABELS)
    estate.own_all_links(shop)
    for number in range(1001, 1101):
        request = estate.request_of(f"p{number}@example.org", amir)
        for _ in find_person(request):
            pass
        for _ in make_plan(request, by=amir):
            pass
        estate.approve(request, petra)

    for _ in range(KILLS):
        with worker():
            wait_until_more_are_done(8)
    with worker():
        wait_until_more_are_done(PERSONS, seconds=600)

    assert Counter(states()) == {"done": PERSONS}
    assert Job.objects.filter(attempt__gt=1).exists(), "no kill hit a running job"
    assert Counter(SubjectRequest.objects.values_list("state", "outcome")) == {
        ("complete", "erased"): PERSONS
    }
    assert Counter(Plan.objects.values_list("state", flat=True)) == {"executed": PERSONS}
    assert shop_database.execute("SELECT count(*) FROM customer") == [(3,)]
    assert shop_database.execute("SELECT count(*) FROM purchase") == [(4,)]
    assert shop_database.execute("SELECT count(*) FROM purchase_line") == [(5,)]
    assert shop_database.execute("SELECT count(*) FROM newsletter") == [(3,)]

    sequence()
    once = {"plan.started", "erasure.verified", "request.completed"}
    for action in once:
        per_object = Counter(Entry.objects.filter(action=action).values_list("object_id", flat=True))
        assert len(per_object) == PERSONS, action
        assert set(per_object.values()) == {1}, action
    steps = Counter(
        (entry.object_id, entry.content["facts"]["data_set"])
        for entry in Entry.objects.filter(action="step.done")
    )
    assert set(steps.values()) == {1}
    assert len(steps) == Step.objects.count() == 4 * PERSONS
    assert not Entry.objects.filter(action__in=["step.failed", "job.failed"]).exists()
    assert verify().intact
