"""`manage.py report KIND`: the same file as the download, to standard output or into a file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from audit.ledger.context import Actor, acting
from audit.reports.base import Report, reports
from audit.reports.making import Export, cleaned, export, make
from audit.reports.renderers import renderers


class Command(BaseCommand):
    help = "Make a report. Without --output it is written to standard output. That it was made is recorded."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(reports.classes), help="which report")
        fields = {
            name: field
            for cls in reports.classes.values()
            if not cls.about_a_person  # those are read from standard input: arguments are seen by others
            for name, field in cls.Parameters.base_fields.items()
        }
        for name, field in fields.items():
            parser.add_argument(f"--{name.replace('_', '-')}", dest=name, help=str(field.label or name))
        parser.add_argument("--format", choices=sorted(renderers.classes), default="json")
        parser.add_argument(
            "--output",
            type=Path,
            metavar="FILE",
            help="a new file, or a folder, where it gets a name of its own",
        )
        parser.add_argument("--force", action="store_true", help="write over a file that is there")

    def handle(self, *args: Any, **options: Any) -> None:
        report, renderer = reports.get(options["kind"])(), renderers.get(options["format"])()
        output: Path | None = options["output"]
        if output and output.is_file() and not options["force"]:
            raise CommandError(
                f"{output} is there already; choose another name, or write over it with --force."
            )
        given = {
            name: value for name in report.Parameters.base_fields if (value := _given(report, name, options))
        }
        try:
            parameters = cleaned(report, given)
        except ValidationError as refusal:
            said = [f"--{name}: {' '.join(messages)}" for name, messages in refusal.message_dict.items()]
            raise CommandError(" ".join(said)) from refusal
        with acting(Actor("system", "command")):
            made = export(make(report, parameters=parameters), renderer)
        if output is None:
            self.stdout.flush()
            sys.stdout.buffer.write(made.body)  # a PDF is no text
        else:
            self.stdout.write(f"{_write(made, output, force=options['force'])} is written.")


def _given(report: Report, name: str, options: dict[str, Any]) -> str | None:
    return sys.stdin.readline().strip() if report.about_a_person else options[name]


def _write(made: Export, output: Path, *, force: bool) -> Path:
    target = output / made.name if output.is_dir() else output
    try:
        with target.open("wb" if force else "xb") as file:
            file.write(made.body)
    except FileExistsError:
        raise CommandError(f"{target} is there already; write over it with --force.") from None
    except OSError as problem:
        raise CommandError(f"{target} cannot be written: {problem.strerror}.") from problem
    return target
