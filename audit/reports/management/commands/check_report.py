"""`manage.py check_report FILE`: whether the log knows a file as a report, and the proof of it to take along."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.ledger.context import Actor, acting
from audit.ledger.models import Entry
from audit.reports.checking import Checked, Making, check_file, proof_of_making

PIECE = 1 << 20


class Command(BaseCommand):
    help = "Whether a file, in any form, is a report that this console made. Exit status 1 if the log does not know it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the report: HTML, PDF, XLSX, CSV or JSON")
        parser.add_argument(
            "--proof", type=Path, metavar="FILE", help="write what verifier.py checks without the console"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with acting(Actor("system", "command")):
                found = check_file(_pieces(options["file"]))
        except OSError as problem:
            raise CommandError(f"{options['file']} cannot be read: {problem.strerror}.") from problem
        for making in found.makings:
            self.stdout.write(_said(making))
        if not found.known:
            raise CommandError(_unknown(found), returncode=1)
        if options["proof"]:
            self._write_proof(found, options["proof"])

    def _write_proof(self, found: Checked, target: Path) -> None:
        proof = proof_of_making(Entry.objects.get(number=found.makings[0].entry))
        try:
            with target.open("x") as file:
                json.dump(proof, file, indent=2)
        except OSError as problem:
            raise CommandError(f"{target} cannot be written: {problem.strerror}.") from problem
        self.stdout.write(f"{target} is written.")


def _said(making: Making) -> str:
    said = (
        f"Entry {making.entry}: made at {making.at:%Y-%m-%d %H:%M:%S} UTC by {making.actor}, {making.kind} as "
        f"{making.form}, at the checkpoint of {making.size} entries, root {making.root or 'unknown'}."
    )
    if making.problem or making.included is None:
        return f"{said} Not proven: {making.problem}"
    return f"{said} The checkpoint of {making.included.size} entries includes it."


def _unknown(found: Checked) -> str:
    if found.makings:
        return "The log says that this file was made here, but that is not proven."
    if found.same:
        entries = ", ".join(str(making.entry) for making in found.same)
        return f"The log does not know this file. Its content is that of the reports in entries {entries}."
    return f"The log does not know this file (SHA-256 {found.sha256})."


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
