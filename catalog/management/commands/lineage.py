"""`manage.py lineage sql PATH`: what SQL files do with data, into the catalog."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from audit.ledger.context import Actor, acting
from audit.ledger.recording import record
from catalog import events
from catalog.connectors.base import ConnectorError
from catalog.lineage.sql import DIALECTS, KIN
from catalog.lineage.sql_files import CannotRead, pieces_of
from catalog.lineage.sql_storing import Home, Piece, store_sql
from catalog.models import Edge, System

UNKNOWN = 2
ELSEWHERE = "sql"  # the namespace of tables, where nobody says in which system they are


class Command(BaseCommand):
    help = (
        "Read lineage out of SQL. Exit status 0: all of it was read; 1: part of it was not, the rest is stored;"
        " 2: no such file, system or dialect."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        kinds = parser.add_subparsers(dest="what", required=True)
        sql = kinds.add_parser("sql", help="a file of SQL, or a folder of them, also models in dbt's style")
        sql.add_argument("path", type=Path)
        sql.add_argument("--dialect", default="", help="as the store calls it: postgres, snowflake, tsql ...")
        sql.add_argument("--system", help="the system where it runs, as the catalog has it")
        sql.add_argument("--job", help="what to call it; else as the file or folder is called")

    def handle(self, *args: Any, **options: Any) -> None:
        path, dialect = options["path"].resolve(), options["dialect"].lower()
        if dialect and dialect not in DIALECTS | set(KIN):
            known = ", ".join(sorted(DIALECTS | set(KIN)))
            raise CommandError(f"There is no dialect {dialect!r}; known: {known}.", returncode=UNKNOWN)
        if not path.exists():
            raise CommandError(f"There is no file or folder {path}.", returncode=UNKNOWN)
        home = self._home(options["system"])
        found = pieces_of(path, job=options["job"] or path.stem, dialect=dialect, schema=home.schema())
        pieces, problems = [], 0
        for file, piece in found:
            problems += self._tell(file, piece)
            pieces += [piece] if isinstance(piece, Piece) else []
        with acting(Actor("system", "command")), transaction.atomic():
            flows = store_sql(pieces, home, origin=Edge.Origin.SQL, kind="SQL", at=timezone.now())
            record(events.LINEAGE_READ, files=len(pieces), flows=flows, problems=problems)
        self.stdout.write(f"{flows} flows in {len(pieces)} files.")
        if problems:
            raise CommandError(f"{problems} files could not be read, or not all of them.")

    def _home(self, name: str | None) -> Home:
        if name is None:
            return Home(ELSEWHERE)
        system = System.objects.filter(name=name).first()
        if system is None:
            known = ", ".join(System.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no system {name!r}; known: {known}.", returncode=UNKNOWN)
        try:
            with system.connect() as connector:
                return Home.of(system, connector)
        except ConnectorError as problem:
            raise CommandError(str(problem), returncode=UNKNOWN) from problem

    def _tell(self, file: Path, piece: Piece | CannotRead) -> int:
        """Say what one file does or why it cannot be told; 1 where something of it cannot."""
        if isinstance(piece, CannotRead):
            self.stderr.write(f"{file}: {piece}.")
            return 1
        targets = ", ".join(sorted(piece.lineage.targets)) or "nothing"
        self.stdout.write(f"{file}: {len(piece.lineage.flows)} flows into {targets}")
        for problem in piece.lineage.problem.splitlines():
            self.stderr.write(f"{file}: {problem}")
        return 1 if piece.lineage.problem else 0
