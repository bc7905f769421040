"""`manage.py anonymize SRC DST`: the same job as the page and the API start, in this process."""

from __future__ import annotations

import contextvars
import threading
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from audit.ledger.context import Actor, acting
from catalog.connectors.base import ConnectorError
from catalog.connectors.folder_paths import at_command_line
from catalog.contracts.document import Document
from catalog.contracts.loading import load_file
from catalog.contracts.problems import ContractError
from governance.console import jobs
from governance.console.models import Job
from retention.anonymization import printing, requesting, sources
from retention.anonymization.destinations import DestinationError
from retention.anonymization.destinations.parsing import parse
from retention.anonymization.models import Run
from retention.anonymization.previewing import preview
from retention.anonymization.rule_files import read_rules
from retention.anonymization.runners import registry
from retention.anonymization.techniques.base import TechniqueError

FAILED, REFUSED = 1, 2
LOOK_EVERY = 0.2  # seconds
REFUSALS = (TechniqueError, ConnectorError, ContractError, DestinationError, ImproperlyConfigured)


class Command(BaseCommand):
    help = (
        "Anonymize a data set. Exit status 0: delivered; 1: failed, or refused by validation, and nothing was "
        "delivered; 2: it cannot be done so, and nothing was begun."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "source",
            metavar="SRC",
            help="a CSV, JSON Lines, Parquet or Avro file, a folder of such parts, s3://bucket/prefix, "
            "or System/data set of the catalog",
        )
        parser.add_argument(
            "destination",
            metavar="DST",
            help="a .parquet, .csv, .jsonl or .avro file, a folder for Parquet parts (it ends in /), s3://bucket/key, "
            "or System/name in a system that jobs may deliver to",
        )
        parser.add_argument(
            "--contract", type=Path, metavar="FILE", help="what each column holds and becomes"
        )
        parser.add_argument("--use", default="analytics", help="what the output is for (%(default)s)")
        parser.add_argument("--rules", type=Path, metavar="FILE", help="YAML: for each column a technique")
        parser.add_argument(
            "--runner", default="local", choices=sorted(registry.classes), help="(%(default)s)"
        )
        parser.add_argument("--person", default="", metavar="COLUMN", help="which tells persons apart")
        parser.add_argument(
            "--dry-run", action="store_true", help="print the rules and ten rows before and after"
        )
        parser.add_argument("--json", action="store_true", help="print JSON, for programs")
        parser.add_argument(
            "--overwrite", action="store_true", help="replace what an earlier job delivered there"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with acting(Actor("system", "command line")), at_command_line():
            try:
                made = self._draft(options)
                if options["dry_run"]:
                    self._show(made, json=options["json"])
                    return
                spec = parse(options["destination"])
                asked = {"runner": options["runner"], "overwrite": options["overwrite"]}
                requesting.check(made, spec, **asked)
                run = requesting.start(made, spec, here=True, **asked)
            except REFUSALS as refused:
                raise CommandError(str(refused), returncode=REFUSED) from refused
            self._follow(run, quiet=options["json"])
            self._report(run, json=options["json"])

    def _draft(self, options: Mapping[str, Any]) -> requesting.Draft:
        document = self._document(options["contract"]) if options["contract"] else None
        given = read_rules(options["rules"]) if options["rules"] else {}
        spec = sources.parse(options["source"])
        return requesting.draft(
            spec, use=options["use"], document=document, given=given, person=options["person"]
        )

    def _document(self, path: Path) -> Document:
        found = load_file(path)
        if len(found) > 1:
            raise TechniqueError(
                f"{path} holds {len(found)} contracts.", "Give a file with the one of the source."
            )
        return found[0].document

    def _show(self, made: requesting.Draft, *, json: bool) -> None:
        rows = preview(made) if not made.resolution.undecided else None
        if json:
            self.stdout.write(orjson.dumps(printing.as_json(made, rows), option=orjson.OPT_INDENT_2).decode())
        else:
            self.stdout.write(printing.as_text(made, rows))
        made.resolution.require_complete()

    def _follow(self, run: Run, *, quiet: bool) -> None:
        """Work in a thread and print what the job says to the error output; Ctrl-C cancels it."""
        job = run.job
        assert job is not None
        context = contextvars.copy_context()
        worker = threading.Thread(target=context.run, args=[_work, str(job.pk)])
        worker.start()
        said = ""
        try:
            while worker.is_alive():
                worker.join(LOOK_EVERY)
                job.refresh_from_db()
                if job.message != said and not quiet:
                    said = job.message
                    total = f"/{job.total:,}" if job.total else ""
                    self.stderr.write(f"{job.done:,}{total} {said}")
        except KeyboardInterrupt:
            jobs.cancel(job)
        worker.join()

    def _report(self, run: Run, *, json: bool) -> None:
        run.refresh_from_db()
        job = Job.objects.get(anonymization=run)
        if json:
            self.stdout.write(orjson.dumps(printing.result(run), option=orjson.OPT_INDENT_2).decode())
        if run.outcome != Run.Outcome.DELIVERED:
            words = "Cancelled." if job.state == Job.State.CANCELLED else run.problem or job.message
            raise CommandError(words, returncode=FAILED)
        if not json:
            self.stdout.write(f"{run.record_count:,} rows in {run.location}, sha256 {run.digest}")


def _work(job_id: str) -> None:
    try:
        jobs.run(job_id)
    finally:
        connection.close()
