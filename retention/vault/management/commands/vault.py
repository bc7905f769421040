"""`manage.py vault`: keys and re-keying from the command line, for operators and for schedules."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from audit.ledger.context import Actor, acting
from governance.console import jobs
from governance.console.models import Job
from retention.anonymization.techniques.base import TechniqueError
from retention.vault import configured, keyring, rekeying, standing
from retention.vault.models import Key

FAILED, UNUSABLE, AT_IT = 1, 2, 3
CONTEXT = {"purpose": "privacy console check"}
_VERBS = {
    "keys": "list the keys, with who wraps them and what is under older versions",
    "create": "make a key",
    "rotate": "make a new version of a key",
    "rekey": "bring everything in the vault under the newest versions",
    "status": "wrap and unwrap something with the key service in force, and count what is under older versions",
}


class Command(BaseCommand):
    help = (
        "Keys of the vault. Exit status 0: well; 1: it failed; 2: no such key, or a name that cannot be; "
        "3: another worker re-keys."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        made = {name: verbs.add_parser(name, help=words, description=words) for name, words in _VERBS.items()}
        made["create"].add_argument("name")
        made["create"].add_argument("--note", default="")
        made["rotate"].add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with acting(Actor("system", "command")):
                getattr(self, f"_{options['verb']}")(**options)
        except (TechniqueError, keyring.Rotated) as problem:
            raise CommandError(str(problem), returncode=FAILED) from None
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages), returncode=UNUSABLE) from None

    def _keys(self, **_: Any) -> None:
        shown = ("name", "number", "kms", "reference", "since", "entries", "stale")
        for name, number, kms, reference, since, entries, stale in standing.named_keys().values_list(*shown):
            self.stdout.write(
                f"{name}/{number}  {kms} {reference}  since {since:%Y-%m-%d}  "
                f"{entries} entries, {stale} under older versions"
            )

    def _create(self, *, name: str, note: str, **_: Any) -> None:
        key = keyring.create(name, note=note)
        self.stdout.write(f"{key}/1 is in use.")

    def _rotate(self, *, name: str, **_: Any) -> None:
        key = Key.objects.filter(name=name).first()
        if key is None:
            raise CommandError(f"There is no key {name!r}.", returncode=UNUSABLE)
        self.stdout.write(f"{keyring.rotate(key)} is in use.")

    def _rekey(self, **_: Any) -> None:
        queued = rekeying.request()
        ended = jobs.run(str(queued.pk))
        if ended is None:
            raise CommandError("Another worker is at it: see Jobs.", returncode=AT_IT)
        if ended.state != Job.State.DONE:
            raise CommandError(ended.message or ended.get_state_display(), returncode=FAILED)
        self.stdout.write(ended.message)

    def _status(self, **_: Any) -> None:
        service, probe = configured.active(), os.urandom(32)
        if service.unwrap(service.wrap(probe, CONTEXT), CONTEXT) != probe:
            raise CommandError(f"The {service.label} does not give back what it wrapped.", returncode=FAILED)
        self.stdout.write(f"{service.kind} {service.reference}: wraps and unwraps.")
        self.stdout.write(f"Under older versions: {rekeying.under_old_versions()}")
