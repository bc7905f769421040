"""Known answers that need no data: the examples in python-stdnum and phonenumbers, and a small company's tables."""

from __future__ import annotations

import csv
import doctest
import importlib
from collections.abc import Iterator
from pathlib import Path

import phonenumbers
import pyarrow as pa

from catalog.classification.identifiers import SCHEMES
from catalog.classification.neighbours import TableColumn, classify_table
from catalog.classification.phones import judge_phones
from catalog.classification.sample import take
from catalog.classification.verdict import Evidence

FORMATS = {
    "E.164": phonenumbers.PhoneNumberFormat.E164,
    "international": phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    "national": phonenumbers.PhoneNumberFormat.NATIONAL,
    "RFC 3966": phonenumbers.PhoneNumberFormat.RFC3966,
}
_KINDS = ("FIXED_LINE", "MOBILE", "TOLL_FREE", "PREMIUM_RATE", "VOIP")


def identifiers() -> list[list[str]]:
    """A row a country: schemes, valid examples and how many are accepted, invalid ones and how many are refused."""
    modules = sorted({scheme.module for scheme in SCHEMES if scheme.module})
    counts: dict[str, list[int]] = {}
    for module in modules:
        row = counts.setdefault(module.partition(".")[0].rstrip("_"), [0, 0, 0, 0, 0])
        row[0] += 1
        for value, valid in _examples(module):
            accepted = any(scheme.is_valid(value) for scheme in SCHEMES if scheme.module == module)
            row[1 if valid else 3] += 1
            row[2 if valid else 4] += accepted is valid
    total = [sum(row[place] for row in counts.values()) for place in range(5)]
    return [[name, *map(str, row)] for name, row in [*counts.items(), (f"all {len(counts)}", total)]]


def _examples(module: str) -> Iterator[tuple[str, bool]]:
    """Numbers that the documentation of a module validates, with whether it says they are right."""
    check = importlib.import_module(f"stdnum.{module}")
    for example in doctest.DocTestParser().get_examples(check.__doc__ or ""):
        source = example.source.strip()
        if source.startswith("validate(") and source.count("'") == 2 and "," not in source:
            value = source.split("'")[1].strip()
            if value:
                yield value, bool(check.is_valid(value))


def telephones() -> list[list[str]]:
    """A row a notation: example numbers of all regions, and how many are known with and without their region."""
    numbers = [
        (region, number)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in _KINDS
        if (
            number := phonenumbers.example_number_for_type(
                region, getattr(phonenumbers.PhoneNumberType, kind)
            )
        )
    ]
    rows = []
    for title, notation in FORMATS.items():
        written = [(region, phonenumbers.format_number(number, notation)) for region, number in numbers]
        told = sum(bool(_judge(text, (region,))) for region, text in written)
        alone = sum(bool(_judge(text, ())) for _, text in written)
        rows.append([title, str(len(written)), f"{told / len(written):.1%}", f"{alone / len(written):.1%}"])
    return rows


def _judge(text: str, regions: tuple[str, ...]) -> list[Evidence]:
    return judge_phones(take(pa.array([text])), regions=regions)


def company(folder: Path, expected: dict[str, dict[str, str]]) -> list[list[str]]:
    """A row a way of looking: how many columns of the tables in `folder` get the category they should."""
    rows = []
    for shown in (True, False):
        right = known = 0
        for table, truth in expected.items():
            with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
                records = list(csv.DictReader(file))
            columns = [
                TableColumn(
                    name=name if shown else f"c{place}",
                    values=pa.array([record[name] or None for record in records], pa.string()),
                )
                for place, name in enumerate(truth)
            ]
            verdicts = classify_table(
                columns, table=table if shown else "", use_names=shown, use_entities=False
            )
            for column, category in zip(columns, truth.values(), strict=True):
                best = verdicts[column.name].best
                personal = not category.startswith("none")
                known += personal
                right += personal and best is not None and best.category == category
        rows.append(["shown" if shown else "hidden", str(known), str(right), f"{right / known:.1%}"])
    return rows
