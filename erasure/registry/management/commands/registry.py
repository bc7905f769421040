"""`manage.py registry`: a file's rows against the registry of erased persons."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from audit.ledger.context import Actor, acting
from audit.ledger.recording import record
from erasure.registry import events
from erasure.registry.checking import FORBID, mask_for
from erasure.registry.files import check_file

FOUND = 1


class Command(BaseCommand):
    help = (
        "Count the rows of a file (Parquet, CSV, Feather) that are of somebody whose data must not be used so. "
        "Exit status 0: none, or --out has the others; 1: some are there; 2: bad input."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--column", required=True, help="that tells who a row is about")
        parser.add_argument(
            "--category", required=True, help="what the catalog calls its values: contact.email"
        )
        parser.add_argument("--use", choices=list(FORBID), default="keep")
        parser.add_argument(
            "--purpose", default="", help="for which objections are to be heeded; all without it"
        )
        parser.add_argument("--out", type=Path, help="a new file with the rows that may be used")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            mask = mask_for(options["category"], use=options["use"], purpose=options["purpose"])
            checked = check_file(options["file"], options["column"], mask, out=options["out"])
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages), returncode=2) from problem
        with acting(Actor("system", "command")), transaction.atomic():
            record(
                events.CHECKED,
                category=mask.category,
                use=mask.use,
                asked=checked.rows,
                registered=checked.registered,
            )
        self.stdout.write(json.dumps({"rows": checked.rows, "registered": checked.registered}))
        if checked.registered and not options["out"]:
            raise SystemExit(FOUND)
