"""`your-data.json`: everything, for machines; `your-data.schema.json` says what it looks like (JSON Schema 2020-12)."""

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import orjson

from erasure.packages.sections import Section

NAME = "your-data.json"
SCHEMA_NAME = "your-data.schema.json"
SCHEMA = Path(__file__).with_name("package.schema.json")
OPTIONS = orjson.OPT_NON_STR_KEYS


def write(file: IO[bytes], about: dict[str, Any], sections: Sequence[Section]) -> None:
    file.write(_open({"$schema": SCHEMA_NAME, **about}) + b',"data":[')
    for number, section in enumerate(sections):
        file.write((b",\n" if number else b"\n") + _open(section.header()) + b',"rows":[')
        first = True
        for table in section.spool:
            lines = [orjson.dumps(row, default=_as_json, option=OPTIONS) for row in table.to_pylist()]
            if lines:
                file.write((b"\n" if first else b",\n") + b",\n".join(lines))
                first = False
        file.write(b"]}")
    file.write(b"\n]}\n")


def _open(content: dict[str, Any]) -> bytes:
    """An object that is still to be closed."""
    return orjson.dumps(content, default=_as_json, option=OPTIONS)[:-1]


def _as_json(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    return str(value)
