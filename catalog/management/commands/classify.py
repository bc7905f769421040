"""`manage.py classify PATH_OR_URL`: what a file, a folder or a database holds, for engineers and for pipelines."""

from __future__ import annotations

import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from catalog import classified_table
from catalog.classification.vocabulary import Sensitivity
from catalog.classified import UNKNOWN, Classified, as_json, exposed
from catalog.classified_table import plain
from catalog.classifying import How, classify_source, open_source
from catalog.connectors.base import Connector, ConnectorError
from catalog.connectors.csv_records import is_line_encoding
from catalog.file_contents import is_utf16
from catalog.local_files import LocalFiles
from catalog.localization.regions import require_region, telephone_regions
from catalog.scanning import SAMPLE_ROWS

EXPOSED, UNREADABLE = 1, 2
MOST_SAID = 5  # problems in one message
SENSITIVITIES = (*map(str, Sensitivity), UNKNOWN)
EPILOG = (
    "Exit status 0: well; 1: `--fail-on` found a column; 2: nothing could be read. "
    "A password is best given as CLASSIFY_PASSWORD."
)


class Command(BaseCommand):
    help = f"Classify every column of a file, a folder, or a database that is not registered. {EPILOG}"
    requires_system_checks: list[str] = []  # it may run where there is no database

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "source",
            metavar="PATH_OR_URL",
            help="CSV, JSON Lines, Parquet or Avro, a folder of these, a SQLite or DuckDB file, or an address: "
            "postgresql://user@host/database?schemas=a,b, s3://bucket/prefix, kafka://host/topics",
        )
        parser.add_argument("--json", action="store_true", help="print JSON, for programs")
        parser.add_argument("--ignore-names", action="store_true", help="judge by the values alone")
        parser.add_argument(
            "--no-entities", action="store_true", help="read no free text: loads no language model"
        )
        parser.add_argument(
            "--sample",
            type=_positive,
            default=SAMPLE_ROWS,
            metavar="ROWS",
            help="of each data set (%(default)s)",
        )
        parser.add_argument(
            "--seed", type=_seed, default=0, help="another seed is another sample (%(default)s)"
        )
        parser.add_argument("--encoding", type=_encoding, help="of CSV files; found out otherwise")
        parser.add_argument(
            "--region",
            type=_region,
            default="",
            help="where telephone numbers have no country code, such as DE",
        )
        parser.add_argument(
            "--fail-on",
            type=_sensitivities,
            default=(),
            metavar="SENSITIVITY[,…]",
            help=f"exit 1 if a column is of one of these or contains it: {', '.join(SENSITIVITIES)}",
        )
        parser.add_argument(
            "--at-least", type=_share, default=0.5, metavar="CONFIDENCE", help="for --fail-on (%(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        how = How(
            rows=options["sample"],
            seed=options["seed"],
            use_names=not options["ignore_names"],
            use_entities=not options["no_entities"],
            regions=telephone_regions(options["region"]),
        )
        started = time.perf_counter()
        try:
            with open_source(options["source"], encoding=options["encoding"] or "") as connector:
                found = list(self._shown(connector, how, json=options["json"]))
                notes = list(connector.notes()) if isinstance(connector, LocalFiles) else []
        except ConnectorError as error:
            raise CommandError(plain(str(error)), returncode=UNREADABLE) from error
        if options["json"]:
            self._print_json(found)
        self._require_some(found)
        self._say(found, notes, seconds=time.perf_counter() - started)
        self._judge(found, options["fail_on"], at_least=options["at_least"])
        if options["fail_on"]:
            self._require_all(found)

    def _shown(self, connector: Connector, how: How, *, json: bool) -> Iterator[Classified]:
        """Each data set as it is classified; tables are printed at once."""
        for classified in classify_source(connector, how):
            if not json:
                self.stdout.write(classified_table.render(classified))
            yield classified

    def _print_json(self, found: Sequence[Classified]) -> None:
        whole = {classified.name: as_json(classified) for classified in found}
        self.stdout.write(orjson.dumps(whole, option=orjson.OPT_INDENT_2).decode())

    def _say(self, found: Sequence[Classified], notes: Sequence[str], *, seconds: float) -> None:
        """What is no result goes to the error output: how files were read, how much and how quickly."""
        for note in notes:
            self.stderr.write(plain(note), self.style.WARNING)
        self.stderr.write(classified_table.summarize(found, seconds=seconds), self.style.SUCCESS)

    def _require_some(self, found: Sequence[Classified]) -> None:
        if not found:
            raise CommandError(
                "There is no table, topic or data file to be seen there.", returncode=UNREADABLE
            )
        if all(classified.problem for classified in found):
            said = [f"{classified.name}: {classified.problem}" for classified in found]
            raise CommandError(plain(" ".join(said[:MOST_SAID])), returncode=UNREADABLE)

    def _require_all(self, found: Sequence[Classified]) -> None:
        """A gate that lets pass what it could not read would be none."""
        unread = [f"{classified.name}: {classified.problem}" for classified in found if classified.problem]
        if unread:
            words = ["Not all could be read, so nothing is promised for:", *map(plain, unread[:MOST_SAID])]
            raise CommandError("\n".join(words), returncode=UNREADABLE)

    def _judge(self, found: Sequence[Classified], wanted: Sequence[str], *, at_least: float) -> None:
        found_in = [
            (classified.name, each)
            for classified in found
            for each in exposed(classified.columns, wanted, at_least=at_least)
        ]
        if found_in:
            columns = len({(name, each.column) for name, each in found_in})
            head = f"{columns} {'column is' if columns == 1 else 'columns are'} {' or '.join(wanted)}:"
            lines = [classified_table.breach(name, each) for name, each in found_in]
            raise CommandError("\n".join([head, *lines]), returncode=EXPOSED)


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no number of rows.")
    return int(text)


def _seed(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is no whole number from 0 on.")
    return int(text)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"{text!r} is no number from 0 to 1.")
    return value


def _encoding(text: str) -> str:
    if not is_utf16(text) and not is_line_encoding(text):
        raise ArgumentTypeError(f"The encoding {text!r} is not known here.")
    return text


def _region(text: str) -> str:
    try:
        return require_region(text)
    except ValidationError as error:
        raise ArgumentTypeError(" ".join(error.messages)) from None


def _sensitivities(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    for name in names:
        if name not in SENSITIVITIES:
            raise ArgumentTypeError(
                f"There is no sensitivity {name!r}; known are {', '.join(SENSITIVITIES)}."
            )
    if not names:
        raise ArgumentTypeError("Name one sensitivity at least.")
    return names
