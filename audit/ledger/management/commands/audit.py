import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.ledger.chain import verify
from audit.ledger.sequencing import sequence


class Command(BaseCommand):
    help = (
        "Check the ledger. `audit verify` recomputes the chain and names the first entry that does not hold."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        check = actions.add_parser(
            "verify", help="recompute every hash; exit status 1 if an entry does not hold"
        )
        check.add_argument("--json", action="store_true", help="print the verdict as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        sequence()
        verdict = verify()
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "intact": verdict.intact,
                        "entries": verdict.checked,
                        "chain": verdict.chain,
                        "first_bad_entry": verdict.number,
                        "problem": verdict.problem,
                    }
                )
            )
        if not verdict.intact:
            raise CommandError(
                f"The ledger does not hold: {verdict.problem}. The {verdict.checked} entries before it hold."
            )
        if not options["json"]:
            self.stdout.write(f"The ledger holds: {verdict.checked} entries, chain {verdict.chain}.")
