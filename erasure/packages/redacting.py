"""Withholding what an officer decided to withhold; each place says that something stood there."""

from collections.abc import Mapping
from typing import Any

import orjson
import pyarrow as pa

from catalog.models import Column
from erasure.answers.models import Selection
from erasure.packages.others import Own, is_text, strangers
from governance.keyring.sealing import keyed_hash

MARK = "[withheld]"
Choice = Selection.Choice


class Redaction:
    """The decisions on one data set, applied to its rows."""

    def __init__(self, selection: Selection, columns: list[Column], own: Own) -> None:
        self.own = own
        self.left_out = set(selection.left_out)
        self.choices: Mapping[str, str] = {name: each["choice"] for name, each in selection.columns.items()}
        self.columns = columns

    def apply(self, table: pa.Table) -> pa.Table:
        if self.left_out:
            kept = [row_digest(row) not in self.left_out for row in table.to_pylist()]
            table = table.filter(pa.array(kept, pa.bool_()))
        for place, column in enumerate(self.columns):
            choice = self.choices.get(column.name, Choice.GIVE)
            if choice != Choice.GIVE and table.num_rows:
                table = table.set_column(
                    place, column.name, self._withheld(table[column.name], column, choice)
                )
        return table

    def _withheld(self, values: pa.ChunkedArray, column: Column, choice: str) -> pa.Array:
        plain = values.to_pylist()
        if choice == Choice.REDACT:
            shown = [None if value is None else MARK for value in plain]
        elif is_text(column):
            shown = self._without_strangers(plain)
        else:
            shown = [_text(value) if self.own.has(value) else MARK for value in plain]
        return pa.array(shown, pa.string())

    def _without_strangers(self, values: list[Any]) -> list[str | None]:
        shown: list[str | None] = [_text(value) for value in values]
        places = [place for place, text in enumerate(shown) if text]
        try:
            spans = list(strangers(self.own, [shown[place] or "" for place in places]))
        except (OSError, ImportError):  # no language model: what cannot be read may speak of anybody
            return [MARK if text else text for text in shown]
        for place, found in zip(places, spans, strict=True):
            text = shown[place] or ""
            for start, end in sorted(found, reverse=True):
                text = f"{text[:start]}{MARK}{text[end:]}"
            shown[place] = text
        return shown


def row_digest(row: Mapping[str, Any]) -> str:
    """A row told from others without a key, and without saying anything of it."""
    dumped = orjson.dumps([row[name] for name in sorted(row)], default=str, option=orjson.OPT_NON_STR_KEYS)
    return keyed_hash(dumped.decode(), purpose="row").hex()[:32]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
