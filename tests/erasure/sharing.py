"""Databases whose tables are described in words, and what one person gets to see of them and loses by their erasure."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone

from audit.ledger.context import acting
from catalog.models import Column, Link, System
from erasure import approving, packaging
from erasure.models import Plan, SubjectRequest
from erasure.requests import identity, intake, starting
from governance.console.jobs import enqueue
from governance.console.models import User
from tests.erasure.estate import data_set, label, register
from tests.services.fixtures import Database

Rows = dict[str, list[tuple]]


@dataclass
class Shared:
    """One database in the catalog, an officer, a second one, and the way to let jobs work."""

    database: Database
    system: System
    amir: User
    petra: User
    work: Callable[[], object]

    @classmethod
    def made(
        cls,
        database: Database,
        people: tuple[User, User],
        work: Callable[[], object],
        *,
        sql: str,
        labels: dict[str, tuple[str, str]],
        links: list[tuple[str, str, str]],
        settle: bool = True,
    ) -> "Shared":
        """Tables and rows by `sql`; columns that are not labelled are confirmed to hold nothing personal.

        `links` are (`source.column`, `target.column`, what follows).
        """
        database.execute(sql)
        made = cls(database, register(database), *people, work)
        if settle:
            made.settle(labels, links)
        return made

    def settle(self, labels: dict[str, tuple[str, str]], links: list[tuple[str, str, str]]) -> None:
        """Label and link everything, as a steward would."""
        label(self.system, labels)
        confirmed = [
            column.pk
            for column in Column.objects.filter(data_set__system=self.system).select_related("data_set")
            if f"{column.data_set.name.removeprefix('public.')}.{column.name}" not in labels
        ]
        Column.objects.filter(pk__in=confirmed).update(
            category="none.operational", sensitivity="none", state="confirmed"
        )
        for source, target, follow in links:
            (from_table, from_column), (to_table, to_column) = source.split("."), target.split(".")
            Link.objects.update_or_create(
                source=data_set(self.system, from_table),
                target=data_set(self.system, to_table),
                source_columns=[from_column],
                target_columns=[to_column],
                defaults={"follow": follow, "decided_at": timezone.now()},
                create_defaults={"follow": follow, "decided_at": timezone.now(), "origin": "declared"},
            )

    def get(self, category: str, value: str) -> Rows:
        """What the package of an access request holds: rows by table, sorted."""
        request = self.searched(category, value, kind="access")
        assert request.state == "found", request.problem
        with acting(self.amir.as_actor()):
            starting.package(request)
        self.work()
        request.refresh_from_db()
        assert request.outcome == "answered", request.problem
        content = io.BytesIO(b"".join(packaging.read(request.package)))
        sections = json.loads(zipfile.ZipFile(content).read("your-data.json"))["data"]
        return {
            section["data_set"].removeprefix("public."): sorted(
                tuple(row.values()) for row in section["rows"]
            )
            for section in sections
        }

    def forget(self, category: str, value: str) -> SubjectRequest:
        """An erasure, approved by the second officer and carried out."""
        request = self.searched(category, value, kind="erasure")
        self.approved(request)
        assert request.state == "complete", (request.state, request.problem, request.residue)
        return request

    def approved(self, request: SubjectRequest) -> None:
        plan = request.plans.get(state=Plan.State.PROPOSED)
        with acting(self.petra.as_actor()):
            approving.approve(plan, fingerprint=plan.fingerprint, by=self.petra)
        self.work()
        request.refresh_from_db()

    def search_again(self, request: SubjectRequest) -> None:
        with acting(self.amir.as_actor()):
            starting.search(request)
        self.work()
        request.refresh_from_db()

    def searched(self, category: str, value: str, *, kind: str) -> SubjectRequest:
        identifiers = [("contact.email", f"someone.{value.partition('@')[0]}@example.org"), (category, value)]
        with acting(self.amir.as_actor()):
            request = intake.receive(
                kind=kind, identifiers=identifiers, channel="officer", handled_by=self.amir
            )
            identity.confirm_by_officer(request, how="Came in person with a passport.")
            enqueue("erasure.find", title="Find", request=request.pk)
        self.work()
        request.refresh_from_db()
        return request

    def tables(self, *names: str) -> Rows:
        return {name: self.rows(name) for name in names}

    def rows(self, name: str) -> list[tuple]:
        return sorted(self.database.execute(f'SELECT * FROM "{name}"'), key=str)
