from typing import Any

from django.core.management.base import BaseCommand

from audit.ledger.witness import main


class Command(BaseCommand):
    help = "Cosign the checkpoints of logs that only grow. The same as `python -m audit.ledger.witness`: no database."
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        main(argv[2:])

    def handle(self, *args: Any, **options: Any) -> None:
        main(list(args))
