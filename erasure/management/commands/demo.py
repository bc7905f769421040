"""`manage.py demo`: the sample company to try the console on. It can be run again, also after a kill."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from audit.ledger.context import acting
from catalog.connectors.base import ConnectorError
from erasure.demo import DemoProblem, cast, estate
from erasure.demo.story import tell


class Command(BaseCommand):
    help = "Set up the demo estate: a shop with sessions, events, a lake and exports, a record of processing, accounts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        when = parser.add_mutually_exclusive_group()
        when.add_argument("--if-empty", action="store_true", help="only on a console nobody has worked with")
        when.add_argument(
            "--reset", action="store_true", help="shop database and files as they were at first"
        )
        parser.add_argument(
            "--with-accounts", action="store_true", help="add the demo accounts beside other people"
        )
        parser.add_argument(
            "--story", action="store_true", help="also scan, review, assign activities and place the holds"
        )
        parser.add_argument(
            "--print-accounts", action="store_true", help="print the demo accounts, do nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["print_accounts"]:
                self.stdout.write(cast.accounts(settings.VAR_DIR))
                return
            with acting(cast.DEMO):
                self._set_up(**options)
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from None
        except (DemoProblem, ConnectorError) as problem:
            raise CommandError(str(problem)) from None

    def _set_up(
        self, *, if_empty: bool, reset: bool, with_accounts: bool, story: bool, **options: Any
    ) -> None:
        environment = settings.ENVIRONMENT
        if if_empty and not estate.is_empty():
            estate.go_on(environment, say=self.stdout.write)
        else:
            estate.set_up(environment, say=self.stdout.write, reset=reset, with_accounts=with_accounts)
        if story:
            tell(say=self.stdout.write)
