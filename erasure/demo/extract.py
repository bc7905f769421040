"""The extract of the Chinook sample company that comes with the console; see `chinook/README.md`."""

from __future__ import annotations

import csv
import re
from pathlib import Path

FOLDER = Path(__file__).parent / "chinook"
# Referred to before referring: the order in which they can be loaded.
TABLES = ("Genre", "MediaType", "Artist", "Album", "Track", "Employee", "Customer", "Invoice", "InvoiceLine")


def path_of(table: str) -> Path:
    return FOLDER / f"{table}.csv"


def header(table: str) -> list[str]:
    """Its column names, as they are in the extract."""
    with path_of(table).open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def rows(table: str) -> list[dict[str, str]]:
    """All rows in their order, by column name; empty text is NULL."""
    with path_of(table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def by_key(table: str) -> dict[str, dict[str, str]]:
    """All rows by their primary key, which is always the first column."""
    key = header(table)[0]
    return {row[key]: row for row in rows(table)}


def snake(name: str) -> str:
    """`InvoiceLineId` as `invoice_line_id`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
