"""`manage.py up`: the console and everything it needs, in one terminal."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from governance.console.running import run
from governance.console.supervisor import Ended
from governance.environment import EnvironmentProblem


class Command(BaseCommand):
    help = "Start the console with its worker, scheduler and, where none are configured, its own servers."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s)")
        parser.add_argument(
            "--port", type=int, default=8000, help="a free one is taken instead (%(default)s)"
        )
        parser.add_argument(
            "--no-demo", dest="demo", action="store_false", help="do not set up the demo estate"
        )

    def handle(self, *args: Any, host: str, port: int, demo: bool, **options: Any) -> None:
        try:
            run(host=host, port=port, demo=demo, say=self._say)
        except Ended as problem:
            raise EnvironmentProblem(str(problem)) from None

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
