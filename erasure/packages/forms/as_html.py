"""`your-data.html`: the page to read. The first rows of each data set; all of them are beside it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import IO, Any

from django.template.loader import render_to_string

from erasure.packages.sections import Section

NAME = "your-data.html"
SHOWN = 1_000  # rows per data set


def write(file: IO[bytes], about: dict[str, Any], sections: Sequence[Section]) -> None:
    file.write(render_to_string("erasure/package.html#head", {"about": about}).encode())
    for section in sections:
        rows = [[readable(value) for value in row.values()] for row in section.spool.first(SHOWN)]
        context = {
            **section.header(),
            "rows": section.spool.rows,
            "table": rows,
            "more": max(0, section.spool.rows - SHOWN),
        }
        file.write(render_to_string("erasure/package.html#section", {"section": context}).encode())
    file.write(render_to_string("erasure/package.html#tail", {"about": about}).encode())


def readable(value: Any) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S")
        case date():
            return value.isoformat()
        case bytes():
            return f"{len(value)} bytes"
    return str(value)
