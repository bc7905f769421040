"""A job without its record cannot finish: of every kind, whatever breaks the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.urls import get_resolver
from django.utils import timezone

from governance.console import jobs
from governance.console.jobs import KINDS, Progress
from governance.console.models import Job

assert get_resolver().url_patterns  # every app has registered its jobs
OURS = sorted(kind for kind in KINDS if not kind.startswith("test."))
pytestmark = pytest.mark.django_db


@contextmanager
def broken_ledger() -> Iterator[None]:
    """PostgreSQL refuses every entry, as it would of a full disk or a right that was taken away."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION no_entries() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no entries today'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER no_entries BEFORE INSERT ON ledger_waiting EXECUTE FUNCTION no_entries()"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION no_entries() CASCADE")


def one_step(*given: Any, **arguments: Any) -> Iterator[Progress]:
    yield Progress(3, 3, "All of it")


@pytest.mark.parametrize("kind", OURS)
def test_it_does_not_end_as_done_until_it_is_recorded(
    kind: str, monkeypatch: pytest.MonkeyPatch, sequenced: Any, settings: Any
) -> None:
    monkeypatch.setitem(KINDS, kind, replace(KINDS[kind], work=one_step, on_failure=None))
    queued = jobs.enqueue(kind, title="Work")
    with broken_ledger(), pytest.raises(DatabaseError, match="no entries today"):
        jobs.run(str(queued.pk))
    queued.refresh_from_db()
    assert (queued.state, queued.finished_at) == (Job.State.RUNNING, None)
    Job.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=settings.JOB_STALE_SECONDS + 1))
    assert jobs.revive() == 1
    ended = jobs.run(str(queued.pk))
    assert ended is not None
    assert ended.state == Job.State.DONE
    (entry,) = sequenced()
    assert (entry.action, entry.object_id) == ("job.done", str(queued.pk))
    assert entry.content["facts"] == {"kind": kind, "done": 3, "attempt": 2}


def test_there_are_jobs_of_every_floor() -> None:
    floors = {KINDS[kind].work.__module__.partition(".")[0] for kind in OURS}
    assert floors == {"catalog", "retention", "erasure"}
    assert len(OURS) >= 20


def test_jobs_done_together_have_a_record_each(sequenced: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "erasure.find", replace(KINDS["erasure.find"], work=one_step, on_failure=None))
    queued = [jobs.enqueue("erasure.find", title=f"Find {number}") for number in range(3)]
    jobs.run(str(queued[0].pk))
    told = [(each.action, each.object_id) for each in sequenced()]
    assert sorted(told) == sorted(("job.done", str(each.pk)) for each in queued)
    assert set(Job.objects.values_list("state", flat=True)) == {Job.State.DONE}
