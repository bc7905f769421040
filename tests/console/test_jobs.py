"""Jobs are rows: what the broker delivers twice, loses or cannot take changes nothing."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from governance.console import jobs
from governance.console.jobs import Progress
from governance.console.models import Job

seen: list[str] = []


@jobs.job("test.count")
def count(running: Job, *, to: int) -> Iterator[Progress]:
    """Counts from its cursor on, a step at a time."""
    for number in range(running.cursor.get("at", 0), to):
        seen.append(f"{running.attempt}:{number}")
        yield Progress(number + 1, to, f"at {number}", cursor={"at": number + 1})


@jobs.job("test.fail", on_failure=lambda failed, reason: seen.append(reason))
def fail(running: Job) -> Iterator[Progress]:
    yield Progress(0)
    raise jobs.JobFailed("The store does not answer.")


@jobs.job("test.defect")
def defect(running: Job) -> Iterator[Progress]:
    yield Progress(0)
    raise ValueError("@".join(["ana", "example.org"]))


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    seen.clear()


@pytest.mark.django_db
def test_a_message_delivered_twice_runs_once():
    job = jobs.enqueue("test.count", title="Count", to=2)
    assert jobs.run(str(job.pk)).state == Job.State.DONE
    assert jobs.run(str(job.pk)) is None
    assert seen == ["1:0", "1:1"]
    job.refresh_from_db()
    assert (job.done, job.total, job.message, job.cursor) == (2, 2, "at 1", {"at": 2})


@pytest.mark.django_db
def test_what_a_dead_worker_left_goes_on_from_its_cursor(settings):
    job = jobs.enqueue("test.count", title="Count", to=3)
    taken = jobs.claim(str(job.pk))
    work = count(taken, to=3)
    jobs._save([taken], next(work))
    assert jobs.revive() == 0
    long_ago = timezone.now() - timedelta(seconds=settings.JOB_STALE_SECONDS + 1)
    Job.objects.update(heartbeat_at=long_ago)
    assert jobs.revive() == 1
    assert jobs.run(str(job.pk)).state == Job.State.DONE
    assert seen == ["1:0", "2:1", "2:2"]
    with pytest.raises(jobs.JobLost):
        jobs._save([taken], next(work))


@pytest.mark.django_db
def test_a_queued_job_is_cancelled_at_once_and_a_running_one_after_its_step():
    queued = jobs.enqueue("test.count", title="Count", to=2)
    assert jobs.cancel(queued)
    assert jobs.run(str(queued.pk)) is None
    running = jobs.claim(str(jobs.enqueue("test.count", title="Count", to=2).pk))
    assert jobs.cancel(running)
    with pytest.raises(jobs.JobLost):
        jobs._save([running], next(count(running, to=2)))
    assert set(Job.objects.values_list("state", flat=True)) == {Job.State.CANCELLED}
    assert not jobs.cancel(running)


@pytest.mark.django_db
def test_a_reason_is_shown_and_a_defect_says_nothing_of_the_data(sequenced, caplog):
    failed = jobs.run(str(jobs.enqueue("test.fail", title="Fail").pk))
    assert (failed.state, failed.message) == (Job.State.FAILED, "The store does not answer.")
    assert seen == ["The store does not answer."]
    broken = jobs.run(str(jobs.enqueue("test.defect", title="Break").pk))
    assert (broken.state, broken.message) == (
        Job.State.FAILED,
        "Unexpected ValueError: see the worker's log.",
    )
    assert "ValueError at" in caplog.text
    assert "ana@example.org" not in caplog.text
    assert [entry.content["facts"]["reason"] for entry in sequenced() if entry.action == "job.failed"] == [
        "JobFailed",
        "ValueError",
    ]


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_loses_nothing(monkeypatch, settings):
    def down(*args: object, **options: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(jobs.current_app, "send_task", down)
    job = jobs.enqueue("test.count", title="Count", to=1)
    monkeypatch.undo()
    sent: list[str] = []
    monkeypatch.setattr(
        jobs.current_app, "send_task", lambda name, arguments, **options: sent.extend(arguments)
    )
    Job.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=3 * settings.JOB_STALE_SECONDS + 1))
    assert jobs.revive() == 1
    assert sent == [str(job.pk)]
    assert jobs.revive() == 0


@jobs.job("test.many", gathers=3)
def many(together: list[Job]) -> Iterator[Progress]:
    """Fails for whom it should; says who was done together."""
    seen.append("+".join(sorted(each.arguments["name"] for each in together)))
    yield Progress(0)
    if any(each.arguments["name"] == "bad" for each in together):
        raise jobs.JobFailed("This one cannot be done.")
    seen.append("+".join(sorted(each.arguments["name"] for each in together)))


@pytest.mark.django_db
def test_jobs_that_gather_are_done_together_and_fail_alone():
    queued = [jobs.enqueue("test.many", title=name, name=name) for name in ("a", "b", "bad", "c")]
    jobs.run(str(queued[1].pk))
    assert seen == ["a+b+bad"]
    assert set(Job.objects.values_list("state", flat=True)) == {Job.State.QUEUED}
    for job in queued:
        jobs.run(str(job.pk))
    assert seen[1:] == ["a", "a", "b", "b", "bad", "c", "c"]
    ended = {job.title: (job.state, job.message) for job in Job.objects.all()}
    assert ended.pop("bad") == (Job.State.FAILED, "This one cannot be done.")
    assert set(ended.values()) == {(Job.State.DONE, "")}


@pytest.mark.django_db
def test_one_of_many_can_be_cancelled():
    queued = [jobs.enqueue("test.many", title=name, name=name) for name in ("a", "b")]
    taken = [jobs.claim(str(job.pk)) for job in queued]
    assert jobs.cancel(queued[0])
    jobs._save(taken, Progress(1))
    assert [job.title for job in taken] == ["b"]
    assert [Job.objects.get(pk=job.pk).state for job in queued] == ["cancelled", "running"]
