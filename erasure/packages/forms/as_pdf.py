"""`your-data.pdf`: the letter to keep, tagged so that it can be read aloud (PDF/UA-1), its fonts inside.

Everything in it comes in as data, so nothing that people wrote can be markup.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import typst

from erasure.packages.forms.as_html import readable
from erasure.packages.sections import Section

NAME = "your-data.pdf"
TEMPLATE = Path(__file__).with_name("package.typ")
SHOWN = 100  # rows per data set
SHOWN_IN_ALL = 3_000
NARROW = 7  # with more columns than this, each row is a list of its own
LONGEST = 400  # characters of a value
STANDARD = "ua-1"
# Signs beyond the alphabets of Europe and the Near East, and beyond common punctuation.
UNCOMMON = re.compile("[^\u0000-\u07ff\u1e00-\u22ff\u27e8\u27e9]")


def write(file: IO[bytes], about: dict[str, Any], sections: Sequence[Section]) -> None:
    left = SHOWN_IN_ALL
    told = []
    for section in sections:
        rows = [
            [_cut(readable(value)) for value in row.values()] for row in section.spool.first(min(SHOWN, left))
        ]
        left -= len(rows)
        header = section.header()
        told.append(
            {
                **header,
                "columns": [[name, category] for name, category in header["columns"].items()],
                "rows": rows,
                "number": section.spool.rows,
                "more": section.spool.rows - len(rows),
                "narrow": len(section.columns) <= NARROW,
            }
        )
    now = datetime.now(UTC)
    made = {name: getattr(now, name) for name in ("year", "month", "day", "hour", "minute", "second")}
    everything = _plain({"about": about, "sections": told, "made": made})
    file.write(compiled(json.dumps(everything, ensure_ascii=False)))


def _plain(value: Any) -> Any:
    """The same without signs that no page can show."""
    match value:
        case str():
            return "".join(sign if sign.isprintable() or sign in "\n\t" else "\ufffd" for sign in value)
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
    return value


def compiled(told: str) -> bytes:
    """The PDF; a sign that no font at hand has is shown by its number rather than as a box."""
    try:
        return _compiled(told)
    except typst.TypstError as problem:
        if "could not be displayed" not in str(problem):
            raise
        return _compiled(UNCOMMON.sub(lambda sign: f"\u27e8U+{ord(sign[0]):04X}\u27e9", told))


def _compiled(told: str) -> bytes:
    made = typst.compile(  # type: ignore[call-overload]
        TEMPLATE,
        root=TEMPLATE.parent,
        format="pdf",
        sys_inputs={"told": told},
        pdf_standards=[STANDARD],
    )
    assert isinstance(made, bytes)
    return made


def _cut(text: str) -> str:
    plain = "".join(sign if sign.isprintable() or sign in "\n\t" else "\ufffd" for sign in text)
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}…"
