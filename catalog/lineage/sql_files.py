"""SQL as teams keep it: files, and folders of models in dbt's style, each a query named after the table it makes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from catalog.lineage.sql import parse
from catalog.lineage.sql_storing import Piece

LARGEST = 4_000_000  # bytes
COMMENT = re.compile(r"\{#.*?#\}", re.S)
TAG = re.compile(r"\{%.*?%\}", re.S)
EXPRESSION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.S)
TEXT = r"['\"]([^'\"]+)['\"]"
REF = re.compile(rf"ref\(\s*(?:{TEXT}\s*,\s*)?{TEXT}\s*(?:,\s*(?:v|version)\s*=\s*[\w'\"]+\s*)?\)")
SOURCE = re.compile(rf"source\(\s*{TEXT}\s*,\s*{TEXT}\s*\)")


class CannotRead(Exception):
    """A file that is no text, or too large."""


@dataclass(frozen=True, slots=True)
class Written:
    """The text of a file with plain names in the place of what a template would put there."""

    sql: str
    unknown: tuple[int, ...]  # lines with expressions that only the template's own engine can tell


def files_in(path: Path) -> list[Path]:
    """The file itself, or all .sql files in the folder and below, in their order."""
    return sorted(path.rglob("*.sql")) if path.is_dir() else [path]


def read_file(path: Path, *, name: str, dialect: str, schema: Mapping[str, Sequence[str]]) -> Piece:
    """One file as the piece `name`; a single query in it makes the table that the file is called after.

    Raises CannotRead.
    """
    if path.stat().st_size > LARGEST:
        raise CannotRead(f"it is larger than {LARGEST:,} bytes; split it")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CannotRead("it is not UTF-8; save it as such") from None
    written = plain(text, table=path.stem)
    lineage = parse(written.sql, dialect=dialect, schema=schema, into=path.stem)
    if written.unknown:
        lines = ", ".join(str(line) for line in written.unknown)
        told = f"Line {lines}: only the template's own engine knows what stands there."
        lineage = replace(lineage, problem="\n".join(filter(None, [lineage.problem, told])))
    return Piece(name, text, lineage)


def plain(text: str, *, table: str) -> Written:
    """`{{ ref('x') }}` becomes x, `{{ source('a', 'b') }}` a.b, `{{ this }}` the table; tags go. Nothing is run."""
    unknown: list[int] = []

    def name_of(found: re.Match[str]) -> str:
        expression = found[1]
        ref, source = REF.fullmatch(expression), SOURCE.fullmatch(expression)
        if ref:
            return ref[2]
        if source:
            return f"{source[1]}.{source[2]}"
        if expression == "this":
            return table
        if not expression.startswith("config("):
            unknown.append(text_without.count("\n", 0, found.start()) + 1)
            return f"NULL{_lines(found)}"
        return _lines(found)

    text_without = TAG.sub(_lines, COMMENT.sub(_lines, text))
    return Written(EXPRESSION.sub(name_of, text_without), tuple(unknown))


def pieces_of(
    path: Path, *, job: str, dialect: str, schema: Mapping[str, Sequence[str]]
) -> Iterator[tuple[Path, Piece | CannotRead]]:
    """Each file with what it does, or why it cannot be read. Jobs of a folder are named `job/file`."""
    for file in files_in(path):
        name = f"{job}/{file.relative_to(path).with_suffix('').as_posix()}" if path.is_dir() else job
        try:
            yield file, read_file(file, name=name, dialect=dialect, schema=schema)
        except (CannotRead, OSError) as problem:
            reason = problem if isinstance(problem, CannotRead) else CannotRead("it cannot be opened")
            yield file, reason


def _lines(found: re.Match[str]) -> str:
    """As many line ends as were there, so that lines keep their numbers."""
    return "\n" * found[0].count("\n")
