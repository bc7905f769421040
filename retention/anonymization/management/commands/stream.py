"""`manage.py stream SOURCE OUTPUT`: anonymize a Kafka topic into another, until it is stopped."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.ledger.context import Actor, acting
from catalog.connectors.base import ConnectorError
from catalog.contracts.document import Document
from catalog.contracts.loading import load_file
from catalog.contracts.problems import ContractError
from governance.console.models import Job
from retention.anonymization.describing import document_of
from retention.anonymization.rule_files import read_rules
from retention.anonymization.streams.addresses import Topic, open_topic
from retention.anonymization.streams.jobs import run_here
from retention.anonymization.streams.planning import Names, transformer
from retention.anonymization.streams.running import Stream
from retention.anonymization.streams.spec import DEAD, DROP
from retention.anonymization.streams.topics import prepare
from retention.anonymization.techniques.base import TechniqueError

FAILED, REFUSED = 1, 2


class Command(BaseCommand):
    help = (
        "Anonymize a Kafka topic into another, each message exactly once, until SIGTERM. Exit status 0: stopped; "
        "1: failed, and it goes on where it stopped when started again; 2: it cannot be done so."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", metavar="SRC", help="kafka://broker:9092/topic, or System/topic")
        parser.add_argument("output", metavar="DST", help="likewise; a topic that nobody else writes to")
        parser.add_argument("--contract", type=Path, metavar="FILE", help="what each field holds and becomes")
        parser.add_argument("--use", default="analytics", help="what the output is for (%(default)s)")
        parser.add_argument("--rules", type=Path, metavar="FILE", help="YAML: for each column a technique")
        parser.add_argument("--person", default="", metavar="COLUMN", help="which tells persons apart")
        parser.add_argument(
            "--key", default="", metavar="COLUMN", help="which the keys of messages are values of"
        )
        parser.add_argument(
            "--unknown",
            default=DEAD,
            choices=(DEAD, DROP),
            help="a message with a field that nobody declared: set it aside, or leave the field out (%(default)s)",
        )
        parser.add_argument("--dead", default="", metavar="TOPIC", help="of dead letters; otherwise SRC.dead")
        parser.add_argument("--name", default="", help="of the stream; otherwise anonymize-DST")
        parser.add_argument("--partitions", type=int, metavar="N", help="take no more than these at once")
        parser.add_argument("--create", action="store_true", help="make topics that are missing")
        parser.add_argument("--until-end", action="store_true", help="end where the topic ends")

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: stopping.set())
        with acting(Actor("system", "command line")):
            try:
                with open_topic(options["source"]) as source, open_topic(options["output"]) as output:
                    ended = run_here(self._stream(source, output, stopping, options))
            except (TechniqueError, ConnectorError, ContractError) as problem:
                raise CommandError(str(problem), returncode=REFUSED) from None
        if ended.state == Job.State.FAILED:
            raise CommandError(ended.message, returncode=FAILED)
        self.stdout.write(f"{ended.get_state_display()}: {ended.message}")

    def _stream(
        self, source: Topic, output: Topic, stopping: threading.Event, options: dict[str, Any]
    ) -> Stream:
        transform = transformer(
            Names(source.name, output.name, options["dead"], options["name"]),
            self._document(source, options["contract"]),
            use=options["use"],
            decode=source.decode,
            given=read_rules(options["rules"]) if options["rules"] else {},
            person=options["person"],
            key=options["key"],
            unknown=options["unknown"],
        )
        return Stream(
            transform.spec,
            transform,
            source.options,
            output.options,
            partitions=prepare(transform.spec, source.options, output.options, create=options["create"]),
            stop=stopping.is_set,
            most=options["partitions"],
            until_end=options["until_end"],
        )

    def _document(self, source: Topic, path: Path | None) -> Document | None:
        if path is None:
            return document_of(source.contract) if source.contract else None
        found = load_file(path)
        if len(found) > 1:
            raise TechniqueError(
                f"{path} holds {len(found)} contracts.", "Give a file with that of the topic."
            )
        return found[0].document
