"""`manage.py stream SOURCE OUTPUT --rules FILE`: anonymize a Kafka topic into another, until it is stopped."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.ledger.context import Actor, acting
from catalog.connectors.base import ConnectorError
from governance.console.models import Job
from retention.anonymization import secrets_for
from retention.anonymization.streams.addresses import open_topic
from retention.anonymization.streams.jobs import run_here
from retention.anonymization.streams.running import Stream
from retention.anonymization.streams.spec import StreamSpec, read_rules
from retention.anonymization.streams.topics import prepare
from retention.anonymization.streams.transforming import Transformer
from retention.anonymization.techniques.base import TechniqueError


class Command(BaseCommand):
    help = "Anonymize a Kafka topic into another, each message exactly once, until SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help="kafka://broker:9092/topic, or System name/topic")
        parser.add_argument("output", help="likewise; a topic that nobody else writes to")
        parser.add_argument(
            "--rules", required=True, type=Path, metavar="FILE", help="columns and rules as JSON"
        )
        parser.add_argument(
            "--dead", default="", metavar="TOPIC", help="of dead letters; SOURCE.dead otherwise"
        )
        parser.add_argument("--name", default="", help="of the stream; anonymize-OUTPUT otherwise")
        parser.add_argument("--partitions", type=int, metavar="N", help="take no more than these at once")
        parser.add_argument("--create", action="store_true", help="make topics that are missing")
        parser.add_argument("--until-end", action="store_true", help="end where the topic ends")

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: stopping.set())
        try:
            with acting(Actor("system", "command line")):
                ended = self._run(stopping, **options)
        except (TechniqueError, ConnectorError) as problem:
            raise CommandError(str(problem)) from None
        except OSError as problem:
            raise CommandError(f"{options['rules']} cannot be read: {problem.strerror}.") from None
        if ended.state == Job.State.FAILED:
            raise CommandError(ended.message)
        self.stdout.write(f"{ended.get_state_display()}: {ended.message}")

    def _run(self, stopping: threading.Event, **options: Any) -> Job:
        rules = read_rules(options["rules"].read_bytes())
        with open_topic(options["source"]) as source, open_topic(options["output"]) as output:
            spec = StreamSpec(
                name=options["name"] or f"anonymize-{output.name}",
                source=source.name,
                output=output.name,
                dead=options["dead"] or f"{source.name}.dead",
                columns=rules.columns,
                rules=rules.rules,
                key=rules.key,
                unknown=rules.unknown,
            )
            keys = secrets_for.opened(secrets_for.pin(rules.rules))
            transform = Transformer(spec, keys, secrets_for.tokens(), decode=source.decode)
            stream = Stream(
                spec,
                transform,
                source.options,
                output.options,
                partitions=prepare(spec, source.options, output.options, create=options["create"]),
                stop=stopping.is_set,
                most=options["partitions"],
                until_end=options["until_end"],
            )
            return run_here(stream)
