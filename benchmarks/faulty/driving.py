"""One run: an estate, requests, a worker that is struck, and the people and clocks that go on until all has ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import Any

import redis
from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.models import F
from django.test import Client
from django.utils import timezone
from kombu.exceptions import KombuError

from audit.ledger.context import Actor, acting
from benchmarks.faulty.choosing import Choice
from benchmarks.faulty.estate import PEOPLE, Company, Person, Store, build
from benchmarks.faulty.ground import Ground, Running
from erasure import approving, jobs
from erasure.custodians import answering
from erasure.custodians.models import Task
from erasure.models import Plan, SubjectRequest
from erasure.requests import identity, intake, starting
from erasure.requests.models import Letter
from erasure.requests.states import NotNow
from governance.console.jobs import revive
from governance.console.models import Job
from governance.console.permissions import Role
from tests.people import person
from tests.services.custodian_webhook import custodian_system

State = SubjectRequest.State
STAFF = {
    "amir": Role.OFFICER,
    "petra": Role.OFFICER,
    "dana": Role.STEWARD,
    "emil": Role.ENGINEER,
    "carl": Role.CUSTODIAN,
}
LIMIT = 240.0  # seconds of one run, on a machine that has other things to do
IDLE = 0.08
MOST_DEATHS = 10  # of the worker in one run; a strike kills it once
TWO_DAYS = timedelta(days=2)
SCHEDULE = Actor("system", "schedule")


class Workers:
    """The process that forks workers, see `struck`."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.faulty.struck"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"

    def start(self, order: dict[str, Any]) -> int:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class Stuck(Exception):
    """The run did not come to its end."""


