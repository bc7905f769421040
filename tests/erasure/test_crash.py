"""A hundred erasures in the hands of a worker that is killed again and again, and many that it is doing as one."""

import time
from collections import Counter
from collections.abc import Callable

import pytest

from audit.ledger.chain import verify
from audit.ledger.context import acting
from audit.ledger.models import Entry
from audit.ledger.sequencing import sequence
from erasure import approving
from erasure.models import Plan, Step, SubjectRequest
from erasure.planning import make_plans
from erasure.searching import find_persons
from governance.console.jobs import revive
from governance.console.models import Job, User
from tests.erasure import estate
from tests.services.fixtures import Database
from tests.services.worker import worker

PERSONS = 100
KILLS = 5
PAUSE = 0.2  # seconds, longer each time, so that each kill hits another place
TOGETHER = 20
PEOPLE = """
    INSERT INTO customer SELECT n, 'Person ' || n, 'p' || n || '@example.org', '+49 30 ' || n, 'Street ' || n
        FROM generate_series(1001, 1100) n;
    INSERT INTO purchase SELECT n * 10 + k, n, '2024-01-01', k, 'Street ' || n, NULL
        FROM generate_series(1001, 1100) n, generate_series(0, 4) k;
    INSERT INTO purchase_line SELECT id, 1, 'tea' FROM purchase WHERE id >= 10010;
    INSERT INTO newsletter SELECT 'p' || n || '@example.org', 'tea' FROM generate_series(1001, 1100) n;
"""


def ended() -> int:
    return Job.objects.filter(kind="erasure.execute", state__in=Job.FINISHED).count()


def states() -> list[str]:
    return list(Job.objects.values_list("state", flat=True))


def wait_until(count: Callable[[], int], wanted: int, *, seconds: int = 300) -> None:
    """Sweep as the scheduler does until so many are counted."""
    deadline = time.monotonic() + seconds
    while count() < wanted:
        assert time.monotonic() < deadline, f"{count()} of {wanted}: {Counter(states())}"
        revive()
        time.sleep(0.1)


def approved(shop_database: Database, persons: int, amir: User, petra: User) -> None:
    """Erasures of so many persons, found, planned and approved together."""
    shop_database.execute(PEOPLE)
    shop = estate.register(shop_database)
    estate.label(shop, estate.LABELS)
    estate.own_all_links(shop)
    requests = [estate.request_of(f"p{number}@example.org", amir) for number in range(1001, 1001 + persons)]
    for _ in find_persons(requests):
        pass
    for _ in make_plans(requests, by=amir):
        pass
    plans = Plan.objects.filter(request__in=requests).in_bulk()
    with acting(petra.as_actor()):
        approving.approve_many({pk: plan.fingerprint for pk, plan in plans.items()}, by=petra)


@pytest.mark.django_db(transaction=True)
def test_many_erasures_killed_in_the_middle_of_one_step_for_all_go_on(shop_database: Database, amir, petra):
    """The worker hangs at the customers, which somebody else has locked, with all purchases gone."""
    approved(shop_database, TOGETHER, amir, petra)
    at_customers = Step.objects.filter(data_set__name="public.customer", state=Step.State.RUNNING)

    with shop_database.connect() as lock, lock.transaction():
        lock.execute("LOCK TABLE customer IN SHARE ROW EXCLUSIVE MODE")
        with worker():
            wait_until(at_customers.count, TOGETHER)
    assert set(Step.objects.filter(data_set__name="public.purchase").values_list("state")) == {("done",)}
    assert shop_database.execute("SELECT count(*) FROM customer") == [(3 + 100,)]
    assert set(Plan.objects.values_list("state", flat=True)) == {"executing"}
    assert ended() == 0

    with worker():
        wait_until(ended, TOGETHER)
    assert Counter(states()) == {"done": TOGETHER}
    assert Counter(SubjectRequest.objects.values_list("state", "outcome")) == {
        ("complete", "erased"): TOGETHER
    }
    assert shop_database.execute("SELECT count(*) FROM customer") == [(3 + 100 - TOGETHER,)]
    sequence()
    for action in ("plan.started", "erasure.verified", "request.completed"):
        per_object = Counter(Entry.objects.filter(action=action).values_list("object_id", flat=True))
        assert sorted(per_object.values()) == [1] * TOGETHER, action
    steps = Counter(
        (entry.object_id, entry.content["facts"]["data_set"])
        for entry in Entry.objects.filter(action="step.done")
    )
    assert (set(steps.values()), len(steps)) == ({1}, Step.objects.count())
    assert not Entry.objects.filter(action__in=["step.failed", "job.failed"]).exists()
    assert verify().intact


@pytest.mark.django_db(transaction=True)
def test_a_hundred_erasures_survive_five_kills(shop_database: Database, amir, petra):
    approved(shop_database, PERSONS, amir, petra)
    for kill in range(KILLS):
        claimed = Job.objects.filter(attempt__gt=kill, state=Job.State.RUNNING)
        with worker():
            wait_until(lambda: claimed.count() or ended(), 1)  # noqa: B023
            time.sleep(kill * PAUSE)
    with worker():
        wait_until(ended, PERSONS, seconds=600)

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
