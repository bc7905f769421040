"""`manage.py replay`: a restored copy against the registry, before it goes live."""

from __future__ import annotations

import json
import re
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from audit.ledger.context import Actor, acting
from audit.ledger.recording import record
from catalog.connectors.base import ConnectorError
from catalog.models import System
from erasure.models import Plan
from erasure.registry import events
from erasure.registry.models import Backup, Replay
from erasure.registry.replays import jobs
from erasure.registry.replays.looking import Look, look
from erasure.registry.replays.places import lay_elsewhere, require_searchable
from erasure.requests.states import NotNow
from governance.console import jobs as console_jobs
from governance.console.models import Job, User

SOMEBODY, UNKNOWN = 1, 2
REFERENCE = re.compile(r"RP-\d{4}-(\d+)")


class Command(BaseCommand):
    help = (
        "Look in a restored copy of a system for everybody who was erased, and plan to erase them there again. "
        "A second person approves the plan in the console; then run this again. "
        "Exit status 0: the copy holds nobody in the registry; 1: it holds somebody, or could not be searched in "
        "whole; 2: it could not be looked at."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "system",
            help="of which it is a copy, by its name in the catalog; or the reference of a replay (RP-2026-00001), "
            "to go on with it, or to look again after it has ended",
        )
        where = parser.add_mutually_exclusive_group()
        where.add_argument(
            "--at", type=Path, help="JSON file with the settings that differ; - for standard input"
        )
        where.add_argument("--at-system", help="the copy lies where this system of the catalog does")
        parser.add_argument(
            "--backup", default="", help="the noted backup it was restored from: tells its age"
        )
        parser.add_argument("--check", action="store_true", help="only look: no plan is made")
        parser.add_argument("--by", default="", help="user name of who begins the replay, and makes its plan")

    def handle(self, *args: Any, **options: Any) -> None:
        begun = _replay_named(options["system"])
        if begun is not None:
            self._go_on(begun, options)
            return
        system = System.objects.filter(name=options["system"]).first()
        if system is None:
            raise CommandError(
                f"There is no system {options['system']!r} in the catalog.", returncode=UNKNOWN
            )
        backup = self._backup(system, options["backup"])
        try:
            settings = self._settings(system, options)
            if options["check"]:
                with acting(Actor("system", "command")):
                    self._check(system, backup, settings)
            else:
                officer = self._officer(options["by"])
                with acting(officer.as_actor()):
                    self._replay(system, backup, settings, officer)
        except (ConnectorError, NotNow) as problem:
            raise CommandError(str(problem), returncode=UNKNOWN) from problem
        except ValidationError as refusal:
            raise CommandError(_said(refusal), returncode=UNKNOWN) from refusal

    def _go_on(self, begun: Replay, options: dict[str, Any]) -> None:
        """Its questions stay answered: an ended one is only looked at again."""
        try:
            if begun.finished_at or options["check"]:
                with acting(Actor("system", "command")):
                    self._look(begun)
            else:
                with acting(self._officer(options["by"]).as_actor()):
                    self._work(begun)
        except (ConnectorError, NotNow) as problem:
            raise CommandError(str(problem), returncode=UNKNOWN) from problem

    def _check(self, system: System, backup: Backup | None, settings: dict[str, Any] | None) -> None:
        require_searchable(system)
        copy = Replay(system=system, backup=backup)
        if settings is not None:
            lay_elsewhere(copy, settings)
        self._look(copy)

    def _look(self, copy: Replay) -> None:
        result, system = Look(), copy.system
        for _ in look(copy, result):
            pass
        with transaction.atomic():
            record(
                events.REPLAY_LOOKED,
                system,
                system=system.name,
                persons=result.persons,
                rows=result.rows,
                newer=sum(result.newer.values()),
                questions=len(result.questions),
                unsearched=len(result.unsearched),
            )
        self._say(
            {
                "state": "holds nobody" if result.clean else "holds somebody",
                "persons": result.persons,
                "rows": result.rows,
                "in_question": sum(rows for rows, _ in result.questions.values()),
                "data_sets": result.steps(),
                "newer": result.newer,
                "unsearched": result.unsearched,
            },
            clean=result.clean,
        )

    def _replay(
        self, system: System, backup: Backup | None, settings: dict[str, Any] | None, officer: User
    ) -> None:
        """Go on with the replay of this copy that is open, or begin one; the work is done in this process."""
        replay = _open_replay(system, settings)
        if replay is None:
            replay = jobs.start(system, backup=backup, settings=settings, by=officer)
        self._work(replay)

    def _work(self, replay: Replay) -> None:
        if replay.plan and replay.plan.state in (Plan.State.APPROVED, Plan.State.EXECUTING):
            if replay.job is None or replay.job.finished:
                jobs.resume(replay)
        elif replay.state in (Replay.State.BLOCKED, Replay.State.FAILED):
            jobs.look_again(replay)
        replay.refresh_from_db()
        if replay.job and replay.job.state == Job.State.QUEUED:
            console_jobs.run(str(replay.job.pk))
        replay = Replay.objects.select_related("plan", "job").get(pk=replay.pk)
        clean = replay.state == Replay.State.COMPLETE
        told: dict[str, Any] = {
            "replay": replay.reference,
            "state": replay.state,
            "persons": replay.persons,
            "rows": replay.rows,
            "left": replay.left,
            "data_sets": replay.steps,
            "newer": {each["data_set"]: each["rows"] for each in replay.newer},
            "unsearched": replay.unsearched,
            "questions": [str(each) for each in replay.questions.filter(answer="")],
            "problem": replay.problem,
            "page": replay.get_absolute_url(),
        }
        if replay.plan:
            told |= {"fingerprint": replay.plan.fingerprint, "problems": replay.plan.problems}
        self._say(told, clean=clean)

    def _say(self, told: dict[str, Any], *, clean: bool) -> None:
        self.stdout.write(json.dumps(told, indent=2, ensure_ascii=False))
        if not clean:
            raise SystemExit(SOMEBODY)

    def _backup(self, system: System, name: str) -> Backup | None:
        if not name:
            return None
        found = Backup.objects.filter(system=system, name=name).first()
        if found is None:
            raise CommandError(f"No backup {name!r} of {system} is noted.", returncode=UNKNOWN)
        return found

    def _settings(self, system: System, options: dict[str, Any]) -> dict[str, Any] | None:
        if options["at_system"]:
            other = System.objects.filter(name=options["at_system"], kind=system.kind).first()
            if other is None:
                said = f"There is no system {options['at_system']!r} of the same kind in the catalog."
                raise CommandError(said, returncode=UNKNOWN)
            return other.all_settings()
        if options["at"] is None:
            return None
        try:
            given = json.loads(sys.stdin.read() if str(options["at"]) == "-" else options["at"].read_text())
        except (OSError, ValueError) as problem:
            said = f"{options['at']} cannot be read as JSON: {type(problem).__name__}."
            raise CommandError(said, returncode=UNKNOWN) from None
        if not isinstance(given, dict):
            raise CommandError(f"{options['at']} is no JSON object of settings.", returncode=UNKNOWN)
        return given

    def _officer(self, name: str) -> User:
        found = User.objects.filter(username=name, is_active=True).first()
        if found is None or not found.may("backups.manage"):
            said = (
                "--by has to name who may manage backups: an officer approves. With --check nobody is needed."
            )
            raise CommandError(said, returncode=UNKNOWN)
        return found


def _replay_named(reference: str) -> Replay | None:
    """Raises CommandError for a reference of no replay."""
    found = REFERENCE.fullmatch(reference)
    if not found:
        return None
    replay = Replay.objects.select_related("system", "backup", "plan", "job").filter(pk=int(found[1])).first()
    if replay is None or replay.reference != reference:
        raise CommandError(f"There is no replay {reference}.", returncode=UNKNOWN)
    return replay


def _open_replay(system: System, settings: dict[str, Any] | None) -> Replay | None:
    """The replay of the same copy that has not ended."""
    for each in Replay.objects.filter(
        system=system, state__in=[*Replay.OPEN, Replay.State.FAILED]
    ).select_related("plan", "job", "system"):
        known = each.settings
        if settings is None and known is None:
            return each
        if settings is not None and known is not None:
            differs = [name for name, value in settings.items() if name in known and known[name] != value]
            if not differs:
                return each
    return None


def _said(refusal: ValidationError) -> str:
    if hasattr(refusal, "error_dict"):
        return " ".join(f"{name}: {' '.join(said)}" for name, said in refusal.message_dict.items())
    return " ".join(refusal.messages)
