"""Read a CSV file of requests: every line is looked at before any becomes a request.

The file is foreign matter: its size, encoding, quoting and cells that a spreadsheet would run are checked, and each
problem is told with its line and its remedy, never with the value that it is about.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone

from erasure.models import SubjectRequest
from erasure.requests import intake
from erasure.requests.letters.wording import DEFAULT
from erasure.requests.timing import refuse_unknown_right
from erasure.rights import right_of

NEEDED = ("reference", "kind", "email")
OPTIONAL = ("customer_number", "regime", "language", "ground", "received_on", "identity")
LARGEST = 2 * 1024 * 1024
MOST = 2_000  # lines: they are taken over in one transaction
TOLD = 50  # problems
OLDEST = timedelta(days=366)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets run
LENGTHS = {"reference": 80, "identity": 200}


@dataclass(frozen=True, slots=True)
class Line:
    """One request of the file. `identity`: how it was checked elsewhere; empty: not yet."""

    number: int
    external: str
    kind: str
    identifiers: list[tuple[str, str]]
    regime: str
    language: str
    ground: str
    received_at: datetime | None
    identity: str


@dataclass(frozen=True, slots=True)
class Problem:
    line: int
    message: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Looked:
    lines: list[Line]
    problems: list[Problem]


def look(content: bytes) -> Looked:
    """What the file says, and what is wrong with it: nothing is taken over while there is any problem."""
    try:
        rows = _rows(content)
        header_at, header = next(rows)
        columns = _columns(header)
        lines: list[Line] = []
        problems: list[Problem] = []
        seen: dict[str, int] = {}
        for number, cells in rows:
            try:
                line = _line(number, columns, cells)
                if line.external in seen:
                    raise ValidationError(
                        f"the reference stands in line {seen[line.external]} too: give each line its own."
                    )
                seen[line.external] = number
                lines.append(line)
            except ValidationError as refusal:
                problems += [Problem(number, message) for message in _messages(refusal)]
            if len(lines) + len(problems) > MOST:
                problems = [Problem(number, f"a file has at most {MOST:,} lines: split it.")]
                break
            if len(problems) >= TOLD:
                problems.append(Problem(number, "there may be more: mend these first."))
                break
    except _Unreadable as reason:
        return Looked([], [Problem(reason.line, str(reason))])
    if not lines and not problems:
        problems = [Problem(header_at, "there is nothing below the header: add a line for each request.")]
    return Looked(lines, problems)


class _Unreadable(Exception):
    """The file as a whole."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def _rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Lines that hold anything, each with the number it begins at. Raises _Unreadable, also while being read."""
    if len(content) > LARGEST:
        raise _Unreadable(1, f"the file has more than {LARGEST // 1024**2} MB: split it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise _Unreadable(line, "this is not UTF-8: save the file as “CSV UTF-8”.") from None
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise _Unreadable(line, "there is a null character: save the file as “CSV UTF-8”.")
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found = False
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            raise _Unreadable(begins, "a quote is not closed, or a cell is too long: mend it.") from None
        if any(cell.strip() for cell in cells):
            found = True
            yield begins, cells
    if not found:
        raise _Unreadable(1, f"the file is empty: its first line names {', '.join(NEEDED)}.")


def _columns(header: list[str]) -> list[str]:
    columns = [name.strip().lower() for name in header]
    unknown = [str(number) for number, name in enumerate(columns, 1) if name not in NEEDED + OPTIONAL]
    if unknown:
        known = ", ".join(NEEDED + OPTIONAL)
        raise _Unreadable(1, f"column {', '.join(unknown)} has no name that is known: use {known}.")
    if missing := [name for name in NEEDED if name not in columns]:
        raise _Unreadable(1, f"there is no column {', '.join(missing)}: add it.")
    if twice := [name for name in NEEDED + OPTIONAL if columns.count(name) > 1]:
        raise _Unreadable(1, f"the column {', '.join(twice)} stands there twice: remove one.")
    return columns


def _line(number: int, columns: list[str], cells: list[str]) -> Line:
    if len(cells) != len(columns):
        raise ValidationError(
            f"there are {len(cells)} cells under {len(columns)} columns: quote what holds a comma."
        )
    given = dict.fromkeys(NEEDED + OPTIONAL, "") | dict(zip(columns, cells, strict=True))
    for name, cell in given.items():
        if cell.startswith(FORMULA):
            raise ValidationError(f"{name} begins like a formula: remove the first character.")
        given[name] = cell.strip()
        if len(cell) > LENGTHS.get(name, intake.MAX_LENGTH):
            raise ValidationError(f"{name} has more than {LENGTHS.get(name, intake.MAX_LENGTH)} characters.")
    if not given["reference"]:
        raise ValidationError("reference is empty: give the reference of your own system.")
    kind, regime = given["kind"].lower(), given["regime"] or "EU-GDPR"
    if kind not in SubjectRequest.Kind.values:
        raise ValidationError(f"there is no such kind: use {', '.join(SubjectRequest.Kind.values)}.")
    day = _day(given["received_on"])
    refuse_unknown_right(regime, kind, on=day)
    named = [(intake.EMAIL, given["email"]), ("id.customer", given["customer_number"])]
    identifiers = [(category, value) for category, value in named if value]
    return Line(
        number=number,
        external=given["reference"],
        kind=kind,
        identifiers=intake.clean(identifiers, email=right_of(kind).needs_identity),
        regime=regime,
        language=intake.clean_language(given["language"] or DEFAULT),
        ground=intake.clean_ground(kind, given["ground"].lower()),
        received_at=timezone.make_aware(datetime.combine(day, time(12))) if day else None,
        identity=given["identity"],
    )


def _day(given: str) -> date | None:
    if not given:
        return None
    try:
        day = date.fromisoformat(given)
    except ValueError:
        raise ValidationError("received_on is no day: write it like 2026-02-28.") from None
    if not timezone.localdate() - OLDEST <= day <= timezone.localdate():
        raise ValidationError("received_on lies ahead, or more than a year back: check it.")
    return None if day == timezone.localdate() else day


def _messages(refusal: ValidationError) -> list[str]:
    if not hasattr(refusal, "error_dict"):
        return list(refusal.messages)
    return [f"{name}: {text}" for name, texts in refusal.message_dict.items() for text in texts]
