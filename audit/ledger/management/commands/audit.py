import json
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from audit.ledger import chain, guarding, proofs
from audit.ledger.context import Actor, acting
from audit.ledger.models import Entry
from audit.ledger.notes import NoteProblem, VerifierKey
from audit.ledger.rotating import rotate
from audit.ledger.sequencing import sequence
from audit.ledger.signing import signing_key, verifier_keys
from audit.ledger.stamping import StampProblem, authority, stamp
from audit.ledger.worm.base import WormProblem
from audit.ledger.worm.places import place
from audit.ledger.worm.restoring import CannotRestore, restore


class Command(BaseCommand):
    help = (
        "The ledger: `verify` recomputes it, `checkpoint` signs how it stands, `prove` proves an entry, `export` "
        "writes sealed segments to write-once storage, `prove-worm` tries to destroy a canary there, `restore` "
        "fills an empty ledger from an export, `key` prints the key to check it with, `rotate-key` changes it, "
        "`stamp` has a checkpoint time-stamped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        check = actions.add_parser(
            "verify",
            help="recompute every hash and compare every checkpoint; exit status 1 if one does not hold",
        )
        check.add_argument("--json", action="store_true", help="print the verdict as JSON")
        actions.add_parser("checkpoint", help="sign how the ledger stands, and show it to the witnesses")
        proof = actions.add_parser("prove", help="the proof that an entry is in the ledger (C2SP tlog-proof)")
        proof.add_argument("entry", type=int)
        proof.add_argument("--body", type=Path, help="write the entry's bytes there")
        actions.add_parser("export", help="write what is new to write-once storage")
        actions.add_parser("prove-worm", help="what protects objects there, found out by trying")
        fill = actions.add_parser("restore", help="fill the empty ledger of this database from an export")
        fill.add_argument("export", type=Path)
        fill.add_argument("--key", help="verifier key of the log; without it, this console's own")
        actions.add_parser("key", help="the verifier keys of this ledger, the one in use first")
        rotate = actions.add_parser("rotate-key", help="sign with a new key from now on")
        rotate.add_argument("--reason", required=True, help="kept in the ledger")
        rotate.add_argument(
            "--revoke", action="store_true", help="the old key was stolen: it counts for nothing more"
        )
        rotate.add_argument("--lost", metavar="KEY", help="the old key is gone; this was its verifier key")
        actions.add_parser("stamp", help="have the latest checkpoint stamped by the time stamp authority")

    def handle(self, *args: Any, **options: Any) -> None:
        actions: dict[str, Callable[[dict[str, Any]], None]] = {
            "verify": self._verify,
            "checkpoint": self._checkpoint,
            "prove": self._prove,
            "export": self._export,
            "prove-worm": self._prove_worm,
            "restore": self._restore,
            "key": self._key,
            "rotate-key": self._rotate,
            "stamp": self._stamp,
        }
        with acting(Actor("system", "command")):
            actions[options["action"]](options)

    def _verify(self, options: dict[str, Any]) -> None:
        sequence()
        verdict = chain.verify(checkpoints=True)
        guarding.keep(verdict)
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "intact": verdict.intact,
                        "entries": verdict.checked,
                        "chain": verdict.chain,
                        "checkpoints": verdict.checkpoints,
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

    def _checkpoint(self, options: dict[str, Any]) -> None:
        made = guarding.sign()
        if made is None:
            raise CommandError(
                "The ledger and its last checkpoint part ways: nothing was signed. See the alarms."
            )
        self.stdout.write(made.cosigned(), ending="")

    def _prove(self, options: dict[str, Any]) -> None:
        entry = Entry.objects.filter(number=options["entry"]).first()
        if entry is None:
            raise CommandError(f"There is no entry {options['entry']}.")
        checkpoint = proofs.covering(entry.number) or guarding.sign()
        if checkpoint is None:
            raise CommandError("The ledger and its last checkpoint part ways: nothing is proven.")
        if options["body"]:
            options["body"].write_bytes(bytes(entry.body))
        self.stdout.write(proofs.proof_of(entry.number, checkpoint), ending="")

    def _export(self, options: dict[str, Any]) -> None:
        try:
            written = guarding.export_now()
        except WormProblem as problem:
            raise CommandError(str(problem)) from problem
        for segment in written:
            self.stdout.write(f"{segment}: {segment.place}/{segment.manifest}, {segment.protection}")
        if not written:
            self.stdout.write("Nothing new.")

    def _prove_worm(self, options: dict[str, Any]) -> None:
        where = place()
        if where is None:
            raise CommandError("LEDGER_WORM names no place.")
        try:
            protection = where.prove()
        except WormProblem as problem:
            raise CommandError(str(problem)) from problem
        if not protection:
            raise CommandError(
                f"{where.label} is not write-once: what was written there could be destroyed again."
            )
        self.stdout.write(f"{where.label}: {protection}.")

    def _restore(self, options: dict[str, Any]) -> None:
        try:
            key = VerifierKey.parse(options["key"]) if options["key"] else signing_key().verifier
            for there in restore(options["export"], key=key):
                self.stdout.write(f"{there} entries")
        except (CannotRestore, NoteProblem) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write("The ledger is restored, and equal to the export.")

    def _key(self, options: dict[str, Any]) -> None:
        for key, start, end in reversed(verifier_keys()):
            self.stdout.write(f"{key}" if end is None else f"{key}  (until entry {end - 1}, from {start})")

    def _rotate(self, options: dict[str, Any]) -> None:
        try:
            lost = VerifierKey.parse(options["lost"]) if options["lost"] else None
            change = rotate(reason=options["reason"], revoke=options["revoke"], lost=lost)
        except (ValidationError, NoteProblem) as problem:
            said = problem.messages if isinstance(problem, ValidationError) else [str(problem)]
            raise CommandError(" ".join(said)) from problem
        self.stdout.write(change.new)
        self.stdout.write(
            f"The ledger is signed with this key from entry {change.size} on. Give it to your auditors and witnesses"
            + (
                " now: the old one counts for nothing more."
                if change.revoked
                else f" until {change.until:%Y-%m-%d}."
            )
        )

    def _stamp(self, options: dict[str, Any]) -> None:
        by = authority()
        if by is None:
            raise CommandError("LEDGER_TSA names no time stamp authority.")
        made = guarding.sign()
        if made is None or not made.size:
            raise CommandError("There is no checkpoint to be stamped.")
        try:
            stamped = stamp(made, by)
        except StampProblem as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(
            f"{made.size} entries, stamped {stamped.at:%Y-%m-%d %H:%M:%S} UTC by {stamped.authority}."
        )
