"""From question to answer: charged once, answered once, repeated for nothing; failures keep what they cost."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pytest
from django.conf import settings as console_settings
from django.db import connection
from django.utils import timezone

from catalog.connectors.base import Unreachable
from catalog.connectors.file_store import FileStore
from governance.console.models import Job
from retention.statistics import asking, budgets, looking, releasing
from retention.statistics.models import Charge, Release
from retention.statistics.units import NANO
from tests.retention.statistics.conftest import MEAN, purchases, register

BIG = {"epsilon": "900"}  # hardly any noise: the answer can be compared


@pytest.fixture
def rich(shop):
    return budgets.set_budget(shop, limit="1000", delta="0.001")


def ask(budget, **change):
    release, new = asking.ask(budget, asking.understand(budget, {**MEAN, **change}))
    return release, new


def answered(budget, work, **change):
    release, _ = ask(budget, **change)
    (job,) = work()
    assert (job.state, job.message) == ("done", "Answered")
    release.refresh_from_db()
    return {row["group"]: row["value"] for row in release.answer["rows"]}


def kinds(release):
    return list(release.charges.order_by("pk").values_list("kind", flat=True))


def test_mean_by_age_bracket(rich, work):
    means = answered(rich, work, **BIG)
    assert list(means) == ["under 30", "30 to under 45", "45 to under 60", "60 and over"]
    table = purchases().to_pandas()
    by_hand = table.spend.groupby(table.age.ge(30) * 1 + table.age.ge(45) + table.age.ge(60)).mean()
    assert list(means.values()) == pytest.approx(list(by_hand), abs=0.02)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"kind": "count", "grouping": "keys", "group": "city", "keys": ["city 0", "city 1", "nowhere"]},
            [201, 201, 0],
        ),
        ({"kind": "people", "grouping": "keys", "group": "city", "keys": ["city 2", "nowhere"]}, [66, 0]),
        ({"kind": "sum", "grouping": "none", "group": ""}, [3000]),
        ({"kind": "histogram", "value": "spend", "edges": ["3", "6.5"]}, [180, 180, 240]),
        (
            {"kind": "quantile", "grouping": "none", "group": "", "lower": "0", "upper": "10", "steps": 21},
            [5],
        ),
        ({"kind": "count", "group": "born", "edges": ["60", "70"]}, None),
        ({"kind": "people", "grouping": "found", "group": "city", "delta": "0.0001"}, [67, 67, 66]),
        ({"kind": "sum", "grouping": "found", "group": "city", "delta": "0.0001"}, [1009.5, 1000.5, 990]),
        ({"kind": "count", "grouping": "none", "group": "", "person": "", "each_row": True}, [600]),
    ],
)
def test_answers_with_hardly_any_noise_are_right(change, expected, rich, work):
    values = list(answered(rich, work, **BIG, **change).values())
    if expected is not None:
        assert values == pytest.approx(expected, abs=1.5)
    else:
        assert sum(values) == pytest.approx(600, abs=3)


def test_same_question_is_answered_from_the_record_for_nothing(budget, work, sequenced):
    release, new = ask(budget)
    work()
    same, again = ask(budget, epsilon="0.50", edges=["30.0", "45", "60"])
    assert (new, again, same.pk) == (True, False, release.pk)
    assert budgets.standing(budget).spent == NANO // 2
    other, fresh = ask(budget, edition="second look")
    assert (fresh, other.pk == release.pk) == (True, False)
    assert budgets.standing(budget).left == 0
    actions = [entry.action for entry in sequenced()]
    assert actions == ["budget.set", "statistic.asked", "statistic.released", "job.done", "statistic.asked"]


def test_question_beyond_the_budget_is_refused_and_recorded(budget, sequenced):
    with pytest.raises(budgets.Refused, match=r"This takes ε 1\.5; ε 1, δ 0\.00001 is left"):
        ask(budget, epsilon="1.5")
    assert not Release.objects.exists()
    assert not Charge.objects.exists()
    assert not Job.objects.exists()
    entry = sequenced()[-1]
    assert (entry.action, entry.content["facts"]["amount"], entry.content["facts"]["left"]) == (
        "statistic.refused",
        "ε 1.5",
        "ε 1, δ 0.00001",
    )


def test_ledger_tells_charge_noise_and_answer(budget, work):
    release, _ = ask(budget)
    assert kinds(release) == ["reserve"]
    work()
    assert kinds(release) == ["reserve", "draw", "settle"]


@pytest.mark.parametrize("table", [purchases(0), None], ids=["empty", "all null"])
def test_nothing_in_the_data_is_answered_with_noise_like_anything_else(table, folder, db, work):
    schema = purchases(0).schema
    if table is None:
        table = pa.table([pa.nulls(9, kind) for kind in schema.types], schema=schema)
    poor = budgets.set_budget(register(folder, "nothing.parquet", table), limit="10")
    counts = answered(poor, work, kind="count", epsilon="0.1")
    assert list(counts) == ["under 30", "30 to under 45", "45 to under 60", "60 and over"]
    assert set(counts.values()) != {0.0}


def test_store_that_does_not_answer_costs_nothing_more(budget, work, monkeypatch, sequenced):
    def gone(self, *args, **kwargs):
        raise Unreachable("Shop does not answer.", "Is it there?")

    release, _ = ask(budget)
    monkeypatch.setattr(FileStore, "read", gone)
    (job,) = work()
    release.refresh_from_db()
    assert (job.state, release.state, kinds(release)) == ("failed", "failed", ["reserve"])
    assert release.problem == "Shop does not answer. Is it there? Asking again costs nothing."
    monkeypatch.undo()
    same, new = ask(budget)
    assert (same.pk, new, same.state) == (release.pk, False, "failed")
    asking.again(release)
    work()
    release.refresh_from_db()
    assert (release.state, release.problem) == ("done", "")
    assert budgets.standing(budget).spent == NANO // 2
    with pytest.raises(asking.NotNow):
        asking.again(release)


def test_cancelled_job_keeps_its_charge_and_can_go_on(budget, work):
    release, _ = ask(budget)
    Job.objects.update(state="cancelled")
    release.refresh_from_db()
    assert (release.shown_state, release.stopped) == ("stopped", True)
    asking.again(release)
    work()
    release.refresh_from_db()
    assert release.state == "done"


def test_second_worker_leaves_the_first_answer(budget, work):
    release, _ = ask(budget)
    work()
    release.refresh_from_db()
    first = release.answer
    releasing.settle(release, {"rows": []}, today=timezone.localdate())
    release.refresh_from_db()
    assert release.answer == first
    assert kinds(release) == ["reserve", "draw", "settle"]


def test_progress_tells_no_number_of_rows(budget, work, monkeypatch):
    seen = []
    release, _ = ask(budget)
    read = releasing.reader

    def batches(*args):
        return lambda: (
            batch for whole in read(*args)() for batch in pa.Table.from_batches([whole]).to_batches(10)
        )

    monkeypatch.setattr(releasing, "reader", batches)
    save = Job.objects.get(pk=release.job_id)
    for progress in releasing.release_job(save, release.pk):
        seen.append((progress.done, progress.total, progress.message))
    assert set(seen) == {(0, None, "Reading the data set"), (1, 1, "Answered")}


def test_rarest_of_very_many_found_groups_are_left_out(rich, work, monkeypatch):
    monkeypatch.setattr(releasing, "MOST_GROUPS", 2)
    found = answered(rich, work, **BIG, kind="people", grouping="found", group="city", delta="0.0001")
    assert len(found) == 2


def test_true_values_are_exact_recorded_and_not_kept(rich, work, sequenced):
    release, _ = ask(
        rich,
        kind="sum",
        grouping="keys",
        group="city",
        keys=["city 0", "nowhere"],
        rows_per_person=1,
        upper="2",
    )
    work()
    release.refresh_from_db()
    stored = release.answer
    table = purchases().to_pandas()
    by_hand = table.spend[table.city == "city 0"].sum()
    assert looking.true_values(release, reason="Audit of 2026") == {"city 0": by_hand, "nowhere": 0.0}
    entry = sequenced()[-1]
    assert (entry.action, entry.content["facts"]) == (
        "statistic.true_values_seen",
        {"reason": "Audit of 2026"},
    )
    release.refresh_from_db()
    assert release.answer == stored


def test_true_values_of_every_kind(rich, work):
    for change, expected in (
        ({}, {"under 30": 5.0, "30 to under 45": 4.167, "45 to under 60": 5.833, "60 and over": 5.0}),
        (
            {"kind": "people", "grouping": "found", "group": "city", "delta": "0.00001", "epsilon": "9"},
            {"city 0": 67, "city 1": 67, "city 2": 66},
        ),
        ({"kind": "quantile", "grouping": "none", "group": "", "upper": "20", "steps": 41}, {"": 5.0}),
    ):
        release, _ = ask(rich, **change)
        work()
        release.refresh_from_db()
        assert looking.true_values(release, reason="x") == pytest.approx(expected, abs=0.01)


KILLED = """
import os, signal, sys
import django
django.setup()
from audit.ledger.context import Actor, acting
from governance.console import jobs
from retention.statistics import mechanisms, releasing

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[2] == "before":
    releasing.reader = die
