"""`manage.py requests import FILE`: take requests over from a CSV file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from audit.ledger.context import Actor, acting
from erasure.requests import importing
from erasure.requests.reading_files import LARGEST, look
from erasure.requests.states import NotNow

COMMAND = Actor("system", "command line")


class Command(BaseCommand):
    help = "Take requests of data subjects over from a CSV file: all of its lines, or none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verb = verbs.add_parser("import", help="a CSV file with the columns reference, kind and email")
        verb.add_argument("file", type=Path)
        verb.add_argument("--dry-run", action="store_true", help="look at the file and take nothing over")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        try:
            with file.open("rb") as opened:
                content = opened.read(LARGEST + 1)
        except OSError as problem:
            raise CommandError(f"{file} cannot be read: {problem.strerror}.") from None
        looked = look(content)
        if looked.problems:
            told = "\n".join(str(problem) for problem in looked.problems)
            raise CommandError(f"Nothing was taken over.\n{told}")
        if dry_run:
            again = len(importing.known(looked.lines))
            self.stdout.write(f"{len(looked.lines)} lines, {again} of them taken over before.")
            return
        with acting(COMMAND):
            try:
                taken = importing.take(importing.keep(content, by=None))
            except (NotNow, ValidationError) as refusal:
                raise CommandError(f"Nothing was taken over. {refusal}") from None
        self.stdout.write(f"{taken.received} received, {taken.repeated} were here already.")
