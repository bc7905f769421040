"""`manage.py retention`: what governs each data set, and how many of its rows are due."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from audit.ledger.context import Actor, acting
from retention.policies.due import count_due, governed
from retention.policies.models import Due
from retention.policies.resolving import resolve_all


class Command(BaseCommand):
    help = (
        "Print, as JSON lines, which policy decides on each data set; with --count, count what is due first. "
        "Nothing is deleted. Exit status 0; 1 where --fail-on-due is given and something is due."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--count", action="store_true", help="count in the stores, as every night")
        parser.add_argument("--fail-on-due", action="store_true", help="for a pipeline")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["count"]:
            with acting(Actor("system", "command")):
                for _ in count_due(governed()):
                    pass
        due = {entry.data_set_id: entry for entry in Due.objects.all()}
        for pk, resolution in resolve_all(governed()).items():
            entry = due.get(pk)
            line = {
                "data_set": str(resolution.data_set),
                "policy": resolution.policy.name if resolution.policy else None,
                "period": resolution.policy.period if resolution.policy else None,
                "conflict": resolution.conflict,
                "held": resolution.hold is not None,
                "state": entry.state if entry else None,
                "rows": entry.rows if entry else None,
            }
            self.stdout.write(json.dumps(line))
        if options["fail_on_due"] and any(entry.state == Due.State.DUE for entry in due.values()):
            raise SystemExit(1)