else:
    mechanisms.add_noise = die
jobs.run(sys.argv[1])
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("when", "ledger"), [("before", ["reserve"]), ("noise", ["reserve", "draw"])])
def test_killed_between_charge_and_noise_keeps_the_charge(when, ledger, folder, work):
    """SIGKILL for a real process, before it reads or as it draws: the ledger shows how far it was, and keeps all."""
    budget = budgets.set_budget(register(folder, "purchases.parquet", purchases()), limit="1")
    release, _ = ask(budget)
    database = connection.settings_dict
    url = (
        f"postgres://{quote(database['USER'])}:{quote(database['PASSWORD'])}"
        f"@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(release.job_id), when],
        cwd=Path(console_settings.BASE_DIR),
        env={**os.environ, "DATABASE_URL": url, "DATABASE_OWNER_URL": url, "FOLDER_ROOTS": str(folder)},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr[-2000:]
    release.refresh_from_db()
    assert (release.state, release.answer, kinds(release)) == ("running", None, ledger)
    assert budgets.standing(budget).left == NANO // 2

    Job.objects.update(state=Job.State.QUEUED)  # what the sweep does once the heartbeat is old
    (job,) = work()
    release.refresh_from_db()
    assert (job.state, release.state, job.attempt) == ("done", "done", 2)
    assert kinds(release) == [*ledger, "draw", "settle"]
    assert budgets.standing(budget).left == NANO // 2
