"""`manage.py contract`: export, import, compare, check and write contracts, for engineers and for pipelines."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction

from audit.ledger.context import Actor, acting
from catalog.contracts import activating, writing
from catalog.contracts.checking import Breach, check
from catalog.contracts.comparing import Difference, compare
from catalog.contracts.exporting import FORMS, export
from catalog.contracts.loading import Loaded, load_file
from catalog.contracts.naming import loaded_from
from catalog.contracts.observing import observe
from catalog.contracts.problems import ContractError
from catalog.contracts.standing import find_data_set, observe_catalog

BROKEN, UNUSABLE = 1, 2
EPILOG = "Exit status 0: well; 1: `check` found breaches; 2: something cannot be read or used."


class Command(BaseCommand):
    help = f"Contracts about data sets: export, import, diff, check, tag. {EPILOG}"
    requires_system_checks: list[str] = []  # it may run where there is no database

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        # A subparser would be made as a CommandParser, which wants to know how it was called.
        made = {name: verbs.add_parser(name, help=words, description=words) for name, words in _VERBS.items()}
        made["check"].add_argument("--system", default="", help="the system of the catalog to check against")
        for name in ("export", "import"):
            made[name].add_argument("--system", default="", help="the system of a contract that names none")
        for name in ("export", "import", "check"):
            made[name].add_argument(
                "--message", default="", help="the message of a .proto file; its first otherwise"
            )
        made["export"].add_argument("name", help="SYSTEM / DATA SET[@VERSION], or a file in any format")
        made["export"].add_argument("--format", choices=FORMS, default="yaml")
        made["import"].add_argument("file", type=Path)
        made["import"].add_argument("--activate", action="store_true", help="put it in force at once")
        made["diff"].add_argument("before", help="a file, or SYSTEM / DATA SET[@VERSION]")
        made["diff"].add_argument("after")
        made["check"].add_argument("files", nargs="+", type=Path, metavar="FILE")
        made["check"].add_argument(
            "--against", type=Path, help="a data file or schema instead of the catalog"
        )
        made["check"].add_argument("--use", default="", help="what the data are to be used for")
        made["tag"].add_argument("file", type=Path, help="a schema (.avsc, .proto) or Parquet file")
        made["tag"].add_argument("--contract", required=True, help="a file, or SYSTEM / DATA SET[@VERSION]")
        made["tag"].add_argument("--output", type=Path, required=True, help="the new file")
        for name in ("diff", "check"):
            made[name].add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(**options)
        except ContractError as error:
            raise CommandError("\n".join(_said(error)), returncode=UNUSABLE) from error
        except DatabaseError as error:
            reason = str(error).splitlines()[0] if str(error) else "It does not answer."
            words = f"The catalog cannot be asked: {reason}\nGive --against FILE to check without it."
            raise CommandError(words, returncode=UNUSABLE) from error

    def _export(self, *, name: str, format: str, system: str, message: str, **_: Any) -> None:
        loaded, state = loaded_from(name, system=system, message=message)
        if loaded[0].format == "catalog":
            self.stderr.write(f"{name} has no contract yet: this is a first one, of what the catalog knows.")
        self.stdout.write(export([each.document for each in loaded], form=format, status=state), ending="")

    def _import(self, *, file: Path, system: str, message: str, activate: bool, **_: Any) -> None:
        with acting(Actor("system", "command")), transaction.atomic():
            for each in load_file(file, system=system, message=message):
                made = activating.propose(each.document, format=each.format)
                self.stdout.write(
                    f"{made.data_set}: version {made.version} is a {made.get_state_display().lower()}."
                )
                if activate:
                    effect = activating.activate(made)
                    self.stdout.write(
                        f"{made.data_set}: version {made.version} is in force. {_effect(effect)}"
                    )

    def _diff(self, *, before: str, after: str, json: bool, **_: Any) -> None:
        (old, *_rest), _state = loaded_from(before)
        (new, *_rest), _state = loaded_from(after)
        found = compare(old.document, new.document)
        if json:
            self._print_json({"differences": [_plain(each) for each in found]})
        for each in [] if json else found:
            self.stdout.write(_line(each))

    def _check(
        self,
        *,
        files: list[Path],
        against: Path | None,
        use: str,
        system: str,
        message: str,
        json: bool,
        **_: Any,
    ) -> None:
        results = []
        for file in files:
            for loaded in load_file(file, system=system, message=message):
                results.append(_checked(file, loaded, system=system, against=against, use=use))
        count = sum(len(result["breaches"]) for result in results)
        if json:
            self._print_json({"breaches": count, "contracts": results})
        for result in [] if json else results:
            for breach in result["breaches"]:
                place = f"{result['file']}:{breach['line']}" if breach["line"] else result["file"]
                field = f"{breach['field']}: " if breach["field"] else ""
                self.stdout.write(f"{place}: {breach['code']}: {field}{breach['message']} {breach['remedy']}")
        if count:
            raise CommandError(f"{count} {'breach' if count == 1 else 'breaches'}.", returncode=BROKEN)
        if not json:
            self.stdout.write(
                f"No breach in {len(results)} {'contract' if len(results) == 1 else 'contracts'}."
            )

    def _tag(self, *, file: Path, contract: str, output: Path, **_: Any) -> None:
        (loaded, *_rest), _state = loaded_from(contract)
        writing.write_tags(file, output, loaded.document)
        self.stdout.write(f"{output} has the tags of {loaded.document.data_set} {loaded.document.version}.")

    def _print_json(self, value: Any) -> None:
        self.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


_VERBS = {
    "export": "print a contract as YAML, ODCS or JSON",
    "import": "store contracts of a file as drafts",
    "diff": "say what a second contract says otherwise than a first",
    "check": "hold contracts against the catalog, or against a file without any database",
    "tag": "write a copy of a schema or Parquet file with a contract's tags",
}


def _checked(file: Path, loaded: Loaded, *, system: str, against: Path | None, use: str) -> dict[str, Any]:
    document = replace(loaded.document, system=system or loaded.document.system)
    try:
        observed = observe(against, document) if against else observe_catalog(find_data_set(document))
    except ContractError as error:
        raise ContractError(*error.problems, name=error.name or str(file)) from error
    breaches = check(loaded, observed=observed, use=use)
    return {
        "file": str(file),
        "system": document.system,
        "dataset": document.name,
        "version": document.version,
        "against": observed.where,
        "use": use,
        "breaches": [_plain(breach) for breach in breaches],
    }


def _plain(thing: Breach | Difference) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in thing.__dataclass_fields__}


def _line(each: Difference) -> str:
    what = f"{each.field}: {each.attribute}" if each.field else each.attribute
    effect = f"  ({each.effect})" if each.effect else ""
    return f"{what}: {each.before or '–'} → {each.after or '–'}{effect}"


def _effect(effect: activating.Effect) -> str:
    words = f"Labels: {len(effect.added)} added, {len(effect.withdrawn)} withdrawn."
    asked = ", ".join(effect.questioned)
    return f"{words} It contradicts the review of: {asked}." if asked else words


def _said(error: ContractError) -> list[str]:
    name = error.name or "contract"
    return [
        f"{name}:{problem.line}: {problem}" if problem.line else f"{name}: {problem}"
        for problem in error.problems
    ]
