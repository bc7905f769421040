"""`manage.py risk FILE --quasi a,b`: how safe a table is, and how to make it safer."""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from catalog.classified_table import plain
from catalog.classifying import open_source
from catalog.connectors.base import Connector, ConnectorError
from retention.anonymization.hierarchies import HierarchyProblem
from retention.anonymization.techniques.base import TechniqueError
from retention.risk import describing, releasing
from retention.risk.collapsing import Combinations, RiskProblem
from retention.risk.distances import Distance
from retention.risk.generalizing import Made, Wish, at_levels, by_mondrian, by_search
from retention.risk.hierarchy_files import hierarchies_for
from retention.risk.lattice import Metric
from retention.risk.measuring import Measures, measure
from retention.risk.recoding import Suppression
from retention.risk.searching import rows_of
from retention.risk.targets import Targets
from retention.risk.writing import require_free

NOT_MET, UNREADABLE = 1, 2
MOST_VALUES = 20  # of those that a hierarchy misses
EPILOG = "Exit status 0: the targets are met; 1: they are not; 2: what was given cannot be used."


class Command(BaseCommand):
    help = f"Measure the risk of re-identification in a file or table, and generalize it. {EPILOG}"
    requires_system_checks: list[str] = []  # it may run where there is no database

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "source", metavar="FILE", help="CSV, JSON Lines, Parquet or Avro, or as for classify"
        )
        parser.add_argument("--data-set", default="", metavar="NAME", help="where the source has several")
        parser.add_argument(
            "--quasi", type=_names, required=True, metavar="A,B", help="the quasi-identifiers"
        )
        parser.add_argument(
            "--sensitive", default="", metavar="COLUMN", help="what an attacker wants to learn"
        )
        parser.add_argument("--k", type=int, help="rows that share every class")
        parser.add_argument("--l", type=int, help="different sensitive values in every class")
        parser.add_argument("--t", type=float, help="the largest distance of a class from the whole table")
        parser.add_argument(
            "--distance",
            type=Distance,
            choices=list(Distance),
            default=Distance.EQUAL,
            help="of t (%(default)s)",
        )
        parser.add_argument(
            "--threshold", type=float, default=0.1, help="a risk above which rows are counted (%(default)s)"
        )
        parser.add_argument(
            "--sampled",
            type=float,
            default=1.0,
            help="which share of the population is in the data (%(default)s)",
        )
        parser.add_argument(
            "--generalize",
            nargs="+",
            default=[],
            metavar="HIERARCHY",
            help="a folder of hierarchies, files, column=file, or a rule: age=bands:5,10,20 born=dates "
            "zip=prefix:3,2 code=mask name=hide",
        )
        parser.add_argument("--method", choices=["search", "mondrian"], default="search")
        parser.add_argument("--relaxed", action="store_true", help="of mondrian: equal rows may be divided")
        parser.add_argument(
            "--suppression", type=float, default=0.0, metavar="SHARE", help="of rows, at most (%(default)s)"
        )
        parser.add_argument("--metric", type=Metric, choices=list(Metric), default=Metric.LOSS)
        parser.add_argument("--seconds", type=float, help="the longest that the search may take")
        parser.add_argument(
            "--levels", default="", metavar="COLUMN=LEVEL,…", help="no search: these, or those of a JSON file"
        )
        parser.add_argument("--out", metavar="FILE", help="write the generalized rows here")
        parser.add_argument("--overwrite", action="store_true", help="also where the file exists")
        parser.add_argument("--drop", type=_names, default=(), metavar="A,B", help="columns not to write")
        parser.add_argument(
            "--star", action="store_true", help="keep suppressed rows, with * for the quasi-identifiers"
        )
        parser.add_argument(
            "--even-if-masked", action="store_true", help="write also what has nothing left to use"
        )
        parser.add_argument(
            "--delimiter", default="", help="of the hierarchies, and of a CSV file that is written"
        )
        parser.add_argument("--encoding", default="", help="of a CSV source; found out otherwise")
        parser.add_argument("--json", action="store_true", help="print JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._run(options)
        except HierarchyProblem as problem:
            some = ", ".join(problem.values[:MOST_VALUES])
            more = ", …" if len(problem.values) > MOST_VALUES else ""
            missed = f" It misses: {some}{more}" if some else ""
            raise CommandError(plain(f"{problem}{missed}"), returncode=UNREADABLE) from None
        except (TechniqueError, ConnectorError) as problem:
            raise CommandError(plain(str(problem)), returncode=UNREADABLE) from None

    def _run(self, options: dict[str, Any]) -> None:
        wish = Wish(
            quasi=options["quasi"],
            sensitive=options["sensitive"],
            targets=Targets(k=options["k"], l=options["l"], t=options["t"], distance=options["distance"]),
            limit=options["suppression"],
            metric=options["metric"],
            suppression=Suppression.STAR if options["star"] else Suppression.DROP,
        )
        wish.targets.require(wish.sensitive)
        rows_of(wish.limit, 1)
        out = _output(options)
        with open_source(options["source"], encoding=options["encoding"]) as connector:
            name = releasing.only_data_set(connector, options["data_set"])
            table = releasing.read_combinations(connector, name, wish.quasi, wish.sensitive)
            measures = measure(
                table,
                wish.quasi,
                wish.sensitive,
                threshold=options["threshold"],
                sampled=options["sampled"],
            )
            unmet = measures.unmet(wish.targets)
            if not options["json"]:
                self.stdout.write(describing.describe(measures, sensitive=wish.sensitive))
            made = self._made(options, table, wish)
            written = None
            if made and out:
                written = self._write(options, connector, name, made, wish, out, table)
        self._answer(options, name, wish, measures, unmet, made, out, written)

    def _made(self, options: dict[str, Any], table: Combinations, wish: Wish) -> Made | None:
        if not options["generalize"]:
            if options["out"] or options["levels"]:
                raise RiskProblem("--out and --levels need --generalize.", "Name the hierarchies.")
            return None
        if not wish.targets.any:
            raise RiskProblem("There is no target to generalize for.", "Say --k, --l or --t.")
        hierarchies = hierarchies_for(
            wish.quasi, options["generalize"], table=table, delimiter=options["delimiter"]
        )
        if options["levels"]:
            made = at_levels(table, wish, hierarchies, _levels(options["levels"]))
        elif options["method"] == "mondrian":
            made = by_mondrian(table, wish, hierarchies, strict=not options["relaxed"])
        else:
            made = by_search(table, wish, hierarchies, seconds=options["seconds"])
        if not options["json"]:
            self.stdout.write(describing.describe_outcome(made.outcome))
        if made.outcome.warning:
            self.stderr.write(self.style.WARNING(made.outcome.warning))
        return made

    def _write(
        self,
        options: dict[str, Any],
        connector: Connector,
        name: str,
        made: Made,
        wish: Wish,
        out: Path,
        table: Combinations,
    ) -> tuple[int, Measures | None] | None:
        if not made.outcome.met:
            return None
        if made.outcome.warning and not options["even_if_masked"]:
            raise RiskProblem(
                "Nothing was written, as it would have nothing left to use.",
                "Ask for less, allow more rows to be suppressed, or say --even-if-masked.",
            )
        drop = [column for column in options["drop"] if column not in table.columns]
        kept = releasing.other_columns(connector, name, [*table.columns, *drop])
        if kept:
            self.stderr.write(describing.kept_as_they_are(kept), self.style.WARNING)
        source = Path(options["source"])
        written = releasing.release(
            connector,
            name,
            made,
            wish,
            out,
            table=table,
            drop=drop,
            delimiter=options["delimiter"] or (releasing.delimiter_of(source) if source.is_file() else ","),
            overwrite=options["overwrite"],
        )
        if not options["json"]:
            self.stdout.write(f"\n{written[0]:,} rows written to {out}, read back:\n")
            if written[1]:
                self.stdout.write(describing.describe(written[1], sensitive=wish.sensitive))
        return written

    def _answer(
        self,
        options: dict[str, Any],
        name: str,
        wish: Wish,
        measures: Measures,
        unmet: list[str],
        made: Made | None,
        out: Path | None,
        written: tuple[int, Measures | None] | None,
    ) -> None:
        met = made.outcome.met if made else not unmet
        if options["json"]:
            answer = {
                "data_set": name,
                "quasi": wish.quasi,
                "sensitive": wish.sensitive,
                "targets": wish.targets.as_json(),
                "met": met,
                "unmet": unmet,
                "measures": measures.as_json(),
                "generalization": made.outcome.as_json() if made else None,
                "output": None
                if not written
                else {
                    "path": str(out),
                    "rows": written[0],
                    "measures": written[1].as_json() if written[1] else None,
                },
            }
            flags = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
            self.stdout.write(orjson.dumps(answer, option=flags).decode())
        if not met:
            words = made.outcome.words if made else " ".join(unmet)
            raise CommandError(f"The targets are not met. {words}", returncode=NOT_MET)


def _output(options: dict[str, Any]) -> Path | None:
    """Where to write, looked at before anything is read; never the source itself."""
    if not options["out"]:
        return None
    out = Path(options["out"])
    source = Path(options["source"])
    if out.exists() and source.exists() and os.path.samefile(out, source):
        raise RiskProblem("The source is never overwritten.", "Name another file for --out.")
    require_free(out, overwrite=options["overwrite"])
    return out


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise ArgumentTypeError("Name one column at least.")
    return names


def _levels(text: str) -> dict[str, int]:
    """`age=3,sex=0`, or a JSON file that this command printed."""
    path = Path(text)
    try:
        if path.is_file():
            levels = orjson.loads(path.read_bytes())["generalization"]["levels"]
            return {str(column): int(level) for column, level in levels.items()}
        pairs = [pair.rsplit("=", 1) for pair in text.split(",") if pair.strip()]
        return {column.strip(): int(level) for column, level in pairs}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RiskProblem(
            "The levels cannot be read.", "Write column=level,…, or name a JSON of this command."
        ) from None