class Run:
    """A run in progress; `go` brings it to its end. `notes` are what was wrong on the way."""

    def __init__(self, choice: Choice, ground: Ground, workers: Workers) -> None:
        self.choice, self.ground, self.workers = choice, ground, workers
        self.name = f"run_{choice.number}"
        self.folder = ground.folder / self.name
        self.folder.mkdir()
        (self.folder / "mail").mkdir()
        self.log = self.folder / "worker.log"
        self.worker = 0
        self.struck = self.handled = False
        self.cut: Store | None = None
        self.down: Running | None = None
        self.notes: list[str] = []
        self.started = time.monotonic()
        self.ended: set[int] = set()
        self.looks = 0
        self.searched: dict[int, int] = {}
        self.quiet_since = time.monotonic()
        self.requests: list[int] = []
        self.company: Company | None = None
        self.deaths = 0
        self.story: list[tuple[float, str]] = []
        self.asked_in_vain = 0

    @property
    def was_struck(self) -> bool:
        """Whether the fault came to pass."""
        told = "lied" if self.choice.fault == "lie" else "struck"
        return self.struck or (self.folder / told).exists()

    @property
    def stores(self) -> list[Store]:
        return self.company.stores if self.company else []

    # ------------------------------------------------------------------ the way of a run

    def go(self) -> Company:
        """To the end, or Stuck. The servers are whole again in any case."""
        ground, choice = self.ground, self.choice
        ground.new_console(self.name)
        self._use(self.name)
        redis.Redis.from_url(ground.broker.server.url).flushall()
        cache.clear()
        with ExitStack() as stack:
            stack.callback(self._whole)
            stack.callback(self._end_worker)
            custodian = stack.enter_context(custodian_system()) if "crm" in choice.estate else None
            with acting(Actor("system", "benchmark")):
                self.staff = {name: person(name, role) for name, role in STAFF.items()}
                for user in self.staff.values():
                    user.email = f"{user.username}@console.example"
                    user.save()
                self.company = Company(ground, self.folder, self.staff)
                self.company.custodian = custodian
                self.company = build(self.company, choice.estate)
                self.before = self.company.rows()
                self._receive()
            self._start_worker()
            while not self._tick():
                if time.monotonic() - self.started > LIMIT:
                    raise Stuck(self._where())
                time.sleep(IDLE)
            self._end_worker()
            self._whole()
        return self.company

    def _receive(self) -> None:
        amir = self.staff["amir"]
        self.gone = [PEOPLE[number - 1] for number in self.choice.persons]
        for place, each in enumerate(self.gone):
            identifiers = [("contact.email", each.email)]
            if self.choice.overlap and place:  # who says that the first one's address is theirs too
                identifiers.append(("contact.email", self.gone[0].email))
            with acting(amir.as_actor()):
                request = intake.receive(
                    kind="erasure", identifiers=identifiers, channel="officer", handled_by=amir
                )
                identity.confirm_by_officer(request, how="Came in person with a passport.")
                starting.search(request)
            self.requests.append(request.pk)

    def _tick(self) -> bool:
        """What happens in a moment: the fault, the clocks, the people. Whether all has ended."""
        try:
            self._strike()
            if self.down:
                return False
            self._clocks()
            return self._people()
        except (DatabaseError, redis.RedisError, KombuError, OSError) as problem:
            connection.close()
            if not self.struck:
                self.notes.append(f"the console itself failed: {type(problem).__name__}: {problem}")
                raise
            return False

    # ------------------------------------------------------------------ the fault

    def _strike(self) -> None:
        if not self.struck and self.was_struck:
            self.struck = True
        if not self.struck or self.handled or self.choice.fault in ("sigkill", "lie"):
            return
        self.handled = True
        choice = self.choice
        if choice.fault == "database":
            server = self.ground.console if choice.where == "console" else self.ground.stores
            server.crash()
            (self.folder / "go").touch()
            time.sleep(1.5 if choice.long else 0.2)
            server.start()
            connection.close()
        elif choice.fault == "flush":
            redis.Redis.from_url(self.ground.broker.server.url).flushall()
            (self.folder / "go").touch()
            if choice.long:  # and the worker that has taken messages dies with them
                self._end_worker()
        elif choice.fault == "network":
            store = next(each for each in self.company.stores if each.kind == choice.where)
            assert store.down
            assert store.up
            store.down()
            (self.folder / "go").touch()
            if choice.long:
                self.cut = store
            else:
                time.sleep(0.25)
                store.up()

    def _whole(self) -> None:
        for server in (self.ground.console, self.ground.stores):
            if server.process.poll() is not None:
                server.start()
        for store in self.stores:
            if store.up:
                store.up()

    # ------------------------------------------------------------------ the worker and the clocks

    def _start_worker(self) -> None:
        choice = self.choice
        order = {
            "moment": choice.moment,
            "nth": choice.nth,
            "act": choice.act,
            "folder": str(self.folder),
            "log": str(self.log),
            "mail": str(self.folder / "mail"),
            "database": self.name,
            "lie": choice.where if choice.fault == "lie" else "",
            "blind": choice.blind,
            "pool": choice.pool,
            "workers": choice.workers,
        }
        self.worker = self.workers.start(order)

    def _alive(self) -> bool:
        try:
            os.kill(self.worker, 0)
        except ProcessLookupError:
            return False
        return True

    def _last_words(self) -> str:
        said = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return said[-1] if said else "none"

    def _end_worker(self) -> None:
        if self.worker:
            with suppress(ProcessLookupError):
                os.killpg(self.worker, signal.SIGKILL)

    def _clocks(self) -> None:
        """What the scheduler of production does; time passes by moving the rows' own times."""
        now = timezone.now()
        if not self._alive():
            self.deaths += 1
            if self.deaths > MOST_DEATHS:
                raise Stuck(f"its worker dies whenever it starts; its last words: {self._last_words()}")
            Job.objects.filter(state=Job.State.RUNNING).update(heartbeat_at=now - timedelta(minutes=5))
            self._start_worker()
            self.quiet_since = time.monotonic()
        if Job.objects.exclude(state__in=Job.FINISHED).exists():
            if time.monotonic() - self.quiet_since > 2.0:  # a message may be lost: a minute passes
                self.quiet_since = time.monotonic()
                Job.objects.filter(state=Job.State.QUEUED).update(heartbeat_at=now - timedelta(minutes=1))
        else:
            self.quiet_since = time.monotonic()
        with acting(SCHEDULE):
            revive()
        if Letter.objects.filter(state=Letter.State.QUEUED).exists() or self._due_tasks().exists():
            self.looks += 1
            if self.looks % 12 == 1:
                late = timezone.now() - timedelta(seconds=1)
                Letter.objects.filter(state=Letter.State.QUEUED).update(next_try_at=late)
                self._due_tasks().update(next_try_at=late)
                for task in ("requests.send_letters", "custodians.send"):
                    current_app.send_task(task, retry=False)

    def _due_tasks(self) -> Any:
        return Task.objects.filter(state__in=Task.OPEN, next_try_at__isnull=False)

    # ------------------------------------------------------------------ the people

    def _people(self) -> bool:
        open_jobs = Job.objects.exclude(state__in=Job.FINISHED)
        busy = set(open_jobs.values_list("pk", flat=True))
        requests = list(SubjectRequest.objects.filter(pk__in=self.requests).order_by("pk"))
        self._tell(requests)
        for request in requests:
            if request.state == State.COMPLETE and request.pk not in self.ended:
                self._look_behind(request)
        if busy:
            return False
        if self.choice.fault == "lie" and all(self._is_idle(each) for each in requests):
            (self.folder / "honest").touch()
        if all(request.state == State.COMPLETE for request in requests):
            return not self._unsent()
        for request in requests:
            self._go_on(request)
        return False

    def _tell(self, requests: list[SubjectRequest]) -> None:
        """The story of the run, for whoever repeats it."""
        jobs_now = Job.objects.exclude(state="done").order_by("queued_at")
        told = " | ".join(
            [
                *(f"{each.state} {each.problem}" for each in requests),
                *(f"{each.kind} {each.state} {each.attempt}" for each in jobs_now),
            ]
        )
        if not self.story or self.story[-1][1] != told:
            self.story.append((round(time.monotonic() - self.started, 1), told))

    def _unsent(self) -> bool:
        return Letter.objects.filter(state=Letter.State.QUEUED).exists()

    def _is_idle(self, request: SubjectRequest) -> bool:
        # Found: its plan was overtaken by what another request has changed meanwhile.
        return request.state in (State.COMPLETE, State.RESIDUAL, State.FAILED, State.WAITING, State.FOUND)

    def _go_on(self, request: SubjectRequest) -> None:
        """Whatever somebody in their place would do."""
        with suppress(NotNow):
            match request.state:
                case State.PLANNED:
                    plan = request.plans.get(state=Plan.State.PROPOSED)
                    petra = self.staff["petra"]
                    with acting(petra.as_actor()):
                        approving.approve(plan, fingerprint=plan.fingerprint, by=petra)
                case State.WAITING:
                    self._time_passes(request)
                case State.FAILED:
                    self._two_days_later(request)
                case State.FOUND | State.RESIDUAL | State.SEARCHING | State.VERIFIED:
                    if not (self.choice.fault == "lie" and not (self.folder / "honest").exists()):
                        self._search(request)
                case State.APPROVED | State.EXECUTING:
                    # No job works on it, and nobody has said that it failed.
                    moved = self._recheck()
                    if not moved:
                        self.notes.append(f"nothing moves a request that is {request.state}, without a job")
                        with acting(self.staff["amir"].as_actor()):
                            approving.resume(request.plans.exclude(state=Plan.State.STALE).latest("number"))

    def _search(self, request: SubjectRequest) -> None:
        self.searched[request.pk] = self.searched.get(request.pk, 0) + 1
        if self.searched[request.pk] > 6:
            raise Stuck(f"searched again and again: {self._where()}")
        for question in request.questions.filter(answer=""):
            question.answer = "accepted"
            question.save()
        with acting(self.staff["amir"].as_actor()):
            starting.search(request)

    def _two_days_later(self, request: SubjectRequest) -> None:
        """The store was down for two days: asked again each quarter of an hour, and then it is back."""
        Job.objects.filter(state__in=Job.FINISHED).update(finished_at=F("finished_at") - TWO_DAYS)
        if self.cut and self.cut.up and self.looks_while_down():
            self.cut.up()
            self.cut = None
        if not self._recheck() and not self._recheck():
            self._search(request)

    def looks_while_down(self) -> bool:
        """Whether it has been asked in vain before: the first look finds it down still."""
        self.asked_in_vain += 1
        return self.asked_in_vain > 1

    def _recheck(self) -> int:
        with acting(SCHEDULE):
            return jobs.recheck()

    def _time_passes(self, request: SubjectRequest) -> None:
        """Topics lose what is old, custodians and recipients answer; then it is looked at again."""
        if self.cut and self.cut.up:
            self.cut.up()
            self.cut = None
        if self._all_wait():  # again and again: who waited for a silent store writes tombstones later
            for store in self.company.stores:
                if store.ages:
                    store.ages(self.gone)
        for task in Task.objects.filter(request=request, state__in=Task.OPEN):
            self._answer(task)
        SubjectRequest.objects.filter(pk=request.pk).update(
            look_again_at=timezone.now() - timedelta(minutes=1)
        )
        self._recheck()

    def _all_wait(self) -> bool:
        """Whether no request is to write into the topics any more."""
        states = SubjectRequest.objects.filter(pk__in=self.requests).values_list("state", flat=True)
        return all(state in (State.WAITING, State.COMPLETE) for state in states)

    def _answer(self, task: Task) -> None:
        custodian = self.company.custodian
        if task.system_id and custodian:
            if str(task.public_id) in custodian.tasks:
                path, body, headers = custodian.erase(str(task.public_id))
                answer = Client().post(path, body, content_type="application/json", headers=headers)
                if answer.status_code != 200:
                    self.notes.append(f"the custodian's answer was refused: {answer.status_code}")
        elif task.told_at is None and not self._told(task):
            self._due_tasks().filter(pk=task.pk).update(next_try_at=timezone.now())
        elif self._told(task):
            with acting(self.staff["carl"].as_actor()):
                answering.confirm(task, state="done", note="Deleted.", way="page", by=self.staff["carl"])

    def letters(self) -> list[str]:
        """Those that the mail server took: a file may hold two, of workers who wrote in the same second."""
        files = [path.read_text() for path in sorted((self.folder / "mail").iterdir())]
        return [letter for text in files for letter in text.split(f"\n{'-' * 79}\n") if letter.strip()]

    def _told(self, task: Task) -> bool:
        to = task.recipient.contact_email if task.recipient else self.staff["carl"].email
        return any(f"To: {to}" in letter for letter in self.letters())

    # ------------------------------------------------------------------ what is seen on the way

    def _look_behind(self, request: SubjectRequest) -> None:
        """A request says that it is complete: is it?"""
        self.ended.add(request.pk)
        gone = self._of(request)
        for name, rows in self.company.rows().items():
            left = [row for row in rows if stands_in(row, gone)]
            if left:
                self.notes.append(f"FALSE SUCCESS: complete, and {len(left)} rows of {name} hold the person")

    def _of(self, request: SubjectRequest) -> list[Person]:
        emails = {each.value for each in request.identifiers.filter(category="contact.email")}
        return [each for each in self.gone if each.email in emails]

    def _where(self) -> str:
        requests = SubjectRequest.objects.filter(pk__in=self.requests)
        told = [f"{each.state} ({each.problem})" for each in requests]
        waiting = [
            f"{each.kind} {each.state} attempt {each.attempt}" for each in Job.objects.exclude(state="done")
        ]
        return f"{'; '.join(told)}; jobs: {', '.join(waiting) or 'none'}"

    def _use(self, name: str) -> None:
        connection.close()
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
        settings.EMAIL_FILE_PATH = str(self.folder / "mail")
        settings.JOB_STALE_SECONDS = 4


def stands_in(row: str, persons: list[Person]) -> bool:
    """Whether a value of one of these persons stands in the row, however it is written."""
    lowered = row.lower()
    return any(mark.lower() in lowered for each in persons for mark in each.marks)
