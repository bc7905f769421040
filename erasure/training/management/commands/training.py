"""`manage.py training SET FILE --out OUT`: a version of a training set, without whoever must not be in it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from audit.ledger.context import Actor, acting
from erasure.training.models import TrainingSet
from erasure.training.registering import add_version


class Command(BaseCommand):
    help = (
        "Write OUT (Parquet or CSV) from FILE without registered persons and without those who had not consented, "
        "and register it as the next version of SET. Train on OUT only. Exit status 0; 2: bad input."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("set", help="the name of the training set, as the console has it")
        parser.add_argument("file", type=Path)
        parser.add_argument("--column", required=True, help="that tells who a row is about")
        parser.add_argument("--out", type=Path, required=True, help="a new file")
        parser.add_argument("--method", required=True, help="how it was de-identified, in words")
        parser.add_argument("--consent", default="", help="a column of true and false: who had consented")

    def handle(self, *args: Any, **options: Any) -> None:
        training_set = TrainingSet.objects.filter(name=options["set"]).first()
        if training_set is None:
            known = ", ".join(TrainingSet.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no training set {options['set']!r}; known: {known}.", returncode=2)
        try:
            with acting(Actor("system", "command")):
                version = add_version(
                    training_set,
                    options["file"],
                    column=options["column"],
                    out=options["out"],
                    method=options["method"],
                    consent_column=options["consent"],
                )
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages), returncode=2) from problem
        said = {
            "version": version.number,
            "sha256": version.sha256,
            "rows": version.rows,
            "persons": version.persons,
            "left_out": version.left_out,
            "without_consent": version.without_consent,
        }
        self.stdout.write(json.dumps(said))
